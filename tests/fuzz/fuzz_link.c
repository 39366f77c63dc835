/*
 * Packets of one link type through link, IP, fragments, flows and a toy decoder.
 *
 *   link(1) { captured(2) cut(2) dt(2) bytes(captured) } ...     little-endian
 *
 * link is taken modulo LINK_TYPES, cut is what the wire had more than captured,
 * dt the signed time since the packet before in tenths of a second. The tables
 * are small, so that short inputs fill them. Whatever the bytes, each must be
 * accounted for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "probe/decode.h"
#include "record/observation.h"
#include "tests/unit/toy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
drop(struct obs_sink *self, const struct observation *o)
{
	(void)self;
	if (obs_size(o) > sizeof(union obs_buf))
		abort();
}

/* In a block of its own, so that a sanitizer sees a read past its end. */
static void
give(struct decode *d, enum link_type link, int64_t t_ns, struct reader bytes, uint32_t cut)
{
	uint32_t n = (uint32_t)reader_left(&bytes);
	uint8_t *block = malloc(n > 0 ? n : 1);

	if (block == NULL)
		abort();
	if (n > 0)
		memcpy(block, bytes.pos, n);
	decode_packet(d, link, t_ns, block, n, n + cut);
	free(block);
}

static void
check_sums(struct decode *d)
{
	const struct counts *c = decode_counts(d);
	struct counts_sum sum = { 0, 0 };

	for (int i = 0; i < COUNTS_CLASSES; i++) {
		sum.packets += c->class[i].packets;
		sum.bytes += c->class[i].bytes;
	}
	if (sum.packets != c->total.packets || sum.bytes != c->total.bytes)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options options = {
		.protocols = toy_table,
		.flow_slots = 4,
		.fragment_slots = 2,
	};
	struct obs_sink sink = { drop };
	struct decode *d = decode_new(&options, &sink);
	struct reader in = reader_over(data, size);
	enum link_type link = (enum link_type)(reader_u8(&in) % LINK_TYPES);
	int64_t t_ns = INT64_C(1800000000000000000);

	while (reader_left(&in) > 0) {
		size_t captured = reader_le16(&in);
		uint32_t cut = reader_le16(&in);

		t_ns += (int16_t)reader_le16(&in) * INT64_C(100000000);
		if (captured > reader_left(&in))
			captured = reader_left(&in);
		give(d, link, t_ns, reader_sub(&in, captured), cut);
	}
	check_sums(d);
	decode_end(d);
	check_sums(d);
	if (decode_counts(d)->class[COUNTS_WAITING].packets != 0)
		abort();
	decode_free(d);
	return 0;
}
