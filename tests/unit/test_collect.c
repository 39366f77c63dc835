/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/collect.h"
#include "report/document.h"
#include "report/figures.h"
#include "tests/unit/swarm.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)

/* Keeps what a producer puts, to put it again in another order. */
struct keeper {
	struct result_sink sink;
	struct result *all;
	size_t n;
};

static void
keep(struct result_sink *self, const struct result *r)
{
	struct keeper *k = (struct keeper *)(void *)self;

	k->all = realloc(k->all, (k->n + 1) * sizeof *k->all);
	assert_non_null(k->all);
	k->all[k->n++] = *r;
}

/* The document of what is in c, which is finished and freed. */
static char *
document(struct collect *c)
{
	struct report r;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	collect_finish(c);
	r = swarm_report(c);
	document_write(out, &r);
	fclose(out);
	collect_fini(c);
	return text;
}

static void
the_order_of_different_keys_does_not_matter(void **state)
{
	struct keeper k = { .sink.put = keep };
	struct collect c;
	char *first, *again;

	(void)state;
	swarm_put(&k.sink);
	collect_init(&c);
	for (size_t i = 0; i < k.n; i++)
		c.sink.put(&c.sink, &k.all[i]);
	first = document(&c);
	for (size_t step = 1; step < k.n; step++) {
		collect_init(&c);
		for (size_t i = 0; i < k.n; i++)
			c.sink.put(&c.sink, &k.all[(i + step) % k.n]);
		again = document(&c);
		assert_string_equal(first, again);
		free(again);
	}
	free(first);
	free(k.all);
}

static void
the_same_key_again_replaces(void **state)
{
	struct collect c;
	struct result r = swarm_session(3, 0, 2, 4, 50), e;

	(void)state;
	collect_init(&c);
	for (int i = 0; i < 3; i++) {
		r = swarm_session(3, 0, 2, 4, 50 + i);
		e = swarm_event(&r, EVENT_STALL, 1, 20 + i, 1);
		c.sink.put(&c.sink, &e);
		c.sink.put(&c.sink, &r);
	}
	collect_finish(&c);
	assert_int_equal(c.n_sessions, 1);
	assert_int_equal(c.n_events, 1);
	assert_true(c.sessions[0].s.left.best_ns == swarm_ns(52));
	assert_true(c.events[0].e.at.best_ns == swarm_ns(22));
	assert_int_equal(c.sessions[0].events, 1);
	collect_fini(&c);
}

static void
events_belong_to_their_session_in_order_of_their_ordinals(void **state)
{
	struct collect c;
	struct result late = swarm_session(3, 0, 5, 6, 50), early = swarm_session(4, 0, 2, 4, 50),
		      e;

	(void)state;
	collect_init(&c);
	e = swarm_event(&late, EVENT_SKIP, 1, 9, NAN);
	c.sink.put(&c.sink, &e);
	e = swarm_event(&early, EVENT_STALL, 0, 20, 1);
	c.sink.put(&c.sink, &e);
	e = swarm_event(&late, EVENT_STALL, 0, 8, 1);
	c.sink.put(&c.sink, &e);
	c.sink.put(&c.sink, &late);
	c.sink.put(&c.sink, &early);
	collect_finish(&c);
	assert_int_equal(c.n_sessions, 2);
	assert_true(c.sessions[0].s.joined.best_ns == swarm_ns(2));
	assert_int_equal(c.sessions[0].events, 1);
	assert_int_equal(c.sessions[1].events, 2);
	assert_int_equal(c.events[c.sessions[1].first].e.event, EVENT_STALL);
	assert_int_equal(c.events[c.sessions[1].first + 1].e.event, EVENT_SKIP);
	collect_fini(&c);
}

static void
events_without_a_session_are_left_out(void **state)
{
	struct collect c;
	struct result r = swarm_session(3, 0, 2, 4, 50), e = swarm_event(&r, EVENT_STALL, 0, 20, 1);

	(void)state;
	collect_init(&c);
	c.sink.put(&c.sink, &e);
	collect_finish(&c);
	assert_int_equal(c.n_sessions, 0);
	assert_int_equal(c.n_events, 0);
	collect_fini(&c);
}

static void
put_channel(struct collect *c, uint64_t key, uint64_t alias_of)
{
	struct result r = { .channel = key, .kind = RESULT_CHANNEL, .protocol = 1 };

	r.u.channel.chunk = ESTIMATE_UNKNOWN;
	r.u.channel.id[0] = (uint8_t)key;
	r.u.channel.id_len = 1;
	r.u.channel.alias_of = alias_of;
	c->sink.put(&c->sink, &r);
	r.kind = RESULT_RETRIEVAL;
	r.u.retrieval = (struct result_retrieval){ 500, 3, 4, 0 };
	c->sink.put(&c->sink, &r);
	r.kind = RESULT_LAG;
	r.u.lag.ns = 1000000000;
	r.u.lag.n = 1;
	r.t_ns = (int64_t)key;
	c->sink.put(&c->sink, &r);
}

static void
a_merged_channel_gives_all_to_the_other(void **state)
{
	struct collect c;
	struct result r;
	struct figures f;

	(void)state;
	collect_init(&c);
	put_channel(&c, 9, 5);
	put_channel(&c, 5, 7);
	put_channel(&c, 7, 0);
	for (unsigned i = 0; i < 3; i++) {
		r = swarm_session(3 + i, 0, 2, 4, 50);
		r.channel = 5 + 2 * i;
		c.sink.put(&c.sink, &r);
	}
	collect_finish(&c);
	assert_int_equal(c.n_channels, 3);
	assert_int_equal(c.channels[0].key, 5);
	assert_false(collect_is_root(&c, 0));
	assert_true(collect_is_root(&c, 1));
	assert_false(collect_is_root(&c, 2));
	assert_ptr_equal(collect_channel(&c, 7), &c.channels[1]);
	figures_of(&f, &c, 1);
	assert_int_equal(f.sessions, 3);
	assert_int_equal(f.startup.n, 3);
	assert_int_equal(f.age_n[0], 12);
	NEAR(f.ratio[0], 0.75);
	assert_int_equal(f.lag_n, 3);
	collect_fini(&c);
}

static void
channels_merged_in_a_circle_end_somewhere(void **state)
{
	struct collect c;

	(void)state;
	collect_init(&c);
	put_channel(&c, 1, 2);
	put_channel(&c, 2, 1);
	put_channel(&c, 3, 3);
	put_channel(&c, 4, 99);
	collect_finish(&c);
	assert_int_equal(c.n_channels, 4);
	assert_true(collect_is_root(&c, 2) && collect_is_root(&c, 3));
	collect_fini(&c);
}

static void
warnings_are_kept_once_and_up_to_a_ceiling(void **state)
{
	struct collect c;

	(void)state;
	collect_init(&c);
	for (int i = 0; i < 2 * (int)COLLECT_WARNINGS; i++) {
		collect_warn(&c, "file %d is odd", i);
		collect_warn(&c, "file %d is odd", 0);
	}
	assert_int_equal(c.n_warnings, COLLECT_WARNINGS);
	assert_string_equal(c.warnings[1], "file 1 is odd");
	assert_int_equal(c.dropped, COLLECT_WARNINGS);
	collect_fini(&c);
}

static void
what_is_past_a_ceiling_is_told(void **state)
{
	struct result r = { .kind = RESULT_CHANNEL, .protocol = 1 };
	struct collect c;

	(void)state;
	collect_init(&c);
	for (uint64_t i = 0; i < COLLECT_CHANNELS + 5; i++) {
		r.channel = i + 1;
		c.sink.put(&c.sink, &r);
	}
	collect_finish(&c);
	assert_int_equal(c.n_channels, COLLECT_CHANNELS);
	assert_int_equal(c.n_warnings, 1);
	assert_non_null(strstr(c.warnings[0], "5 results"));
	collect_fini(&c);
}

static void
figures_of_the_swarm_are_the_known_ones(void **state)
{
	struct collect c;
	struct figures f;

	(void)state;
	collect_init(&c);
	swarm_put(&c.sink);
	collect_finish(&c);
	figures_of(&f, &c, 0);
	assert_int_equal(f.peers, 6);
	assert_int_equal(f.sessions, 7);
	assert_int_equal(f.viewers, 6);
	assert_int_equal(f.left_censored, 1);
	assert_int_equal(f.known, 6);
	assert_int_equal(f.inferred, 6);
	assert_int_equal(f.startup.n, 4); /* 2, 3, 3.5, 4.2 */
	NEAR(f.startup.p50, 3.25);
	NEAR(f.startup.p95, 3.5 + 0.85 * 0.7);
	NEAR(f.startup.mean, 12.7 / 4);
	NEAR(f.startup.p50_lo, 2.95);
	NEAR(f.startup.p50_hi, 3.65);
	assert_int_equal(f.switching.n, 0);
	assert_true(isnan(f.switching.p50));
	assert_int_equal(f.stalls, 2);
	NEAR(f.stall_s, 22);
	NEAR(f.viewing_s, 96 + 69.8 + 59 + 62 + 20.5 + 22);
	NEAR(f.stalls_per_hour, 2 / (329.3 / 3600));
	NEAR(f.rebuffering_ratio, 22 / 329.3);
	NEAR(f.continuity_index, 1 - 135.0 / 4500);
	assert_int_equal(f.skips, 1);
	assert_int_equal(f.skipped_chunks, 135);
	assert_int_equal(f.reboots, 1);
	assert_int_equal(f.exits_before_start, 1);
	assert_int_equal(f.lag_n, 101);
	assert_true(fabs(f.lag_p50 - 4) < 4 * 0.0079);
	assert_true(fabs(f.lag_p95 - 4.9) < 4.9 * 0.0079);
	assert_int_equal(f.skew_n, 4); /* 3.3, 3.5, 3.6, 3.6 */
	NEAR(f.skew_s, 3.6 - (3.3 + 0.15 * 0.2));
	NEAR(f.mos[FIGURES_BOTH], (4.5 * 3 + 2.4f) / 4);
	NEAR(f.mos[FIGURES_DELAY], 4.25);
	assert_int_equal(f.joins, 5);
	assert_int_equal(f.stall_length.n, 2);
	collect_fini(&c);
}

static void
the_retrieval_curve_says_when_a_share_is_reached(void **state)
{
	struct collect c;
	struct figures f;

	(void)state;
	collect_init(&c);
	swarm_put(&c.sink);
	collect_finish(&c);
	figures_of(&f, &c, 0);
	assert_int_equal(f.ages, 5);
	NEAR(f.age_s[2], 2);
	NEAR(f.ratio[2], 0.93);
	NEAR(f.t50_s, 0.5 + 0.5 * (0.50 - 0.21) / (0.55 - 0.21));
	NEAR(f.t99_s, 4);
	NEAR(f.at_deadline, 0.991);
	assert_int_equal(f.deadline_n, 1000);
	collect_fini(&c);
}

static void
of_nothing_all_is_unknown(void **state)
{
	struct collect c;
	struct figures f;

	(void)state;
	collect_init(&c);
	put_channel(&c, 1, 0);
	collect_finish(&c);
	figures_of(&f, &c, 0);
	assert_int_equal(f.sessions, 0);
	assert_true(isnan(f.startup.p50) && isnan(f.startup.mean) && isnan(f.stalls_per_hour));
	assert_true(isnan(f.rebuffering_ratio) && isnan(f.continuity_index) && isnan(f.skew_s));
	assert_true(isnan(f.mos[FIGURES_BOTH]) && isnan(f.at_deadline) && isnan(f.t99_s));
	NEAR(f.t50_s, 500e-9);
	collect_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_different_keys_does_not_matter),
		cmocka_unit_test(the_same_key_again_replaces),
		cmocka_unit_test(events_belong_to_their_session_in_order_of_their_ordinals),
		cmocka_unit_test(events_without_a_session_are_left_out),
		cmocka_unit_test(a_merged_channel_gives_all_to_the_other),
		cmocka_unit_test(channels_merged_in_a_circle_end_somewhere),
		cmocka_unit_test(warnings_are_kept_once_and_up_to_a_ceiling),
		cmocka_unit_test(what_is_past_a_ceiling_is_told),
		cmocka_unit_test(figures_of_the_swarm_are_the_known_ones),
		cmocka_unit_test(the_retrieval_curve_says_when_a_share_is_reached),
		cmocka_unit_test(of_nothing_all_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
