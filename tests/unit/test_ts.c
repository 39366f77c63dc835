/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "swarm/ts.h"

#define MS_NS INT64_C(1000000)
#define PACKETS 10u

static struct ts ts;
static size_t piece_len[64], pieces;
static uint8_t first[TS_PACKET];
static uint8_t made[PACKETS * TS_PACKET];

static void
on_piece(void *ctx, const uint8_t *piece, size_t len)
{
	(void)ctx;
	assert_true(len % TS_PACKET == 0 && piece[0] == 0x47);
	if (pieces == 0)
		memcpy(first, piece, sizeof first);
	piece_len[pieces++] = len;
}

static int
fresh(void **state)
{
	(void)state;
	ts_init(&ts, 250 * MS_NS);
	pieces = 0;
	return 0;
}

/* 50 ms of stream, from ms on. */
static void
feed(int64_t ms, size_t step)
{
	static uint32_t counter;

	ts_make(made, sizeof made, ms * MS_NS, &counter);
	for (size_t at = 0; at < sizeof made; at += step)
		ts_feed(&ts, made + at, at + step <= sizeof made ? step : sizeof made - at,
		        on_piece, NULL);
}

static void
pieces_are_as_long_as_wanted(void **state)
{
	(void)state;
	for (int64_t ms = 0; ms <= 2000; ms += 50)
		feed(ms, sizeof made);
	assert_int_equal(pieces, 8);
	for (size_t i = 0; i < pieces; i++)
		assert_int_equal(piece_len[i], 5 * sizeof made);
}

static void
a_clock_that_does_not_divide_makes_no_drift(void **state)
{
	(void)state;
	for (int64_t ms = 0; ms <= 70 * 143; ms += 70)
		feed(ms, sizeof made);
	assert_true(pieces >= 39 && pieces <= 40);
}

static void
bytes_may_come_in_any_portions_behind_rubbish(void **state)
{
	static const uint8_t rubbish[] = { 1, 2, 3, 4, 5 };

	(void)state;
	ts_feed(&ts, rubbish, sizeof rubbish, on_piece, NULL);
	for (int64_t ms = 0; ms <= 1000; ms += 50)
		feed(ms, 7);
	assert_int_equal(pieces, 4);
}

static void
the_clock_survives_its_wrap(void **state)
{
	/* 2^33 ticks of 90 kHz */
	int64_t wrap_ms = (INT64_C(1) << 33) / 90;
	uint64_t before, after;

	(void)state;
	for (int64_t ms = wrap_ms - 500; ms <= wrap_ms + 500; ms += 50)
		feed(ms, sizeof made);
	assert_int_equal(pieces, 4);
	feed(wrap_ms - 50, sizeof made);
	assert_true(ts_pcr(made, &before));
	feed(wrap_ms + 50, sizeof made);
	assert_true(ts_pcr(made, &after));
	assert_true(after < before);
}

static void
a_stream_that_begins_anew_ends_the_piece(void **state)
{
	(void)state;
	feed(0, sizeof made);
	feed(50, sizeof made);
	feed(3600000, sizeof made);
	assert_int_equal(pieces, 1);
	assert_int_equal(piece_len[0], 2 * sizeof made);
	for (int64_t ms = 50; ms <= 250; ms += 50)
		feed(3600000 + ms, sizeof made);
	assert_int_equal(pieces, 2);
}

static void
a_piece_never_outgrows_a_datagram(void **state)
{
	(void)state;
	feed(0, sizeof made);
	for (int i = 0; i < 100; i++)
		feed(1, sizeof made);
	feed(250, sizeof made);
	assert_int_equal(pieces, 1);
	assert_true(piece_len[0] <= TS_PIECE);
	assert_true(ts.dropped > 0);
}

static void
without_a_clock_nothing_comes(void **state)
{
	(void)state;
	memset(made, 0xff, sizeof made);
	for (size_t at = 0; at < sizeof made; at += TS_PACKET)
		made[at] = 0x47, made[at + 3] = 0x10;
	for (int i = 0; i < 50; i++)
		ts_feed(&ts, made, sizeof made, on_piece, NULL);
	assert_int_equal(pieces, 0);
	assert_int_equal(ts.len, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pieces_are_as_long_as_wanted),
		TEST(a_clock_that_does_not_divide_makes_no_drift),
		TEST(bytes_may_come_in_any_portions_behind_rubbish),
		TEST(the_clock_survives_its_wrap),
		TEST(a_stream_that_begins_anew_ends_the_piece),
		TEST(a_piece_never_outgrows_a_datagram),
		TEST(without_a_clock_nothing_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
