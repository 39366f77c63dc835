/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inference/position.h"
#include "inference/viewer.h"
#include "tests/unit/words.h"

#define T0_NS WORDS_T0_NS
#define MS_NS WORDS_MS_NS
#define CHUNK_MS 250
#define FIRST 1000u
#define EVENTS 16

static const struct viewer_rules rules = { .chunk_ns = CHUNK_MS * MS_NS, .start = 4,
	.resume = 4, .skip = 4, .give_up_ns = 2000 * MS_NS, .reboot_ns = 10000 * MS_NS };

struct told {
	enum player_event what;
	int64_t at_ms, lo_ms, hi_ms, lasted_ms;
	uint64_t chunks;
};

/* One viewer, whose chunks and maps a test puts together. */
struct scene {
	struct viewer v;
	struct arrival a;
	void *memory; /* of its places */
	struct timeline t;
	struct told told[EVENTS];
	unsigned n;
	struct player_listener to;
};

static int64_t
in_ms(int64_t ns)
{
	return (ns - T0_NS) / MS_NS;
}

static void
note(void *ctx, enum player_event what, const struct estimate *at,
     const struct estimate *duration, uint64_t chunks)
{
	struct scene *s = ctx;

	assert_true(s->n < EVENTS);
	s->told[s->n++] = (struct told){ what, in_ms(at->best_ns), in_ms(at->lo_ns),
		in_ms(at->hi_ns),
		estimate_known(duration) ? duration->best_ns / MS_NS : -1, chunks };
}

static void
end(struct scene *s)
{
	free(s->memory);
	free(s);
}

static struct scene *
begin(void)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->memory = malloc(places_pool_size(1));
	assert_non_null(s->memory);
	arrival_init(&s->a, places_pool_init(s->memory, 1), T0_NS);
	s->a.by_copy = true;
	timeline_init(&s->t);
	viewer_fill(&s->v, FIRST, T0_NS);
	s->to = (struct player_listener){ note, s };
	return s;
}

/* Chunks first..first + n - 1 go to the viewer, one each step_ms from from_ms on. */
static void
send(struct scene *s, uint64_t first, unsigned n, int64_t from_ms, int64_t step_ms)
{
	for (unsigned i = 0; i < n; i++)
		arrival_sent(&s->a, first + i, T0_NS + (from_ms + i * step_ms) * MS_NS);
}

/* Its map at ms: it holds first..first + n - 1 and tells that it plays pos. */
static void
map(struct scene *s, int64_t ms, uint64_t first, unsigned n, enum viewer_trust trust,
    uint64_t pos)
{
	struct viewer_sign m = { T0_NS + ms * MS_NS, trust, pos, 0 };
	struct observation *o = words_range(ms, words_peer(2), words_peer(3), first, n);

	arrival_told(&s->a, o, &s->t, 0);
	viewer_map(&s->v, &rules, &s->a, &m, &s->to);
}

/* All chunks are there well before they are played; maps once a second. */
static void
play_on(struct scene *s, int64_t from_ms, int64_t to_ms, int64_t start_ms)
{
	for (int64_t ms = from_ms; ms <= to_ms; ms += 1000)
		map(s, ms, FIRST, 60, VIEWER_TOLD,
		    FIRST + (uint64_t)((ms - start_ms) / CHUNK_MS));
}

static const struct told *
find(const struct scene *s, enum player_event what)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->told[i].what == what)
			return &s->told[i];
	return NULL;
}

static void
play_begins_when_the_last_chunk_that_it_waits_for_comes(void **state)
{
	struct scene *s = begin();
	const struct told *start;

	(void)state;
	send(s, FIRST, 60, 300, 100); /* the fourth at 600 ms */
	map(s, 400, FIRST, 1, VIEWER_TOLD, FIRST);
	play_on(s, 1400, 8400, 620);
	start = find(s, PLAYER_STARTED);
	assert_non_null(start);
	assert_in_range(start->at_ms, 600, 640);
	assert_true(start->lo_ms <= 620 && start->hi_ms >= 620);
	assert_true(start->hi_ms - start->lo_ms <= 500);
	assert_null(find(s, PLAYER_STALLED));
	end(s);
}

/* The system waits for more than its rules say: the positions win, to a chunk. */
static void
positions_overrule_the_rules(void **state)
{
	struct scene *s = begin();
	const struct told *start;

	(void)state;
	send(s, FIRST, 60, 300, 20);
	map(s, 900, FIRST, 20, VIEWER_TOLD, FIRST);
	map(s, 1900, FIRST, 40, VIEWER_TOLD, FIRST);
	play_on(s, 2900, 8900, 2000);
	start = find(s, PLAYER_STARTED);
	assert_non_null(start);
	assert_in_range(start->at_ms, 1850, 2150);
	assert_true(start->lo_ms <= 2000 && start->hi_ms >= 2000);
	end(s);
}

/* Chunk 1012 comes two seconds late: play stops at its place, 12 chunks after the start. */
static void
a_late_chunk_stops_play_from_its_deadline_until_enough_is_there(void **state)
{
	struct scene *s = begin();
	const struct told *stall;

	(void)state;
	send(s, FIRST, 12, 300, 20);
	map(s, 900, FIRST, 12, VIEWER_TOLD, FIRST + 2);
	map(s, 1900, FIRST, 12, VIEWER_TOLD, FIRST + 6);
	map(s, 2900, FIRST, 12, VIEWER_TOLD, FIRST + 10);
	send(s, FIRST + 12, 48, 5300, 10); /* the fourth of them at 5,330 */
	map(s, 3900, FIRST, 12, VIEWER_TOLD, FIRST + 12);
	map(s, 4900, FIRST, 12, VIEWER_TOLD, FIRST + 12);
	for (int64_t ms = 5900; ms < 12000; ms += 1000)
		map(s, ms, FIRST, 60, VIEWER_TOLD, FIRST + 12 + (uint64_t)((ms - 5350) / CHUNK_MS));
	stall = find(s, PLAYER_STALLED);
	assert_non_null(stall);
	assert_in_range(stall->at_ms, 3350, 3420); /* 380 + 12 x 250 */
	assert_in_range(stall->lasted_ms, 1900, 2020);
	end(s);
}

/* No map within it: between two maps play advanced by a second less than it should. */
static void
a_stall_between_two_maps_is_found_by_its_deficit(void **state)
{
	struct scene *s = begin();

	(void)state;
	send(s, FIRST, 12, 300, 10);
	send(s, FIRST + 12, 48, 4350, 1);
	for (int64_t ms = 900; ms <= 2900; ms += 1000)
		map(s, ms, FIRST, 12, VIEWER_TOLD, FIRST + (uint64_t)((ms - 350) / CHUNK_MS));
	for (int64_t ms = 4900; ms <= 10900; ms += 1000)
		map(s, ms, FIRST, 60, VIEWER_TOLD,
		    FIRST + (uint64_t)((ms - 1350) / CHUNK_MS));
	assert_non_null(find(s, PLAYER_STALLED));
	assert_in_range(find(s, PLAYER_STALLED)->lasted_ms, 850, 1150);
	end(s);
}

/* Play stands still, and every chunk was there long before: the viewer paused. */
static void
standing_still_with_all_there_is_a_pause(void **state)
{
	struct scene *s = begin();

	(void)state;
	send(s, FIRST, 60, 300, 10);
	play_on(s, 900, 2900, 350);
	for (int64_t ms = 3900; ms <= 6900; ms += 1000)
		map(s, ms, FIRST, 60, VIEWER_TOLD, FIRST + 11);
	for (int64_t ms = 7900; ms <= 12900; ms += 1000)
		map(s, ms, FIRST, 60, VIEWER_TOLD,
		    FIRST + (uint64_t)((ms - 4350) / CHUNK_MS));
	assert_null(find(s, PLAYER_STALLED));
	assert_non_null(find(s, PLAYER_PAUSED));
	assert_in_range(find(s, PLAYER_PAUSED)->at_ms, 3000, 3500);
	assert_in_range(find(s, PLAYER_PAUSED)->lasted_ms, 3700, 4300);
	end(s);
}

/* A hole of two chunks at its deadline, enough behind it: skipped, not waited for. */
static void
a_small_hole_is_skipped(void **state)
{
	struct scene *s = begin();
	const struct told *skip;

	(void)state;
	send(s, FIRST, 8, 300, 10);
	send(s, FIRST + 10, 50, 400, 10);
	for (int64_t ms = 900; ms <= 7900; ms += 1000) {
		uint64_t pos = FIRST + (uint64_t)((ms - 350) / CHUNK_MS);
		struct viewer_sign m = { T0_NS + ms * MS_NS, VIEWER_TOLD,
			pos < FIRST + 8 ? pos : pos + 2, 0 };
		struct observation *o = words_range(ms, words_peer(2), words_peer(3), FIRST, 8);

		arrival_told(&s->a, o, &s->t, 0);
		o = words_range(ms, words_peer(2), words_peer(3), FIRST + 10, 50);
		arrival_told(&s->a, o, &s->t, 0);
		viewer_map(&s->v, &rules, &s->a, &m, &s->to);
	}
	skip = find(s, PLAYER_SKIPPED);
	assert_non_null(skip);
	assert_int_equal(skip->chunks, 2);
	assert_in_range(skip->at_ms, 2200, 2500);
	assert_null(find(s, PLAYER_STALLED));
	end(s);
}

static void
a_stall_open_at_the_end_lasts_until_then(void **state)
{
	struct scene *s = begin();

	(void)state;
	send(s, FIRST, 8, 300, 10);
	for (int64_t ms = 900; ms <= 4900; ms += 1000)
		map(s, ms, FIRST, 8, VIEWER_TOLD,
		    ms < 2350 ? FIRST + (uint64_t)((ms - 350) / CHUNK_MS) : FIRST + 8);
	viewer_end(&s->v, T0_NS + 5000 * MS_NS, &s->to);
	assert_non_null(find(s, PLAYER_STALLED));
	assert_in_range(find(s, PLAYER_STALLED)->at_ms + find(s, PLAYER_STALLED)->lasted_ms, 4990,
	                5010);
	end(s);
}

/* --- what the offset means ------------------------------------------------------------- */

static struct position
from(uint64_t first)
{
	return (struct position){ .first = first, .first_known = true };
}

static bool
moves(struct position *p, int64_t ms, uint64_t offset, uint64_t newest)
{
	position_map(p, offset, newest);
	return position_runs(p, offset, T0_NS + ms * MS_NS, CHUNK_MS * MS_NS);
}

static void
an_offset_that_leaves_with_the_start_is_the_play_point(void **state)
{
	struct position p = from(100);

	(void)state;
	assert_false(moves(&p, 1000, 100, 130));
	assert_false(moves(&p, 2000, 103, 134)); /* one map may show a lost first chunk */
	assert_true(moves(&p, 3000, 107, 137));
	position_moved(&p, T0_NS + 1200 * MS_NS, T0_NS + 1180 * MS_NS, CHUNK_MS * MS_NS);
	assert_int_equal(p.mode, POSITION_PLAY);
}

static void
one_that_leaves_half_a_minute_later_is_the_oldest_kept(void **state)
{
	struct position p = from(100);

	(void)state;
	moves(&p, 30000, 100, 250);
	moves(&p, 32000, 103, 253);
	assert_true(moves(&p, 33000, 107, 258));
	position_moved(&p, T0_NS + 31200 * MS_NS, T0_NS + 1200 * MS_NS, CHUNK_MS * MS_NS);
	assert_int_equal(p.mode, POSITION_OLDEST);
	assert_int_equal(p.behind, 120);
}

static void
one_that_keeps_its_distance_from_the_newest_says_nothing(void **state)
{
	struct position p = from(100);

	(void)state;
	moves(&p, 1000, 101, 133);
	moves(&p, 2000, 105, 137);
	moves(&p, 3000, 109, 141);
	position_moved(&p, T0_NS + 1200 * MS_NS, T0_NS + 1180 * MS_NS, CHUNK_MS * MS_NS);
	assert_int_equal(p.mode, POSITION_UNKNOWN);
}

static void
past_a_hole_the_oldest_kept_is_not_the_oldest_that_would_be(void **state)
{
	struct position p = from(100);

	(void)state;
	position_missed(&p, 110);
	position_missed(&p, 111);
	position_missed(&p, 115);
	assert_true(position_after_hole(&p, 112));
	assert_true(position_after_hole(&p, 116));
	assert_false(position_after_hole(&p, 111));
	assert_false(position_after_hole(&p, 120));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(play_begins_when_the_last_chunk_that_it_waits_for_comes),
		cmocka_unit_test(positions_overrule_the_rules),
		cmocka_unit_test(a_late_chunk_stops_play_from_its_deadline_until_enough_is_there),
		cmocka_unit_test(a_stall_between_two_maps_is_found_by_its_deficit),
		cmocka_unit_test(standing_still_with_all_there_is_a_pause),
		cmocka_unit_test(a_small_hole_is_skipped),
		cmocka_unit_test(a_stall_open_at_the_end_lasts_until_then),
		cmocka_unit_test(an_offset_that_leaves_with_the_start_is_the_play_point),
		cmocka_unit_test(one_that_leaves_half_a_minute_later_is_the_oldest_kept),
		cmocka_unit_test(one_that_keeps_its_distance_from_the_newest_says_nothing),
		cmocka_unit_test(past_a_hole_the_oldest_kept_is_not_the_oldest_that_would_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
