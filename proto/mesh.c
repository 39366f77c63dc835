/*
 * The wire form of the reference mesh-pull system. Every frame:
 *
 *   0            4       5      6        8          16         24
 *   | E7 S W M   | ver=1 | type | length | channel  | sender   | body
 *
 * A buffer map's body:
 *
 *   | offset 8 | play 8 | up kbit/s 4 | window 2 | busy ms 2 | width 2 | bits |
 *
 * Source: doc/protocols/mesh.md, which says each body byte by byte.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/mesh.h"

#include <string.h>

static const uint8_t magic[4] = { 0xe7, 'S', 'W', 'M' };

/* --- reading ----------------------------------------------------------- */

/* Bits past the width would be claims that no width covers. */
static bool
clean_tail(const uint8_t *bits, uint32_t width)
{
	return width % 8 == 0 || bits[width / 8] >> (width % 8) == 0;
}

static bool
read_set(struct reader *in, struct mesh_set *set)
{
	set->offset = reader_be64(in);
	set->width = reader_be16(in);
	set->bits = reader_take(in, (set->width + 7) / 8);
	return in->failed ||
	       (set->width <= OBS_MAX_WIDTH && set->offset <= UINT64_MAX - set->width &&
	        clean_tail(set->bits, set->width));
}

static bool
read_contacts(struct reader *in, struct mesh_contacts *c)
{
	c->n = reader_u8(in);
	if (c->n > MESH_MAX_CONTACTS)
		return false;
	c->list = reader_take(in, c->n * (size_t)MESH_CONTACT);
	return true;
}

static bool
read_hello(struct reader *in, struct mesh_frame *f)
{
	struct mesh_hello *h = &f->u.hello;

	h->flags = reader_be32(in);
	h->chunk_us = reader_be32(in);
	h->bitrate_kbps = reader_be32(in);
	h->head = reader_be64(in);
	h->key = reader_take(in, MESH_KEY);
	h->ticket_len = reader_be16(in);
	if (h->ticket_len > MESH_MAX_TICKET)
		return false;
	h->ticket = reader_take(in, h->ticket_len);
	return (h->flags & ~(uint32_t)MESH_HELLO_FLAGS) == 0;
}

static bool
read_map(struct reader *in, struct mesh_frame *f)
{
	struct mesh_map *m = &f->u.map;

	m->play = reader_be64(in);
	m->up_kbps = reader_be32(in);
	m->window = reader_be16(in);
	m->busy_ms = reader_be16(in);
	return read_set(in, &m->set);
}

static bool
read_substreams(struct reader *in, struct mesh_frame *f)
{
	struct mesh_substreams *s = &f->u.substreams;

	s->k = reader_u8(in);
	if (s->k > OBS_MAX_SUBSTREAMS)
		return false;
	s->heads = reader_take(in, s->k * (size_t)8);
	s->subscribed = reader_take(in, (s->k + 7u) / 8);
	return in->failed || (s->k > 0 && clean_tail(s->subscribed, s->k));
}

static bool
read_request(struct reader *in, struct mesh_frame *f)
{
	f->u.request.deadline_ms = reader_be16(in);
	return read_set(in, &f->u.request.set);
}

static bool
read_cancel(struct reader *in, struct mesh_frame *f)
{
	f->u.cancel.reason = reader_u8(in);
	return f->u.cancel.reason < MESH_CANCELS && read_set(in, &f->u.cancel.set);
}

static bool
read_chunk(struct reader *in, struct mesh_frame *f)
{
	struct mesh_chunk *c = &f->u.chunk;

	if (f->len < MESH_CHUNK_FIXED)
		return false;
	c->chunk = reader_be64(in);
	c->source_ns = (int64_t)reader_be64(in);
	c->hops = reader_be16(in);
	c->fragment = reader_be16(in);
	c->fragments = reader_be16(in);
	c->total = reader_be32(in);
	c->signature = reader_take(in, MESH_SIGNATURE);
	c->media_len = f->len - MESH_CHUNK_FIXED;
	c->media_here = (uint32_t)reader_left(in);
	c->media = reader_take(in, c->media_here);
	return in->failed || (c->fragment < c->fragments && c->media_len <= c->total);
}

static bool
read_subscription(struct reader *in, struct mesh_frame *f)
{
	struct mesh_subscription *s = &f->u.subscription;

	s->substream = reader_u8(in);
	s->k = reader_u8(in);
	s->from = reader_be64(in);
	return in->failed || (s->substream < s->k && s->k <= OBS_MAX_SUBSTREAMS);
}

static bool
read_offer(struct reader *in, struct mesh_frame *f)
{
	uint8_t split = reader_u8(in);

	f->u.offer.split = split == 1;
	f->u.offer.partners = reader_u8(in);
	return split <= 1;
}

static bool
read_goodbye(struct reader *in, struct mesh_frame *f)
{
	f->code = reader_u8(in);
	return f->code < MESH_GOODBYES && read_contacts(in, &f->contacts) && f->contacts.n <= 1;
}

static bool
read_body(struct reader *in, struct mesh_frame *f)
{
	switch ((enum mesh_type)f->type) {
	case MESH_HELLO:
		return read_hello(in, f);
	case MESH_BUFFER_MAP:
		return read_map(in, f);
	case MESH_SUBSTREAM_MAP:
		return read_substreams(in, f);
	case MESH_MAP_REQUEST:
		return true;
	case MESH_CHUNK_REQUEST:
		return read_request(in, f);
	case MESH_CHUNK:
		return read_chunk(in, f);
	case MESH_CANCEL:
		return read_cancel(in, f);
	case MESH_SUBSCRIBE:
	case MESH_UNSUBSCRIBE:
		return read_subscription(in, f);
	case MESH_GOSSIP:
		return read_contacts(in, &f->contacts);
	case MESH_PARTNER_OFFER:
		return read_offer(in, f);
	case MESH_PARTNER_ACCEPT:
		f->code = reader_u8(in);
		return read_contacts(in, &f->contacts) && f->contacts.n <= 1;
	case MESH_PARTNER_REFUSE:
		f->code = reader_u8(in);
		return f->code < MESH_REFUSES && read_contacts(in, &f->contacts);
	case MESH_PING:
		f->code = reader_u8(in);
		f->u.nonce = reader_be64(in);
		return f->code <= 1;
	case MESH_GOODBYE:
		return read_goodbye(in, f);
	case MESH_TYPES:
		break;
	}
	return false;
}

static enum proto_verdict
read_head(struct reader *in, struct mesh_frame *f)
{
	size_t seen = reader_left(in) < sizeof magic ? reader_left(in) : sizeof magic;
	const uint8_t *mark = reader_take(in, seen);
	uint8_t version;

	if (seen == 0 || memcmp(mark, magic, seen) != 0)
		return PROTO_NOT_MINE;
	if (seen < sizeof magic)
		return PROTO_SHORT;
	version = reader_u8(in);
	f->type = reader_u8(in);
	f->len = reader_be16(in);
	f->channel = reader_be64(in);
	f->peer = reader_be64(in);
	if (in->failed)
		return PROTO_SHORT;
	if (version != MESH_VERSION || f->type == 0 || f->type >= MESH_TYPES)
		return PROTO_MALFORMED;
	return PROTO_OBSERVED;
}

int64_t
mesh_length(struct reader head)
{
	size_t seen = reader_left(&head) < sizeof magic ? reader_left(&head) : sizeof magic;
	uint8_t version, type;
	uint16_t len;

	if (memcmp(reader_take(&head, seen), magic, seen) != 0)
		return -1;
	version = reader_u8(&head);
	type = reader_u8(&head);
	len = reader_be16(&head);
	if (head.failed)
		return 0;
	if (version != MESH_VERSION || type == 0 || type >= MESH_TYPES)
		return -1;
	return MESH_HEAD + (int64_t)len;
}

enum proto_verdict
mesh_read(struct reader *in, struct mesh_frame *f)
{
	enum proto_verdict verdict;
	struct reader body;
	bool cut;

	memset(f, 0, sizeof *f);
	verdict = read_head(in, f);
	if (verdict != PROTO_OBSERVED)
		return verdict;
	cut = reader_left(in) < f->len;
	body = reader_sub(in, cut ? reader_left(in) : f->len);
	if (!read_body(&body, f))
		return PROTO_MALFORMED;
	if (body.failed)
		return cut ? PROTO_SHORT : PROTO_MALFORMED;
	if (reader_left(&body) > 0 || (cut && f->type != MESH_CHUNK))
		return PROTO_MALFORMED; /* longer than its fields */
	return PROTO_OBSERVED;
}

struct mesh_contact
mesh_contact_at(const struct mesh_contacts *c, unsigned i)
{
	struct reader in = reader_over(c->list + i * (size_t)MESH_CONTACT, MESH_CONTACT);
	struct mesh_contact contact;

	memcpy(contact.at.addr, reader_take(&in, 16), 16);
	contact.at.port = reader_be16(&in);
	contact.peer = reader_be64(&in);
	contact.lease_s = reader_be16(&in);
	contact.partners = reader_u8(&in);
	return contact;
}

/* --- writing ----------------------------------------------------------- */

static void
write_set(struct writer *w, const struct mesh_set *set)
{
	writer_be64(w, set->offset);
	writer_be16(w, (uint16_t)set->width);
	writer_bytes(w, set->bits, (set->width + 7) / 8);
}

void
mesh_write_contact(struct writer *w, const struct mesh_contact *c)
{
	writer_bytes(w, c->at.addr, 16);
	writer_be16(w, c->at.port);
	writer_be64(w, c->peer);
	writer_be16(w, c->lease_s);
	writer_u8(w, c->partners);
}

static void
write_contacts(struct writer *w, const struct mesh_contacts *c)
{
	writer_u8(w, c->n);
	if (c->n > 0)
		writer_bytes(w, c->list, c->n * (size_t)MESH_CONTACT);
}

static void
write_hello(struct writer *w, const struct mesh_hello *h)
{
	writer_be32(w, h->flags);
	writer_be32(w, h->chunk_us);
	writer_be32(w, h->bitrate_kbps);
	writer_be64(w, h->head);
	writer_bytes(w, h->key, MESH_KEY);
	writer_be16(w, h->ticket_len);
	if (h->ticket_len > 0)
		writer_bytes(w, h->ticket, h->ticket_len);
}

static void
write_map(struct writer *w, const struct mesh_map *m)
{
	writer_be64(w, m->play);
	writer_be32(w, m->up_kbps);
	writer_be16(w, m->window);
	writer_be16(w, m->busy_ms);
	write_set(w, &m->set);
}

static void
write_chunk(struct writer *w, const struct mesh_chunk *c)
{
	writer_be64(w, c->chunk);
	writer_be64(w, (uint64_t)c->source_ns);
	writer_be16(w, c->hops);
	writer_be16(w, c->fragment);
	writer_be16(w, c->fragments);
	writer_be32(w, c->total);
	writer_bytes(w, c->signature, MESH_SIGNATURE);
	if (c->media_here > 0)
		writer_bytes(w, c->media, c->media_here);
}

static void
write_subscription(struct writer *w, const struct mesh_subscription *s)
{
	writer_u8(w, s->substream);
	writer_u8(w, s->k);
	writer_be64(w, s->from);
}

static void
write_substreams(struct writer *w, const struct mesh_substreams *s)
{
	writer_u8(w, s->k);
	writer_bytes(w, s->heads, s->k * (size_t)8);
	writer_bytes(w, s->subscribed, (s->k + 7u) / 8);
}

static void
write_body(struct writer *w, const struct mesh_frame *f)
{
	switch ((enum mesh_type)f->type) {
	case MESH_HELLO:
		write_hello(w, &f->u.hello);
		break;
	case MESH_BUFFER_MAP:
		write_map(w, &f->u.map);
		break;
	case MESH_SUBSTREAM_MAP:
		write_substreams(w, &f->u.substreams);
		break;
	case MESH_CHUNK_REQUEST:
		writer_be16(w, f->u.request.deadline_ms);
		write_set(w, &f->u.request.set);
		break;
	case MESH_CHUNK:
		write_chunk(w, &f->u.chunk);
		break;
	case MESH_CANCEL:
		writer_u8(w, f->u.cancel.reason);
		write_set(w, &f->u.cancel.set);
		break;
	case MESH_SUBSCRIBE:
	case MESH_UNSUBSCRIBE:
		write_subscription(w, &f->u.subscription);
		break;
	case MESH_GOSSIP:
		write_contacts(w, &f->contacts);
		break;
	case MESH_PARTNER_OFFER:
		writer_u8(w, f->u.offer.split);
		writer_u8(w, f->u.offer.partners);
		break;
	case MESH_PARTNER_ACCEPT:
	case MESH_PARTNER_REFUSE:
	case MESH_GOODBYE:
		writer_u8(w, f->code);
		write_contacts(w, &f->contacts);
		break;
	case MESH_PING:
		writer_u8(w, f->code);
		writer_be64(w, f->u.nonce);
		break;
	case MESH_MAP_REQUEST:
	case MESH_TYPES:
		break;
	}
}

/* A CHUNK's media may be appended by others, so its length is told, not counted. */
static void
write_len(uint8_t *at, size_t body, const struct mesh_frame *f)
{
	size_t missing = f->type == MESH_CHUNK ? f->u.chunk.media_len - f->u.chunk.media_here : 0;

	at[0] = (uint8_t)((body + missing) >> 8);
	at[1] = (uint8_t)(body + missing);
}

void
mesh_write(struct writer *w, const struct mesh_frame *f)
{
	size_t before = writer_len(w);
	uint8_t *len;

	writer_bytes(w, magic, sizeof magic);
	writer_u8(w, MESH_VERSION);
	writer_u8(w, f->type);
	len = writer_give(w, 2);
	writer_be64(w, f->channel);
	writer_be64(w, f->peer);
	write_body(w, f);
	if (!w->failed)
		write_len(len, writer_len(w) - before - MESH_HEAD, f);
}

void
mesh_statement(uint8_t out[MESH_STATEMENT], uint64_t channel, const struct mesh_chunk *c)
{
	struct writer w = writer_over(out, MESH_STATEMENT);

	writer_be64(&w, channel);
	writer_be64(&w, c->chunk);
	writer_be64(&w, (uint64_t)c->source_ns);
	writer_be32(&w, c->total);
}
