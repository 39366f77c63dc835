/*
 * One flow's datagrams through the GRAPES decoder.
 *
 *   { size(2) cut(2) dt(1) bytes } ...     little-endian
 *
 * The low 15 bits of size count the bytes, the high one says that the datagram is
 * a reply; cut is what the wire had more than the bytes, dt the signed time since
 * the datagram before in tenths of a second. The ends are 10.77.0.1:6000, which
 * opened the flow, and 10.77.0.2:6000. Whatever the bytes, each observation must
 * be well formed, and only what is OBSERVED puts any.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "proto/proto.h"
#include "record/observation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct check {
	struct obs_sink sink; /* first: the sink finds the check back */
	const struct packet_meta *m;
	unsigned puts;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
is_set(const struct observation *o)
{
	return o->kind == OBS_BUFFER_MAP || o->kind == OBS_HAVE || o->kind == OBS_REQUEST;
}

static void
check_set(const struct observation *o)
{
	must(o->width <= OBS_MAX_WIDTH && o->tail_len == (o->width + 7) / 8);
	must(o->offset + o->width <= UINT64_C(1) << 32);
	must(o->width % 8 == 0 || o->tail[o->tail_len - 1] >> o->width % 8 == 0);
	must((o->flags & ~(unsigned)(OBS_MINUS_ACKED | OBS_SOURCE)) == 0);
	must(o->kind != OBS_REQUEST || (o->action == OBS_ASKED && obs_held(o) > 0));
}

static void
check_contacts(const struct observation *o)
{
	must(o->u.contacts.n > 0 && o->u.contacts.n <= OBS_MAX_CONTACTS);
	must(o->tail_len == 18 * o->u.contacts.n);
	for (uint32_t i = 0; i < o->u.contacts.n; i++)
		must(obs_contact(o, i).port != 0);
}

static void
check_chunk(const struct observation *o)
{
	must(o->width == 1 && o->tail_len == 0 && o->flags & OBS_ALL);
	must(o->offset <= UINT32_MAX);
	must(o->kind != OBS_MARK ||
	     (o->u.mark.source_ns >= 0 && o->u.mark.error_ns == 0));
}

static void
check_ends(const struct observation *o, const struct packet_meta *m)
{
	bool to_sender = o->kind == OBS_TRANSFER;

	must(endpoint_same(&o->to, to_sender ? &m->src : &m->dst));
	if (o->kind == OBS_BUFFER_MAP)
		must(o->peer.port != 0); /* its owner may be another */
	else
		must(endpoint_same(&o->peer, to_sender ? &m->dst : &m->src));
}

static void
check_put(struct obs_sink *self, const struct observation *o)
{
	struct check *c = (struct check *)self;

	c->puts++;
	must(obs_size(o) <= sizeof(union obs_buf));
	must(o->protocol == PROTO_GRAPES && o->channel == 0 && o->t_ns == c->m->t_ns);
	check_ends(o, c->m);
	if (is_set(o))
		check_set(o);
	else if (o->kind == OBS_CONTACTS)
		check_contacts(o);
	else if (o->kind == OBS_MARK || o->kind == OBS_TRANSFER)
		check_chunk(o);
	else
		must(o->kind == OBS_PARTNER || o->kind == OBS_JOIN || o->kind == OBS_LEAVE);
}

static bool
is_zero(const uint8_t *state)
{
	for (size_t i = 0; i < proto_grapes.state_size; i++)
		if (state[i] != 0)
			return false;
	return true;
}

/* In a block of its own, so that a sanitizer sees a read past its end. */
static void
give(void *state, struct packet_meta *m, const uint8_t *bytes, size_t n)
{
	struct check c = { .sink = { check_put }, .m = m };
	bool was_zero = is_zero(state);
	uint8_t *block = malloc(n > 0 ? n : 1);
	enum proto_verdict verdict;
	struct reader in;

	must(block != NULL);
	if (n > 0)
		memcpy(block, bytes, n);
	in = reader_over(block, n);
	verdict = proto_grapes.decode(state, m, &in, &c.sink);
	must((verdict == PROTO_OBSERVED) == (c.puts > 0));
	must(verdict <= PROTO_MALFORMED);
	must(verdict != PROTO_NOT_MINE || !was_zero || is_zero(state));
	must(verdict == PROTO_NOT_MINE ? in.pos == block : reader_left(&in) == 0);
	free(block);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct endpoint ends[2] = { endpoint_ipv4(0x0a4d0001, 6000),
		                          endpoint_ipv4(0x0a4d0002, 6000) };
	struct reader r = reader_over(data, size);
	struct packet_meta m = { .t_ns = INT64_C(1795469678000000000),
		                 .transport = PROTO_UDP };
	uint8_t *state = calloc(1, proto_grapes.state_size);

	must(state != NULL && proto_grapes.state_size <= PROTO_MAX_STATE);
	while (reader_left(&r) > 0) {
		uint16_t head = reader_le16(&r), cut = reader_le16(&r);
		int8_t dt = (int8_t)reader_u8(&r);
		size_t n = head & 0x7fff;
		const uint8_t *bytes;

		if (n > reader_left(&r))
			n = reader_left(&r);
		bytes = reader_take(&r, n);
		m.t_ns += dt * INT64_C(100000000);
		m.reply = head >> 15;
		m.src = ends[m.reply];
		m.dst = ends[!m.reply];
		m.wire_len = (uint32_t)(n + cut);
		give(state, &m, bytes, n);
	}
	free(state);
	return 0;
}
