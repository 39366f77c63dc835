/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRAPES over UDP: how a message (grapes_message.c) lies in datagrams, and how a
 * flow is recognised. Numbers big-endian, (n) is a length in bytes.
 *
 *   engine   FRAGMENT      0 | packet id (2) | fragments (2) | fragment (2), from 0
 *                            | length (4) | that many bytes
 *            FRAGMENT_REQ  1 | packet id (2) | fragment wanted (2)
 *   classic                sequence (1) | fragment (1), from 1 | fragments (1) | bytes
 *
 *   over NAPA              offset (4) | length (4) | ...: grapes_napa.h
 *
 * The engine cuts at 1,200 bytes, the classic at 60,000 (its chunks travel in IP
 * fragments). Source: doc/protocols/grapes.md.
 *
 * No port and no magic number tells GRAPES from anything else; lengths do. The
 * engine's 32-bit length must be exactly the datagram's, and the classic's message
 * must be sound to its last byte, as must every message that is whole. Each is
 * more than 40 bits that chance would have to meet.
 */
#include <string.h>

#include "proto/grapes_fragments.h"
#include "proto/grapes_message.h"
#include "proto/grapes_napa.h"
#include "proto/proto.h"

#define FRAGMENT_HEAD 11u
#define FRAGMENT_REQ_LEN 5u
#define CLASSIC_HEAD 3u

enum { FRAGMENT, FRAGMENT_REQ };

struct flow {
	uint8_t dialect; /* enum grapes_dialect */
	union {
		struct grapes_fragments direction[2]; /* by packet_meta.reply */
		struct grapes_napa napa[2];           /* of GRAPES_NAPA, likewise */
	};
};

_Static_assert(sizeof(struct flow) <= PROTO_MAX_STATE, "a flow fits the caller's table");

static enum proto_verdict
decode_message(struct flow *flow, const struct grapes_piece *p, const struct grapes_message *g,
               struct obs_sink *out)
{
	if (p->of == 1)
		return grapes_message_read(g, out);
	return grapes_fragments_add(&flow->direction[g->m->reply], p, g, out);
}

static enum proto_verdict
decode_engine(struct flow *flow, const struct packet_meta *m, struct reader in,
              struct obs_sink *out)
{
	struct grapes_message g = { .m = m, .dialect = GRAPES_ENGINE };
	uint8_t type = reader_u8(&in);
	struct grapes_piece p;

	g.known = flow->dialect != GRAPES_UNKNOWN;
	if (type == FRAGMENT_REQ && g.known && !in.failed)
		return m->wire_len == FRAGMENT_REQ_LEN ? PROTO_OTHER : PROTO_MALFORMED;
	if (type != FRAGMENT)
		return PROTO_NOT_MINE;
	p.message = reader_be16(&in);
	p.of = reader_be16(&in);
	p.index = reader_be16(&in);
	g.len = reader_be32(&in);
	if (in.failed)
		return g.known ? PROTO_SHORT : PROTO_NOT_MINE;
	if (p.index >= p.of || p.of > GRAPES_MAX_PIECES)
		return PROTO_MALFORMED;
	if (g.len > m->wire_len - FRAGMENT_HEAD)
		return PROTO_SHORT;
	if (g.len != m->wire_len - FRAGMENT_HEAD || g.len == 0 || g.len > UINT16_MAX)
		return PROTO_MALFORMED;
	g.bytes = in;
	return decode_message(flow, &p, &g, out);
}

static enum proto_verdict
decode_classic(struct flow *flow, const struct packet_meta *m, struct reader in,
               struct obs_sink *out)
{
	struct grapes_message g = { .m = m, .dialect = GRAPES_CLASSIC };
	struct grapes_piece p;
	uint8_t from_one;

	g.known = flow->dialect != GRAPES_UNKNOWN;
	p.message = reader_u8(&in);
	from_one = reader_u8(&in);
	p.of = reader_u8(&in);
	g.len = m->wire_len - CLASSIC_HEAD;
	if (in.failed || g.len == 0)
		return PROTO_SHORT;
	if (from_one == 0 || from_one > p.of || g.len > UINT16_MAX)
		return PROTO_MALFORMED;
	p.index = from_one - 1;
	if (!g.known && p.index > 0)
		return PROTO_MALFORMED; /* three bytes of header prove nothing */
	g.bytes = in;
	return decode_message(flow, &p, &g, out);
}

static enum proto_verdict
decode_known(struct flow *flow, const struct packet_meta *m, struct reader in,
             struct obs_sink *out)
{
	if (m->wire_len == 0)
		return PROTO_NOT_MINE;
	if (flow->dialect == GRAPES_NAPA)
		return grapes_napa_decode(&flow->napa[m->reply], m, in, true, out);
	return flow->dialect == GRAPES_ENGINE ? decode_engine(flow, m, in, out)
	                                      : decode_classic(flow, m, in, out);
}

/* Did it understand the datagram? What it left of one that it did not goes. */
static bool
is_taken(struct flow *flow, const struct packet_meta *m, enum proto_verdict verdict,
         enum grapes_dialect dialect)
{
	if (verdict == PROTO_OBSERVED || verdict == PROTO_OTHER) {
		flow->dialect = (uint8_t)dialect;
		return true;
	}
	if (flow->direction[m->reply].next != 0)
		memset(flow, 0, sizeof *flow);
	return false;
}

static enum proto_verdict
decode_unknown(struct flow *flow, const struct packet_meta *m, struct reader in,
               struct obs_sink *out)
{
	bool cut = reader_left(&in) < m->wire_len;
	enum proto_verdict verdict = decode_engine(flow, m, in, out);

	if (is_taken(flow, m, verdict, GRAPES_ENGINE) || (verdict == PROTO_SHORT && cut))
		return verdict; /* its header alone is proof enough */
	verdict = grapes_napa_decode(&flow->napa[m->reply], m, in, false, out);
	if (is_taken(flow, m, verdict, GRAPES_NAPA) || (verdict == PROTO_SHORT && cut))
		return verdict;
	verdict = decode_classic(flow, m, in, out);
	return is_taken(flow, m, verdict, GRAPES_CLASSIC) ? verdict : PROTO_NOT_MINE;
}

static enum proto_verdict
grapes_decode(void *state, const struct packet_meta *m, struct reader *in,
              struct obs_sink *out)
{
	struct flow *flow = state;
	enum proto_verdict verdict;

	if (reader_left(in) > m->wire_len)
		return PROTO_NOT_MINE; /* padding is the caller's to strip */
	verdict = flow->dialect == GRAPES_UNKNOWN ? decode_unknown(flow, m, *in, out)
	                                          : decode_known(flow, m, *in, out);
	if (verdict != PROTO_NOT_MINE)
		reader_take(in, reader_left(in));
	return verdict;
}

const struct proto proto_grapes = {
	.name = "grapes",
	.id = PROTO_GRAPES,
	.transports = PROTO_UDP,
	.id_bits = 32, /* the engine counts from 0; the classic starts anywhere below 2^31 */
	.state_size = sizeof(struct flow),
	.playhead = {
		.model = PLAYHEAD_FIRST_RECEIVED,
		/* The output buffer: 75 by default, 80 as often set. */
		.skip_window_chunks = 80,
	},
	.decode = grapes_decode,
};
