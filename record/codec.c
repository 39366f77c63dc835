/* SPDX-License-Identifier: Apache-2.0 */
#include "record/codec.h"

#include <string.h>

#define PREFIX 4u         /* bytes: length, kind, version */
#define CONTACT_BYTES 18u /* as in the tail of CONTACTS */
#define ALL_FLAGS (OBS_PROMPT * 2u - 1)

#define ENDPOINT_NONE 0u
#define ENDPOINT_IPV4 4u
#define ENDPOINT_IPV6 6u
#define MAPPED 12u /* bytes of an IPv6-mapped address before the IPv4 one */

/* The struct says how wide a field is, so the two cannot differ. */
#define FIELD(text, member)                                                             \
	{                                                                               \
		text, offsetof(struct observation, member),                             \
		    _Generic(((struct observation *)0)->member,                         \
		             uint8_t: CODEC_U8,                                         \
		             uint16_t: CODEC_U16,                                       \
		             uint32_t: CODEC_U32,                                       \
		             uint64_t: CODEC_U64,                                       \
		             int64_t: CODEC_I64,                                        \
		             struct endpoint: CODEC_ENDPOINT)                           \
	}

static const struct codec_field head[] = {
	FIELD("t_ns", t_ns), FIELD("channel", channel), FIELD("peer_id", peer_id),
	FIELD("offset", offset), FIELD("width", width), FIELD("flags", flags),
	FIELD("vantage", vantage), FIELD("origin", origin), FIELD("protocol", protocol),
	FIELD("action", action), FIELD("peer", peer), FIELD("to", to),
};

static const struct codec_field map[] = {
	FIELD("play", u.map.play), FIELD("substreams", u.map.substreams),
	FIELD("window", u.map.window),
};

static const struct codec_field transfer[] = {
	FIELD("bytes", u.transfer.bytes), FIELD("hops", u.transfer.hops),
};

static const struct codec_field mark[] = {
	FIELD("source_ns", u.mark.source_ns), FIELD("error_ns", u.mark.error_ns),
};

static const struct codec_field contacts[] = {
	FIELD("n", u.contacts.n),
};

static const struct codec_field channel[] = {
	FIELD("chunk_lo_ns", u.channel.chunk_lo_ns), FIELD("chunk_ns", u.channel.chunk_ns),
	FIELD("chunk_hi_ns", u.channel.chunk_hi_ns),
	FIELD("prebuffer_ns", u.channel.prebuffer_ns), FIELD("clock_ns", u.channel.clock_ns),
	FIELD("head", u.channel.head), FIELD("alias_of", u.channel.alias_of),
	FIELD("prebuffer_bytes", u.channel.prebuffer_bytes),
	FIELD("bitrate_kbps", u.channel.bitrate_kbps), FIELD("id_bits", u.channel.id_bits),
	FIELD("id_len", u.channel.id_len), FIELD("name_len", u.channel.name_len),
};

static const struct codec_field flow[] = {
	FIELD("packets", u.flow.packets), FIELD("bytes", u.flow.bytes),
	FIELD("reply_packets", u.flow.reply_packets), FIELD("reply_bytes", u.flow.reply_bytes),
	FIELD("first_ns", u.flow.first_ns), FIELD("app", u.flow.app),
	FIELD("master", u.flow.master), FIELD("transport", u.flow.transport),
	FIELD("confidence", u.flow.confidence), FIELD("began", u.flow.began),
};

static const struct codec_field gap[] = {
	FIELD("from_ns", u.gap.from_ns), FIELD("packets", u.gap.packets),
	FIELD("bytes", u.gap.bytes), FIELD("cause", u.gap.cause),
};

#define FIELDS(list) { list, sizeof list / sizeof list[0] }

static const struct {
	const struct codec_field *field;
	size_t n;
} fields[OBS_KINDS] = {
	[0] = FIELDS(head),
	[OBS_BUFFER_MAP] = FIELDS(map),
	[OBS_TRANSFER] = FIELDS(transfer),
	[OBS_MARK] = FIELDS(mark),
	[OBS_CONTACTS] = FIELDS(contacts),
	[OBS_CHANNEL] = FIELDS(channel),
	[OBS_FLOW] = FIELDS(flow),
	[OBS_GAP] = FIELDS(gap),
};

/* Actions of a kind, besides none. */
static const uint32_t actions[OBS_KINDS] = {
	[OBS_REQUEST] = 1u << OBS_ASKED | 1u << OBS_GRANTED | 1u << OBS_REFUSED,
	[OBS_VERIFY] = 1u << OBS_GOOD | 1u << OBS_BAD,
	[OBS_PARTNER] = 1u << OBS_ADDED | 1u << OBS_REMOVED | 1u << OBS_DECLINED,
	[OBS_JOIN] = 1u << OBS_REGISTERED | 1u << OBS_HANDSHAKE | 1u << OBS_BOOTSTRAP,
	[OBS_LEAVE] = 1u << OBS_GOODBYE | 1u << OBS_CLOSED,
};

const struct codec_field *
codec_fields(unsigned kind, size_t *n)
{
	if (kind >= OBS_KINDS)
		return NULL;
	*n = fields[kind].n;
	return *n > 0 ? fields[kind].field : head;
}

const char *
codec_type_name(enum codec_type type)
{
	static const char *const names[] = { "u8", "u16", "u32", "u64", "i64", "endpoint" };

	return names[type];
}

static bool
is_set(const struct observation *o)
{
	return o->kind == OBS_BUFFER_MAP || o->kind == OBS_HAVE || o->kind == OBS_REQUEST;
}

static bool
is_chunk(const struct observation *o)
{
	return o->kind == OBS_TRANSFER || o->kind == OBS_MARK || o->kind == OBS_VERIFY;
}

/* Bits of the tail that mean something, where it holds a set; else 0. */
static uint32_t
tail_bits(const struct observation *o)
{
	return is_set(o) && !(o->flags & OBS_ALL) ? o->width : 0;
}

static bool
valid_width(const struct observation *o)
{
	if (o->kind == OBS_BUFFER_MAP && o->u.map.substreams > 0)
		return o->width == 0 && o->u.map.substreams <= OBS_MAX_SUBSTREAMS;
	if (!is_set(o) && !is_chunk(o))
		return o->width == 0;
	return o->width <= OBS_MAX_WIDTH && o->offset <= UINT64_MAX - o->width;
}

static bool
valid_kind(const struct observation *o)
{
	uint8_t id_bits = o->u.channel.id_bits;

	if (o->kind == OBS_CONTACTS)
		return o->u.contacts.n <= OBS_MAX_CONTACTS;
	if (o->kind == OBS_CHANNEL)
		return o->u.channel.id_len <= OBS_MAX_CHANNEL_ID &&
		       (id_bits == 0 || id_bits == 31 || id_bits == 32 || id_bits == 64);
	if (o->kind == OBS_GAP)
		return o->u.gap.cause >= OBS_GAP_DROPPED && o->u.gap.cause <= OBS_GAP_FILE;
	return true;
}

/* All but the tail. */
static bool
valid_fields(const struct observation *o)
{
	return o->kind > 0 && o->kind < OBS_KINDS && o->origin <= OBS_SIMULATED &&
	       (o->action == OBS_NO_ACTION ||
	        (o->action < OBS_ACTIONS && actions[o->kind] >> o->action & 1)) &&
	       (o->flags & ~ALL_FLAGS) == 0 && valid_width(o) && valid_kind(o);
}

/* What the fields, which are valid, say of the tail's length. */
static uint32_t
tail_len(const struct observation *o)
{
	uint32_t k = o->u.map.substreams;

	if (o->kind == OBS_BUFFER_MAP && k > 0)
		return k * 8 + (k + 7) / 8;
	if (o->kind == OBS_CONTACTS)
		return o->u.contacts.n * CONTACT_BYTES;
	if (o->kind == OBS_CHANNEL)
		return (uint32_t)o->u.channel.id_len + o->u.channel.name_len;
	return (tail_bits(o) + 7) / 8;
}

/* Are the bits of the last byte that mean nothing zero? */
static bool
valid_padding(const struct observation *o, const uint8_t *tail)
{
	uint32_t bits = o->kind == OBS_BUFFER_MAP && o->u.map.substreams > 0
	                    ? o->u.map.substreams
	                    : tail_bits(o);

	return bits % 8 == 0 || tail[tail_len(o) - 1] >> (bits % 8) == 0;
}

bool
codec_valid(const struct observation *o)
{
	return valid_fields(o) && o->tail_len == tail_len(o) && valid_padding(o, o->tail);
}

static void
put_endpoint(const struct endpoint *e, struct writer *w)
{
	if (endpoint_is_none(e)) {
		writer_u8(w, ENDPOINT_NONE);
		return;
	}
	if (endpoint_is_ipv4(e)) {
		writer_u8(w, ENDPOINT_IPV4);
		writer_bytes(w, e->addr + MAPPED, 4);
	} else {
		writer_u8(w, ENDPOINT_IPV6);
		writer_bytes(w, e->addr, 16);
	}
	writer_le16(w, e->port);
}

static void
put_fields(const struct observation *o, unsigned kind, struct writer *w)
{
	for (size_t i = 0; i < fields[kind].n; i++) {
		const struct codec_field *f = &fields[kind].field[i];
		const void *at = (const uint8_t *)o + f->at;

		switch ((enum codec_type)f->type) {
		case CODEC_U8:
			writer_u8(w, *(const uint8_t *)at);
			break;
		case CODEC_U16:
			writer_le16(w, *(const uint16_t *)at);
			break;
		case CODEC_U32:
			writer_le32(w, *(const uint32_t *)at);
			break;
		case CODEC_U64:
			writer_le64(w, *(const uint64_t *)at);
			break;
		case CODEC_I64:
			writer_le64(w, (uint64_t)*(const int64_t *)at);
			break;
		case CODEC_ENDPOINT:
			put_endpoint(at, w);
			break;
		}
	}
}

bool
codec_encode(const struct observation *o, struct writer *w)
{
	struct writer record = *w, length;

	if (!codec_valid(o))
		return false;
	writer_le16(&record, 0);
	writer_u8(&record, o->kind);
	writer_u8(&record, CODEC_VERSION);
	put_fields(o, 0, &record);
	put_fields(o, o->kind, &record);
	writer_bytes(&record, o->tail, o->tail_len);
	if (record.failed)
		return false;
	length = writer_over(w->pos, 2);
	writer_le16(&length, (uint16_t)(record.pos - w->pos));
	*w = record;
	return true;
}

/* False for a form that put_endpoint would not have chosen. */
static bool
get_endpoint(struct reader *r, struct endpoint *e)
{
	static const uint8_t prefix[MAPPED] = { [10] = 0xff, [11] = 0xff };
	uint8_t form = reader_u8(r);
	size_t skip = form == ENDPOINT_IPV4 ? MAPPED : 0;
	const uint8_t *addr;

	if (form == ENDPOINT_NONE)
		return true;
	if (form != ENDPOINT_IPV4 && form != ENDPOINT_IPV6)
		return false;
	addr = reader_take(r, sizeof e->addr - skip);
	e->port = reader_le16(r);
	if (r->failed)
		return false;
	memcpy(e->addr, prefix, skip);
	memcpy(e->addr + skip, addr, sizeof e->addr - skip);
	return form == ENDPOINT_IPV4 || (!endpoint_is_ipv4(e) && !endpoint_is_none(e));
}

/* False if an endpoint is malformed; r fails at its end. */
static bool
get_fields(struct reader *r, unsigned kind, struct observation *o)
{
	for (size_t i = 0; i < fields[kind].n; i++) {
		const struct codec_field *f = &fields[kind].field[i];
		void *at = (uint8_t *)o + f->at;

		switch ((enum codec_type)f->type) {
		case CODEC_U8:
			*(uint8_t *)at = reader_u8(r);
			break;
		case CODEC_U16:
			*(uint16_t *)at = reader_le16(r);
			break;
		case CODEC_U32:
			*(uint32_t *)at = reader_le32(r);
			break;
		case CODEC_U64:
			*(uint64_t *)at = reader_le64(r);
			break;
		case CODEC_I64:
			*(int64_t *)at = (int64_t)reader_le64(r);
			break;
		case CODEC_ENDPOINT:
			if (!get_endpoint(r, at))
				return false;
			break;
		}
	}
	return true;
}

/* A record whose kind we know, without its prefix. */
static enum codec_result
get_record(struct reader *r, uint8_t kind, bool newer, union obs_buf *buf)
{
	struct observation o;
	const uint8_t *tail;

	memset(&o, 0, sizeof o); /* equal observations are equal bytes, with padding */
	o.kind = kind;
	if (!get_fields(r, 0, &o) || !get_fields(r, kind, &o) || r->failed)
		return CODEC_MALFORMED;
	if (newer)
		o.flags &= ALL_FLAGS;
	if (!valid_fields(&o))
		return newer ? CODEC_SKIPPED : CODEC_MALFORMED;
	o.tail_len = tail_len(&o);
	tail = reader_take(r, o.tail_len);
	if (tail == NULL || !valid_padding(&o, tail) || (!newer && reader_left(r) > 0))
		return CODEC_MALFORMED;
	memcpy(&buf->o, &o, sizeof o);
	memcpy(buf->o.tail, tail, o.tail_len);
	return CODEC_RECORD;
}

enum codec_result
codec_decode(struct reader *r, union obs_buf *buf)
{
	struct reader ahead = *r, record;
	uint16_t length = reader_le16(&ahead);
	uint8_t kind, version;

	if (reader_left(r) == 0)
		return CODEC_END;
	if (ahead.failed)
		return CODEC_SHORT;
	if (length < PREFIX) {
		reader_take(r, reader_left(r));
		return CODEC_MALFORMED;
	}
	record = reader_sub(&ahead, length - 2u);
	if (record.failed)
		return CODEC_SHORT;
	*r = ahead;
	kind = reader_u8(&record);
	version = reader_u8(&record);
	if (kind == 0 || version == 0)
		return CODEC_MALFORMED;
	if (kind >= OBS_KINDS)
		return CODEC_SKIPPED;
	return get_record(&record, kind, version > CODEC_VERSION, buf);
}
