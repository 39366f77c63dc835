/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages, numbers big-endian; (n) is a length in bytes. ADDR is two numbers, first
 * and last chunk (4 or 8 each), or one bin.
 *
 *   HANDSHAKE         0 | see ppspp_handshake.c
 *   DATA              1 | ADDR | sender's clock, us (8) | data, to the datagram's end
 *   ACK               2 | ADDR | one-way delay, us (8)
 *   HAVE              3 | ADDR
 *   INTEGRITY         4 | ADDR | hash
 *   PEX_RESv4         5 | address (4) | port (2)
 *   PEX_REQ           6 |
 *   SIGNED_INTEGRITY  7 | ADDR | source time (8) | signature
 *   REQUEST           8 | ADDR            CANCEL   9 | ADDR
 *   CHOKE            10 |                 UNCHOKE 11 |
 *   PEX_RESv6        12 | address (16) | port (2)
 *   PEX_REScert      13 | length (2) | certificate
 *
 * A bin of layer l has l trailing ones; its chunks are 2^l from (bin >> l+1) << l on.
 * Source: RFC 7574 section 8 and 4.2. Legacy DATA has no clock.
 */
#include <string.h>

#include "proto/ppspp.h"

#define US 1000
#define NTP_TO_UNIX_S 2208988800u
#define YEAR_US INT64_C(31557600000000)

enum message {
	HANDSHAKE, DATA, ACK, HAVE, INTEGRITY, PEX_RESV4, PEX_REQ, SIGNED_INTEGRITY, REQUEST,
	CANCEL, CHOKE, UNCHOKE, PEX_RESV6, PEX_RESCERT
};

/* Chunks first..last; none: no chunk, or all of them. */
struct range {
	uint64_t first, last;
	bool none, aligned;
};

uint32_t
ppspp_wire_left(const struct ppspp_read *r)
{
	uint32_t read = (uint32_t)(r->in.pos - r->start);

	return r->wire_len > read ? r->wire_len - read : 0;
}

struct observation *
ppspp_begin(const struct ppspp_read *r, union obs_buf *buf, enum obs_kind kind)
{
	struct observation *o = obs_begin(buf, kind, r->m->t_ns);

	o->protocol = r->m->transport == PROTO_TCP ? PROTO_PYPPSPP : PROTO_PPSPP;
	o->origin = r->m->origin;
	o->vantage = r->m->vantage;
	o->channel = r->channel->swarm;
	o->peer = r->src;
	o->to = r->dst;
	return o;
}

void
ppspp_put(struct ppspp_read *r, const struct observation *o)
{
	r->puts++;
	r->out->put(r->out, o);
}

static bool
bin_range(uint64_t bin, unsigned bits, struct range *a)
{
	uint64_t missing = ~bin;
	unsigned layer = missing ? (unsigned)__builtin_ctzll(missing) : 64;

	a->aligned = true;
	if (layer + 1 >= bits) {
		a->none = true;
		return true;
	}
	a->first = (bin >> (layer + 1)) << layer;
	a->last = a->first + (UINT64_C(1) << layer) - 1;
	return true;
}

static bool
is_aligned(const struct range *a)
{
	uint64_t width = a->last - a->first + 1;

	return width != 0 && (width & (width - 1)) == 0 && a->first % width == 0;
}

/* An ADDR; false: its end lies before its beginning. */
static bool
read_range(struct ppspp_read *r, struct range *a)
{
	const struct ppspp_channel *c = r->channel;

	memset(a, 0, sizeof *a);
	switch ((enum ppspp_addressing)c->addressing) {
	case PPSPP_BINS_32:
		return bin_range(reader_be32(&r->in), 32, a);
	case PPSPP_BINS_64:
		return bin_range(reader_be64(&r->in), 64, a);
	case PPSPP_CHUNKS_32:
		a->first = reader_be32(&r->in);
		a->last = reader_be32(&r->in);
		break;
	case PPSPP_BYTES_64:
	case PPSPP_CHUNKS_64:
	case PPSPP_ADDRESSINGS:
		a->first = reader_be64(&r->in);
		a->last = reader_be64(&r->in);
		break;
	}
	if (c->addressing == PPSPP_BYTES_64) {
		a->first /= c->chunk_bytes;
		a->last /= c->chunk_bytes;
	}
	a->aligned = is_aligned(a);
	return a->first <= a->last;
}

/* Of a set wider than an observation may be, the newest chunks: nothing live is older. */
static void
tell_set(struct ppspp_read *r, enum obs_kind kind, enum obs_action action, uint16_t flags,
         const struct range *a)
{
	union obs_buf buf;
	struct observation *o = ppspp_begin(r, &buf, kind);
	uint64_t width = a->last - a->first;

	if (a->none)
		return;
	o->offset = a->first;
	if (width >= OBS_MAX_WIDTH)
		o->offset = a->last - (OBS_MAX_WIDTH - 1);
	o->width = (uint32_t)(a->last - o->offset) + 1;
	o->flags = OBS_ALL | flags;
	o->action = (uint8_t)action;
	if (o->offset <= UINT64_MAX - o->width)
		ppspp_put(r, o);
}

static enum proto_verdict
range_only(struct ppspp_read *r, enum obs_kind kind, enum obs_action action)
{
	struct range a;
	bool sound = read_range(r, &a);

	if (r->in.failed)
		return PROTO_SHORT;
	if (!sound)
		return PROTO_MALFORMED;
	r->proofs += a.aligned;
	if (r->out != NULL && action != OBS_REFUSED)
		tell_set(r, kind, action, kind == OBS_HAVE ? OBS_PROMPT : 0, &a);
	return PROTO_OTHER;
}

/* A clock within a year of ours, in us since 1970? */
static bool
is_now(const struct ppspp_read *r, uint64_t us)
{
	int64_t now_us = r->m->t_ns / US;

	return us > (uint64_t)(now_us > YEAR_US ? now_us - YEAR_US : 0) &&
	       us < (uint64_t)(now_us + YEAR_US);
}

static enum proto_verdict
data(struct ppspp_read *r)
{
	struct range a;
	bool sound = read_range(r, &a);
	uint32_t bytes;
	union obs_buf buf;
	struct observation *o;
	uint64_t clock = 0;

	if (!r->channel->legacy)
		clock = reader_be64(&r->in);
	if (r->in.failed)
		return PROTO_SHORT;
	if (!sound || a.none)
		return PROTO_MALFORMED;
	r->proofs += a.first == a.last && (r->channel->legacy || is_now(r, clock));
	bytes = ppspp_wire_left(r);
	r->wire_len -= bytes - (uint32_t)reader_left(&r->in); /* the rest is data, cut or not */
	reader_take(&r->in, reader_left(&r->in));
	if (r->out == NULL)
		return PROTO_OTHER;
	o = ppspp_begin(r, &buf, OBS_TRANSFER);
	o->peer = r->dst;
	o->to = r->src;
	o->offset = a.first;
	o->width = 1;
	o->u.transfer.bytes = bytes;
	o->u.transfer.hops = UINT16_MAX;
	ppspp_put(r, o);
	return PROTO_OTHER;
}

static enum proto_verdict
ack(struct ppspp_read *r)
{
	struct range a;
	bool sound = read_range(r, &a);

	reader_be64(&r->in);
	if (r->in.failed)
		return PROTO_SHORT;
	if (!sound)
		return PROTO_MALFORMED;
	r->proofs += a.aligned;
	if (r->out != NULL)
		tell_set(r, OBS_HAVE, OBS_NO_ACTION, OBS_PROMPT, &a);
	return PROTO_OTHER;
}

/* us since 1970, as libswift writes; else NTP, as the RFC has it; 0 neither. */
static int64_t
source_ns(const struct ppspp_read *r, uint64_t stamp)
{
	uint64_t s = stamp >> 32, us;

	if (is_now(r, stamp))
		return (int64_t)stamp * US;
	if (s < NTP_TO_UNIX_S)
		return 0;
	us = (s - NTP_TO_UNIX_S) * 1000000 + ((stamp & UINT32_MAX) * 1000000 >> 32);
	return is_now(r, us) ? (int64_t)us * US : 0;
}

/* The source signs a sub-tree when its last chunk is made. */
static enum proto_verdict
signed_integrity(struct ppspp_read *r)
{
	struct range a;
	bool sound = read_range(r, &a);
	uint64_t stamp = reader_be64(&r->in);
	int64_t at_ns = source_ns(r, stamp);
	union obs_buf buf;
	struct observation *o;

	reader_take(&r->in, r->channel->signature_len);
	if (r->in.failed)
		return PROTO_SHORT;
	if (!sound)
		return PROTO_MALFORMED;
	r->proofs += a.aligned && at_ns != 0;
	if (r->out == NULL || at_ns == 0 || a.none)
		return PROTO_OTHER;
	o = ppspp_begin(r, &buf, OBS_MARK);
	o->offset = a.last;
	o->width = 1;
	o->u.mark.source_ns = at_ns;
	ppspp_put(r, o);
	return PROTO_OTHER;
}

/* In the legacy dialect the root hash names the swarm; a live one has only zeros. */
static uint64_t
root_swarm(const uint8_t *hash, uint16_t len)
{
	uint8_t any = 0;

	for (uint16_t i = 0; i < len; i++)
		any |= hash[i];
	return any ? obs_id_hash(hash, len) : 0;
}

static enum proto_verdict
integrity(struct ppspp_read *r)
{
	struct range a;
	bool sound = read_range(r, &a);
	const uint8_t *hash = reader_take(&r->in, r->channel->hash_len);

	if (hash == NULL)
		return PROTO_SHORT;
	if (!sound)
		return PROTO_MALFORMED;
	if (r->channel->legacy && a.none && r->out != NULL)
		r->channel->swarm = root_swarm(hash, r->channel->hash_len);
	r->proofs += a.aligned;
	return PROTO_OTHER;
}

static enum proto_verdict
contact(struct ppspp_read *r, bool v6)
{
	const uint8_t *addr = v6 ? reader_take(&r->in, 16) : NULL;
	uint32_t addr4 = v6 ? 0 : reader_be32(&r->in);
	uint16_t port = reader_be16(&r->in);
	struct endpoint e;
	union obs_buf buf;
	struct observation *o;

	if (r->in.failed)
		return PROTO_SHORT;
	if (r->out == NULL)
		return PROTO_OTHER;
	e = v6 ? endpoint_ipv6(addr, port) : endpoint_ipv4(addr4, port);
	o = ppspp_begin(r, &buf, OBS_CONTACTS);
	obs_add_contact(o, &e);
	ppspp_put(r, o);
	return PROTO_OTHER;
}

static enum proto_verdict
certificate(struct ppspp_read *r)
{
	reader_take(&r->in, reader_be16(&r->in));
	return r->in.failed ? PROTO_SHORT : PROTO_OTHER;
}

static enum proto_verdict
message(struct ppspp_read *r, enum message type)
{
	switch (type) {
	case HANDSHAKE:
		return ppspp_handshake(r, r->channel->id[!r->m->reply]);
	case DATA:
		return data(r);
	case ACK:
		return ack(r);
	case HAVE:
		return range_only(r, OBS_HAVE, OBS_NO_ACTION);
	case INTEGRITY:
		return integrity(r);
	case SIGNED_INTEGRITY:
		return signed_integrity(r);
	case REQUEST:
		return range_only(r, OBS_REQUEST, OBS_ASKED);
	case CANCEL: /* of what was asked: no observation says so */
		return range_only(r, OBS_REQUEST, OBS_REFUSED);
	case PEX_RESV4:
	case PEX_RESV6:
		return contact(r, type == PEX_RESV6);
	case PEX_RESCERT:
		return certificate(r);
	case PEX_REQ:
	case CHOKE:
	case UNCHOKE:
		return PROTO_OTHER;
	}
	return PROTO_MALFORMED;
}

/* The HAVEs in a row from here on are one map. Nothing else is read. */
static void
tell_map(struct ppspp_read *r)
{
	struct ppspp_read at = *r;
	uint64_t first = UINT64_MAX, last = 0;
	union obs_buf buf;
	struct observation *o = ppspp_begin(r, &buf, OBS_BUFFER_MAP);
	struct range a;

	while (reader_left(&at.in) > 0 && reader_u8(&at.in) == HAVE && read_range(&at, &a) &&
	       !at.in.failed) {
		first = a.first < first ? a.first : first;
		last = a.last > last ? a.last : last;
	}
	if (first > last || last == UINT64_MAX)
		return;
	if (last - first >= OBS_MAX_WIDTH)
		first = last - (OBS_MAX_WIDTH - 1);
	if (!obs_set_range(o, first, (uint32_t)(last - first) + 1))
		return;
	for (at = *r; reader_left(&at.in) > 0 && reader_u8(&at.in) == HAVE &&
	              read_range(&at, &a) && !at.in.failed;)
		for (uint64_t c = a.first < first ? first : a.first; c <= a.last; c++)
			obs_set(o, (uint32_t)(c - first));
	ppspp_put(r, o);
}

/* Do the next bytes begin a list of HAVEs (or go on with it)? Then tell it once. */
static bool
is_in_map(struct ppspp_read *r, bool in_map)
{
	struct reader ahead = r->in;

	if (!r->whole || r->out == NULL || reader_u8(&ahead) != HAVE)
		return false;
	if (!in_map)
		tell_map(r);
	return true;
}

enum proto_verdict
ppspp_messages(struct ppspp_read *r)
{
	enum proto_verdict verdict = PROTO_OTHER;
	struct obs_sink *out = r->out;
	bool in_map = false;

	while (reader_left(&r->in) > 0 && verdict == PROTO_OTHER) {
		in_map = is_in_map(r, in_map);
		r->out = in_map ? NULL : out;
		verdict = message(r, (enum message)reader_u8(&r->in));
		r->out = out;
	}
	if (verdict == PROTO_OTHER && ppspp_wire_left(r) > 0)
		return PROTO_SHORT;
	return verdict;
}
