/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages, numbers big-endian; (n) is a length in bytes, [] may be missing.
 *
 *   TOPOLOGY       10 | sub (1) | cache (4) | metadata length (4) | entry ...
 *                  sub: 1 query, 2 reply of newscast; 3, 4 of T-Man; 5, 6 of Cyclon
 *                  entry: age in rounds (4) | node | metadata; the sender's own first
 *   CHUNK          11 | transaction (2) | id (4) | made at, us (8) | size (4)
 *                     | attributes' length (4) | data | attributes
 *   SIGNALLING     12 | n (4) | coding (4) | meta length (4) | set | meta
 *                  set:  coding 1: base (4) | n bits, lowest of the first byte first
 *                        coding 2: n ids (4); coding ffffffff: none
 *                  meta: what (1) | deliver (1) | transaction (2) | [node]
 *   NEIGHBOURHOOD  22 | 0 add, 1 remove, 2 quit | metadata
 *
 *                  engine                      classic
 *   node           text "address:port-"        sockaddr_storage (128); over NAPA text
 *                                              "inside:port-outside:port", then a zero
 *   metadata       cache (2) neighbours (1)    cache (2) chunks/s (2) 2 floats, LE
 *   attributes     hops (2), LE                deadline (8) step (2) hops (2), LE
 *
 * The cache of a TOPOLOGY is a capacity: fewer entries may follow, never more.
 */
#include "proto/grapes_message.h"

#include <string.h>

#include "record/endpoint.h"
#include "record/observation.h"

#define SIGNALLING_HEAD 13u /* bytes before the set */
#define META_BASE 4u        /* bytes of the meta before the node */
#define NODE_STORAGE 128u   /* bytes of the classic's node, the longest there is */
#define MAX_SOURCE_US UINT64_C(4294967296000000) /* the year 2106 */

enum { GOSSIP_QUERY = 1, GOSSIP_KINDS = 7 };
enum { NEIGHBOUR_ADD, NEIGHBOUR_REMOVE, NEIGHBOUR_QUIT };
enum { CODING_BITMAP = 1, CODING_LIST = 2 };
#define CODING_NONE UINT32_MAX

enum {
	WHAT_REQUEST = 1, WHAT_DELIVER = 2, WHAT_OFFER = 4, WHAT_ACCEPT = 6,
	WHAT_BMAP = 10, WHAT_ACK = 11, WHAT_BMREQ = 12
};

enum { FAMILY_IPV4 = 2, FAMILY_IPV6 = 10 }; /* as Linux numbers them */

static const struct shape {
	uint32_t metadata;   /* bytes, in gossip and in NEIGHBOURHOOD */
	uint32_t attributes; /* bytes behind a chunk's data */
} shapes[] = {
	[GRAPES_ENGINE] = { .metadata = 3, .attributes = 2 },
	[GRAPES_CLASSIC] = { .metadata = 12, .attributes = 12 },
	[GRAPES_NAPA] = { .metadata = 12, .attributes = 12 },
};

struct signalling {
	uint32_t n;
	uint32_t coding;
	struct reader set;
	uint8_t what;
	uint8_t deliver; /* BMAP: chunks of the owner's trading buffer, 0 the source */
	bool has_node;
	struct endpoint node;
};

static struct observation *
begin(union obs_buf *buf, enum obs_kind kind, const struct packet_meta *m)
{
	struct observation *o = obs_begin(buf, kind, m->t_ns);

	o->protocol = PROTO_GRAPES;
	o->origin = m->origin;
	o->vantage = m->vantage;
	o->peer = m->src;
	o->to = m->dst;
	return o;
}

/* "10.77.0.5:6000", then end; the address of IPv6 has colons too, so the last one
 * counts. The port may be 0. */
static bool
read_text_endpoint(struct reader *r, char end, struct endpoint *e)
{
	char text[ENDPOINT_TEXT_MAX];
	size_t len = 0, colon = 0;
	uint32_t port = 0;

	for (;;) {
		uint8_t c = reader_u8(r);

		if (c == end || r->failed)
			break;
		if (len == sizeof text - 1)
			return false;
		if (c == ':')
			colon = len;
		text[len++] = (char)c;
	}
	text[len] = '\0';
	if (strspn(text, "0123456789abcdefABCDEF.:") != len || len - colon < 2 ||
	    len - colon > 6)
		return false;
	for (const char *digit = text + colon + 1; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		port = port * 10 + (uint32_t)(*digit - '0');
	}
	text[colon] = '\0';
	if (port > UINT16_MAX || !endpoint_parse(text, e) || e->port != 0)
		return false;
	e->port = (uint16_t)port;
	return true;
}

static bool
read_text_node(struct reader *r, struct endpoint *e)
{
	return read_text_endpoint(r, '-', e) && e->port != 0;
}

/* By the outer address others know it, unless it has none or was seen as inside. */
static bool
read_napa_node(const struct endpoint *seen, struct reader *r, struct endpoint *e)
{
	struct endpoint outside;

	if (!read_text_endpoint(r, '-', e) || !read_text_endpoint(r, '\0', &outside))
		return false;
	if (outside.port != 0 && !endpoint_same(e, seen))
		*e = outside;
	return e->port != 0;
}

static bool
read_storage_node(struct reader *r, struct endpoint *e)
{
	struct reader s = reader_sub(r, NODE_STORAGE);
	uint16_t family = reader_le16(&s), port = reader_be16(&s);

	if (s.failed || port == 0)
		return false;
	if (family == FAMILY_IPV4) {
		*e = endpoint_ipv4(reader_be32(&s), port);
		return true;
	}
	reader_take(&s, 4); /* flow label */
	*e = endpoint_ipv6(reader_take(&s, 16), port);
	return family == FAMILY_IPV6;
}

/* False: no node, or, with r failed, the bytes ran out. */
static bool
read_node(const struct grapes_message *g, struct reader *r, struct endpoint *e)
{
	switch (g->dialect) {
	case GRAPES_ENGINE:
		return read_text_node(r, e);
	case GRAPES_CLASSIC:
		return read_storage_node(r, e);
	case GRAPES_NAPA:
		return read_napa_node(&g->m->src, r, e);
	case GRAPES_UNKNOWN:
		break;
	}
	return false;
}

/* An IPv4 address that no packet from elsewhere can bear. */
static bool
is_local(const struct endpoint *e)
{
	uint8_t a = e->addr[12], b = e->addr[13];

	if (!endpoint_is_ipv4(e))
		return false;
	return a == 0 || a == 10 || a == 127 || (a == 100 && b >> 6 == 1) ||
	       (a == 169 && b == 254) || (a == 172 && b >> 4 == 1) || (a == 192 && b == 168);
}

/* Can who calls itself node be seen as seen? Behind a NAT it knows only its
 * local address; GRAPES itself then takes the message as the sender's. */
static bool
may_be(const struct endpoint *node, const struct endpoint *seen)
{
	return endpoint_same(node, seen) || (is_local(node) && !endpoint_same_addr(node, seen));
}

static enum proto_verdict
read_signalling(const struct grapes_message *g, struct signalling *s)
{
	struct reader r = g->bytes, node;
	uint32_t meta_len, set_len;
	uint64_t len;

	reader_u8(&r);
	s->n = reader_be32(&r);
	s->coding = reader_be32(&r);
	meta_len = reader_be32(&r);
	if (r.failed)
		return PROTO_SHORT;
	if (meta_len < META_BASE || meta_len > META_BASE + NODE_STORAGE)
		return PROTO_MALFORMED;
	if (s->coding != CODING_NONE && s->n > OBS_MAX_WIDTH)
		return PROTO_MALFORMED;
	if (s->coding == CODING_BITMAP)
		set_len = 4 + (s->n + 7) / 8;
	else if (s->coding == CODING_LIST)
		set_len = 4 * s->n;
	else if (s->coding == CODING_NONE)
		set_len = 0;
	else
		return PROTO_MALFORMED;
	len = (uint64_t)SIGNALLING_HEAD + set_len + meta_len;
	if (len != g->len)
		return len > g->len ? PROTO_SHORT : PROTO_MALFORMED;
	s->set = reader_sub(&r, set_len);
	s->what = reader_u8(&r);
	s->deliver = reader_u8(&r);
	reader_be16(&r); /* transaction */
	node = reader_sub(&r, meta_len - META_BASE);
	if (r.failed)
		return PROTO_SHORT;
	s->has_node = meta_len > META_BASE;
	if (s->has_node &&
	    (!read_node(g, &node, &s->node) || node.failed || reader_left(&node) > 0))
		return PROTO_MALFORMED;
	return PROTO_OTHER;
}

/* The chunk set; false if its ids run past 32 bits. */
static bool
set_bitmap(struct observation *o, const struct signalling *s)
{
	struct reader r = s->set;
	uint64_t base = reader_be32(&r);
	const uint8_t *bits = reader_take(&r, (s->n + 7) / 8);

	if (bits == NULL || base + s->n > UINT64_C(1) << 32 || !obs_set_range(o, base, s->n))
		return false;
	memcpy(o->tail, bits, o->tail_len);
	if (s->n % 8 != 0)
		o->tail[o->tail_len - 1] &= (uint8_t)((1u << s->n % 8) - 1);
	return true;
}

/* The chunk list; false if it spans more than OBS_MAX_WIDTH. */
static bool
set_list(struct observation *o, const struct signalling *s)
{
	struct reader r = s->set;
	uint32_t lowest = UINT32_MAX, highest = 0, id;

	if (s->n == 0)
		return obs_set_range(o, 0, 0);
	while (reader_left(&r) > 0) {
		id = reader_be32(&r);
		lowest = id < lowest ? id : lowest;
		highest = id > highest ? id : highest;
	}
	if (highest - lowest >= OBS_MAX_WIDTH ||
	    !obs_set_range(o, lowest, highest - lowest + 1))
		return false;
	for (r = s->set; reader_left(&r) > 0;)
		obs_set(o, reader_be32(&r) - lowest);
	return true;
}

static enum proto_verdict
put_set(struct observation *o, const struct signalling *s, struct obs_sink *out)
{
	if (s->coding == CODING_NONE)
		return PROTO_OTHER;
	if (!(s->coding == CODING_BITMAP ? set_bitmap(o, s) : set_list(o, s)))
		return PROTO_MALFORMED;
	/* "I take none of what you offer" asks for nothing; most ACCEPTs say so */
	if (o->kind == OBS_REQUEST && obs_held(o) == 0)
		return PROTO_OTHER;
	out->put(out, o);
	return PROTO_OBSERVED;
}

static enum proto_verdict
put_signalling(const struct grapes_message *g, const struct signalling *s,
               struct obs_sink *out)
{
	union obs_buf buf;
	struct observation *o;

	switch (s->what) {
	case WHAT_BMAP:
		o = begin(&buf, OBS_BUFFER_MAP, g->m);
		if (s->has_node && !may_be(&s->node, &g->m->src))
			o->peer = s->node;
		o->u.map.window = s->deliver;
		o->flags = s->deliver == 0 ? OBS_SOURCE : 0;
		return put_set(o, s, out);
	case WHAT_ACK:
		o = begin(&buf, OBS_BUFFER_MAP, g->m);
		/* the engine answers before it inserts the chunk, the classic after */
		o->flags = g->dialect == GRAPES_ENGINE ? OBS_MINUS_ACKED : 0;
		return put_set(o, s, out);
	case WHAT_OFFER:
		return put_set(begin(&buf, OBS_HAVE, g->m), s, out);
	case WHAT_REQUEST:
	case WHAT_ACCEPT:
		o = begin(&buf, OBS_REQUEST, g->m);
		o->action = OBS_ASKED;
		return put_set(o, s, out);
	case WHAT_DELIVER:
	case WHAT_BMREQ:
		return PROTO_OTHER;
	default:
		return PROTO_MALFORMED;
	}
}

static enum proto_verdict
on_signalling(const struct grapes_message *g, struct obs_sink *out)
{
	struct signalling s = { 0 };
	enum proto_verdict verdict = read_signalling(g, &s);

	if (verdict != PROTO_OTHER)
		return verdict;
	if (!g->known && s.has_node && !may_be(&s.node, &g->m->src))
		return PROTO_MALFORMED;
	return put_signalling(g, &s, out);
}

/* Reads one entry of a TOPOLOGY into o. */
static enum proto_verdict
read_entry(const struct grapes_message *g, struct reader *r, struct observation *o,
           uint32_t *age)
{
	struct endpoint node = { .port = 0 };
	bool sound;

	*age = reader_be32(r);
	sound = read_node(g, r, &node);
	if (sound)
		reader_take(r, shapes[g->dialect].metadata);
	if (r->failed)
		return PROTO_SHORT;
	if (!sound || !obs_add_contact(o, &node))
		return PROTO_MALFORMED;
	return PROTO_OTHER;
}

/* A newcomer knows nobody but the node it asks, and adds to its own age until it
 * has heard five gossip messages, lest it displace the others in their caches.
 * The query of a settled peer whose cache happens to be empty says age 1. */
static void
put_gossip(const struct grapes_message *g, const struct observation *contacts, uint8_t sub,
           uint32_t own_age, struct obs_sink *out)
{
	union obs_buf buf;
	struct observation *o;

	if (sub == GOSSIP_QUERY && contacts->u.contacts.n == 1 && own_age > 1) {
		o = begin(&buf, OBS_JOIN, g->m);
		o->action = OBS_BOOTSTRAP;
		out->put(out, o);
	}
	out->put(out, contacts);
}

static enum proto_verdict
on_topology(const struct grapes_message *g, struct obs_sink *out)
{
	struct reader r = g->bytes;
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_CONTACTS, g->m);
	uint32_t cache, metadata, age, own_age = 0;
	struct endpoint first;
	enum proto_verdict verdict;
	uint8_t sub;

	reader_u8(&r);
	sub = reader_u8(&r);
	cache = reader_be32(&r);
	metadata = reader_be32(&r);
	if (r.failed)
		return PROTO_SHORT;
	if (sub == 0 || sub >= GOSSIP_KINDS || metadata != shapes[g->dialect].metadata)
		return PROTO_MALFORMED;
	while (reader_left(&r) > 0) {
		verdict = read_entry(g, &r, o, &age);
		if (verdict != PROTO_OTHER)
			return verdict;
		if (o->u.contacts.n == 1)
			own_age = age;
	}
	if (reader_left(&g->bytes) < g->len || o->u.contacts.n == 0)
		return PROTO_SHORT;
	if (o->u.contacts.n > cache)
		return PROTO_MALFORMED;
	first = obs_contact(o, 0);
	if (!g->known && !may_be(&first, &g->m->src))
		return PROTO_MALFORMED;
	put_gossip(g, o, sub, own_age, out);
	return PROTO_OBSERVED;
}

/* The classic's metadata is all that a NEIGHBOURHOOD says of itself; its floats,
 * capacity and delay, are not-a-number until measured. */
static bool
is_plausible(struct reader *metadata)
{
	uint16_t cache = reader_le16(metadata), chunks_per_s = reader_le16(metadata);
	uint32_t capacity = reader_le32(metadata), delay = reader_le32(metadata);
	const uint32_t not_a_number = 0x7fc00000, huge = 0x54000000;

	return cache <= 10000 && chunks_per_s <= 10000 &&
	       (capacity == not_a_number || capacity < huge) &&
	       (delay == not_a_number || delay < huge);
}

static enum proto_verdict
on_neighbourhood(const struct grapes_message *g, struct obs_sink *out)
{
	struct reader r = g->bytes;
	union obs_buf buf;
	struct observation *o;
	struct reader metadata;
	uint8_t sub;

	reader_u8(&r);
	sub = reader_u8(&r);
	metadata = reader_sub(&r, shapes[g->dialect].metadata);
	if (r.failed)
		return PROTO_SHORT;
	if (g->len != 2 + shapes[g->dialect].metadata)
		return PROTO_MALFORMED;
	if (sub > (g->dialect == GRAPES_ENGINE ? NEIGHBOUR_QUIT : NEIGHBOUR_REMOVE))
		return PROTO_MALFORMED;
	if (!g->known && g->dialect != GRAPES_ENGINE && !is_plausible(&metadata))
		return PROTO_MALFORMED;
	o = begin(&buf, sub == NEIGHBOUR_QUIT ? OBS_LEAVE : OBS_PARTNER, g->m);
	o->action = sub == NEIGHBOUR_QUIT ? OBS_GOODBYE :
	            sub == NEIGHBOUR_ADD  ? OBS_ADDED : OBS_REMOVED;
	out->put(out, o);
	return PROTO_OBSERVED;
}

uint64_t
grapes_message_chunk_len(const struct grapes_chunk *chunk)
{
	return (uint64_t)GRAPES_CHUNK_HEAD + chunk->size + chunk->attributes;
}

enum proto_verdict
grapes_message_chunk_head(const struct grapes_message *g, struct grapes_chunk *chunk)
{
	struct reader r = g->bytes;

	reader_u8(&r);
	reader_be16(&r); /* transaction */
	chunk->id = reader_be32(&r);
	chunk->source_us = reader_be64(&r);
	chunk->size = reader_be32(&r);
	chunk->attributes = reader_be32(&r);
	if (r.failed)
		return PROTO_SHORT;
	if (chunk->source_us >= MAX_SOURCE_US)
		return PROTO_MALFORMED;
	if (!g->known && chunk->attributes != shapes[g->dialect].attributes)
		return PROTO_MALFORMED;
	return PROTO_OTHER;
}

uint16_t
grapes_message_hops(enum grapes_dialect dialect, const struct grapes_chunk *chunk,
                    const uint8_t last[2])
{
	if (chunk->attributes != shapes[dialect].attributes)
		return GRAPES_HOPS_UNKNOWN;
	return (uint16_t)(last[0] | last[1] << 8);
}

void
grapes_message_put_chunk(const struct packet_meta *m, const struct grapes_chunk *chunk,
                         uint16_t hops, bool cut, struct obs_sink *out)
{
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_MARK, m);

	o->offset = chunk->id;
	o->width = 1;
	o->flags = OBS_ALL;
	o->u.mark.source_ns = (int64_t)(chunk->source_us * 1000);
	out->put(out, o);

	o = begin(&buf, OBS_TRANSFER, m);
	o->peer = m->dst;
	o->to = m->src;
	o->offset = chunk->id;
	o->width = 1;
	o->flags = cut ? OBS_ALL | OBS_CUT : OBS_ALL;
	o->u.transfer.bytes = chunk->size;
	o->u.transfer.hops = hops;
	out->put(out, o);
}

static enum proto_verdict
on_chunk(const struct grapes_message *g, struct obs_sink *out)
{
	struct reader r = g->bytes;
	struct grapes_chunk chunk;
	enum proto_verdict verdict = grapes_message_chunk_head(g, &chunk);
	uint16_t hops = GRAPES_HOPS_UNKNOWN;
	bool cut = reader_left(&r) < g->len;
	uint64_t len;

	if (verdict != PROTO_OTHER)
		return verdict;
	len = grapes_message_chunk_len(&chunk);
	if (len != g->len)
		return len > g->len ? PROTO_SHORT : PROTO_MALFORMED;
	if (!cut) {
		reader_take(&r, g->len - 2);
		hops = grapes_message_hops(g->dialect, &chunk, reader_take(&r, 2));
	}
	grapes_message_put_chunk(g->m, &chunk, hops, cut, out);
	return PROTO_OBSERVED;
}

enum proto_verdict
grapes_message_read(const struct grapes_message *g, struct obs_sink *out)
{
	struct reader r = g->bytes;
	uint8_t type = reader_u8(&r);

	if (r.failed)
		return PROTO_SHORT;
	switch (type) {
	case GRAPES_TOPOLOGY:
		return on_topology(g, out);
	case GRAPES_CHUNK:
		return on_chunk(g, out);
	case GRAPES_SIGNALLING:
		return on_signalling(g, out);
	case GRAPES_TMAN: /* gossip too, but its form has not been met on a wire */
		return g->known ? PROTO_OTHER : PROTO_MALFORMED;
	case GRAPES_NEIGHBOURHOOD:
		return on_neighbourhood(g, out);
	default:
		return PROTO_MALFORMED;
	}
}
