/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ndjson.h"

#include <stdlib.h>

#include "base/json.h"
#include "report/grow.h"

static struct json_writer
begin(struct ndjson *n, const char *event, int64_t t_ns)
{
	struct json_writer w = json_writer_to(n->out, false);
	char time[VALUES_TIME_MAX];

	json_object(&w);
	json_put_string(&w, "event", event);
	json_put_seconds(&w, "t", t_ns);
	if (t_ns == INT64_MIN || t_ns == INT64_MAX) {
		json_put_null(&w, "time");
		return w;
	}
	values_time(time, t_ns);
	json_put_string(&w, "time", time);
	if (t_ns > n->last_ns)
		n->last_ns = t_ns;
	return w;
}

static void
finish(struct ndjson *n, struct json_writer *w)
{
	json_object_end(w);
	putc('\n', n->out);
	fflush(n->out);
}

/* --- who ------------------------------------------------------------------------- */

static void
learn_channel(struct ndjson *n, const struct result *r)
{
	bool fresh;
	uint32_t i = index_put(&n->channel_of, &r->channel, &fresh);

	if (i == INDEX_NONE)
		return;
	if (fresh)
		n->channels = grow(n->channels, i, &n->room, sizeof *n->channels);
	values_channel(n->channels[i], n->protocol_name(r->protocol), r->u.channel.id,
	               r->u.channel.id_len, r->channel);
}

static void
put_channel_id(struct ndjson *n, struct json_writer *w, const char *member, uint64_t key,
               uint8_t protocol)
{
	uint32_t i = index_find(&n->channel_of, &key);
	char text[VALUES_CHANNEL_MAX];

	if (i != INDEX_NONE) {
		json_put_string(w, member, n->channels[i]);
		return;
	}
	values_channel(text, n->protocol_name(protocol), NULL, 0, key);
	json_put_string(w, member, text);
}

static void
put_who(struct ndjson *n, struct json_writer *w, const struct result *r)
{
	values_peer(w, "peer", &r->peer);
	values_peer_id(w, "peer_id", r->peer_id);
	put_channel_id(n, w, "channel", r->channel, r->protocol);
	json_put_uint(w, "run", r->run);
}

/* --- results ----------------------------------------------------------------------- */

static void
put_event(struct ndjson *n, const struct result *r)
{
	const struct result_event *e = &r->u.event;
	const char *name = result_event_name(e->event);
	struct json_writer w;

	if (name == NULL)
		return;
	w = begin(n, name, e->at.best_ns);
	put_who(n, &w, r);
	json_put_uint(&w, "ordinal", e->ordinal);
	values_estimate(&w, "at", &e->at);
	switch ((enum result_event_kind)e->event) {
	case EVENT_STARTUP:
		values_reasoned(&w, "startup_delay_s", &e->duration);
		break;
	case EVENT_SWITCH:
		values_reasoned(&w, "switch_delay_s", &e->duration);
		break;
	case EVENT_STALL:
	case EVENT_PAUSE:
	case EVENT_REBOOT:
		values_reasoned(&w, "duration_s", &e->duration);
		break;
	case EVENT_SKIP:
		json_put_uint(&w, "chunks", e->chunks);
		break;
	case EVENT_EXIT_BEFORE_START:
	case EVENT_LEAVE:
		break;
	}
	finish(n, &w);
	n->events++;
}

static void
put_session(struct ndjson *n, const struct result *r)
{
	struct json_writer w = begin(n, "session", r->u.session.left.best_ns);

	put_who(n, &w, r);
	if (r->u.session.switched_from != 0)
		put_channel_id(n, &w, "switched_from", r->u.session.switched_from, r->protocol);
	else
		json_put_null(&w, "switched_from");
	values_session(&w, &r->u.session);
	finish(n, &w);
	n->sessions++;
}

static void
put_channel(struct ndjson *n, const struct result *r)
{
	struct json_writer w = begin(n, "channel", r->t_ns);

	put_channel_id(n, &w, "channel", r->channel, r->protocol);
	values_channel_facts(&w, &r->u.channel);
	values_peer(&w, "source_peer", &r->u.channel.source);
	json_put_string(&w, "playhead", playhead_model_name(r->u.channel.playhead.model));
	if (r->u.channel.alias_of != 0)
		put_channel_id(n, &w, "alias_of", r->u.channel.alias_of, r->protocol);
	else
		json_put_null(&w, "alias_of");
	finish(n, &w);
}

static void
put_deadline(struct ndjson *n, const struct result *r)
{
	const struct result_retrieval *u = &r->u.retrieval;
	struct json_writer w;

	if (u->bucket != RESULT_AGES || u->eligible == 0)
		return;
	w = begin(n, "retrieval", r->t_ns);
	put_channel_id(n, &w, "channel", r->channel, r->protocol);
	json_put_number(&w, "at_deadline", (double)u->held / (double)u->eligible, 6);
	json_put_uint(&w, "at_deadline_n", u->eligible);
	finish(n, &w);
}

static void
put_warning(struct ndjson *n, int64_t t_ns, const char *text)
{
	struct json_writer w = begin(n, "warning", t_ns);

	json_put_string(&w, "text", text);
	finish(n, &w);
	n->warnings++;
}

void
ndjson_warn(struct ndjson *n, const char *text)
{
	put_warning(n, INT64_MIN, text);
}

static void
put(struct result_sink *self, const struct result *r)
{
	struct ndjson *n = (struct ndjson *)(void *)self;

	if (r->kind == RESULT_CHANNEL)
		learn_channel(n, r);
	if (!r->final && r->kind != RESULT_WARNING)
		return;
	switch ((enum result_kind)r->kind) {
	case RESULT_CHANNEL:
		put_channel(n, r);
		break;
	case RESULT_SESSION:
		put_session(n, r);
		break;
	case RESULT_EVENT:
		put_event(n, r);
		break;
	case RESULT_RETRIEVAL:
		put_deadline(n, r);
		break;
	case RESULT_WARNING:
		put_warning(n, r->t_ns, r->u.warning);
		break;
	case RESULT_CAME:
	case RESULT_GROUP:
	case RESULT_LAG:
		break;
	}
}

void
ndjson_init(struct ndjson *n, FILE *out, const char *(*protocol_name)(unsigned))
{
	*n = (struct ndjson){
		.sink.put = put,
		.out = out,
		.protocol_name = protocol_name,
		.last_ns = INT64_MIN,
	};
	index_init(&n->channel_of, sizeof(uint64_t), NDJSON_CHANNELS);
}

void
ndjson_fini(struct ndjson *n)
{
	index_fini(&n->channel_of);
	free(n->channels);
	*n = (struct ndjson){ 0 };
}

void
ndjson_start(struct ndjson *n, int64_t t_ns, const char *const *files, size_t n_files)
{
	struct json_writer w = begin(n, "start", t_ns);

	json_put_string(&w, "schema", NDJSON_SCHEMA);
	json_key(&w, "files");
	json_array(&w);
	for (size_t i = 0; i < n_files; i++)
		json_string(&w, files[i]);
	json_array_end(&w);
	finish(n, &w);
}

void
ndjson_end(struct ndjson *n)
{
	struct json_writer w = begin(n, "end", n->last_ns);

	json_put_uint(&w, "events", n->events);
	json_put_uint(&w, "sessions", n->sessions);
	json_put_uint(&w, "warnings", n->warnings);
	finish(n, &w);
}
