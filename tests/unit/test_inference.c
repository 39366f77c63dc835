/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inference/inference.h"
#include "inference/retrieval.h"
#include "tests/unit/synth.h"

#define T0_NS SYNTH_T0_NS
#define MS_NS INT64_C(1000000)
#define MAX_RESULTS 4096
#define GUARD 64

/* What came out of one run. */
struct run {
	struct result result[MAX_RESULTS];
	unsigned n;
	uint64_t digest;
	struct inference_counts counts;
};

static struct synth w;
static struct run run, again;
static struct run *now;
static struct inference *inference;

static void
mix(struct run *r, uint64_t v)
{
	r->digest = (r->digest ^ v) * 0x100000001b3u;
	r->digest ^= r->digest >> 29;
}

static void
mix_estimate(struct run *r, const struct estimate *e)
{
	mix(r, (uint64_t)e->lo_ns);
	mix(r, (uint64_t)e->best_ns);
	mix(r, (uint64_t)e->hi_ns);
	mix(r, e->reasons);
}

static void
mix_session(struct run *r, const struct result_session *s)
{
	const struct estimate *e[] = { &s->joined, &s->playing, &s->left, &s->startup,
	                               &s->switch_delay, &s->stall_time };
	const uint64_t v[] = { s->switched_from, (uint64_t)s->played_ns, (uint64_t)s->lag_ns,
	                       (uint64_t)s->buffer_ns, s->chunks_passed, s->chunks_missed,
	                       s->stalls, s->skips, s->skipped_chunks, s->maps, s->end,
	                       s->left_censored, s->source };
	uint32_t mos;

	memcpy(&mos, &s->mos, sizeof mos);
	mix(r, mos);
	for (size_t i = 0; i < sizeof e / sizeof e[0]; i++)
		mix_estimate(r, e[i]);
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
		mix(r, v[i]);
}

static void
mix_result(struct run *r, const struct result *x)
{
	mix(r, (uint64_t)x->t_ns ^ x->channel ^ x->run ^ (uint64_t)x->kind << 8 ^ x->final);
	for (unsigned i = 0; i < sizeof x->peer.addr; i++)
		mix(r, x->peer.addr[i]);
	if (x->kind == RESULT_SESSION)
		mix_session(r, &x->u.session);
	if (x->kind == RESULT_EVENT) {
		mix_estimate(r, &x->u.event.at);
		mix_estimate(r, &x->u.event.duration);
		mix(r, x->u.event.chunks ^ (uint64_t)x->u.event.event << 32 ^ x->u.event.ordinal);
	}
	if (x->kind == RESULT_RETRIEVAL)
		mix(r, x->u.retrieval.held << 20 ^ x->u.retrieval.eligible);
	if (x->kind == RESULT_LAG)
		mix(r, (uint64_t)x->u.lag.ns);
	if (x->kind == RESULT_CHANNEL)
		mix_estimate(r, &x->u.channel.chunk);
}

static void
take(struct result_sink *self, const struct result *r)
{
	(void)self;
	mix_result(now, r);
	if (r->kind == RESULT_LAG || (r->kind == RESULT_CHANNEL && !r->final))
		return;
	if (now->n < MAX_RESULTS)
		now->result[now->n] = *r;
	now->n++;
}

static void
put(void *ctx, const struct observation *o)
{
	(void)ctx;
	inference_put(inference, o);
}

static void
guard(uint8_t *at, bool check)
{
	for (int i = 0; i < GUARD; i++) {
		if (check)
			assert_int_equal(at[i], 0xa5);
		at[i] = 0xa5;
	}
}

static void
infer_with(struct run *r, const struct inference_options *opt)
{
	struct result_sink sink = { take };
	size_t size = inference_size(opt);
	uint8_t *mem = calloc(1, size + 2 * GUARD);

	assert_non_null(mem);
	guard(mem, false);
	guard(mem + GUARD + size, false);
	memset(r, 0, sizeof *r);
	now = r;
	inference = inference_init(mem + GUARD, opt, &sink);
	synth_run(&w, put, NULL);
	inference_end(inference);
	r->counts = inference_counts(inference);
	assert_true(r->n <= MAX_RESULTS || r->counts.peers_evicted > 0);
	guard(mem, true);
	guard(mem + GUARD + size, true);
	free(mem);
}

static void
infer(void)
{
	struct inference_options opt;

	synth_options(&w, &opt);
	infer_with(&run, &opt);
}

static const struct result_session *
session_of(const struct synth_viewer *v, unsigned n)
{
	struct endpoint who = synth_host(v->host);

	for (unsigned i = 0; i < run.n; i++)
		if (run.result[i].kind == RESULT_SESSION &&
		    endpoint_same(&run.result[i].peer, &who) && n-- == 0)
			return &run.result[i].u.session;
	return NULL;
}

static const struct result_session *
only_session(const struct synth_viewer *v)
{
	const struct result_session *s = session_of(v, 0);

	if (s == NULL || session_of(v, 1) != NULL)
		fail_msg("seed %llu: host %u has not one session", (unsigned long long)w.seed,
		         v->host);
	return s;
}

/* The viewer's n-th event of a kind. */
static const struct result_event *
event_of(const struct synth_viewer *v, enum result_event_kind what, unsigned n)
{
	struct endpoint who = synth_host(v->host);

	for (unsigned i = 0; i < run.n; i++)
		if (run.result[i].kind == RESULT_EVENT && run.result[i].u.event.event == what &&
		    endpoint_same(&run.result[i].peer, &who) && n-- == 0)
			return &run.result[i].u.event;
	return NULL;
}

static bool
holds(const struct estimate *e, int64_t ns)
{
	return e->lo_ns <= ns && ns <= e->hi_ns;
}

static void
within(const char *what, unsigned host, int64_t got_ns, int64_t want_ms, int64_t budget_ms)
{
	int64_t off_ms = got_ns / MS_NS - want_ms;

	if (off_ms > budget_ms || off_ms < -budget_ms)
		fail_msg("seed %llu, host %u: %s off by %lld ms", (unsigned long long)w.seed, host,
		         what, (long long)off_ms);
}

/* Eight viewers, the even ones cut off long enough to stall. */
static void
eight_viewers(uint64_t seed)
{
	synth_init(&w, seed);
	for (int i = 0; i < 8; i++) {
		struct synth_viewer *v = synth_add(&w, 0, 1000 + i * 1500);

		v->delay_ms = 50 + (int64_t)synth_draw(&w, 400);
		if (i % 2 == 0) {
			v->cut_ms = 22000 + (int64_t)synth_draw(&w, 8000);
			v->cut_until_ms = v->cut_ms + 3500 + (int64_t)synth_draw(&w, 6000);
		}
	}
}

static void
every_start_and_stall_is_found_in_its_time(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		eight_viewers(seed);
		infer();
		for (unsigned i = 0; i < w.viewers; i++) {
			const struct synth_viewer *v = &w.viewer[i];
			const struct result_session *s = only_session(v);

			within("start", v->host, s->playing.best_ns - T0_NS, v->playing_ms, 250);
			within("join", v->host, s->joined.best_ns - T0_NS, v->join_ms, 0);
			if (s->stalls != v->stalls)
				fail_msg("seed %u, host %u: %u stalls, not %u", (unsigned)seed,
				         v->host, s->stalls, v->stalls);
			for (unsigned n = 0; n < v->stalls; n++) {
				const struct result_event *e = event_of(v, EVENT_STALL, n);

				within("stall", v->host, e->at.best_ns - T0_NS, v->stall_ms[n],
				       300);
				within("stall's length", v->host, e->duration.best_ns,
				       v->stalled_ms[n], 400);
			}
		}
	}
}

static void
a_chunk_that_never_comes_is_skipped(void **state)
{
	struct synth_viewer *v;

	(void)state;
	synth_init(&w, 3);
	v = synth_add(&w, 0, 1000);
	v->lost_ms = 20000;
	v->lost_until_ms = 20500;
	infer();
	assert_int_equal(only_session(v)->skips, 1);
	assert_int_equal(only_session(v)->skipped_chunks, v->skipped);
	assert_int_equal(event_of(v, EVENT_SKIP, 0)->chunks, v->skipped);
	assert_int_equal(only_session(v)->chunks_missed, v->skipped);
	assert_true(v->skipped >= 4);
}

static void
who_leaves_early_exits_before_start(void **state)
{
	struct synth_viewer *v[2];

	(void)state;
	synth_init(&w, 4);
	for (int i = 0; i < 2; i++) {
		v[i] = synth_add(&w, 0, 1000);
		v[i]->leave_ms = 3000;
		v[i]->exit = i ? SYNTH_SAYS_GOODBYE : SYNTH_GOES_SILENT;
	}
	synth_add(&w, 0, 1000);
	infer();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(v[i]->playing_ms, -1);
		assert_false(estimate_known(&only_session(v[i])->playing));
		assert_non_null(event_of(v[i], EVENT_EXIT_BEFORE_START, 0));
		assert_int_equal(only_session(v[i])->end, i ? END_GOODBYE : END_SILENCE);
		within("leaving", v[i]->host, only_session(v[i])->left.best_ns - T0_NS, 3000,
		       i ? 0 : 2 * w.map_ms);
	}
}

static void
who_was_there_before_the_view_is_censored(void **state)
{
	struct synth_viewer *early, *late;

	(void)state;
	synth_init(&w, 5);
	early = synth_add(&w, 0, 1000);
	late = synth_add(&w, 0, 20000);
	w.from_ms = 15000;
	infer();
	assert_true(only_session(early)->left_censored);
	assert_false(estimate_known(&only_session(early)->startup));
	assert_false(only_session(late)->left_censored);
	within("start", late->host, only_session(late)->playing.best_ns - T0_NS, late->playing_ms,
	       250);
	assert_int_equal(only_session(early)->stalls, 0);
}

static void
a_switch_is_one_viewer_in_two_channels(void **state)
{
	struct synth_viewer *before, *after;

	(void)state;
	synth_init(&w, 6);
	w.swarms = 2;
	synth_add(&w, 0, 0);
	synth_add(&w, 1, 0);
	before = synth_add(&w, 0, 1000);
	before->exit = SYNTH_GOES_SILENT;
	before->leave_ms = 20000;
	after = synth_add(&w, 1, 21000);
	after->host = before->host;
	infer();
	assert_int_equal(session_of(before, 0)->end, END_SWITCH);
	assert_true(holds(&session_of(before, 0)->left, T0_NS + 20000 * MS_NS));
	within("start", after->host, session_of(before, 1)->playing.best_ns - T0_NS,
	       after->playing_ms, 250);
	within("switch", after->host, session_of(before, 1)->switch_delay.best_ns,
	       after->playing_ms - before->leave_ms, 500);
	assert_null(session_of(before, 2));
}

static void
two_swarms_share_nothing(void **state)
{
	unsigned channels = 0;

	(void)state;
	synth_init(&w, 7);
	w.swarms = 2;
	for (int i = 0; i < 8; i++)
		synth_add(&w, i % 2, 500 * i);
	infer();
	for (unsigned i = 0; i < w.viewers; i++) {
		within("start", w.viewer[i].host,
		       only_session(&w.viewer[i])->playing.best_ns - T0_NS,
		       w.viewer[i].playing_ms, 250);
		assert_int_equal(only_session(&w.viewer[i])->stalls, 0);
	}
	for (unsigned i = 0; i < run.n; i++)
		channels += run.result[i].kind == RESULT_CHANNEL;
	assert_int_equal(channels, 2);
}

/* The least delay of any copy: the source's clock is known no better than that. */
static int64_t
least_delay_ms(void)
{
	int64_t least_ms = INT64_MAX;

	for (unsigned i = 0; i < w.viewers; i++)
		for (int c = 0; c < SYNTH_CHUNKS; c++) {
			const struct synth_viewer *v = &w.viewer[i];
			int64_t delay_ms = v->came_ms[c] - SYNTH_COPY_MS - w.made_ms[v->swarm][c];

			if (v->came_ms[c] >= 0 && delay_ms < least_ms)
				least_ms = delay_ms;
		}
	return least_ms;
}

/* Of the chunks from each viewer's first on, the share there at each age, in truth. */
static double
true_share(int64_t age_ns)
{
	int64_t least_ms = least_delay_ms();
	uint64_t held = 0, all = 0;

	for (unsigned i = 0; i < w.viewers; i++) {
		const struct synth_viewer *v = &w.viewer[i];

		for (int c = 0; c < SYNTH_CHUNKS; c++) {
			int64_t made_ms = w.made_ms[v->swarm][c] + least_ms;

			if (v->came_ms[c] < 0)
				continue;
			all++;
			held += (v->came_ms[c] - made_ms) * MS_NS <= age_ns;
		}
	}
	return (double)held / (double)all;
}

static void
the_retrieval_curve_is_the_true_one(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		double sum = 0;
		unsigned ages = 0;

		eight_viewers(seed);
		w.map_ms = 100;
		infer();
		for (unsigned i = 0; i < run.n; i++) {
			const struct result_retrieval *r = &run.result[i].u.retrieval;
			double off;

			if (run.result[i].kind != RESULT_RETRIEVAL || r->bucket == RESULT_AGES)
				continue;
			assert_true(r->held <= r->eligible);
			off = (double)r->held / (double)r->eligible - true_share(r->age_ns);
			sum += off < 0 ? -off : off;
			ages++;
		}
		assert_int_equal(ages, RESULT_AGES);
		if (sum / ages > 0.04) /* maps are half a period late */
			fail_msg("seed %u: off by %.1f points in the mean", (unsigned)seed,
			         100 * sum / ages);
	}
}

/* The players' constants are drawn within the errors that the options state, maps are
 * sparse and few copies are seen: the intervals must tell. */
static void
draw_player(struct synth *s)
{
	struct player_model *p = &s->player;
	int64_t *value[] = { &p->prebuffer_ns, &p->latency_ns, &p->margin_ns, &p->rebuffer_ns };
	int64_t error[] = { p->prebuffer_err_ns, p->latency_err_ns, p->margin_err_ns,
	                    p->rebuffer_err_ns };

	for (int i = 0; i < 4; i++)
		*value[i] += (int64_t)synth_draw(s, (uint64_t)(2 * error[i])) - error[i];
	if (p->latency_ns < 0)
		p->latency_ns = 0;
}

struct tally {
	unsigned starts, starts_held, stalls, stalls_found, held, false_stalls;
	int64_t width_ms;
};

static void
tally_viewer(const struct synth_viewer *v, struct tally *t)
{
	const struct result_session *s = only_session(v);

	if (v->playing_ms >= 0 && estimate_known(&s->playing)) {
		t->starts++;
		t->starts_held += holds(&s->playing, T0_NS + v->playing_ms * MS_NS);
		t->width_ms += (s->playing.hi_ns - s->playing.lo_ns) / MS_NS;
	}
	t->stalls += v->stalls;
	for (unsigned n = 0; n < s->stalls; n++) {
		const struct result_event *e = event_of(v, EVENT_STALL, n);

		if (n >= v->stalls) {
			t->false_stalls++;
			continue;
		}
		t->stalls_found++;
		t->held += holds(&e->at, T0_NS + v->stall_ms[n] * MS_NS);
	}
}

static void
the_intervals_hold_the_truth(void **state)
{
	struct tally t = { 0 };

	(void)state;
	for (uint64_t seed = 100; seed < 140; seed++) {
		eight_viewers(seed);
		draw_player(&w);
		w.copies = seed % 2;
		w.map_ms = 100 + (int64_t)synth_draw(&w, 1000);
		infer();
		for (unsigned i = 0; i < w.viewers; i++)
			tally_viewer(&w.viewer[i], &t);
	}
	printf("starts held %u of %u, mean width %lld ms; stalls found %u of %u, held %u, "
	       "false %u\n", t.starts_held, t.starts, (long long)t.width_ms / t.starts,
	       t.stalls_found, t.stalls, t.held, t.false_stalls);
	assert_true(t.starts_held * 100 >= t.starts * 90);
	assert_true(t.width_ms / t.starts <= 1800);
	assert_true(t.stalls_found * 100 >= t.stalls * 80);
	assert_true(t.held * 100 >= t.stalls_found * 90);
	assert_true(t.false_stalls * 100 <= t.stalls * 10);
}

static void
the_same_input_gives_the_same_results(void **state)
{
	struct inference_options opt;

	(void)state;
	eight_viewers(8);
	synth_options(&w, &opt);
	infer_with(&run, &opt);
	eight_viewers(8);
	infer_with(&again, (opt.hash_seed = 1, &opt));
	assert_int_equal(run.n, again.n);
	assert_int_equal(run.digest, again.digest);
	eight_viewers(9);
	infer_with(&again, &opt);
	assert_int_not_equal(run.digest, again.digest);
}

static void
room_for_more_peers_changes_nothing(void **state)
{
	static const uint32_t rooms[] = { 10, 11, 100, 3000 };
	struct inference_options opt;

	(void)state;
	eight_viewers(8);
	synth_options(&w, &opt);
	infer_with(&run, &opt);
	for (unsigned i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
		eight_viewers(8);
		opt.max_peers = rooms[i];
		opt.max_channels = 1 + i;
		infer_with(&again, &opt);
		assert_int_equal(again.counts.peers_evicted, 0);
		assert_int_equal(again.digest, run.digest);
	}
}

static void
too_little_room_is_counted(void **state)
{
	struct inference_options opt;

	(void)state;
	eight_viewers(8);
	synth_options(&w, &opt);
	for (opt.max_peers = 1; opt.max_peers < 9; opt.max_peers++) {
		eight_viewers(8);
		infer_with(&run, &opt);
		assert_true(run.counts.peers_evicted > 0);
	}
	opt.max_peers = 9; /* eight viewers and the source */
	eight_viewers(8);
	infer_with(&run, &opt);
	assert_int_equal(run.counts.peers_evicted, 0);
}

static void
late_and_unbelievable_words_are_counted(void **state)
{
	static const int64_t times[] = { INT64_MIN, -1, INT64_MAX, T0_NS, T0_NS - 1, T0_NS };
	struct inference_options opt;
	union obs_buf buf;
	struct observation *o;
	void *mem;

	(void)state;
	synth_options(&w, &opt);
	mem = calloc(1, inference_size(&opt));
	now = &run;
	inference = inference_init(mem, &opt, &(struct result_sink){ take });
	for (unsigned i = 0; i < sizeof times / sizeof times[0]; i++) {
		o = obs_begin(&buf, OBS_CONTACTS, times[i]);
		o->peer = synth_host(2);
		inference_put(inference, o);
	}
	o = obs_begin(&buf, OBS_HAVE, T0_NS);
	o->peer = synth_host(2);
	o->offset = UINT64_MAX - 3;
	o->width = 8;
	o->flags = OBS_ALL;
	inference_put(inference, o);
	assert_int_equal(inference_counts(inference).observations, 7);
	assert_int_equal(inference_counts(inference).unbelievable, 4);
	assert_int_equal(inference_counts(inference).late, 1);
	free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_start_and_stall_is_found_in_its_time),
		cmocka_unit_test(a_chunk_that_never_comes_is_skipped),
		cmocka_unit_test(who_leaves_early_exits_before_start),
		cmocka_unit_test(who_was_there_before_the_view_is_censored),
		cmocka_unit_test(a_switch_is_one_viewer_in_two_channels),
		cmocka_unit_test(two_swarms_share_nothing),
		cmocka_unit_test(the_retrieval_curve_is_the_true_one),
		cmocka_unit_test(the_intervals_hold_the_truth),
		cmocka_unit_test(the_same_input_gives_the_same_results),
		cmocka_unit_test(room_for_more_peers_changes_nothing),
		cmocka_unit_test(too_little_room_is_counted),
		cmocka_unit_test(late_and_unbelievable_words_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
