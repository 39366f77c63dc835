/*
 * Segments of any numbers and lengths, in both directions' manner: what comes out is
 * never more than what the numbers say, memory stays what was given, and no byte is
 * told twice: each byte of the stream has the value of its place, so that what comes
 * out must, too.
 *
 *   flags (1) | number, from the first (3) | length (2) | ms since the last (1), again
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/reader.h"
#include "probe/tcp.h"

#define BLOCKS 16
#define ISN 0xfffffff0u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	struct tcp_sink sink;
	uint32_t at;   /* place of the next byte */
	bool unknown;  /* after a hole of unknown length */
};

static uint8_t
value_of(uint32_t place)
{
	return (uint8_t)(place * 2654435761u >> 24);
}

static void
put_bytes(struct tcp_sink *self, const uint8_t *bytes, uint32_t captured, uint32_t wire_len)
{
	struct told *t = (struct told *)self;

	assert(captured <= wire_len);
	for (uint32_t i = 0; i < captured && !t->unknown; i++)
		assert(bytes[i] == value_of(t->at + i));
	t->at += wire_len;
}

static void
put_gap(struct tcp_sink *self, uint32_t bytes)
{
	struct told *t = (struct told *)self;

	t->unknown |= bytes == 0;
	t->at += bytes;
}

static void
give(struct tcp_half *h, struct tcp_pool *p, struct told *t, struct reader *in, int64_t *t_ns)
{
	uint8_t bytes[4096], flags = reader_u8(in);
	uint32_t high = reader_u8(in), low = reader_be16(in), len = reader_be16(in) % 4096;
	struct tcp_segment s = { .seq = ISN + (high << 16 | low),
		.flags = flags & (TCP_FIN | TCP_ACK), .captured = flags & 64 ? len / 2 : len,
		.wire_len = len, .bytes = bytes };

	*t_ns += reader_u8(in) * INT64_C(10000000);
	s.t_ns = *t_ns;
	for (uint32_t i = 0; i < s.captured; i++)
		bytes[i] = value_of(s.seq + i);
	if (!h->started)
		t->at = s.seq;
	if (flags & 32)
		tcp_acked(h, p, *t_ns, true, s.seq, &t->sink);
	else
		tcp_segment(h, p, &s, &t->sink);
	assert(h->blocks <= BLOCKS && p->used <= BLOCKS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcp_block block[BLOCKS];
	struct told t = { .sink = { put_bytes, put_gap } };
	struct reader in = reader_over(data, size);
	struct tcp_pool pool;
	struct tcp_half half;
	int64_t t_ns = 1;

	memset(&half, 0, sizeof half);
	tcp_pool_init(&pool, block, BLOCKS);
	while (reader_left(&in) >= 7)
		give(&half, &pool, &t, &in, &t_ns);
	tcp_end(&half, &pool, &t.sink);
	assert(half.blocks == 0);
	if (!t.unknown && half.started)
		assert(t.at == half.next);
	return 0;
}
