/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle: a stream of UNITS units of one or more bytes is cut into segments, which
 * come in every order, some twice, some never, some overlapping. What must come out
 * follows from what arrived: the bytes in order, each once, and a GAP of the right
 * length wherever a unit never came and something behind it did.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/tcp.h"

#define BLOCKS 256
#define TOLD 8192

struct told {
	struct tcp_sink sink;
	uint8_t text[TOLD]; /* bytes; '-' for each that is missing, '?' for a cut one */
	uint32_t len;
};

static struct tcp_block block[BLOCKS];

static void
put_bytes(struct tcp_sink *self, const uint8_t *bytes, uint32_t captured, uint32_t wire_len)
{
	struct told *t = (struct told *)self;

	assert_true(captured <= wire_len && t->len + wire_len <= TOLD);
	memset(t->text + t->len, '?', wire_len);
	if (captured > 0)
		memcpy(t->text + t->len, bytes, captured);
	t->len += wire_len;
}

static void
put_gap(struct tcp_sink *self, uint32_t bytes)
{
	struct told *t = (struct told *)self;

	assert_true(bytes > 0 && t->len + bytes <= TOLD);
	memset(t->text + t->len, '-', bytes);
	t->len += bytes;
}

static void
begin(struct told *t, struct tcp_pool *p, struct tcp_half *h, uint32_t blocks)
{
	memset(t, 0, sizeof *t);
	t->sink = (struct tcp_sink){ put_bytes, put_gap };
	tcp_pool_init(p, block, blocks);
	memset(h, 0, sizeof *h);
}

static void
give(struct told *t, struct tcp_pool *p, struct tcp_half *h, uint32_t seq, const char *text,
     uint32_t len, uint8_t flags)
{
	struct tcp_segment s = {
		.t_ns = 1000, .seq = seq, .flags = flags, .captured = len, .wire_len = len,
		.bytes = len ? (const uint8_t *)text : NULL,
	};

	tcp_segment(h, p, &s, &t->sink);
}

static void
assert_told(const struct told *t, const char *text)
{
	assert_int_equal(t->len, strlen(text));
	assert_memory_equal(t->text, text, t->len);
}

#define UNITS 5
static const char stream[] = "abcdefghijklmno";

/* Every segment is units [first, last] of len bytes each, arrivals in the order given. */
struct piece {
	uint32_t first, last;
};

static void
expect(const struct piece *piece, const unsigned *order, unsigned n, uint32_t unit, char *text)
{
	bool came[UNITS] = { false };
	uint32_t most = 0;

	for (unsigned i = 0; i < n; i++)
		for (uint32_t u = piece[order[i]].first; u <= piece[order[i]].last; u++) {
			came[u] = true;
			most = u > most ? u : most;
		}
	memset(text, 0, UNITS * unit + 1);
	for (uint32_t u = 0; n > 0 && u <= most; u++)
		for (uint32_t b = 0; b < unit; b++)
			text[u * unit + b] = came[u] ? stream[u * unit + b] : '-';
}

static void
check_order(const struct piece *piece, const unsigned *order, unsigned n, uint32_t isn,
            uint32_t unit)
{
	struct told t;
	struct tcp_pool p;
	struct tcp_half h;
	char text[UNITS * 3 + 1];

	begin(&t, &p, &h, BLOCKS);
	give(&t, &p, &h, isn - 1, NULL, 0, TCP_SYN);
	for (unsigned i = 0; i < n; i++) {
		const struct piece *at = &piece[order[i]];

		give(&t, &p, &h, isn + at->first * unit, stream + at->first * unit,
		     (at->last - at->first + 1) * unit, 0);
	}
	tcp_end(&h, &p, &t.sink);
	expect(piece, order, n, unit, text);
	assert_told(&t, text);
	assert_int_equal(h.blocks, 0);
}

/* All sequences of n out of the pieces, repeats included. */
static void
each_order(const struct piece *piece, unsigned pieces, unsigned n, uint32_t isn, uint32_t unit)
{
	unsigned order[8] = { 0 }, at = 0;

	assert_true(n <= 8);
	while (true) {
		check_order(piece, order, n, isn, unit);
		for (at = 0; at < n && ++order[at] == pieces; at++)
			order[at] = 0;
		if (at == n)
			return;
	}
}

/* 5 single units, 5 arrivals: 3,125 sequences hold every order, hole and repeat. */
static void
every_order_hole_and_repeat_of_single_units(void **state)
{
	static const struct piece piece[] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 4 } };

	(void)state;
	for (unsigned n = 1; n <= 5; n++)
		each_order(piece, 5, n, 1000, 3);
}

/* All 15 ranges of 5 units, up to 4 arrivals: every overlap of up to four. */
static void
every_overlap_of_up_to_four_segments(void **state)
{
	struct piece piece[15];
	unsigned pieces = 0;

	(void)state;
	for (uint32_t first = 0; first < UNITS; first++)
		for (uint32_t last = first; last < UNITS; last++)
			piece[pieces++] = (struct piece){ first, last };
	for (unsigned n = 1; n <= 4; n++)
		each_order(piece, pieces, n, 77, 1);
}

static void
numbers_wrap_at_every_byte_of_the_stream(void **state)
{
	static const struct piece piece[] = { { 0, 1 }, { 1, 2 }, { 3, 3 }, { 2, 4 } };

	(void)state;
	for (uint32_t before = 0; before <= UNITS * 3; before++)
		for (unsigned n = 1; n <= 4; n++)
			each_order(piece, 4, n, 0u - before, 3);
}

static void
the_first_copy_wins(void **state)
{
	struct told t;
	struct tcp_pool p;
	struct tcp_half h;

	(void)state;
	begin(&t, &p, &h, BLOCKS);
	give(&t, &p, &h, 99, NULL, 0, TCP_SYN);
	give(&t, &p, &h, 102, "CD", 2, 0);      /* held */
	give(&t, &p, &h, 100, "abxxef", 6, 0);  /* x lies over CD */
	give(&t, &p, &h, 103, "yyyg", 4, 0);    /* y lies over what is taken */
	assert_told(&t, "abCDefg");
	assert_int_equal(p.counts.duplicates, 2 + 3);
}

static void
a_stream_may_begin_in_its_middle(void **state)
{
	struct told t;
	struct tcp_pool p;
	struct tcp_half h;

	(void)state;
	begin(&t, &p, &h, BLOCKS);
	give(&t, &p, &h, 4000, "mid", 3, 0);
	give(&t, &p, &h, 3990, "before", 6, 0); /* older: passed over */
	give(&t, &p, &h, 4003, "dle", 3, TCP_FIN);
	assert_told(&t, "middle");
	assert_true(h.ended);
}

static void
a_hole_waits_for_its_time_or_an_acknowledgement(void **state)
{
	struct told t;
	struct tcp_pool p;
	struct tcp_half h;

	(void)state;
	begin(&t, &p, &h, BLOCKS);
	give(&t, &p, &h, 100, "a", 1, 0);
	give(&t, &p, &h, 103, "d", 1, 0);
	tcp_acked(&h, &p, 1000 + TCP_WAIT_NS - 1, false, 0, &t.sink);
	tcp_acked(&h, &p, 1000 + TCP_ACKED_NS - 1, true, 104, &t.sink);
	tcp_acked(&h, &p, 1000 + TCP_ACKED_NS, true, 102, &t.sink);
	assert_told(&t, "a");
	tcp_acked(&h, &p, 1000 + TCP_ACKED_NS, true, 103, &t.sink);
	assert_told(&t, "a--d");
	give(&t, &p, &h, 106, "g", 1, 0);
	tcp_acked(&h, &p, 1000 + TCP_WAIT_NS, false, 0, &t.sink);
	assert_told(&t, "a--d--g");
	assert_int_equal(p.counts.gaps, 2);
	assert_int_equal(p.counts.gap_bytes, 4);
}

/* With any number of blocks what comes out is the whole stream, holes told. */
static void
too_few_blocks_make_gaps_and_lose_no_place(void **state)
{
	(void)state;
	for (uint32_t blocks = 0; blocks < 5; blocks++) {
		struct told t;
		struct tcp_pool p;
		struct tcp_half h;

		begin(&t, &p, &h, blocks);
		give(&t, &p, &h, 99, NULL, 0, TCP_SYN);
		for (uint32_t u = 5; u > 0; u--)
			give(&t, &p, &h, 100 + 2 * u, stream + 2 * u, 2, 0);
		give(&t, &p, &h, 100, stream, 2, 0);
		tcp_end(&h, &p, &t.sink);
		assert_true(t.len == 12);
		for (uint32_t i = 0; i < t.len; i++)
			assert_true(t.text[i] == '-' || t.text[i] == (uint8_t)stream[i]);
	}
}

static void
one_direction_holds_no_more_than_its_share(void **state)
{
	struct told t;
	struct tcp_pool p;
	struct tcp_half h;

	(void)state;
	begin(&t, &p, &h, BLOCKS);
	give(&t, &p, &h, 99, NULL, 0, TCP_SYN);
	for (uint32_t i = 0; i < 2 * TCP_HELD; i++)
		give(&t, &p, &h, 200 + 2 * i, "x", 1, 0);
	assert_true(h.blocks <= TCP_HELD);
	assert_true(p.used <= TCP_HELD);
	assert_int_equal(p.counts.full, TCP_HELD);
}

static void
bytes_that_the_capture_cut_keep_their_place(void **state)
{
	struct tcp_segment cut = { .t_ns = 1, .seq = 103, .bytes = (const uint8_t *)"d",
		.captured = 1, .wire_len = 3 };
	struct told t;
	struct tcp_pool p;
	struct tcp_half h;

	(void)state;
	begin(&t, &p, &h, BLOCKS);
	give(&t, &p, &h, 99, NULL, 0, TCP_SYN);
	tcp_segment(&h, &p, &cut, &t.sink);
	give(&t, &p, &h, 100, "abc", 3, 0);
	give(&t, &p, &h, 106, "g", 1, 0);
	assert_told(&t, "abcd??g");
}

static void
far_segments_are_strays_until_they_go_on(void **state)
{
	struct told t;
	struct tcp_pool p;
	struct tcp_half h;

	(void)state;
	begin(&t, &p, &h, BLOCKS);
	give(&t, &p, &h, 100, "a", 1, 0);
	for (unsigned i = 0; i < TCP_STRAYS - 1; i++)
		give(&t, &p, &h, 101 + TCP_AHEAD, "z", 1, 0);
	give(&t, &p, &h, 101, "b", 1, 0);
	assert_told(&t, "ab");
	assert_int_equal(p.counts.strays, TCP_STRAYS - 1);
}

static void
another_syn_begins_anew_and_the_same_does_not(void **state)
{
	struct told t;
	struct tcp_pool p;
	struct tcp_half h;

	(void)state;
	begin(&t, &p, &h, BLOCKS);
	give(&t, &p, &h, 99, NULL, 0, TCP_SYN);
	give(&t, &p, &h, 100, "ab", 2, 0);
	give(&t, &p, &h, 99, NULL, 0, TCP_SYN);
	give(&t, &p, &h, 102, "c", 1, 0);
	give(&t, &p, &h, 4999, NULL, 0, TCP_SYN);
	give(&t, &p, &h, 5000, "d", 1, 0);
	assert_told(&t, "abcd");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_hole_and_repeat_of_single_units),
		cmocka_unit_test(every_overlap_of_up_to_four_segments),
		cmocka_unit_test(numbers_wrap_at_every_byte_of_the_stream),
		cmocka_unit_test(the_first_copy_wins),
		cmocka_unit_test(a_stream_may_begin_in_its_middle),
		cmocka_unit_test(a_hole_waits_for_its_time_or_an_acknowledgement),
		cmocka_unit_test(too_few_blocks_make_gaps_and_lose_no_place),
		cmocka_unit_test(one_direction_holds_no_more_than_its_share),
		cmocka_unit_test(bytes_that_the_capture_cut_keep_their_place),
		cmocka_unit_test(far_segments_are_strays_until_they_go_on),
		cmocka_unit_test(another_syn_begins_anew_and_the_same_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
