/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HANDSHAKE: source channel (4) | option ... | 255. Source channel 0 closes.
 *
 *   0 version (1)             1 least version (1)      2 length (2) | swarm id
 *   3 integrity method (1)    4 hash function (1)      5 signature algorithm (1)
 *   6 addressing (1)          7 live window (4, or 8 where numbers have 64 bits)
 *   8 length (1) | bitmap of messages                  9 chunk size (4)
 *   10 the peer's UUID (16), of PyPPSPP only
 *
 * Source: RFC 7574 section 7, doc/protocols/ppspp.md. A live swarm's id is the
 * algorithm (1) and the public key, which gives the length of its signatures.
 */
#include <string.h>

#include "proto/ppspp.h"

#define SHA1_LEN 20u
#define P256_SIGNATURE 64u

enum option {
	VERSION, LEAST_VERSION, SWARM_ID, INTEGRITY_METHOD, HASH_FUNCTION, SIGNATURE, ADDRESSING,
	LIVE_WINDOW, MESSAGES, CHUNK_SIZE, PEER_UUID, OPTIONS_END = 255
};

struct hello {
	struct ppspp_channel c;
	const uint8_t *swarm_id;
	const uint8_t *uuid;
	uint32_t source;
	uint16_t swarm_id_len;
	bool version, ended;
};

void
ppspp_channel_usual(struct ppspp_channel *c)
{
	memset(c, 0, sizeof *c);
	c->addressing = PPSPP_CHUNKS_32;
	c->chunk_bytes = PPSPP_CHUNK_BYTES;
	c->hash_len = SHA1_LEN;
	c->signature_len = P256_SIGNATURE;
}

struct ppspp_channel *
ppspp_channel_to(struct ppspp_flow *flow, uint32_t id, bool reply)
{
	for (unsigned i = 0; id != 0 && i < PPSPP_CHANNELS; i++)
		if (flow->channel[i].used && flow->channel[i].id[!reply] == id)
			return &flow->channel[i];
	return NULL;
}

struct ppspp_channel *
ppspp_channel_new(struct ppspp_flow *flow)
{
	struct ppspp_channel *c = &flow->channel[flow->next];

	flow->next = (uint8_t)((flow->next + 1) % PPSPP_CHANNELS);
	ppspp_channel_usual(c);
	c->used = true;
	return c;
}

static uint16_t
hash_len(uint8_t function)
{
	static const uint8_t len[] = { 20, 28, 32, 48, 64 };

	return function < sizeof len ? len[function] : SHA1_LEN;
}

/* DNSSEC algorithms: 13 and 14 are ECDSA on P-256 and P-384; of the others, RSA,
 * the modulus that follows the exponent in the key is as long as a signature. */
static uint16_t
signature_len(const struct hello *h)
{
	struct reader key = reader_over(h->swarm_id, h->swarm_id_len);
	uint8_t algorithm = reader_u8(&key);
	uint16_t exponent;

	if (algorithm == 14)
		return 96;
	if (algorithm == 13 || h->swarm_id_len <= SHA1_LEN)
		return P256_SIGNATURE;
	exponent = reader_u8(&key);
	if (exponent == 0)
		exponent = reader_be16(&key);
	reader_take(&key, exponent);
	return key.failed ? P256_SIGNATURE : (uint16_t)reader_left(&key);
}

static void
read_swarm_id(struct hello *h, struct reader *in)
{
	h->swarm_id_len = reader_be16(in);
	h->swarm_id = reader_take(in, h->swarm_id_len);
}

static bool
read_option(struct hello *h, struct reader *in, bool stream)
{
	uint8_t option = reader_u8(in);

	switch (option) {
	case VERSION:
		h->version = true;
		return reader_u8(in) == 1 || in->failed;
	case LEAST_VERSION:
	case INTEGRITY_METHOD:
	case SIGNATURE:
		reader_u8(in);
		return true;
	case SWARM_ID:
		read_swarm_id(h, in);
		return h->swarm_id_len <= PPSPP_MAX_SWARM_ID;
	case HASH_FUNCTION:
		h->c.hash_len = hash_len(reader_u8(in));
		return true;
	case ADDRESSING:
		h->c.addressing = reader_u8(in);
		return h->c.addressing < PPSPP_ADDRESSINGS;
	case LIVE_WINDOW:
		reader_take(in, h->c.addressing == PPSPP_BINS_32 ||
		                h->c.addressing == PPSPP_CHUNKS_32 ? 4 : 8);
		return true;
	case MESSAGES:
		reader_take(in, reader_u8(in));
		return true;
	case CHUNK_SIZE:
		h->c.chunk_bytes = reader_be32(in);
		return h->c.chunk_bytes > 0 || in->failed;
	case PEER_UUID:
		h->uuid = reader_take(in, 16);
		return stream;
	case OPTIONS_END:
		h->ended = true;
		return true;
	}
	return false;
}

static void
tell_channel(struct ppspp_read *r, const struct hello *h)
{
	union obs_buf buf;
	struct observation *o = ppspp_begin(r, &buf, OBS_CHANNEL);

	o->peer = o->to = (struct endpoint){ .port = 0 };
	o->u.channel.id_bits = r->channel->addressing == PPSPP_BINS_32 ||
	                       r->channel->addressing == PPSPP_CHUNKS_32 ? 32 : 64;
	o->u.channel.id_len = (uint8_t)h->swarm_id_len;
	o->tail_len = h->swarm_id_len;
	memcpy(o->tail, h->swarm_id, h->swarm_id_len);
	ppspp_put(r, o);
}

static void
tell_join(struct ppspp_read *r, const struct hello *h)
{
	union obs_buf buf;
	struct observation *o = ppspp_begin(r, &buf, OBS_JOIN);

	o->action = OBS_HANDSHAKE;
	if (h->uuid != NULL)
		o->peer_id = obs_id_hash(h->uuid, 16);
	ppspp_put(r, o);
}

/* One partner less; the peer itself may well stay. */
static void
tell_close(struct ppspp_read *r)
{
	union obs_buf buf;
	struct observation *o = ppspp_begin(r, &buf, OBS_LEAVE);

	o->action = OBS_CLOSED;
	ppspp_put(r, o);
}

/* The flow's channel that this handshake opens or answers. */
static struct ppspp_channel *
channel_of(struct ppspp_read *r, const struct hello *h, uint32_t to)
{
	bool reply = r->m->reply;
	struct ppspp_channel *c = ppspp_channel_to(r->flow, to, reply);

	if (c == NULL) /* said again before the answer came */
		c = ppspp_channel_to(r->flow, h->source, !reply);
	if (c == NULL)
		c = ppspp_channel_new(r->flow);
	return c;
}

static void
settle(struct ppspp_read *r, const struct hello *h, uint32_t to)
{
	struct ppspp_channel *c = channel_of(r, h, to), was = *c;

	*c = h->c;
	c->used = true;
	c->legacy = was.legacy;
	c->swarm = was.swarm;
	c->signature_len = was.signature_len;
	c->id[!r->m->reply] = to ? to : was.id[!r->m->reply];
	c->id[r->m->reply] = h->source;
	if (h->swarm_id != NULL && h->swarm_id_len > 0) {
		c->swarm = obs_id_hash(h->swarm_id, h->swarm_id_len);
		c->signature_len = signature_len(h);
	}
	r->channel = c;
}

static enum proto_verdict
act(struct ppspp_read *r, const struct hello *h, uint32_t to)
{
	if (h->source == 0) {
		tell_close(r);
		if (r->channel->used)
			r->channel->used = false;
		return PROTO_OTHER;
	}
	settle(r, h, to);
	if (h->swarm_id != NULL && h->swarm_id_len > 0)
		tell_channel(r, h);
	tell_join(r, h);
	return PROTO_OTHER;
}

/* The legacy dialect's handshake has no options: the next thing is a message. */
static enum proto_verdict
legacy(struct ppspp_read *r, struct hello *h, uint32_t to)
{
	if (r->out != NULL && h->source != 0) {
		uint64_t swarm = r->channel->swarm;

		settle(r, h, to);
		ppspp_channel_usual(&h->c);
		r->channel->addressing = PPSPP_BINS_32;
		r->channel->legacy = true;
		r->channel->swarm = swarm;
	}
	return PROTO_OTHER;
}

enum proto_verdict
ppspp_handshake(struct ppspp_read *r, uint32_t to)
{
	bool stream = r->m->transport == PROTO_TCP;
	struct hello h = { .swarm_id = NULL };

	ppspp_channel_usual(&h.c);
	h.source = reader_be32(&r->in);
	if (r->channel->legacy)
		return legacy(r, &h, to);
	while (!h.ended && reader_left(&r->in) > 0)
		if (!read_option(&h, &r->in, stream))
			return PROTO_MALFORMED;
	if (r->in.failed)
		return PROTO_SHORT;
	if (!h.ended && h.source != 0)
		return PROTO_SHORT;
	if (to == 0 && (h.source == 0 || h.swarm_id == NULL))
		return PROTO_MALFORMED;
	r->proofs += h.version && h.ended;
	if (r->out != NULL)
		return act(r, &h, to);
	r->seen = h.c;
	r->channel = &r->seen;
	return PROTO_OTHER;
}
