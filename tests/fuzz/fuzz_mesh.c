/*
 * Any bytes as a frame: what reads must write back to the same bytes, and the
 * decoder must take every cut of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "proto/mesh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_put(struct obs_sink *self, const struct observation *o)
{
	(void)self;
	assert(o->width <= OBS_MAX_WIDTH && o->tail_len <= OBS_MAX_TAIL);
	assert(o->kind > 0 && o->kind < OBS_KINDS);
}

static void
decode(const uint8_t *data, size_t size, size_t wire_len, unsigned transport)
{
	struct obs_sink sink = { check_put };
	struct packet_meta m = { .t_ns = 1, .wire_len = (uint32_t)wire_len,
		.transport = (uint8_t)transport };
	struct reader in = reader_over(data, size);

	proto_mesh.decode(NULL, &m, &in, &sink);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[MESH_HEAD + UINT16_MAX];
	struct reader in = reader_over(data, size);
	struct writer w = writer_over(again, sizeof again);
	struct mesh_frame f;
	size_t used;

	if (mesh_read(&in, &f) == PROTO_OBSERVED) {
		used = size - reader_left(&in);
		mesh_write(&w, &f);
		assert(!w.failed && writer_len(&w) == used && memcmp(again, data, used) == 0);
	}
	decode(data, size, size, PROTO_UDP);
	decode(data, size, size + 1, PROTO_UDP);
	decode(data, size, size, PROTO_TCP);
	decode(data, size / 2, size, PROTO_UDP);
	return 0;
}
