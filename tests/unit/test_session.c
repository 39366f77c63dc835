/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inference/arrival.h"
#include "tests/unit/stage2.h"

#define T0_NS WORDS_T0_NS
#define MS_NS WORDS_MS_NS

static const struct result *const session = stage2.session;

static void
put(struct observation *o)
{
	stage2_put(o, STAGE2_CHANNEL);
}

static void
who_shows_more_than_a_newcomer_can_have_was_there_before(void **state)
{
	(void)state;
	stage2_watch(10000, 20000, 2, 60);
	peers_end(stage2.peers, 0);
	assert_true(session[0].u.session.left_censored);
	assert_false(estimate_known(&session[0].u.session.startup));
	assert_null(stage2_find(EVENT_STARTUP));
	assert_int_equal(session[0].u.session.joined.lo_ns, ESTIMATE_OPEN_LO);
}

/* Nobody knows yet how long a chunk is when the first map comes. */
static void
who_was_there_before_the_clock_too(void **state)
{
	(void)state;
	stage2_begin(4, 32);
	put(words_mark(9900, words_peer(STAGE2_SOURCE), stage2_nobody, 99,
	               T0_NS + 9900 * MS_NS));
	stage2_watch(10000, 10300, 2, 60);
	stage2_channel(STAGE2_CHANNEL, STAGE2_SOURCE, 0, 2000);
	stage2_watch(10300, 20000, 2, 60);
	peers_end(stage2.peers, 0);
	assert_true(session[0].u.session.left_censored);
	assert_null(stage2_find(EVENT_STARTUP));
}

static void
who_was_not_seen_to_join_has_an_open_start(void **state)
{
	(void)state;
	stage2_watch(10000, 20000, 2, 95);
	peers_end(stage2.peers, 0);
	assert_false(session[0].u.session.left_censored);
	assert_int_equal(session[0].u.session.joined.lo_ns, ESTIMATE_OPEN_LO);
	assert_int_equal(session[0].u.session.startup.hi_ns, ESTIMATE_OPEN_HI);
	assert_true(estimate_known(&session[0].u.session.startup));
}

static void
the_source_is_no_viewer(void **state)
{
	struct observation *o;

	(void)state;
	stage2_watch(10000, 20000, STAGE2_SOURCE, 100);
	for (int64_t ms = 10000; ms < 20000; ms += 100) {
		o = words_range(ms, words_peer(5), words_peer(2), 100,
		                (uint32_t)(ms / 100 - 99));
		o->flags |= OBS_SOURCE;
		put(o);
	}
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(session[i].u.session.source);
		assert_false(estimate_known(&session[i].u.session.startup));
	}
	assert_null(stage2_find(EVENT_STARTUP));
	assert_null(stage2_find(EVENT_EXIT_BEFORE_START));
	assert_int_equal(stage2.eligible, 0);
}

static void
who_leaves_before_playing_exits_before_start(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 11500, 2, 100);
	stage2_leave(11500, 2);
	stage2_join(10000, 3);
	stage2_watch(10100, 11500, 3, 100);
	peers_end(stage2.peers, 0);
	assert_non_null(stage2_find(EVENT_EXIT_BEFORE_START));
	assert_true(endpoint_same(&stage2_find(EVENT_EXIT_BEFORE_START)->peer,
	                          &session[0].peer));
	assert_int_equal(stage2.n_sessions, 2);
	for (unsigned i = 0; i < stage2.n_events; i++)
		assert_true(stage2.event[i].u.event.event != EVENT_EXIT_BEFORE_START ||
		            stage2.event[i].u.event.at.best_ns == T0_NS + 11500 * MS_NS);
}

static void
a_jump_past_everything_goes_on_behind_the_newest(void **state)
{
	(void)state;
	stage2_channel(STAGE2_CHANNEL, STAGE2_SOURCE, 2000, 4000);
	stage2_join(10000, 2);
	stage2_watch(10100, 15000, 2, 100);
	stage2_watch(250000, 260000, 2, 2450);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2); /* silent for much too long */
	stage2.n_sessions = 0;
	stage2_fresh(state);
	stage2_channel(STAGE2_CHANNEL, STAGE2_SOURCE, 2000, 4000);
	stage2_join(10000, 2);
	stage2_watch(10100, 15000, 2, 100);
	for (int64_t ms = 15000; ms < 25000; ms += 100)
		stage2_map(STAGE2_CHANNEL, ms, 2, 3000, 3000 + (uint64_t)(ms - 15000) / 100);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 1);
	assert_true(session[0].u.session.chunks_passed < 1200 + ARRIVAL_CHUNKS);
	assert_true(session[0].u.session.chunks_missed >= 400);
}

static void
a_stall_shows_in_the_session_too(void **state)
{
	const struct result_session *s = &session[0].u.session;

	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	for (int64_t ms = 20000; ms < 26000; ms += 100)
		stage2_map(STAGE2_CHANNEL, ms, 2, 150, 200);
	stage2_watch(26000, 40000, 2, 150);
	stage2_leave(40000, 2);
	assert_int_equal(s->stalls, 1);
	assert_non_null(stage2_find(EVENT_STALL));
	assert_int_equal(s->stall_time.best_ns,
	                 stage2_find(EVENT_STALL)->u.event.duration.best_ns);
	assert_true(s->mos > 1 && s->mos < 4.3);
	assert_int_equal(s->chunks_missed, 10); /* 200 to 209: the map has moved past them */
	assert_true(s->played_ns + s->stall_time.best_ns <=
	            s->left.best_ns - s->playing.best_ns);
}

/* The first map of one that registered may show more than a newcomer can have. */
static void
who_registered_is_new_whatever_it_shows(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 60);
	peers_end(stage2.peers, 0);
	assert_false(session[0].u.session.left_censored);
	assert_non_null(stage2_find(EVENT_STARTUP));
}

/* Of what it got it plays what was made about when it came, or later. */
static void
what_a_newcomer_fills_in_from_before_is_not_played(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 15000, 2, 80);
	stage2_leave(15000, 2);
	/* 99, made at 9.9 s, to 149; the last map is of 14.9 s */
	assert_int_equal(session[0].u.session.chunks_passed, 149 - 99);
}

static void
the_deadline_counts_for_those_who_play(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 11500, 2, 100);
	stage2_leave(11500, 2);
	peers_end(stage2.peers, 0);
	assert_true(stage2.eligible > 0);
	assert_int_equal(stage2.due, 0);
	stage2_fresh(state);
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	peers_end(stage2.peers, 0);
	assert_in_range(stage2.due, 60, 80);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage2_fresh, stage2_done)
	const struct CMUnitTest tests[] = {
		TEST(who_shows_more_than_a_newcomer_can_have_was_there_before),
		TEST(who_was_there_before_the_clock_too),
		TEST(who_was_not_seen_to_join_has_an_open_start),
		TEST(the_source_is_no_viewer),
		TEST(who_leaves_before_playing_exits_before_start),
		TEST(a_jump_past_everything_goes_on_behind_the_newest),
		TEST(a_stall_shows_in_the_session_too),
		TEST(who_registered_is_new_whatever_it_shows),
		TEST(what_a_newcomer_fills_in_from_before_is_not_played),
		TEST(the_deadline_counts_for_those_who_play),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
