/* SPDX-License-Identifier: Apache-2.0 */
#include "report/observed.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/json.h"

#define S_NS 1000000000

static const char *
origin_name(unsigned origin)
{
	static const char *const names[] = { "passive", "active", "reported", "simulated" };

	return origin < 4 ? names[origin] : "unknown";
}

static const char *
cause_name(unsigned cause)
{
	static const char *const names[] = {
		"unknown", "dropped", "cut", "stream", "evicted", "file",
	};

	return cause < 6 ? names[cause] : names[0];
}

static bool
has_set(const struct observation *o)
{
	return (o->kind == OBS_BUFFER_MAP && o->u.map.substreams == 0) || o->kind == OBS_HAVE ||
	       o->kind == OBS_REQUEST;
}

static bool
has_chunk(const struct observation *o)
{
	return o->kind == OBS_TRANSFER || o->kind == OBS_MARK || o->kind == OBS_VERIFY;
}

static void
json_endpoint(struct json_writer *w, const char *key, const struct endpoint *e)
{
	char text[ENDPOINT_TEXT_MAX];

	if (endpoint_is_none(e)) {
		json_put_null(w, key);
		return;
	}
	endpoint_format(e, text);
	json_put_string(w, key, text);
}

static void
json_hash(struct json_writer *w, const char *key, uint64_t hash)
{
	char text[17];

	snprintf(text, sizeof text, "%016" PRIx64, hash);
	json_put_string(w, key, text);
}

static void
json_set(struct json_writer *w, const struct observation *o)
{
	uint64_t first, last;

	json_put_uint(w, "offset", o->offset);
	json_put_uint(w, "width", o->width);
	json_key(w, "ranges");
	json_array(w);
	for (uint64_t at = o->offset; obs_next_run(o, at, &first, &last); at = last + 1) {
		json_array(w);
		json_uint(w, first);
		json_uint(w, last);
		json_array_end(w);
		if (last == UINT64_MAX)
			break;
	}
	json_array_end(w);
}

static void
json_contacts(struct json_writer *w, const struct observation *o)
{
	char text[ENDPOINT_TEXT_MAX];

	json_key(w, "contacts");
	json_array(w);
	for (uint32_t i = 0; i < o->u.contacts.n; i++) {
		struct endpoint e = obs_contact(o, i);

		endpoint_format(&e, text);
		json_string(w, text);
	}
	json_array_end(w);
}

static void
json_channel(struct json_writer *w, const struct observation *o)
{
	const uint8_t *name = o->tail + o->u.channel.id_len;
	char hex[2 * OBS_MAX_CHANNEL_ID + 1] = "";

	for (unsigned i = 0; i < o->u.channel.id_len && i < OBS_MAX_CHANNEL_ID; i++)
		snprintf(hex + 2 * i, 3, "%02x", o->tail[i]);
	json_put_string(w, "id", hex);
	if (o->u.channel.name_len > 0) {
		json_key(w, "name");
		json_string_n(w, (const char *)name, o->u.channel.name_len);
	}
	if (o->u.channel.chunk_ns > 0)
		json_put_seconds(w, "chunk_s", o->u.channel.chunk_ns);
	if (o->u.channel.bitrate_kbps > 0)
		json_put_uint(w, "bitrate_kbps", o->u.channel.bitrate_kbps);
	json_put_uint(w, "head", o->u.channel.head);
}

static void
json_map(struct json_writer *w, const struct observation *o)
{
	if (o->flags & OBS_HAS_PLAY)
		json_put_uint(w, "play", o->u.map.play);
	if (o->u.map.window > 0)
		json_put_uint(w, "window", o->u.map.window);
	if (o->flags & OBS_MINUS_ACKED)
		json_put_bool(w, "minus_acked", true);
	if (o->u.map.substreams == 0)
		return;
	json_key(w, "heads");
	json_array(w);
	for (unsigned i = 0; i < o->u.map.substreams; i++) {
		uint64_t head = 0;

		for (unsigned b = 8; b > 0; b--)
			head = head << 8 | o->tail[i * 8 + b - 1];
		json_uint(w, head);
	}
	json_array_end(w);
}

/* What only this kind has. */
static void
json_details(struct json_writer *w, const struct observation *o)
{
	switch (o->kind) {
	case OBS_BUFFER_MAP:
		json_map(w, o);
		break;
	case OBS_TRANSFER:
		json_put_uint(w, "bytes", o->u.transfer.bytes);
		if (o->u.transfer.hops != UINT16_MAX)
			json_put_uint(w, "hops", o->u.transfer.hops);
		break;
	case OBS_MARK:
		json_put_seconds(w, "source_t", o->u.mark.source_ns);
		break;
	case OBS_CONTACTS:
		json_contacts(w, o);
		break;
	case OBS_CHANNEL:
		json_channel(w, o);
		break;
	case OBS_FLOW:
		json_put_uint(w, "packets", o->u.flow.packets);
		json_put_uint(w, "bytes", o->u.flow.bytes);
		json_put_seconds(w, "first_t", o->u.flow.first_ns);
		json_put_uint(w, "reply_packets", o->u.flow.reply_packets);
		json_put_uint(w, "reply_bytes", o->u.flow.reply_bytes);
		json_put_uint(w, "transport", o->u.flow.transport);
		json_put_uint(w, "app", o->u.flow.app);
		json_put_uint(w, "master", o->u.flow.master);
		json_put_uint(w, "confidence", o->u.flow.confidence);
		break;
	case OBS_GAP:
		json_put_string(w, "cause", cause_name(o->u.gap.cause));
		json_put_seconds(w, "from_t", o->u.gap.from_ns);
		json_put_uint(w, "packets", o->u.gap.packets);
		json_put_uint(w, "bytes", o->u.gap.bytes);
		break;
	default:
		break;
	}
}

void
observed_json(FILE *out, const struct observation *o, const char *protocol)
{
	struct json_writer w = json_writer_to(out, false);
	const char *kind = obs_kind_name(o->kind);

	json_object(&w);
	json_put_seconds(&w, "t", o->t_ns);
	json_put_string(&w, "kind", kind ? kind : "unknown");
	json_key(&w, "protocol");
	if (protocol != NULL)
		json_string(&w, protocol);
	else
		json_null(&w);
	if (o->channel != 0)
		json_hash(&w, "channel", o->channel);
	else
		json_put_null(&w, "channel");
	json_endpoint(&w, "peer", &o->peer);
	json_endpoint(&w, "to", &o->to);
	if (o->peer_id != 0)
		json_hash(&w, "peer_id", o->peer_id);
	if (o->action != OBS_NO_ACTION)
		json_put_string(&w, "action", obs_action_name(o->action));
	if (o->origin != OBS_PASSIVE)
		json_put_string(&w, "origin", origin_name(o->origin));
	if (has_set(o))
		json_set(&w, o);
	else if (has_chunk(o))
		json_put_uint(&w, "chunk", o->offset);
	json_details(&w, o);
	if (o->flags & OBS_SOURCE)
		json_put_bool(&w, "source", true);
	if (o->flags & OBS_CUT)
		json_put_bool(&w, "cut", true);
	json_object_end(&w);
	putc('\n', out);
}

static void
text_time(FILE *out, int64_t t_ns)
{
	time_t s = (time_t)(t_ns / S_NS);
	struct tm tm;
	char text[32] = "";

	if (gmtime_r(&s, &tm) != NULL)
		strftime(text, sizeof text, "%H:%M:%S", &tm);
	fprintf(out, "%s.%06d", text, (int)(t_ns % S_NS / 1000));
}

static void
text_set(FILE *out, const struct observation *o)
{
	uint64_t first, last;

	if (o->width == 0)
		fputs(" empty", out);
	for (uint64_t at = o->offset; obs_next_run(o, at, &first, &last); at = last + 1) {
		fprintf(out, first == last ? " %" PRIu64 : " %" PRIu64 "-%" PRIu64, first, last);
		if (last == UINT64_MAX)
			break;
	}
}

static void
text_details(FILE *out, const struct observation *o)
{
	char text[ENDPOINT_TEXT_MAX];

	if (has_set(o))
		text_set(out, o);
	else if (has_chunk(o))
		fprintf(out, " chunk %" PRIu64, o->offset);
	if (o->kind == OBS_TRANSFER)
		fprintf(out, " %" PRIu32 " bytes", o->u.transfer.bytes);
	if (o->kind == OBS_MARK) {
		fputs(" made ", out);
		text_time(out, o->u.mark.source_ns);
	}
	for (uint32_t i = 0; o->kind == OBS_CONTACTS && i < o->u.contacts.n; i++) {
		struct endpoint e = obs_contact(o, i);

		endpoint_format(&e, text);
		fprintf(out, " %s", text);
	}
	if (o->kind == OBS_BUFFER_MAP && o->flags & OBS_HAS_PLAY)
		fprintf(out, " play %" PRIu64, o->u.map.play);
	if (o->kind == OBS_GAP)
		fprintf(out, " %s", cause_name(o->u.gap.cause));
}

void
observed_text(FILE *out, const struct observation *o, const char *protocol)
{
	char peer[ENDPOINT_TEXT_MAX] = "-", to[ENDPOINT_TEXT_MAX] = "-";
	const char *kind = obs_kind_name(o->kind);

	if (!endpoint_is_none(&o->peer))
		endpoint_format(&o->peer, peer);
	if (!endpoint_is_none(&o->to))
		endpoint_format(&o->to, to);
	text_time(out, o->t_ns);
	fprintf(out, " %s %s %s > %s", protocol ? protocol : "-", kind ? kind : "unknown", peer,
		to);
	if (o->action != OBS_NO_ACTION)
		fprintf(out, " %s", obs_action_name(o->action));
	text_details(out, o);
	fputs(o->flags & OBS_SOURCE ? " source" : "", out);
	fputs(o->flags & OBS_CUT ? " cut\n" : "\n", out);
}
