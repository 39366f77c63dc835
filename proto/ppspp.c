/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PPSPP: datagrams over UDP (libswift) and frames over TCP (PyPPSPP).
 *
 *   UDP     channel of the receiver (4) | message ...     4 bytes alone: keep-alive
 *   TCP     length (4) | the same, or a JSON object of the tracker
 *   legacy  0 (4) | INTEGRITY of bin 7fffffff: root hash (20) | HANDSHAKE without options ...
 *
 * Nothing in a datagram but its contents says that it is PPSPP: it must be sound to
 * its last byte, and say something that chance would hardly say: a handshake with its
 * version and end, an aligned range of chunks, a clock of these years.
 * Source: doc/protocols/ppspp.md.
 */
#include <string.h>

#include "proto/ppspp.h"

#define MS_NS INT64_C(1000000)
#define S_NS INT64_C(1000000000)

enum { MESSAGE_HANDSHAKE = 0, MESSAGE_DATA = 1, MESSAGE_INTEGRITY = 4, MESSAGES = 14 };

#define LEGACY_ROOT 0x7fffffffu

_Static_assert(sizeof(struct ppspp_flow) <= PROTO_MAX_STATE, "a flow fits the caller's table");

/* The channel to read a datagram with: told by handshakes, else the usual. */
static struct ppspp_channel *
choose_channel(struct ppspp_read *r, uint32_t to, struct ppspp_channel *usual)
{
	struct ppspp_channel *c = ppspp_channel_to(r->flow, to, r->m->reply);
	struct reader ahead = r->in;

	ppspp_channel_usual(usual);
	if (to == 0 && reader_u8(&ahead) == MESSAGE_INTEGRITY &&
	    reader_be32(&ahead) == LEGACY_ROOT) {
		usual->legacy = true;
		usual->addressing = PPSPP_BINS_32;
	}
	usual->id[!r->m->reply] = to;
	return c ? c : usual;
}

static bool
may_open(const struct ppspp_read *r, uint32_t to)
{
	struct reader ahead = r->in;
	uint8_t type = reader_u8(&ahead);

	return to != 0 || type == MESSAGE_HANDSHAKE || (type == MESSAGE_INTEGRITY &&
	                                               r->channel->legacy);
}

/* First only looks, so that a broken datagram puts nothing; then tells. */
static enum proto_verdict
read_twice(struct ppspp_read *r, struct obs_sink *out)
{
	struct ppspp_read look = *r;
	enum proto_verdict verdict = ppspp_messages(&look);
	bool cut = (size_t)(r->in.end - r->start) < r->wire_len;

	if (verdict == PROTO_MALFORMED || (verdict == PROTO_SHORT && !cut))
		return r->flow->known ? verdict : PROTO_NOT_MINE;
	if (!r->flow->known && look.proofs == 0)
		return PROTO_NOT_MINE;
	r->out = out;
	ppspp_messages(r);
	r->flow->known = true;
	if (verdict == PROTO_SHORT)
		return verdict;
	return r->puts > 0 ? PROTO_OBSERVED : PROTO_OTHER;
}

static enum proto_verdict
datagram(struct ppspp_read *r, struct obs_sink *out)
{
	struct ppspp_channel usual;
	uint32_t to = reader_be32(&r->in);

	if (r->in.failed)
		return r->flow->known ? PROTO_SHORT : PROTO_NOT_MINE;
	if (reader_left(&r->in) == 0 && r->flow->known) /* keep-alive; or its rest is cut */
		return ppspp_wire_left(r) > 0 ? PROTO_SHORT : PROTO_OTHER;
	r->channel = choose_channel(r, to, &usual);
	if (!may_open(r, to))
		return r->flow->known ? PROTO_MALFORMED : PROTO_NOT_MINE;
	return read_twice(r, out);
}

static struct ppspp_read
read_of(struct ppspp_flow *flow, const struct packet_meta *m, struct reader in)
{
	return (struct ppspp_read){
		.flow = flow,
		.m = m,
		.src = m->src,
		.dst = m->dst,
		.in = in,
		.start = in.pos,
		.wire_len = m->wire_len,
	};
}

static enum proto_verdict
ppspp_decode(void *state, const struct packet_meta *m, struct reader *in, struct obs_sink *out)
{
	struct ppspp_read r = read_of(state, m, *in);
	enum proto_verdict verdict;

	if (reader_left(in) > m->wire_len)
		return PROTO_NOT_MINE; /* padding is the caller's to strip */
	verdict = datagram(&r, out);
	if (verdict != PROTO_NOT_MINE)
		reader_take(in, reader_left(in));
	return verdict;
}

static bool
is_json(struct reader in)
{
	const uint8_t *p = reader_take(&in, 2);

	return p != NULL && p[0] == '{' && p[1] == '"';
}

/* Who connects does so from a passing port; peers listen on the lower one, and all
 * of a swarm on the same. */
static void
name_by_listener(struct ppspp_read *r)
{
	uint16_t port = r->src.port < r->dst.port ? r->src.port : r->dst.port;

	r->src.port = r->dst.port = port;
}

static enum proto_verdict
pyppspp_decode(void *state, const struct packet_meta *m, struct reader *in,
               struct obs_sink *out)
{
	struct ppspp_flow *flow = state;
	struct ppspp_read r = read_of(flow, m, *in);
	enum proto_verdict verdict;
	uint32_t len = reader_be32(&r.in);

	if (r.in.failed || len != m->wire_len - PPSPP_FRAME_HEAD)
		return flow->known ? PROTO_MALFORMED : PROTO_NOT_MINE;
	r.start = r.in.pos;
	r.wire_len = len;
	r.whole = true;
	if (flow->tracker || is_json(r.in)) {
		r.out = out;
		verdict = ppspp_tracker(&r);
		flow->known = flow->tracker |= verdict == PROTO_OBSERVED;
	} else {
		name_by_listener(&r);
		verdict = datagram(&r, out);
	}
	if (verdict != PROTO_NOT_MINE)
		reader_take(in, reader_left(in));
	return verdict;
}

static int64_t
pyppspp_frame(const void *state, struct reader head)
{
	uint32_t len = reader_be32(&head);

	(void)state;
	if (head.failed)
		return 0;
	if (len < 4 || len > PPSPP_MAX_FRAME)
		return -1;
	return (int64_t)len + PPSPP_FRAME_HEAD;
}

/* A length that fits, a channel, a message's type; of DATA one chunk and its size; or
 * the beginning of a JSON object. */
static bool
pyppspp_sync(const void *state, struct reader at)
{
	uint32_t len = reader_be32(&at), channel, first, last;
	uint8_t type;

	(void)state;
	if (at.failed || len < 4 || len > PPSPP_MAX_FRAME)
		return false;
	if (is_json(at))
		return true;
	channel = reader_be32(&at);
	type = reader_u8(&at);
	first = reader_be32(&at);
	last = reader_be32(&at);
	if (at.failed || channel == 0 || type >= MESSAGES || first > last)
		return false;
	if (type == MESSAGE_DATA)
		return first == last && len == PPSPP_CHUNK_BYTES + 21;
	return type != MESSAGE_HANDSHAKE && (len - 4) % 9 == 0 && last - first < OBS_MAX_WIDTH;
}

const struct proto proto_ppspp = {
	.name = "ppspp",
	.id = PROTO_PPSPP,
	.transports = PROTO_UDP,
	.id_bits = 32,
	.state_size = sizeof(struct ppspp_flow),
	.playhead = {
		.model = PLAYHEAD_FIRST_RECEIVED,
		/* Its reader waits for every chunk of the live window (-W, 800 and more). */
		.skip_window_chunks = 2000,
		/* libswift's HTTP gateway answers its player once it has so much. */
		.prebuffer_bytes = 262144,
		.beyond_ns = 1300 * MS_NS,
	},
	.decode = ppspp_decode,
};

const struct proto proto_pyppspp = {
	.name = "pyppspp",
	.id = PROTO_PYPPSPP,
	.transports = PROTO_TCP,
	.id_bits = 32,
	.state_size = sizeof(struct ppspp_flow),
	.playhead = {
		.model = PLAYHEAD_FIRST_RECEIVED,
		/* Its consumer shows ten frames a second, from five seconds of them on. */
		.prebuffer_ns = 5 * S_NS,
		.rebuffer_ns = 100 * MS_NS,
		.skip_window_chunks = 1000, /* the discard window */
		.reliable = true,
		.own_player = true,
	},
	.decode = pyppspp_decode,
	.frame = pyppspp_frame,
	.sync = pyppspp_sync,
	.sync_byte = 0, /* of a length far below 2^24 */
};
