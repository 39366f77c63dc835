/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "inference/player.h"

#define T0_NS INT64_C(1700000000000000000)
#define MS_NS INT64_C(1000000)
#define CHUNK_NS (100 * MS_NS)
#define MAX_EVENTS 256

/* A player of 1 s, started 0.1 s later, that stops 0.5 s before it is empty and
 * wants 0.8 s more to go on. */
static const struct player_limits exact = {
	1000 * MS_NS, 1000 * MS_NS, 1000 * MS_NS, 100 * MS_NS, 100 * MS_NS, 100 * MS_NS,
	500 * MS_NS, 500 * MS_NS, 500 * MS_NS, 800 * MS_NS, 800 * MS_NS, 800 * MS_NS,
};
static const struct player_limits unsure = {
	800 * MS_NS, 1000 * MS_NS, 1300 * MS_NS, 50 * MS_NS, 100 * MS_NS, 200 * MS_NS,
	400 * MS_NS, 500 * MS_NS, 700 * MS_NS, 600 * MS_NS, 800 * MS_NS, 1000 * MS_NS,
};

struct told {
	enum player_event what;
	struct estimate at, duration;
	uint64_t chunks;
};

static struct player p;
static struct told told[MAX_EVENTS];
static unsigned n_told;
static uint64_t x;

static void
note(void *ctx, enum player_event what, const struct estimate *at,
     const struct estimate *duration, uint64_t chunks)
{
	(void)ctx;
	assert_true(n_told < MAX_EVENTS);
	told[n_told++] = (struct told){ what, *at, *duration, chunks };
}

static const struct player_listener listener = { note, NULL };

static int
fresh(void **state)
{
	(void)state;
	player_init(&p);
	n_told = 0;
	return 0;
}

static uint64_t
draw(uint64_t below)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % below;
}

static struct moment
at_ms(int64_t ms)
{
	int64_t ns = T0_NS + ms * MS_NS;

	return (struct moment){ ns, ns, ns };
}

/* n chunks, the first at from_ms, one every every_ms. */
static void
join(const struct player_limits *lim, int n, int64_t from_ms, int64_t every_ms)
{
	for (int i = 0; i < n; i++)
		player_join(&p, lim, at_ms(from_ms + i * every_ms), CHUNK_NS, true, &listener);
}

static void
give_up(const struct player_limits *lim, int n, int64_t ms)
{
	for (int i = 0; i < n; i++)
		player_join(&p, lim, at_ms(ms), CHUNK_NS, false, &listener);
}

static void
is(const struct estimate *e, int64_t lo_ms, int64_t best_ms, int64_t hi_ms)
{
	assert_int_equal((e->lo_ns - T0_NS) / MS_NS, lo_ms);
	assert_int_equal((e->best_ns - T0_NS) / MS_NS, best_ms);
	assert_int_equal((e->hi_ns - T0_NS) / MS_NS, hi_ms);
}

static void
lasts(const struct estimate *e, int64_t lo_ms, int64_t best_ms, int64_t hi_ms)
{
	assert_int_equal(e->lo_ns / MS_NS, lo_ms);
	assert_int_equal(e->best_ns / MS_NS, best_ms);
	assert_int_equal(e->hi_ns / MS_NS, hi_ms);
}

static void
known_arrivals_and_constants_give_the_start_exactly(void **state)
{
	(void)state;
	join(&exact, 9, 0, 100);
	assert_int_equal(n_told, 0);
	join(&exact, 1, 900, 100);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].what, PLAYER_STARTED);
	is(&told[0].at, 1000, 1000, 1000);
	assert_false(estimate_known(&told[0].duration));
}

static void
a_start_is_told_once_its_latest_moment_is_known(void **state)
{
	(void)state;
	join(&unsure, 12, 0, 100);
	assert_int_equal(n_told, 0);
	join(&unsure, 1, 1200, 100);
	assert_int_equal(n_told, 1);
	is(&told[0].at, 750, 1000, 1400);
}

static void
the_bounds_of_arrivals_go_into_those_of_the_start(void **state)
{
	struct moment when = { T0_NS, T0_NS + 300 * MS_NS, T0_NS + 700 * MS_NS };

	(void)state;
	for (int i = 0; i < 10; i++)
		player_join(&p, &exact, when, CHUNK_NS, true, &listener);
	assert_int_equal(n_told, 1);
	is(&told[0].at, 100, 400, 800);
}

static void
a_chunk_joins_no_earlier_than_those_before_it(void **state)
{
	(void)state;
	join(&exact, 1, 5000, 0);
	join(&exact, 9, 0, 100);
	is(&told[0].at, 5100, 5100, 5100);
}

/* Starts at 1000 with 1 s of media; 20 chunks are there at 1900; the buffer falls
 * to the margin at 1000 + 2000 - 500. It goes on 8 chunks after the gap. */
static void
a_stall_begins_when_the_buffer_meets_the_margin(void **state)
{
	(void)state;
	join(&exact, 20, 0, 100);
	join(&exact, 7, 6000, 10);
	assert_int_equal(p.state, PLAYER_STALL);
	assert_int_equal(n_told, 1);
	join(&exact, 1, 6070, 10);
	assert_int_equal(p.state, PLAYER_PLAY);
	assert_int_equal(n_told, 2);
	assert_int_equal(told[1].what, PLAYER_STALLED);
	is(&told[1].at, 2500, 2500, 2500);
	lasts(&told[1].duration, 3570, 3570, 3570);
	assert_int_equal(p.stall_total_ns, 3570 * MS_NS);
	assert_int_equal(player_played(&p, T0_NS + 6070 * MS_NS), 1500 * MS_NS);
}

static void
a_stalls_bounds_hold_those_of_every_constant(void **state)
{
	(void)state;
	join(&unsure, 20, 0, 100);
	join(&unsure, 12, 6000, 10);
	assert_int_equal(n_told, 2);
	assert_int_equal(told[1].what, PLAYER_STALLED);
	assert_int_equal(told[1].at.best_ns, T0_NS + 2500 * MS_NS);
	assert_true(told[1].at.lo_ns <= T0_NS + (2500 - 200) * MS_NS);
	assert_true(told[1].at.hi_ns >= T0_NS + (2500 + 100) * MS_NS);
	assert_int_equal(told[1].duration.best_ns, (6070 - 2500) * MS_NS);
	assert_true(told[1].duration.lo_ns < (6050 - 2500) * MS_NS);
	assert_true(told[1].duration.hi_ns > (6070 - 2500) * MS_NS);
}

static void
a_chunk_that_may_have_come_in_time_is_no_stall(void **state)
{
	struct moment when = at_ms(9000);

	(void)state;
	join(&exact, 20, 0, 100);
	when.lo = T0_NS + 2500 * MS_NS;
	assert_true(player_join(&p, &exact, when, CHUNK_NS, true, &listener));
	assert_int_equal(p.state, PLAYER_PLAY);
	player_init(&p);
	join(&exact, 20, 0, 100);
	when.lo++;
	player_join(&p, &exact, when, CHUNK_NS, true, &listener);
	assert_int_equal(p.state, PLAYER_STALL);
}

static void
chunks_given_up_are_one_skip_at_its_play_time(void **state)
{
	(void)state;
	join(&exact, 20, 0, 100);
	give_up(&exact, 4, 2000);
	assert_int_equal(n_told, 1);
	join(&exact, 1, 2000, 0);
	assert_int_equal(n_told, 2);
	assert_int_equal(told[1].what, PLAYER_SKIPPED);
	assert_int_equal(told[1].chunks, 4);
	assert_int_equal(told[1].at.best_ns, T0_NS + 3000 * MS_NS);
	assert_false(estimate_known(&told[1].duration));
	assert_int_equal(p.missed, 4);
	assert_int_equal(p.passed, 25);
	join(&exact, 1, 2100, 0);
	assert_int_equal(n_told, 2);
}

static void
a_hole_before_the_start_is_no_skip(void **state)
{
	(void)state;
	join(&exact, 5, 0, 100);
	give_up(&exact, 3, 500);
	join(&exact, 5, 500, 100);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].what, PLAYER_STARTED);
	assert_int_equal(p.missed, 3);
}

static void
holes_bring_no_media(void **state)
{
	(void)state;
	give_up(&exact, 50, 0);
	assert_int_equal(p.state, PLAYER_FILL);
	assert_int_equal(p.media_ns, 0);
}

static void
who_leaves_while_filling_never_played(void **state)
{
	(void)state;
	join(&exact, 9, 0, 100);
	player_end(&p, &exact, T0_NS + 5000 * MS_NS, T0_NS + 5000 * MS_NS, &listener);
	assert_int_equal(n_told, 0);
	assert_int_equal(player_played(&p, T0_NS + 5000 * MS_NS), 0);
}

static void
a_start_not_yet_sure_is_told_at_the_end(void **state)
{
	(void)state;
	join(&unsure, 11, 0, 100);
	player_end(&p, &unsure, T0_NS + 1100 * MS_NS, T0_NS + 1100 * MS_NS, &listener);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].what, PLAYER_STARTED);
	assert_int_equal(told[0].at.best_ns, T0_NS + 1000 * MS_NS);
	assert_int_equal(told[0].at.hi_ns, ESTIMATE_OPEN_HI);
}

static void
an_open_stall_counts_only_if_a_map_lies_in_it(void **state)
{
	(void)state;
	join(&exact, 20, 0, 100);
	player_end(&p, &exact, T0_NS + 2500 * MS_NS, T0_NS + 9000 * MS_NS, &listener);
	assert_int_equal(n_told, 1);
	player_init(&p);
	n_told = 0;
	join(&exact, 20, 0, 100);
	player_end(&p, &exact, T0_NS + 2501 * MS_NS, T0_NS + 9000 * MS_NS, &listener);
	assert_int_equal(n_told, 2);
	is(&told[1].at, 2500, 2500, 2500);
	lasts(&told[1].duration, 6500, 6500, 6500);
}

static void
play_time_stops_with_the_media(void **state)
{
	(void)state;
	join(&exact, 20, 0, 100);
	assert_int_equal(player_played(&p, T0_NS), 0);
	assert_int_equal(player_played(&p, T0_NS + 1500 * MS_NS), 500 * MS_NS);
	assert_int_equal(player_played(&p, T0_NS + 99000 * MS_NS), 2000 * MS_NS);
}

/* The start's latest moment may be known later than that of a short stall. */
static void
nothing_is_told_before_the_start(void **state)
{
	struct player_limits eager = unsure;

	(void)state;
	eager.start_hi = 9000 * MS_NS;
	join(&eager, 11, 0, 100);
	join(&eager, 20, 9000, 10);
	player_end(&p, &eager, T0_NS + 9500 * MS_NS, T0_NS + 9500 * MS_NS, &listener);
	assert_int_equal(n_told, 2);
	assert_int_equal(told[0].what, PLAYER_STARTED);
	assert_int_equal(told[1].what, PLAYER_STALLED);
}

static void
a_skip_right_after_the_start_waits_for_it(void **state)
{
	(void)state;
	join(&unsure, 11, 0, 100);
	give_up(&unsure, 2, 1100);
	join(&unsure, 1, 1100, 0);
	assert_int_equal(n_told, 0);
	player_end(&p, &unsure, T0_NS + 1200 * MS_NS, T0_NS + 1200 * MS_NS, &listener);
	assert_int_equal(n_told, 2);
	assert_int_equal(told[0].what, PLAYER_STARTED);
	assert_int_equal(told[1].what, PLAYER_SKIPPED);
	assert_int_equal(told[1].chunks, 2);
}

static void
chunks_given_up_at_the_very_end_are_no_skip(void **state)
{
	(void)state;
	join(&exact, 20, 0, 100);
	give_up(&exact, 5, 2000);
	player_end(&p, &exact, T0_NS + 2000 * MS_NS, T0_NS + 2000 * MS_NS, &listener);
	assert_int_equal(n_told, 1);
}

/* Chunks at random moments known to random intervals, some never. */
static void
random_walk(const struct player_limits *lim, unsigned seed)
{
	int64_t ms = 0, wide;
	struct moment when;

	x = (seed + 1) * 0x9e3779b97f4a7c15u;
	player_init(&p);
	n_told = 0;
	for (int i = 0; i < 600; i++) {
		ms += (int64_t)(draw(40) == 0 ? draw(5000) : draw(180));
		wide = (int64_t)draw(400);
		when = at_ms(ms);
		when.lo -= wide * MS_NS;
		when.hi += (int64_t)draw(400) * MS_NS;
		player_join(&p, lim, when, CHUNK_NS, draw(50) != 0, &listener);
	}
	player_end(&p, lim, T0_NS + ms * MS_NS, T0_NS + (ms + 1000) * MS_NS, &listener);
}

static void
check_event(const struct told *e, unsigned seed)
{
	if (e->at.lo_ns > e->at.best_ns || e->at.best_ns > e->at.hi_ns)
		fail_msg("seed %u: bounds out of order", seed);
	if (e->what != PLAYER_STALLED)
		return;
	if (e->duration.lo_ns < 0 || e->duration.lo_ns > e->duration.best_ns ||
	    e->duration.best_ns > e->duration.hi_ns)
		fail_msg("seed %u: a stall's duration out of order", seed);
}

static void
events_come_in_order_and_within_their_bounds(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 300; seed++) {
		int64_t over_ns = 0, total_ns = 0;

		random_walk(&unsure, seed);
		if (n_told > 0 && told[0].what != PLAYER_STARTED)
			fail_msg("seed %u: the start is not the first", seed);
		for (unsigned i = 0; i < n_told; i++) {
			check_event(&told[i], seed);
			if ((told[i].what == PLAYER_STARTED) != (i == 0))
				fail_msg("seed %u: two starts", seed);
			if (told[i].what != PLAYER_STALLED)
				continue;
			if (told[i].at.best_ns < over_ns || told[i].at.best_ns < told[0].at.best_ns)
				fail_msg("seed %u: stalls overlap", seed);
			over_ns = told[i].at.best_ns + told[i].duration.best_ns;
			total_ns += told[i].duration.best_ns;
		}
		if (total_ns != p.stall_total_ns)
			fail_msg("seed %u: stalls do not add up", seed);
	}
}

static void
what_was_played_never_exceeds_the_media_nor_the_time(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 100; seed++) {
		int64_t before = 0;

		random_walk(&unsure, seed);
		for (int64_t ms = 0; ms < 120000; ms += 77) {
			int64_t played = player_played(&p, T0_NS + ms * MS_NS);

			if (played < before || played - before > 77 * MS_NS || played > p.media_ns)
				fail_msg("seed %u: %lld at %lld ms", seed, (long long)played,
				         (long long)ms);
			before = played;
		}
		if (p.passed != 600 || p.on_time > p.passed - p.missed)
			fail_msg("seed %u: chunks do not add up", seed);
	}
}

static int64_t
first_stall_ns(void)
{
	for (unsigned i = 0; i < n_told; i++)
		if (told[i].what == PLAYER_STALLED)
			return told[i].at.best_ns;
	return INT64_MAX;
}

static void
a_wider_margin_never_stalls_later(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 100; seed++) {
		int64_t before = INT64_MAX;

		for (int64_t margin = 0; margin <= 900; margin += 100) {
			struct player_limits lim = exact;

			lim.margin = lim.margin_lo = lim.margin_hi = margin * MS_NS;
			random_walk(&lim, seed);
			if (first_stall_ns() > before)
				fail_msg("seed %u: margin %lld", seed, (long long)margin);
			before = first_stall_ns();
		}
		if (before == INT64_MAX)
			fail_msg("seed %u: no stall at all", seed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(known_arrivals_and_constants_give_the_start_exactly, fresh),
		cmocka_unit_test_setup(a_start_is_told_once_its_latest_moment_is_known, fresh),
		cmocka_unit_test_setup(the_bounds_of_arrivals_go_into_those_of_the_start, fresh),
		cmocka_unit_test_setup(a_chunk_joins_no_earlier_than_those_before_it, fresh),
		cmocka_unit_test_setup(a_stall_begins_when_the_buffer_meets_the_margin, fresh),
		cmocka_unit_test_setup(a_stalls_bounds_hold_those_of_every_constant, fresh),
		cmocka_unit_test_setup(a_chunk_that_may_have_come_in_time_is_no_stall, fresh),
		cmocka_unit_test_setup(chunks_given_up_are_one_skip_at_its_play_time, fresh),
		cmocka_unit_test_setup(a_hole_before_the_start_is_no_skip, fresh),
		cmocka_unit_test_setup(holes_bring_no_media, fresh),
		cmocka_unit_test_setup(who_leaves_while_filling_never_played, fresh),
		cmocka_unit_test_setup(a_start_not_yet_sure_is_told_at_the_end, fresh),
		cmocka_unit_test_setup(an_open_stall_counts_only_if_a_map_lies_in_it, fresh),
		cmocka_unit_test_setup(play_time_stops_with_the_media, fresh),
		cmocka_unit_test_setup(nothing_is_told_before_the_start, fresh),
		cmocka_unit_test_setup(a_skip_right_after_the_start_waits_for_it, fresh),
		cmocka_unit_test_setup(chunks_given_up_at_the_very_end_are_no_skip, fresh),
		cmocka_unit_test(events_come_in_order_and_within_their_bounds),
		cmocka_unit_test(what_was_played_never_exceeds_the_media_nor_the_time),
		cmocka_unit_test(a_wider_margin_never_stalls_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
