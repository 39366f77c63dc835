/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "inference/arrival.h"

#define T0_NS INT64_C(1700000000000000000)
#define MS_NS INT64_C(1000000)
#define HOUR_MS INT64_C(3600000)

static struct arrival a;
static void *memory; /* of its places */
static struct timeline none, line; /* line: chunk c is made at c * 100 ms */
static union obs_buf buf;

static int
fresh(void **state)
{
	(void)state;
	memory = malloc(places_pool_size(1));
	assert_non_null(memory);
	arrival_init(&a, places_pool_init(memory, 1), T0_NS);
	timeline_init(&none);
	timeline_init(&line);
	for (uint64_t c = 0; c < 1000; c++)
		timeline_mark(&line, c, T0_NS + (int64_t)c * 100 * MS_NS);
	timeline_estimate(&line);
	return 0;
}

static int
done(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static struct observation *
set(enum obs_kind kind, int64_t ms, uint64_t offset, const char *bits)
{
	struct observation *o = obs_begin(&buf, kind, T0_NS + ms * MS_NS);

	assert_true(obs_set_range(o, offset, (uint32_t)strlen(bits)));
	for (uint32_t i = 0; bits[i] != '\0'; i++)
		if (bits[i] == '1')
			obs_set(o, i);
	return o;
}

static uint32_t
map(int64_t ms, uint64_t offset, const char *bits)
{
	return arrival_told(&a, set(OBS_BUFFER_MAP, ms, offset, bits), &none, 0);
}

static uint32_t
ack(int64_t ms, uint64_t offset, const char *bits)
{
	struct observation *o = set(OBS_BUFFER_MAP, ms, offset, bits);

	o->flags |= OBS_MINUS_ACKED;
	return arrival_told(&a, o, &none, 0);
}

static void
sent(int64_t ms, uint64_t chunk)
{
	arrival_sent(&a, chunk, T0_NS + ms * MS_NS);
}

static void
came(uint64_t chunk, int64_t lo_ms, int64_t best_ms, int64_t hi_ms)
{
	struct moment when;

	assert_true(arrival_has(&a, chunk));
	when = arrival_when(&a, chunk);
	if (when.lo != T0_NS + lo_ms * MS_NS || when.best != T0_NS + best_ms * MS_NS ||
	    when.hi != T0_NS + hi_ms * MS_NS)
		fail_msg("chunk %u: %lld..%lld..%lld", (unsigned)chunk,
		         (long long)(when.lo - T0_NS) / MS_NS,
		         (long long)(when.best - T0_NS) / MS_NS,
		         (long long)(when.hi - T0_NS) / MS_NS);
}

static void
an_unseen_chunk_came_between_two_maps(void **state)
{
	(void)state;
	assert_int_equal(map(100, 50, "100"), 1);
	assert_int_equal(map(300, 50, "110"), 1);
	assert_int_equal(map(700, 50, "111"), 1);
	came(51, 100, 200, 300);
	came(52, 300, 500, 700);
}

static void
a_chunk_shown_again_is_not_new(void **state)
{
	(void)state;
	assert_int_equal(map(100, 50, "110"), 2);
	assert_int_equal(map(300, 50, "110"), 0);
	assert_int_equal(map(500, 50, "010"), 0);
	came(50, 0, 50, 100);
}

static void
a_gain_counts_from_the_last_whole_map(void **state)
{
	(void)state;
	map(100, 50, "100");
	assert_int_equal(arrival_told(&a, set(OBS_HAVE, 160, 51, "1"), &none, 0), 1);
	assert_int_equal(arrival_told(&a, set(OBS_HAVE, 200, 52, "1"), &none, 0), 1);
	came(51, 100, 130, 160);
	came(52, 100, 150, 200);
	map(400, 50, "1110001");
	came(56, 100, 250, 400);
}

static void
a_copy_bounds_the_arrival_from_below(void **state)
{
	(void)state;
	map(100, 50, "100");
	sent(180, 51);
	map(200, 50, "110");
	came(51, 180, 200, 200);
}

static void
the_first_copy_counts(void **state)
{
	(void)state;
	map(100, 50, "100");
	sent(150, 51);
	sent(190, 51);
	map(200, 50, "110");
	came(51, 150, 200, 200);
}

/* The acknowledgement at 200 leaves out what it acknowledges: 51 was there. */
static void
an_acknowledgement_shows_its_chunk_only_in_the_next(void **state)
{
	(void)state;
	ack(100, 50, "100");
	ack(200, 50, "100");
	ack(300, 50, "110");
	came(51, 100, 200, 300);
}

static void
the_copy_of_an_acknowledged_chunk_counts_if_it_was_sent_by_then(void **state)
{
	(void)state;
	ack(100, 50, "100");
	sent(190, 51);
	ack(200, 50, "100");
	sent(290, 52);
	ack(300, 50, "110");
	came(51, 190, 200, 200);
	ack(400, 50, "111");
	came(52, 290, 300, 300);
}

static void
two_new_chunks_mean_a_missed_acknowledgement(void **state)
{
	(void)state;
	ack(100, 50, "1000");
	ack(200, 50, "1000");
	ack(300, 50, "1110");
	came(51, 200, 250, 300);
	came(52, 200, 250, 300);
}

static void
no_chunk_came_before_it_was_made(void **state)
{
	(void)state;
	arrival_told(&a, set(OBS_BUFFER_MAP, 1000, 5, "10000000000"), &line, 0);
	arrival_told(&a, set(OBS_BUFFER_MAP, 2000, 5, "10000000001"), &line, 0);
	came(15, 1500, 1750, 2000);
	arrival_told(&a, set(OBS_BUFFER_MAP, 3000, 5, "100000000011"), &line, 700 * MS_NS);
	came(16, 2300, 2650, 3000);
}

static void
nor_does_an_acknowledgement_show_it_any_earlier(void **state)
{
	struct observation *o;

	(void)state;
	ack(1000, 5, "10000000000");
	ack(1200, 5, "10000000000");
	o = set(OBS_BUFFER_MAP, 2000, 5, "10000000001");
	o->flags |= OBS_MINUS_ACKED;
	arrival_told(&a, o, &line, 0);
	came(15, 1500, 1500, 2000);
}

/* Ten copies went by without a loss; the map that shows them comes a second late. */
static void
on_a_late_way_up_the_copies_count(void **state)
{
	(void)state;
	map(100, 50, "10000000000");
	for (uint64_t c = 51; c <= 60; c++)
		sent((int64_t)(c - 50) * 100 + 100, c);
	map(2000, 50, "11111111111");
	for (uint64_t c = 51; c <= 60; c++)
		came(c, (int64_t)(c - 50) * 100 + 100, (int64_t)(c - 50) * 100 + 120, 2000);
	assert_int_equal(a.late_ns, (2000 - 1120) * MS_NS);
}

/* 51 went by at 200 and is missing at 1000, when one sent at 800 is there. */
static void
on_a_lossy_way_down_the_maps_count(void **state)
{
	(void)state;
	map(100, 50, "100000");
	sent(200, 51);
	sent(800, 54);
	map(1000, 50, "100010");
	sent(1200, 55);
	map(2000, 50, "110011");
	came(51, 1000, 2000, 2000);
	came(55, 1200, 2000, 2000);
	assert_int_equal(a.late_ns, 0);
}

static void
a_loss_is_forgotten_after_five_seconds(void **state)
{
	(void)state;
	map(100, 50, "1000000");
	sent(200, 51);
	sent(800, 54);
	map(1000, 50, "1000100");
	map(1200, 50, "1100100");
	sent(5500, 55);
	map(5900, 50, "1100110");
	came(55, 5500, 5900, 5900);
	sent(6600, 56);
	map(7000, 50, "1100111");
	came(56, 6600, 6620, 7000);
}

/* A copy overtaken by less than 300 ms is on its way, not lost. */
static void
a_little_reordering_is_no_loss(void **state)
{
	(void)state;
	map(100, 50, "10000");
	sent(600, 51);
	sent(800, 52);
	map(900, 50, "10100");
	assert_int_equal(a.lossy_until_ns, 0);
}

static void
what_fell_out_of_a_sparse_map_was_there_if_it_was_sent_late(void **state)
{
	(void)state;
	map(1000, 50, "11000");
	sent(100, 52); /* long before the map that lacks it */
	sent(900, 53);
	sent(1500, 54);
	map(9000, 60, "11111");
	assert_false(arrival_has(&a, 52));
	assert_true(arrival_has(&a, 53));
	assert_true(arrival_has(&a, 54));
}

static void
the_window_ends_512_chunks_past_its_start(void **state)
{
	uint64_t chunk;
	bool dated;

	(void)state;
	map(100, 1000, "1");
	arrival_first(&a, &chunk, &dated);
	arrival_begin(&a, chunk);
	assert_int_equal(a.next, 1000);
	assert_int_equal(map(200, 1000 + ARRIVAL_CHUNKS - 1, "1"), 1);
	assert_int_equal(map(300, 1000 + ARRIVAL_CHUNKS, "1"), 0);
	assert_false(arrival_has(&a, 1000 + ARRIVAL_CHUNKS));
	sent(400, 1000 + ARRIVAL_CHUNKS);
	assert_true(arrival_has(&a, 1000));
	arrival_take(&a);
	assert_false(arrival_has(&a, 1000));
	assert_int_equal(map(500, 1000 + ARRIVAL_CHUNKS, "1"), 1);
}

static void
chunks_before_the_first_are_never_played(void **state)
{
	(void)state;
	map(100, 1000, "1");
	arrival_begin(&a, 1000);
	assert_int_equal(map(200, 990, "11111111111"), 0);
	assert_int_equal(map(300, 990, "111111111111"), 1);
	assert_int_equal(a.next, 1000);
	assert_false(arrival_has(&a, 999));
}

static void
the_first_chunk_received_is_the_one_sent_first(void **state)
{
	uint64_t chunk;
	bool dated;

	(void)state;
	assert_false(arrival_first(&a, &chunk, &dated));
	sent(300, 60);
	sent(500, 61);
	sent(600, 57); /* filled in from behind */
	map(700, 57, "10011");
	assert_true(arrival_first(&a, &chunk, &dated));
	assert_true(dated);
	assert_int_equal(chunk, 60);
}

static void
without_copies_the_first_is_the_lowest_held(void **state)
{
	uint64_t chunk;
	bool dated;

	(void)state;
	map(700, 57, "01011");
	assert_true(arrival_first(&a, &chunk, &dated));
	assert_false(dated);
	assert_int_equal(chunk, 58);
}

static void
a_chunk_sent_within_the_first_millisecond_is_first(void **state)
{
	struct observation *o;
	uint64_t chunk;
	bool dated;

	(void)state;
	arrival_sent(&a, 60, T0_NS + 300000);
	o = set(OBS_HAVE, 0, 60, "1");
	o->t_ns += 600000;
	arrival_told(&a, o, &none, 0);
	sent(90, 61);
	map(100, 60, "11");
	assert_true(arrival_first(&a, &chunk, &dated));
	assert_int_equal(chunk, 60);
}

static void
the_edges_of_chunk_numbers_are_ordinary(void **state)
{
	(void)state;
	assert_int_equal(map(100, 0, "1101"), 3);
	assert_true(arrival_has(&a, 0) && arrival_has(&a, 3) && !arrival_has(&a, 2));
	assert_int_equal(map(200, 0, "1111"), 1);
	came(2, 100, 150, 200);
}

static void
a_week_in_one_session_keeps_its_times(void **state)
{
	int64_t ms = 200 * HOUR_MS;

	(void)state;
	map(100, 50, "1000");
	map(ms, 50, "1100");
	map(ms + 400, 50, "1110");
	sent(ms + 450, 53);
	map(ms + 500, 50, "1111");
	came(52, ms, ms + 200, ms + 400);
	came(53, ms + 450, ms + 500, ms + 500);
}

static void
words_out_of_order_keep_bounds_in_order(void **state)
{
	(void)state;
	map(1000, 50, "1000");
	sent(900, 51);
	map(500, 50, "1100");
	ack(1200, 50, "1100");
	ack(700, 50, "1111");
	for (uint64_t c = 50; c <= 53; c++) {
		struct moment when = arrival_when(&a, c);

		assert_true(when.lo <= when.best && when.best <= when.hi);
	}
}

static void
what_is_said_at_once_came_at_once(void **state)
{
	struct observation *o;

	(void)state;
	sent(100, 5);
	o = set(OBS_HAVE, 4000, 5, "1");
	o->flags |= OBS_PROMPT;
	assert_int_equal(arrival_told(&a, o, &none, 0), 1);
	came(5, 3980, 4000, 4000); /* the copy of long ago is not what came */
}

static void
over_tcp_a_copy_is_an_arrival(void **state)
{
	(void)state;
	arrival_came(&a, 5, T0_NS + 100 * MS_NS);
	came(5, 100, 100, 120);
	arrival_came(&a, 5, T0_NS + 900 * MS_NS);
	came(5, 100, 100, 120);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
	const struct CMUnitTest tests[] = {
		TEST(an_unseen_chunk_came_between_two_maps),
		TEST(what_is_said_at_once_came_at_once),
		TEST(over_tcp_a_copy_is_an_arrival),
		TEST(a_chunk_shown_again_is_not_new),
		TEST(a_gain_counts_from_the_last_whole_map),
		TEST(a_copy_bounds_the_arrival_from_below),
		TEST(the_first_copy_counts),
		TEST(an_acknowledgement_shows_its_chunk_only_in_the_next),
		TEST(the_copy_of_an_acknowledged_chunk_counts_if_it_was_sent_by_then),
		TEST(two_new_chunks_mean_a_missed_acknowledgement),
		TEST(no_chunk_came_before_it_was_made),
		TEST(nor_does_an_acknowledgement_show_it_any_earlier),
		TEST(on_a_late_way_up_the_copies_count),
		TEST(on_a_lossy_way_down_the_maps_count),
		TEST(a_loss_is_forgotten_after_five_seconds),
		TEST(a_little_reordering_is_no_loss),
		TEST(what_fell_out_of_a_sparse_map_was_there_if_it_was_sent_late),
		TEST(the_window_ends_512_chunks_past_its_start),
		TEST(chunks_before_the_first_are_never_played),
		TEST(the_first_chunk_received_is_the_one_sent_first),
		TEST(without_copies_the_first_is_the_lowest_held),
		TEST(a_chunk_sent_within_the_first_millisecond_is_first),
		TEST(the_edges_of_chunk_numbers_are_ordinary),
		TEST(a_week_in_one_session_keeps_its_times),
		TEST(words_out_of_order_keep_bounds_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
