/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "inference/timeline.h"

#define EPOCH_NS INT64_C(1700000000000000000)
#define MS_NS INT64_C(1000000)
#define CHUNK_NS (100 * MS_NS)

static struct timeline t;
static uint64_t x;

static int
fresh(void **state)
{
	(void)state;
	timeline_init(&t);
	x = 88172645463325252u;
	return 0;
}

static uint64_t
draw(void)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static int64_t
line(uint64_t chunk)
{
	return EPOCH_NS + (int64_t)chunk * CHUNK_NS;
}

static void
mark_line(uint64_t from, uint64_t to, int64_t jitter_ns)
{
	for (uint64_t c = from; c < to; c++) {
		int64_t off = jitter_ns ? (int64_t)(draw() % (uint64_t)(2 * jitter_ns)) -
		                          jitter_ns : 0;

		assert_int_equal(timeline_mark(&t, c, line(c) + off), TIMELINE_NEW);
	}
}

static void
a_mark_is_new_once_then_known(void **state)
{
	int64_t ns = -7;

	(void)state;
	assert_false(timeline_known(&t, 5, &ns));
	assert_int_equal(ns, -7);
	assert_int_equal(timeline_mark(&t, 5, 500), TIMELINE_NEW);
	assert_int_equal(timeline_mark(&t, 5, 500), TIMELINE_KNOWN);
	assert_true(timeline_known(&t, 5, &ns));
	assert_int_equal(ns, 500);
	assert_int_equal(t.marks, 1);
}

static void
another_time_for_a_marked_chunk_changes_nothing(void **state)
{
	int64_t ns;

	(void)state;
	timeline_mark(&t, 5, 500);
	assert_int_equal(timeline_mark(&t, 5, 501), TIMELINE_CONFLICT);
	assert_true(timeline_known(&t, 5, &ns));
	assert_int_equal(ns, 500);
	assert_int_equal(t.marks, 1);
}

static void
the_newest_chunks_are_kept_and_older_ones_go(void **state)
{
	uint64_t last = 3 * TIMELINE_CHUNKS + 17;
	int64_t ns;

	(void)state;
	mark_line(0, last + 1, 0);
	assert_int_equal(t.newest, last);
	assert_int_equal(t.oldest, last - TIMELINE_CHUNKS + 1);
	assert_true(timeline_known(&t, t.oldest, &ns));
	assert_int_equal(ns, line(t.oldest));
	assert_false(timeline_known(&t, t.oldest - 1, &ns));
}

static void
a_chunk_older_than_what_is_kept_is_not_taken(void **state)
{
	int64_t ns = -7;

	(void)state;
	timeline_mark(&t, 10 * TIMELINE_CHUNKS, line(10 * TIMELINE_CHUNKS));
	assert_int_equal(timeline_mark(&t, 3, line(3)), TIMELINE_CONFLICT);
	assert_false(timeline_known(&t, 3, &ns));
	assert_int_equal(t.oldest, 10 * TIMELINE_CHUNKS);
	assert_int_equal(t.marks, 1);
}

static void
chunks_without_a_mark_lie_on_their_neighbours_line(void **state)
{
	int64_t ns;

	(void)state;
	mark_line(1000, 1100, 0);
	mark_line(1150, 1200, 0);
	timeline_estimate(&t);
	for (uint64_t c = 990; c < 1210; c++) {
		assert_true(timeline_at(&t, c, &ns));
		assert_int_equal(ns, line(c));
	}
	assert_true(timeline_at(&t, 5000, &ns));
	assert_int_equal(ns, line(5000));
	assert_true(timeline_at(&t, 0, &ns));
	assert_int_equal(ns, line(0));
}

static void
nothing_is_told_before_anything_is_known(void **state)
{
	int64_t ns = -7;

	(void)state;
	assert_false(timeline_at(&t, 1, &ns));
	timeline_mark(&t, 1, 100);
	assert_false(timeline_at(&t, 2, &ns));
	assert_int_equal(ns, -7);
	assert_int_equal(timeline_step(&t, 1), 0);
	timeline_estimate(&t);
	assert_false(estimate_known(&t.chunk));
}

static void
a_step_is_the_chunks_own_else_the_mean(void **state)
{
	(void)state;
	mark_line(0, 50, 0);
	timeline_mark(&t, 50, line(49) + 130 * MS_NS);
	timeline_mark(&t, 51, line(49) + 120 * MS_NS); /* earlier than the one before */
	timeline_mark(&t, 52, line(49) + 120 * MS_NS + 61000 * MS_NS);
	assert_int_equal(timeline_step(&t, 51), 0);
	t.chunk = estimate_at(CHUNK_NS);
	assert_int_equal(timeline_step(&t, 50), 130 * MS_NS);
	assert_int_equal(timeline_step(&t, 51), CHUNK_NS);
	assert_int_equal(timeline_step(&t, 52), CHUNK_NS);
	assert_int_equal(timeline_step(&t, 0), CHUNK_NS);
	assert_int_equal(timeline_step(&t, 99), CHUNK_NS);
}

static void
the_duration_survives_jitter_and_its_bounds_hold_it(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		timeline_init(&t);
		x = seed * 0x9e3779b97f4a7c15u;
		mark_line(seed * 1000, seed * 1000 + 300, 40 * MS_NS);
		timeline_estimate(&t);
		if (llabs(t.chunk.best_ns - CHUNK_NS) > CHUNK_NS / 200 ||
		    t.chunk.lo_ns > CHUNK_NS || t.chunk.hi_ns < CHUNK_NS)
			fail_msg("seed %u: %lld in %lld..%lld", seed, (long long)t.chunk.best_ns,
			         (long long)t.chunk.lo_ns, (long long)t.chunk.hi_ns);
	}
}

static void
a_tenth_of_wild_marks_does_not_move_the_duration(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		timeline_init(&t);
		x = seed * 0x9e3779b97f4a7c15u;
		for (uint64_t c = 0; c < 400; c++)
			timeline_mark(&t, c, draw() % 10 ? line(c) :
			                     line(c) + (int64_t)(draw() % 7200000) * MS_NS);
		timeline_estimate(&t);
		if (llabs(t.chunk.best_ns - CHUNK_NS) > CHUNK_NS / 100)
			fail_msg("seed %u: %lld", seed, (long long)t.chunk.best_ns);
	}
}

static void
gaps_between_marks_do_not_bend_the_line(void **state)
{
	(void)state;
	for (uint64_t c = 0; c < 3000; c += 1 + draw() % 40)
		timeline_mark(&t, c, line(c));
	timeline_estimate(&t);
	assert_true(!estimate_known(&t.chunk) || t.chunk.best_ns == CHUNK_NS);
	mark_line(3000, 3100, 0);
	timeline_estimate(&t);
	assert_true(estimate_known(&t.chunk));
	assert_int_equal(t.chunk.best_ns, CHUNK_NS);
}

/* Whatever is marked, what is told stays where sums of two such times have room. */
static void
no_mark_overflows_anything(void **state)
{
	static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, EPOCH_NS,
	                                 INT64_MAX - 1, INT64_MAX };
	static const uint64_t chunks[] = { 0, 1, 2, TIMELINE_CHUNKS - 1, TIMELINE_CHUNKS, 1u << 31,
	                                   UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX };

	(void)state;
	for (unsigned seed = 1; seed <= 300; seed++) {
		timeline_init(&t);
		x = seed * 0x9e3779b97f4a7c15u;
		for (int i = 0; i < 40; i++) {
			uint64_t chunk = chunks[draw() % 9] + draw() % 3;
			int64_t ns = 0;

			timeline_mark(&t, chunk, times[draw() % 8]);
			timeline_estimate(&t);
			chunk = chunks[draw() % 9] + draw() % 3;
			if (timeline_at(&t, chunk, &ns) && !timeline_known(&t, chunk, &ns))
				assert_true(ns >= -TIMELINE_FAR_NS && ns <= TIMELINE_FAR_NS);
			if (timeline_on(&t, chunk, times[draw() % 8], &ns))
				assert_true(ns >= 0 && ns <= TIMELINE_FAR_NS);
			assert_true(timeline_step(&t, chunk) >= 0);
			assert_true(timeline_step(&t, chunk) <= 60000 * MS_NS);
		}
	}
}

static void
our_clock_is_the_sources_and_what_they_differ_by(void **state)
{
	int64_t ns = -7;

	(void)state;
	assert_false(timeline_on(&t, 1, 5, &ns));
	mark_line(1, 20, 0);
	timeline_estimate(&t);
	assert_true(timeline_on(&t, 7, -3 * MS_NS, &ns));
	assert_int_equal(ns, line(7) - 3 * MS_NS);
	assert_true(timeline_on(&t, 27, 3 * MS_NS, &ns));
	assert_int_equal(ns, line(27) + 3 * MS_NS);
}

/* The source announces every 100 chunks, at a rate that varies. */
static void
a_step_far_from_marks_is_that_of_the_marks_around(void **state)
{
	(void)state;
	timeline_mark(&t, 100, EPOCH_NS);
	timeline_mark(&t, 200, EPOCH_NS + 10000 * MS_NS);
	timeline_mark(&t, 300, EPOCH_NS + 15000 * MS_NS);
	timeline_estimate(&t);
	assert_int_equal(timeline_step(&t, 150), 100 * MS_NS);
	assert_int_equal(timeline_step(&t, 200), 100 * MS_NS);
	assert_int_equal(timeline_step(&t, 201), 50 * MS_NS);
	assert_int_equal(timeline_step(&t, 350), t.chunk.best_ns);
}

static void
marks_that_come_seldom_give_the_duration_too(void **state)
{
	(void)state;
	for (uint64_t c = 31; c < 3200; c += 32)
		timeline_mark(&t, c, line(c));
	timeline_estimate(&t);
	assert_int_equal(t.chunk.best_ns, CHUNK_NS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_mark_is_new_once_then_known, fresh),
		cmocka_unit_test_setup(another_time_for_a_marked_chunk_changes_nothing, fresh),
		cmocka_unit_test_setup(the_newest_chunks_are_kept_and_older_ones_go, fresh),
		cmocka_unit_test_setup(a_chunk_older_than_what_is_kept_is_not_taken, fresh),
		cmocka_unit_test_setup(chunks_without_a_mark_lie_on_their_neighbours_line, fresh),
		cmocka_unit_test_setup(nothing_is_told_before_anything_is_known, fresh),
		cmocka_unit_test_setup(a_step_is_the_chunks_own_else_the_mean, fresh),
		cmocka_unit_test_setup(the_duration_survives_jitter_and_its_bounds_hold_it, fresh),
		cmocka_unit_test_setup(a_tenth_of_wild_marks_does_not_move_the_duration, fresh),
		cmocka_unit_test_setup(gaps_between_marks_do_not_bend_the_line, fresh),
		cmocka_unit_test_setup(no_mark_overflows_anything, fresh),
		cmocka_unit_test_setup(our_clock_is_the_sources_and_what_they_differ_by, fresh),
		cmocka_unit_test_setup(a_step_far_from_marks_is_that_of_the_marks_around, fresh),
		cmocka_unit_test_setup(marks_that_come_seldom_give_the_duration_too, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
