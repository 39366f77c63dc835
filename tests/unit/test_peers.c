/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/stage2.h"

#define T0_NS WORDS_T0_NS
#define MS_NS WORDS_MS_NS

static const struct result *const session = stage2.session;

static void
put(struct observation *o)
{
	stage2_put(o, STAGE2_CHANNEL);
}

static int64_t
ms_of(int64_t ns)
{
	return (ns - T0_NS) / MS_NS;
}

static void
a_goodbye_ends_the_session(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	stage2_leave(20000, 2);
	assert_int_equal(stage2.n_sessions, 1);
	assert_int_equal(session[0].u.session.end, END_GOODBYE);
	assert_int_equal(session[0].run, 1);
	assert_true(session[0].final);
	assert_int_equal(ms_of(session[0].u.session.joined.best_ns), 10000);
	assert_int_equal(ms_of(session[0].u.session.left.best_ns), 20000);
	assert_int_equal(session[0].u.session.maps, 99);
	assert_false(session[0].u.session.left_censored);
	assert_true(estimate_known(&session[0].u.session.startup));
	assert_non_null(stage2_find(EVENT_STARTUP));
	assert_non_null(stage2_find(EVENT_LEAVE));
	assert_null(stage2_find(EVENT_EXIT_BEFORE_START));
}

static void
words_right_after_a_goodbye_belong_to_it(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	stage2_leave(20000, 2);
	stage2_map(STAGE2_CHANNEL, 20100, 2, 150, 180);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 1);
}

static void
silence_ends_a_session_at_its_last_word(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	stage2_map(STAGE2_CHANNEL, 45000, 3, 150, 180);
	assert_int_equal(stage2.n_sessions, 0);
	stage2_map(STAGE2_CHANNEL, 50000, 3, 150, 180);
	assert_int_equal(stage2.n_sessions, 1);
	assert_int_equal(session[0].u.session.end, END_SILENCE);
	assert_int_equal(ms_of(session[0].u.session.left.best_ns), 19900);
	assert_true(session[0].u.session.left.hi_ns > session[0].u.session.left.best_ns);
}

static void
a_silence_shorter_than_three_times_that_of_the_gone_is_no_end(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	stage2_watch(48000, 50000, 2, 100);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 1);
	stage2_fresh(state);
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	stage2_watch(50500, 52000, 2, 100);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2);
}

static void
who_is_there_at_the_end_is_open(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	stage2_join(10000, 3);
	stage2_watch(20000, 32000, 3, 190);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2);
	assert_int_equal(session[0].u.session.end, END_SILENCE);
	assert_int_equal(session[1].u.session.end, END_OPEN);
	assert_int_equal(session[1].u.session.left.hi_ns, ESTIMATE_OPEN_HI);
}

static void
a_newcomers_sign_after_a_silence_begins_another_run(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 15000, 2, 100);
	stage2_join(17000, 2);
	stage2_watch(17100, 20000, 2, 150);
	assert_int_equal(stage2.n_sessions, 0);
	stage2_join(23000, 2);
	stage2_watch(23100, 30000, 2, 230);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2);
	assert_int_equal(session[0].u.session.end, END_RESTART);
	assert_int_equal(session[0].run, 1);
	assert_int_equal(session[1].run, 2);
	assert_int_equal(ms_of(session[1].u.session.joined.best_ns), 23000);
}

static void
a_switch_counts_from_the_last_map_in_the_old_channel(void **state)
{
	(void)state;
	stage2_channel(STAGE2_OTHER, 9, 0, 2000);
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	for (int64_t ms = 21000; ms < 30000; ms += 100)
		stage2_map(STAGE2_OTHER, ms, 2, 209, (uint64_t)(ms - 50) / 100 + 1);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2);
	assert_int_equal(session[0].channel, STAGE2_CHANNEL);
	assert_int_equal(session[0].u.session.end, END_SWITCH);
	assert_int_equal(session[1].channel, STAGE2_OTHER);
	assert_int_equal(session[1].run, 2);
	assert_true(endpoint_same(&session[1].peer, &session[0].peer));
	assert_int_equal(session[1].u.session.switched_from, STAGE2_CHANNEL);
	assert_int_equal(session[1].u.session.switch_delay.best_ns,
	                 session[1].u.session.playing.best_ns - T0_NS - 19900 * MS_NS);
}

static void
who_switches_left_no_later_than_it_came_elsewhere(void **state)
{
	const struct estimate *left = &session[0].u.session.left;

	(void)state;
	stage2_channel(STAGE2_OTHER, 9, 0, 2000);
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	stage2_map(STAGE2_OTHER, 25000, 2, 249, 250);
	assert_int_equal(stage2.n_sessions, 1);
	assert_int_equal(ms_of(left->lo_ns), 19900);
	assert_int_equal(ms_of(left->best_ns), 19900);
	assert_int_equal(ms_of(left->hi_ns), 25000);
}

static void
who_registers_elsewhere_switches_then(void **state)
{
	(void)state;
	stage2_channel(STAGE2_OTHER, 9, 0, 2000);
	stage2_join(10000, 2);
	stage2_watch(10100, 20000, 2, 100);
	stage2_put(words_say(OBS_JOIN, 21000, words_peer(2), words_peer(9)), STAGE2_OTHER);
	assert_int_equal(stage2.n_sessions, 1);
	assert_int_equal(session[0].u.session.end, END_SWITCH);
	assert_int_equal(ms_of(session[0].u.session.left.best_ns), 19900);
	for (int64_t ms = 22000; ms < 30000; ms += 100)
		stage2_map(STAGE2_OTHER, ms, 2, 219, (uint64_t)(ms - 50) / 100 + 1);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2);
	assert_int_equal(session[1].channel, STAGE2_OTHER);
	assert_int_equal(ms_of(session[1].u.session.joined.best_ns), 21000);
	assert_int_equal(session[1].u.session.switched_from, STAGE2_CHANNEL);
}

static void
a_long_absence_is_no_switch(void **state)
{
	(void)state;
	stage2_channel(STAGE2_OTHER, 9, 0, 2000);
	stage2_join(10000, 2);
	stage2_watch(10100, 12000, 2, 100);
	stage2_leave(12000, 2);
	for (int64_t ms = 23000; ms < 30000; ms += 100)
		stage2_map(STAGE2_OTHER, ms, 2, 229, (uint64_t)(ms - 50) / 100 + 1);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2);
	assert_int_equal(session[1].u.session.switched_from, 0);
	assert_false(estimate_known(&session[1].u.session.switch_delay));
}

static void
a_visitor_without_a_channel_has_no_session(void **state)
{
	(void)state;
	stage2_put(words_say(OBS_CONTACTS, 10000, words_peer(2), words_peer(3)), 0);
	stage2_put(words_say(OBS_JOIN, 10001, words_peer(2), words_peer(3)), 0);
	stage2_put(words_say(OBS_LEAVE, 10002, words_peer(2), words_peer(3)), 0);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 0);
	assert_int_equal(stage2.n_events, 0);
}

static void
nobody_has_no_session(void **state)
{
	(void)state;
	put(words_transfer(10000, stage2_nobody, words_peer(2), 100, 500));
	put(words_say(OBS_CONTACTS, 10001, stage2_nobody, words_peer(3)));
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 0);
}

static void
sending_a_chunk_is_a_word_too(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 12000, 2, 100);
	for (int64_t ms = 12000; ms < 60000; ms += 500)
		put(words_transfer(ms, words_peer(2), words_peer(3), 110, 500));
	peers_end(stage2.peers, 0);
	assert_int_equal(session[0].u.session.end, END_OPEN);
	assert_int_equal(ms_of(session[0].u.session.left.best_ns), 59500);
}

/* It asks in words that name no channel, and what is sent to it surely comes. */
static void
who_is_sent_chunks_before_it_speaks_is_in_their_channel(void **state)
{
	(void)state;
	(void)state;
	stage2.opt.playhead[1].reliable = true;
	stage2_channel(STAGE2_CHANNEL + 1, STAGE2_SOURCE, 0, 2000);
	stage2_put(words_say(OBS_REQUEST, 10000, words_peer(2), words_peer(STAGE2_SOURCE)), 0);
	for (uint64_t c = 100; c < 200; c++)
		stage2_put(words_transfer(10000 + (int64_t)(c - 100) * 100,
		                          words_peer(STAGE2_SOURCE), words_peer(2), c, 500),
		           STAGE2_CHANNEL + 1);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.stray, 0);
	assert_int_equal(stage2.n_sessions, 2); /* the source's too */
	assert_int_equal(session[0].channel, STAGE2_CHANNEL + 1);
	assert_int_equal(session[1].channel, STAGE2_CHANNEL + 1);
}

/* The start of viewer 2, seen while the capture was whole, or had lost something. */
static struct estimate
start_beside(enum obs_gap_cause cause, unsigned whose, int64_t gap_ms)
{
	struct observation *o;

	stage2_begin(4, 32);
	stage2_channel(STAGE2_CHANNEL, STAGE2_SOURCE, 0, 2000);
	stage2_join(10000, 2);
	stage2_watch(10100, 10500, 2, 100);
	if (cause != 0) {
		o = words_say(OBS_GAP, gap_ms, whose ? words_peer(whose) : stage2_nobody,
		              stage2_nobody);
		o->u.gap.cause = (uint8_t)cause;
		o->u.gap.from_ns = o->t_ns;
		stage2_put(o, 0);
	}
	stage2_watch(10500, 20000, 2, 100);
	stage2_leave(20000, 2);
	assert_int_equal(stage2.n_sessions, 1);
	return session[0].u.session.playing;
}

static void
what_the_capture_lost_widens_what_happened_about_then(void **state)
{
	struct estimate whole = start_beside(0, 0, 0), e;
	int64_t start_ms = ms_of(whole.best_ns);

	(void)state;
	assert_false(whole.reasons & ESTIMATE_GAP);
	e = start_beside(OBS_GAP_DROPPED, 0, start_ms);
	assert_true(e.reasons & ESTIMATE_GAP);
	assert_true(e.lo_ns < whole.lo_ns && e.hi_ns > whole.hi_ns && e.best_ns == whole.best_ns);
	e = start_beside(OBS_GAP_STREAM, 2, start_ms);
	assert_true(e.hi_ns > whole.hi_ns);
	e = start_beside(OBS_GAP_STREAM, 3, start_ms);
	assert_true(e.hi_ns == whole.hi_ns);
	e = start_beside(OBS_GAP_DROPPED, 0, start_ms + 5000);
	assert_true(e.hi_ns == whole.hi_ns);
	e = start_beside(OBS_GAP_EVICTED, 0, start_ms);
	assert_true(e.hi_ns == whole.hi_ns);
}

static void
a_full_table_closes_whom_it_evicts(void **state)
{
	(void)state;
	stage2_begin(4, 2);
	stage2_channel(STAGE2_CHANNEL, STAGE2_SOURCE, 0, 2000);
	for (unsigned host = 2; host < 7; host++)
		stage2_map(STAGE2_CHANNEL, 10000 + host, host, 95, 99);
	assert_int_equal(peers_evicted(stage2.peers), 3);
	assert_int_equal(stage2.n_sessions, 3);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 5);
	for (unsigned i = 0; i < 5; i++) {
		struct endpoint who = words_peer(i + 2);

		assert_true(endpoint_same(&session[i].peer, &who));
	}
}

/* With room for one, the sender's session takes the place of the receiver's. */
static void
a_chunks_receiver_may_be_evicted_by_its_sender(void **state)
{
	(void)state;
	stage2_begin(4, 1);
	stage2_channel(STAGE2_CHANNEL, STAGE2_SOURCE, 0, 2000);
	stage2_map(STAGE2_CHANNEL, 10000, 2, 95, 99);
	put(words_transfer(10110, words_peer(3), words_peer(2), 101, 500));
	/* 2's copy does not date 3's first chunk */
	stage2_map(STAGE2_CHANNEL, 12000, 3, 100, 102);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 2);
	assert_int_equal(session[1].u.session.chunks_passed, 2);
	assert_int_equal(peers_evicted(stage2.peers), 1);
}

static void
heads_of_substreams_are_no_newcomers_sign(void **state)
{
	(void)state;
	stage2_join(10000, 2);
	stage2_watch(10100, 15000, 2, 100);
	for (int64_t ms = 20000; ms < 21000; ms += 500) {
		struct observation *o = words_map(ms, words_peer(2), words_peer(3), 0, "");

		o->u.map.substreams = 2;
		o->tail_len = 17;
		memset(o->tail, 1, 17);
		put(o);
	}
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_sessions, 1);
}

static void
a_channel_that_makes_room_is_told_for_good(void **state)
{
	(void)state;
	stage2_begin(1, 32);
	stage2_channel(STAGE2_CHANNEL, STAGE2_SOURCE, 0, 200);
	stage2_join(10000, 2);
	stage2_watch(10100, 15000, 2, 100);
	put(words_say(OBS_LEAVE, 15000, stage2_nobody, stage2_nobody));
	assert_int_equal(stage2.n_channels, 1);
	assert_int_equal(stage2.channel[0].channel, STAGE2_CHANNEL);
	assert_int_equal(stage2.n_retrieval, RESULT_AGES + 1);
	stage2_channel(STAGE2_OTHER, 9, 0, 200);
	peers_end(stage2.peers, 0);
	assert_int_equal(stage2.n_channels, 2);
	assert_int_equal(stage2.channel[1].channel, STAGE2_OTHER);
	assert_int_equal(stage2.n_sessions, 1);
}

static void
the_protocols_own_id_comes_with_the_session(void **state)
{
	struct observation *o;

	(void)state;
	o = words_range(10000, words_peer(2), words_peer(3), 95, 4);
	o->peer_id = 4711;
	put(o);
	peers_end(stage2.peers, 0);
	assert_int_equal(session[0].peer_id, 4711);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage2_fresh, stage2_done)
	const struct CMUnitTest tests[] = {
		TEST(a_goodbye_ends_the_session),
		TEST(words_right_after_a_goodbye_belong_to_it),
		TEST(silence_ends_a_session_at_its_last_word),
		TEST(a_silence_shorter_than_three_times_that_of_the_gone_is_no_end),
		TEST(who_is_there_at_the_end_is_open),
		TEST(a_newcomers_sign_after_a_silence_begins_another_run),
		TEST(a_switch_counts_from_the_last_map_in_the_old_channel),
		TEST(who_switches_left_no_later_than_it_came_elsewhere),
		TEST(who_registers_elsewhere_switches_then),
		TEST(a_long_absence_is_no_switch),
		TEST(a_visitor_without_a_channel_has_no_session),
		TEST(nobody_has_no_session),
		TEST(sending_a_chunk_is_a_word_too),
		TEST(who_is_sent_chunks_before_it_speaks_is_in_their_channel),
		TEST(what_the_capture_lost_widens_what_happened_about_then),
		TEST(a_full_table_closes_whom_it_evicts),
		TEST(a_chunks_receiver_may_be_evicted_by_its_sender),
		TEST(heads_of_substreams_are_no_newcomers_sign),
		TEST(a_channel_that_makes_room_is_told_for_good),
		TEST(the_protocols_own_id_comes_with_the_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
