/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "inference/peers.h"
#include "inference/retrieval.h"
#include "tests/unit/words.h"

#define T0_NS WORDS_T0_NS
#define MS_NS WORDS_MS_NS
#define CHANNEL 7u /* chunk c is made at c * 100 ms on our clock */
#define OTHER 8u
#define SOURCE 1u
#define MAX_RESULTS 512

static struct inference_options opt;
static struct peers *stage;
static void *memory;
static struct result session[MAX_RESULTS], event[MAX_RESULTS], channel[MAX_RESULTS];
static unsigned n_sessions, n_events, n_channels, n_retrieval;
static uint64_t eligible;
static const struct endpoint nobody;

static void
take(struct result_sink *self, const struct result *r)
{
	(void)self;
	assert_true(n_sessions + n_events + n_channels < MAX_RESULTS);
	switch (r->kind) {
	case RESULT_SESSION:
		session[n_sessions++] = *r;
		break;
	case RESULT_EVENT:
		event[n_events++] = *r;
		break;
	case RESULT_CHANNEL:
		if (r->final)
			channel[n_channels++] = *r;
		break;
	case RESULT_RETRIEVAL:
		n_retrieval++;
		eligible += r->u.retrieval.eligible;
		break;
	default:
		break;
	}
}

static struct result_sink sink = { take };

static void
put(struct observation *o, uint64_t key)
{
	o->channel = key;
	peers_put(stage, o);
}

/* Tells the channel's constants and when its chunks from..to-1 are made. */
static void
open_channel(uint64_t key, unsigned source, uint64_t from, uint64_t to)
{
	struct observation *o = words_channel(0, key, "id", "");

	o->peer = words_peer(source);
	o->u.channel.chunk_lo_ns = o->u.channel.chunk_ns = o->u.channel.chunk_hi_ns = 100 * MS_NS;
	o->u.channel.bitrate_kbps = 1000;
	put(o, key);
	for (uint64_t c = from; c < to; c++)
		put(words_mark(0, words_peer(source), nobody, c,
		               T0_NS + (int64_t)c * 100 * MS_NS), key);
}

static void
begin(uint32_t max_channels, uint32_t max_peers)
{
	free(memory);
	inference_defaults(&opt);
	opt.max_channels = max_channels;
	opt.max_peers = max_peers;
	memory = calloc(1, peers_size(&opt));
	assert_non_null(memory);
	stage = peers_init(memory, &opt, &sink);
	n_sessions = n_events = n_channels = n_retrieval = 0;
	eligible = 0;
}

static int
fresh(void **state)
{
	(void)state;
	begin(4, 32);
	open_channel(CHANNEL, SOURCE, 0, 2000);
	return 0;
}

static int
done(void **state)
{
	(void)state;
	free(memory);
	memory = NULL;
	return 0;
}

static void
join(int64_t ms, unsigned host)
{
	put(words_say(OBS_JOIN, ms, words_peer(host), words_peer(SOURCE)), CHANNEL);
}

static void
leave(int64_t ms, unsigned host)
{
	put(words_say(OBS_LEAVE, ms, words_peer(host), words_peer(SOURCE)), CHANNEL);
}

static void
map_in(uint64_t key, int64_t ms, unsigned host, uint64_t from, uint64_t to)
{
	put(words_range(ms, words_peer(host), words_peer(SOURCE), from, (uint32_t)(to - from)),
	    key);
}

/* A map every 100 ms that shows all chunks made from first on until 50 ms before. */
static void
watch(int64_t from_ms, int64_t to_ms, unsigned host, uint64_t first)
{
	for (int64_t ms = from_ms; ms < to_ms; ms += 100) {
		uint64_t next = (uint64_t)(ms - 50) / 100 + 1;
		uint64_t from = next > first + 50 ? next - 50 : first;

		map_in(CHANNEL, ms, host, from, next > from ? next : from);
	}
}

static const struct result *
find(enum result_event_kind what)
{
	for (unsigned i = 0; i < n_events; i++)
		if (event[i].u.event.event == what)
			return &event[i];
	return NULL;
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
	join(10000, 2);
	watch(10100, 20000, 2, 100);
	leave(20000, 2);
	assert_int_equal(n_sessions, 1);
	assert_int_equal(session[0].u.session.end, END_GOODBYE);
	assert_int_equal(session[0].run, 1);
	assert_true(session[0].final);
	assert_int_equal(ms_of(session[0].u.session.joined.best_ns), 10000);
	assert_int_equal(ms_of(session[0].u.session.left.best_ns), 20000);
	assert_int_equal(session[0].u.session.maps, 99);
	assert_false(session[0].u.session.left_censored);
	assert_true(estimate_known(&session[0].u.session.startup));
	assert_non_null(find(EVENT_STARTUP));
	assert_non_null(find(EVENT_LEAVE));
	assert_null(find(EVENT_EXIT_BEFORE_START));
}

static void
words_right_after_a_goodbye_belong_to_it(void **state)
{
	(void)state;
	join(10000, 2);
	watch(10100, 20000, 2, 100);
	leave(20000, 2);
	map_in(CHANNEL, 20100, 2, 150, 180);
	peers_end(stage);
	assert_int_equal(n_sessions, 1);
}

static void
silence_ends_a_session_at_its_last_word(void **state)
{
	(void)state;
	join(10000, 2);
	watch(10100, 20000, 2, 100);
	map_in(CHANNEL, 45000, 3, 150, 180);
	assert_int_equal(n_sessions, 0);
	map_in(CHANNEL, 50000, 3, 150, 180);
	assert_int_equal(n_sessions, 1);
	assert_int_equal(session[0].u.session.end, END_SILENCE);
	assert_int_equal(ms_of(session[0].u.session.left.best_ns), 19900);
	assert_true(session[0].u.session.left.hi_ns > session[0].u.session.left.best_ns);
}

static void
who_is_there_at_the_end_is_open(void **state)
{
	(void)state;
	join(10000, 2);
	watch(10100, 20000, 2, 100);
	join(10000, 3);
	watch(20000, 32000, 3, 190);
	peers_end(stage);
	assert_int_equal(n_sessions, 2);
	assert_int_equal(session[0].u.session.end, END_SILENCE);
	assert_int_equal(session[1].u.session.end, END_OPEN);
	assert_int_equal(session[1].u.session.left.hi_ns, ESTIMATE_OPEN_HI);
}

static void
a_newcomers_sign_after_a_silence_begins_another_run(void **state)
{
	(void)state;
	join(10000, 2);
	watch(10100, 15000, 2, 100);
	join(17000, 2);
	watch(17100, 20000, 2, 150);
	assert_int_equal(n_sessions, 0);
	join(23000, 2);
	watch(23100, 30000, 2, 230);
	peers_end(stage);
	assert_int_equal(n_sessions, 2);
	assert_int_equal(session[0].u.session.end, END_RESTART);
	assert_int_equal(session[0].run, 1);
	assert_int_equal(session[1].run, 2);
	assert_int_equal(ms_of(session[1].u.session.joined.best_ns), 23000);
}

static void
who_shows_more_than_a_newcomer_can_have_was_there_before(void **state)
{
	(void)state;
	watch(10000, 20000, 2, 60);
	peers_end(stage);
	assert_true(session[0].u.session.left_censored);
	assert_false(estimate_known(&session[0].u.session.startup));
	assert_null(find(EVENT_STARTUP));
	assert_int_equal(session[0].u.session.joined.lo_ns, ESTIMATE_OPEN_LO);
}

/* Nobody knows yet how long a chunk is when the first map comes. */
static void
who_was_there_before_the_clock_too(void **state)
{
	(void)state;
	begin(4, 32);
	put(words_mark(9900, words_peer(SOURCE), nobody, 99, T0_NS + 9900 * MS_NS), CHANNEL);
	watch(10000, 10300, 2, 60);
	open_channel(CHANNEL, SOURCE, 0, 2000);
	watch(10300, 20000, 2, 60);
	peers_end(stage);
	assert_true(session[0].u.session.left_censored);
	assert_null(find(EVENT_STARTUP));
}

static void
who_was_not_seen_to_join_has_an_open_start(void **state)
{
	(void)state;
	watch(10000, 20000, 2, 95);
	peers_end(stage);
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
	watch(10000, 20000, SOURCE, 100);
	for (int64_t ms = 10000; ms < 20000; ms += 100) {
		o = words_range(ms, words_peer(5), words_peer(2), 100, (uint32_t)(ms / 100 - 99));
		o->flags |= OBS_SOURCE;
		put(o, CHANNEL);
	}
	peers_end(stage);
	assert_int_equal(n_sessions, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(session[i].u.session.source);
		assert_false(estimate_known(&session[i].u.session.startup));
	}
	assert_null(find(EVENT_STARTUP));
	assert_null(find(EVENT_EXIT_BEFORE_START));
	assert_int_equal(eligible, 0);
}

static void
who_leaves_before_playing_exits_before_start(void **state)
{
	(void)state;
	join(10000, 2);
	watch(10100, 11500, 2, 100);
	leave(11500, 2);
	join(10000, 3);
	watch(10100, 11500, 3, 100);
	peers_end(stage);
	assert_non_null(find(EVENT_EXIT_BEFORE_START));
	assert_true(endpoint_same(&find(EVENT_EXIT_BEFORE_START)->peer, &session[0].peer));
	assert_int_equal(n_sessions, 2);
	for (unsigned i = 0; i < n_events; i++)
		assert_true(event[i].u.event.event != EVENT_EXIT_BEFORE_START ||
		            event[i].u.event.at.best_ns == T0_NS + 11500 * MS_NS);
}

static void
a_switch_counts_from_the_last_map_in_the_old_channel(void **state)
{
	(void)state;
	open_channel(OTHER, 9, 0, 2000);
	join(10000, 2);
	watch(10100, 20000, 2, 100);
	for (int64_t ms = 21000; ms < 30000; ms += 100)
		map_in(OTHER, ms, 2, 209, (uint64_t)(ms - 50) / 100 + 1);
	peers_end(stage);
	assert_int_equal(n_sessions, 2);
	assert_int_equal(session[0].channel, CHANNEL);
	assert_int_equal(session[0].u.session.end, END_SWITCH);
	assert_int_equal(session[1].channel, OTHER);
	assert_int_equal(session[1].run, 2);
	assert_true(endpoint_same(&session[1].peer, &session[0].peer));
	assert_int_equal(session[1].u.session.switched_from, CHANNEL);
	assert_int_equal(session[1].u.session.switch_delay.best_ns,
	                 session[1].u.session.playing.best_ns - T0_NS - 19900 * MS_NS);
}

static void
who_switches_left_no_later_than_it_came_elsewhere(void **state)
{
	const struct estimate *left = &session[0].u.session.left;

	(void)state;
	open_channel(OTHER, 9, 0, 2000);
	join(10000, 2);
	watch(10100, 20000, 2, 100);
	map_in(OTHER, 25000, 2, 249, 250);
	assert_int_equal(n_sessions, 1);
	assert_int_equal(ms_of(left->lo_ns), 19900);
	assert_int_equal(ms_of(left->best_ns), 19900);
	assert_int_equal(ms_of(left->hi_ns), 25000);
}

static void
who_registers_elsewhere_switches_then(void **state)
{
	(void)state;
	open_channel(OTHER, 9, 0, 2000);
	join(10000, 2);
	watch(10100, 20000, 2, 100);
	put(words_say(OBS_JOIN, 21000, words_peer(2), words_peer(9)), OTHER);
	assert_int_equal(n_sessions, 1);
	assert_int_equal(session[0].u.session.end, END_SWITCH);
	assert_int_equal(ms_of(session[0].u.session.left.best_ns), 19900);
	for (int64_t ms = 22000; ms < 30000; ms += 100)
		map_in(OTHER, ms, 2, 219, (uint64_t)(ms - 50) / 100 + 1);
	peers_end(stage);
	assert_int_equal(n_sessions, 2);
	assert_int_equal(session[1].channel, OTHER);
	assert_int_equal(ms_of(session[1].u.session.joined.best_ns), 21000);
	assert_int_equal(session[1].u.session.switched_from, CHANNEL);
}

static void
a_long_absence_is_no_switch(void **state)
{
	(void)state;
	open_channel(OTHER, 9, 0, 2000);
	join(10000, 2);
	watch(10100, 12000, 2, 100);
	leave(12000, 2);
	for (int64_t ms = 23000; ms < 30000; ms += 100)
		map_in(OTHER, ms, 2, 229, (uint64_t)(ms - 50) / 100 + 1);
	peers_end(stage);
	assert_int_equal(n_sessions, 2);
	assert_int_equal(session[1].u.session.switched_from, 0);
	assert_false(estimate_known(&session[1].u.session.switch_delay));
}

static void
a_visitor_without_a_channel_has_no_session(void **state)
{
	(void)state;
	put(words_say(OBS_CONTACTS, 10000, words_peer(2), words_peer(3)), 0);
	put(words_say(OBS_JOIN, 10001, words_peer(2), words_peer(3)), 0);
	put(words_say(OBS_LEAVE, 10002, words_peer(2), words_peer(3)), 0);
	peers_end(stage);
	assert_int_equal(n_sessions, 0);
	assert_int_equal(n_events, 0);
}

static void
nobody_has_no_session(void **state)
{
	(void)state;
	put(words_transfer(10000, nobody, words_peer(2), 100, 500), CHANNEL);
	put(words_say(OBS_CONTACTS, 10001, nobody, words_peer(3)), CHANNEL);
	peers_end(stage);
	assert_int_equal(n_sessions, 0);
}

static void
sending_a_chunk_is_a_word_too(void **state)
{
	(void)state;
	join(10000, 2);
	watch(10100, 12000, 2, 100);
	for (int64_t ms = 12000; ms < 60000; ms += 500)
		put(words_transfer(ms, words_peer(2), words_peer(3), 110, 500), CHANNEL);
	peers_end(stage);
	assert_int_equal(session[0].u.session.end, END_OPEN);
	assert_int_equal(ms_of(session[0].u.session.left.best_ns), 59500);
}

static void
a_full_table_closes_whom_it_evicts(void **state)
{
	(void)state;
	begin(4, 2);
	open_channel(CHANNEL, SOURCE, 0, 2000);
	for (unsigned host = 2; host < 7; host++)
		map_in(CHANNEL, 10000 + host, host, 95, 99);
	assert_int_equal(peers_evicted(stage), 3);
	assert_int_equal(n_sessions, 3);
	peers_end(stage);
	assert_int_equal(n_sessions, 5);
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
	begin(4, 1);
	open_channel(CHANNEL, SOURCE, 0, 2000);
	map_in(CHANNEL, 10000, 2, 95, 99);
	put(words_transfer(10110, words_peer(3), words_peer(2), 101, 500), CHANNEL);
	/* 2's copy does not date 3's first chunk */
	map_in(CHANNEL, 12000, 3, 100, 102);
	peers_end(stage);
	assert_int_equal(n_sessions, 2);
	assert_int_equal(session[1].u.session.chunks_passed, 2);
	assert_int_equal(peers_evicted(stage), 1);
}

static void
heads_of_substreams_are_no_newcomers_sign(void **state)
{
	(void)state;
	join(10000, 2);
	watch(10100, 15000, 2, 100);
	for (int64_t ms = 20000; ms < 21000; ms += 500) {
		struct observation *o = words_map(ms, words_peer(2), words_peer(3), 0, "");

		o->u.map.substreams = 2;
		o->tail_len = 17;
		memset(o->tail, 1, 17);
		put(o, CHANNEL);
	}
	peers_end(stage);
	assert_int_equal(n_sessions, 1);
}

static void
a_channel_that_makes_room_is_told_for_good(void **state)
{
	(void)state;
	begin(1, 32);
	open_channel(CHANNEL, SOURCE, 0, 200);
	join(10000, 2);
	watch(10100, 15000, 2, 100);
	put(words_say(OBS_LEAVE, 15000, nobody, nobody), CHANNEL);
	assert_int_equal(n_channels, 1);
	assert_int_equal(channel[0].channel, CHANNEL);
	assert_int_equal(n_retrieval, RESULT_AGES + 1);
	open_channel(OTHER, 9, 0, 200);
	peers_end(stage);
	assert_int_equal(n_channels, 2);
	assert_int_equal(channel[1].channel, OTHER);
	assert_int_equal(n_sessions, 1);
}

static void
a_jump_past_everything_goes_on_behind_the_newest(void **state)
{
	(void)state;
	open_channel(CHANNEL, SOURCE, 2000, 4000);
	join(10000, 2);
	watch(10100, 15000, 2, 100);
	watch(250000, 260000, 2, 2450);
	peers_end(stage);
	assert_int_equal(n_sessions, 2); /* silent for much too long */
	n_sessions = 0;
	fresh(state);
	open_channel(CHANNEL, SOURCE, 2000, 4000);
	join(10000, 2);
	watch(10100, 15000, 2, 100);
	for (int64_t ms = 15000; ms < 25000; ms += 100)
		map_in(CHANNEL, ms, 2, 3000, 3000 + (uint64_t)(ms - 15000) / 100);
	peers_end(stage);
	assert_int_equal(n_sessions, 1);
	assert_true(session[0].u.session.chunks_passed < 1200);
	assert_true(session[0].u.session.chunks_missed >= 400);
}

static void
the_protocols_own_id_comes_with_the_session(void **state)
{
	struct observation *o;

	(void)state;
	o = words_range(10000, words_peer(2), words_peer(3), 95, 4);
	o->peer_id = 4711;
	put(o, CHANNEL);
	peers_end(stage);
	assert_int_equal(session[0].peer_id, 4711);
}

static void
a_stall_shows_in_the_session_too(void **state)
{
	const struct result_session *s = &session[0].u.session;

	(void)state;
	join(10000, 2);
	watch(10100, 20000, 2, 100);
	for (int64_t ms = 20000; ms < 26000; ms += 100)
		map_in(CHANNEL, ms, 2, 150, 200);
	watch(26000, 40000, 2, 150);
	leave(40000, 2);
	assert_int_equal(s->stalls, 1);
	assert_non_null(find(EVENT_STALL));
	assert_int_equal(s->stall_time.best_ns, find(EVENT_STALL)->u.event.duration.best_ns);
	assert_true(s->mos > 1 && s->mos < 4.3);
	assert_int_equal(s->chunks_missed, 10); /* 200 to 209: the map has moved past them */
	assert_true(s->played_ns + s->stall_time.best_ns <=
	            s->left.best_ns - s->playing.best_ns);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
	const struct CMUnitTest tests[] = {
		TEST(a_goodbye_ends_the_session),
		TEST(words_right_after_a_goodbye_belong_to_it),
		TEST(silence_ends_a_session_at_its_last_word),
		TEST(who_is_there_at_the_end_is_open),
		TEST(a_newcomers_sign_after_a_silence_begins_another_run),
		TEST(who_shows_more_than_a_newcomer_can_have_was_there_before),
		TEST(who_was_there_before_the_clock_too),
		TEST(who_was_not_seen_to_join_has_an_open_start),
		TEST(the_source_is_no_viewer),
		TEST(who_leaves_before_playing_exits_before_start),
		TEST(a_switch_counts_from_the_last_map_in_the_old_channel),
		TEST(who_switches_left_no_later_than_it_came_elsewhere),
		TEST(who_registers_elsewhere_switches_then),
		TEST(a_long_absence_is_no_switch),
		TEST(a_visitor_without_a_channel_has_no_session),
		TEST(nobody_has_no_session),
		TEST(sending_a_chunk_is_a_word_too),
		TEST(a_full_table_closes_whom_it_evicts),
		TEST(a_chunks_receiver_may_be_evicted_by_its_sender),
		TEST(heads_of_substreams_are_no_newcomers_sign),
		TEST(a_channel_that_makes_room_is_told_for_good),
		TEST(a_jump_past_everything_goes_on_behind_the_newest),
		TEST(the_protocols_own_id_comes_with_the_session),
		TEST(a_stall_shows_in_the_session_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
