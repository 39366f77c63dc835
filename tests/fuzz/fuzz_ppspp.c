/*
 * Datagrams of PPSPP in one flow, over UDP and TCP; and the same bytes as segments of
 * a TCP stream.
 *
 *   bit 0 of the first byte: reply, bit 1: over TCP, bit 2: cut; then its length (2)
 *   and bytes; again until the end
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "proto/ppspp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_put(struct obs_sink *self, const struct observation *o)
{
	(void)self;
	assert(o->width <= OBS_MAX_WIDTH && o->tail_len <= OBS_MAX_TAIL);
	assert(o->kind > 0 && o->kind < OBS_KINDS);
	assert(o->offset <= UINT64_MAX - o->width);
}

static void
decode(void *state, uint8_t how, struct reader in)
{
	const struct proto *proto = how & 2 ? &proto_pyppspp : &proto_ppspp;
	size_t len = reader_left(&in), before = len;
	struct obs_sink sink = { check_put };
	struct packet_meta m = {
		.t_ns = INT64_C(1795470988) * 1000000000,
		.wire_len = (uint32_t)(len + (how & 4 ? 100 : 0)),
		.transport = how & 2 ? PROTO_TCP : PROTO_UDP,
		.reply = how & 1,
	};

	if (how & 2) {
		int64_t n = proto->frame(state, in);

		assert(n <= (int64_t)PPSPP_MAX_FRAME + PPSPP_FRAME_HEAD);
		proto->sync(state, in);
	}
	proto->decode(state, &m, &in, &sink);
	assert(reader_left(&in) <= before);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(8) uint8_t state[PROTO_MAX_STATE] = { 0 };
	_Alignas(8) uint8_t stream[PROTO_MAX_STATE] = { 0 };
	struct reader in = reader_over(data, size);

	while (reader_left(&in) > 0) {
		uint8_t how = reader_u8(&in);
		uint16_t len = reader_be16(&in);
		struct reader one;

		if (len > reader_left(&in))
			len = (uint16_t)reader_left(&in);
		one = reader_sub(&in, len);
		decode(how & 2 ? stream : state, how, one);
	}
	return 0;
}
