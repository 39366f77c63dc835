/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/grapes_napa.h"

#include <string.h>

#include "record/observation.h"

#define HEAD            23u
#define MAX_CONNECTIONS 65536u
#define CONTROL_LEN     264u /* a command and two sockaddr_storage, then padding */
#define STORAGE         128u
#define STALE_NS        UINT64_C(4000000000) /* as the engine's; ours, not the layer's */

enum { TYPE_CONTROL = 127, TYPE_NACK = 128 };
enum { INVITE, CONNECT, READY };

struct packet {
	const struct packet_meta *m;
	bool known;
	uint32_t offset, length; /* of these bytes, of the message */
	uint32_t number;
	uint8_t type;
	uint32_t len;        /* bytes of the message that the datagram had */
	struct reader bytes; /* those that the capture has */
};

static bool
is_connection(uint32_t id)
{
	return id < MAX_CONNECTIONS;
}

static bool
is_type(uint8_t type)
{
	switch (type) {
	case GRAPES_TOPOLOGY:
	case GRAPES_CHUNK:
	case GRAPES_SIGNALLING:
	case GRAPES_TMAN:
	case GRAPES_NEIGHBOURHOOD:
	case TYPE_CONTROL:
	case TYPE_NACK:
		return true;
	}
	return false;
}

/* The header. OTHER: it is sound. */
static enum proto_verdict
read_head(struct packet *p, struct reader in)
{
	uint32_t here, there, monitor, of_packet;

	p->offset = reader_be32(&in);
	p->length = reader_be32(&in);
	here = reader_be32(&in);
	there = reader_be32(&in);
	p->number = reader_be32(&in);
	p->type = reader_u8(&in);
	monitor = reader_u8(&in);
	of_packet = reader_u8(&in);
	if (in.failed)
		return p->known ? PROTO_SHORT : PROTO_NOT_MINE;
	if (!is_type(p->type) || monitor > NAPA_MAX_MONITOR || of_packet > NAPA_MAX_MONITOR ||
	    !is_connection(here) || (there != UINT32_MAX && !is_connection(there)))
		return PROTO_MALFORMED;
	monitor = of_packet + (p->offset == 0 ? monitor : 0);
	if (p->m->wire_len <= HEAD + monitor)
		return PROTO_SHORT;
	p->len = p->m->wire_len - HEAD - monitor;
	if (p->length > NAPA_MAX_LENGTH || p->offset > p->length)
		return PROTO_MALFORMED;
	if (p->len > p->length - p->offset)
		return PROTO_MALFORMED;
	if (reader_left(&in) < monitor)
		monitor = (uint32_t)reader_left(&in);
	reader_take(&in, monitor);
	p->bytes = in;
	return PROTO_OTHER;
}

/* The host's own byte order is on the wire here; the small number tells it. */
static uint32_t
read_command(struct reader *r)
{
	uint32_t command = reader_be32(r);

	return command > UINT16_MAX ? command >> 24 | (command & 0xffffff) << 8 : command;
}

/* Is the IPv4 address in a sockaddr_storage the sender's? The family may be 0. */
static bool
names_sender(struct reader *r, const struct packet_meta *m)
{
	struct reader s = reader_sub(r, STORAGE);
	struct endpoint e;

	reader_take(&s, 4);
	e = endpoint_ipv4(reader_be32(&s), 0);
	return !s.failed && endpoint_same_addr(&e, &m->src);
}

static enum proto_verdict
on_control(const struct packet *p, struct obs_sink *out)
{
	struct reader r = p->bytes;
	uint32_t command = read_command(&r);
	bool inside, outside;
	union obs_buf buf;
	struct observation *o;

	if (p->offset != 0 || p->length != p->len || p->len < CONTROL_LEN)
		return PROTO_MALFORMED;
	reader_be32(&r); /* the packet's size on trial */
	inside = names_sender(&r, p->m);
	outside = names_sender(&r, p->m);
	if (r.failed)
		return PROTO_SHORT;
	if (command > READY || (!p->known && !inside && !outside))
		return PROTO_MALFORMED;
	if (command != INVITE)
		return PROTO_OTHER;
	o = obs_begin(&buf, OBS_JOIN, p->m->t_ns);
	o->protocol = PROTO_GRAPES;
	o->origin = p->m->origin;
	o->vantage = p->m->vantage;
	o->peer = p->m->src;
	o->to = p->m->dst;
	o->action = OBS_HANDSHAKE;
	out->put(out, o);
	return PROTO_OBSERVED;
}

/* The type stands in the header and again as the message's first byte. */
static bool
begins_with_type(const struct packet *p)
{
	struct reader r = p->bytes;
	uint8_t type = reader_u8(&r);

	return r.failed || type == p->type;
}

static struct grapes_message
message_of(const struct packet *p)
{
	return (struct grapes_message){
		.m = p->m,
		.dialect = GRAPES_NAPA,
		.known = p->known,
		.len = p->len,
		.bytes = p->bytes,
	};
}

static bool
is_stale(const struct napa_pending *w, int64_t t_ns)
{
	uint64_t later = (uint64_t)t_ns - (uint64_t)w->t_ns;

	return later > STALE_NS && -later > STALE_NS; /* captures step back a little */
}

static struct napa_pending *
pending_of(struct grapes_napa *n, const struct packet *p)
{
	struct napa_pending *w;

	for (w = n->pending; w < n->pending + NAPA_PENDING; w++)
		if (w->length == p->length && w->number == p->number &&
		    !is_stale(w, p->m->t_ns)) {
			w->t_ns = p->m->t_ns;
			return w;
		}
	w = &n->pending[n->next];
	n->next = (uint8_t)((n->next + 1) % NAPA_PENDING);
	memset(w, 0, sizeof *w);
	w->t_ns = p->m->t_ns;
	w->number = p->number;
	w->length = p->length;
	return w;
}

static bool
is_covered(const struct napa_pending *w, uint32_t from, uint32_t to)
{
	for (unsigned i = 0; i < w->ranges; i++)
		if (w->range[i].from <= from && to <= w->range[i].to)
			return true;
	return false;
}

/* Joins [from, to) with the runs that it meets; false if there is no room. */
static bool
cover(struct napa_pending *w, uint32_t from, uint32_t to)
{
	unsigned first = 0, end;

	while (first < w->ranges && w->range[first].to < from)
		first++;
	for (end = first; end < w->ranges && w->range[end].from <= to; end++) {
		from = w->range[end].from < from ? w->range[end].from : from;
		to = w->range[end].to > to ? w->range[end].to : to;
	}
	if (first == end && w->ranges == NAPA_RANGES)
		return false;
	memmove(w->range + first + 1, w->range + end, (w->ranges - end) * sizeof w->range[0]);
	w->range[first] = (struct napa_range){ from, to };
	w->ranges = (uint8_t)(w->ranges + first + 1 - end);
	return true;
}

/* The first piece's head: it must be of a chunk that is as long as the message. */
static enum proto_verdict
read_chunk_head(const struct packet *p, struct grapes_chunk *chunk)
{
	struct grapes_message g = message_of(p);
	enum proto_verdict verdict = grapes_message_chunk_head(&g, chunk);

	if (verdict == PROTO_SHORT && p->len < GRAPES_CHUNK_HEAD)
		return PROTO_MALFORMED; /* nobody cuts messages into such crumbs */
	if (verdict == PROTO_OTHER && grapes_message_chunk_len(chunk) != p->length)
		return PROTO_MALFORMED;
	return verdict;
}

static void
note_tail(struct napa_pending *w, const struct packet *p)
{
	struct reader r = p->bytes;

	if (p->offset + p->len != p->length || p->len < 2)
		return;
	reader_take(&r, p->len - 2);
	w->tail = reader_le16(&r);
	w->has_tail = !r.failed;
}

static void
put_chunk(const struct napa_pending *w, const struct packet *p, struct obs_sink *out)
{
	uint8_t tail[2] = { (uint8_t)w->tail, (uint8_t)(w->tail >> 8) };
	uint16_t hops = GRAPES_HOPS_UNKNOWN;

	if (w->has_tail)
		hops = grapes_message_hops(GRAPES_NAPA, &w->chunk, tail);
	grapes_message_put_chunk(p->m, &w->chunk, hops, w->cut, out);
}

static enum proto_verdict
on_chunk_piece(struct grapes_napa *n, const struct packet *p, struct obs_sink *out)
{
	enum proto_verdict verdict = PROTO_OTHER;
	uint32_t end = p->offset + p->len;
	struct grapes_chunk chunk;
	struct napa_pending *w;

	if (p->offset == 0)
		verdict = read_chunk_head(p, &chunk);
	if (verdict != PROTO_OTHER)
		return verdict;
	w = pending_of(n, p);
	if (is_covered(w, p->offset, end))
		return PROTO_OTHER;
	if (p->offset == 0) {
		w->chunk = chunk;
		w->has_head = true;
	}
	note_tail(w, p);
	w->cut |= reader_left(&p->bytes) < p->len;
	if (!cover(w, p->offset, end)) {
		w->length = 0;
		return PROTO_OTHER;
	}
	if (!w->has_head || !is_covered(w, 0, w->length))
		return PROTO_OTHER;
	put_chunk(w, p, out);
	return PROTO_OBSERVED;
}

static enum proto_verdict
on_message(struct grapes_napa *n, const struct packet *p, struct obs_sink *out)
{
	struct grapes_message g = message_of(p);

	if (p->offset == 0 && !begins_with_type(p))
		return PROTO_MALFORMED;
	if (p->offset == 0 && p->len == p->length)
		return grapes_message_read(&g, out);
	if (!p->known && (p->offset > 0 || p->type != GRAPES_CHUNK))
		return PROTO_MALFORMED; /* a piece from within proves nothing */
	return p->type == GRAPES_CHUNK ? on_chunk_piece(n, p, out) : PROTO_OTHER;
}

enum proto_verdict
grapes_napa_decode(struct grapes_napa *n, const struct packet_meta *m, struct reader in,
                   bool known, struct obs_sink *out)
{
	struct packet p = { .m = m, .known = known };
	enum proto_verdict verdict = read_head(&p, in);

	if (verdict != PROTO_OTHER)
		return verdict;
	if (p.type == TYPE_CONTROL)
		return on_control(&p, out);
	if (p.type == TYPE_NACK)
		return known ? PROTO_OTHER : PROTO_MALFORMED;
	return on_message(n, &p, out);
}
