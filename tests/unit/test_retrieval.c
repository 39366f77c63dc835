/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inference/retrieval.h"

#define BORN_NS INT64_C(1800000000000000000)
#define MS_NS INT64_C(1000000)

static void
ages_begin_at_50_ms_and_double_every_four_steps(void **state)
{
	(void)state;
	assert_int_equal(retrieval_age_ns(0), 50 * MS_NS);
	assert_int_equal(retrieval_age_ns(1), 59460000);
	for (unsigned i = 0; i + 4 < RESULT_AGES; i++)
		assert_int_equal(retrieval_age_ns(i + 4), 2 * retrieval_age_ns(i));
	for (unsigned i = 0; i + 1 < RESULT_AGES; i++)
		assert_true(retrieval_age_ns(i) < retrieval_age_ns(i + 1));
	assert_int_equal(retrieval_age_ns(RESULT_AGES - 1) / (1000 * MS_NS), 172);
}

/* A channel's counters, and a viewer who begins with chunk 10 at from_ns. */
struct rig {
	struct retrieval r;
	struct retrieval_viewer v;
	uint64_t held[RESULT_AGES], eligible[RESULT_AGES];
};

static void
begin(struct rig *x, int64_t from_ns)
{
	struct endpoint peer = endpoint_ipv4(0x0a000001, 7000);

	memset(x, 0, sizeof *x);
	retrieval_begin(&x->v, 10, from_ns, &peer);
}

static void
settle(struct rig *x, uint64_t chunk, int64_t made_ns, int64_t lo_ns, int64_t hi_ns)
{
	struct retrieval_chunk is = { made_ns, lo_ns, hi_ns };

	retrieval_settle(&x->r, &x->v, chunk, &is);
}

static void
curve(struct rig *x)
{
	retrieval_read(&x->r, x->held, x->eligible);
}

static void
an_arrived_chunk_is_held_from_its_age_on(void **state)
{
	struct rig x;

	(void)state;
	begin(&x, BORN_NS - 1);
	settle(&x, 10, BORN_NS, BORN_NS + 200 * MS_NS, BORN_NS + 200 * MS_NS);
	curve(&x);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		assert_int_equal(x.eligible[i], 1);
		assert_int_equal(x.held[i], retrieval_age_ns(i) >= 200 * MS_NS);
	}
}

static void
a_chunk_given_up_counts_against_every_age(void **state)
{
	struct rig x;

	(void)state;
	begin(&x, BORN_NS - 1);
	settle(&x, 10, BORN_NS, RETRIEVAL_NEVER, RETRIEVAL_NEVER);
	curve(&x);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		assert_int_equal(x.eligible[i], 1);
		assert_int_equal(x.held[i], 0);
	}
}

static void
a_viewer_counts_only_for_ages_at_which_it_was_there(void **state)
{
	struct rig x;
	struct retrieval_chunk late = { BORN_NS, RETRIEVAL_NEVER, RETRIEVAL_NEVER };
	struct retrieval_chunk there = { BORN_NS, BORN_NS + 150 * MS_NS, BORN_NS + 150 * MS_NS };

	(void)state;
	begin(&x, BORN_NS + 110 * MS_NS);
	retrieval_pending(&x.r, &x.v, 10, &late, BORN_NS + 390 * MS_NS);
	retrieval_pending(&x.r, &x.v, 11, &there, BORN_NS + 390 * MS_NS);
	curve(&x);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		int64_t age_ns = retrieval_age_ns(i);
		bool there_then = age_ns >= 110 * MS_NS && age_ns < 390 * MS_NS;

		assert_int_equal(x.eligible[i], there_then ? 2 : 0);
		assert_int_equal(x.held[i], there_then && age_ns >= 150 * MS_NS);
	}
}

static void
who_leaves_takes_what_was_played_along(void **state)
{
	struct rig x;

	(void)state;
	begin(&x, BORN_NS - 1);
	settle(&x, 10, BORN_NS, BORN_NS, BORN_NS);
	settle(&x, 11, BORN_NS, RETRIEVAL_NEVER, RETRIEVAL_NEVER);
	retrieval_left(&x.r, &x.v, 10, BORN_NS, BORN_NS + 5000 * MS_NS);
	retrieval_left(&x.r, &x.v, 11, BORN_NS, BORN_NS + 5000 * MS_NS);
	curve(&x);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		bool there = retrieval_age_ns(i) < 5000 * MS_NS;

		assert_int_equal(x.eligible[i], there ? 2 : 0);
		assert_int_equal(x.held[i], there ? 1 : 0);
	}
}

static void
chunks_before_its_play_do_not_count(void **state)
{
	struct rig x;

	(void)state;
	begin(&x, BORN_NS);
	settle(&x, 9, BORN_NS, BORN_NS, BORN_NS);
	curve(&x);
	assert_int_equal(x.eligible[RESULT_AGES - 1], 0);
}

static void
what_came_between_two_ages_is_held_from_the_second_on(void **state)
{
	struct rig x;
	uint64_t n = 0;

	(void)state;
	begin(&x, BORN_NS - 1);
	settle(&x, 10, BORN_NS, BORN_NS + 300 * MS_NS, BORN_NS + 1300 * MS_NS);
	curve(&x);
	for (unsigned i = 0; i < RESULT_AGES; i++)
		assert_int_equal(x.held[i], retrieval_age_ns(i) >= 1300 * MS_NS);
	for (unsigned i = 0; i < RESULT_CELLS; i++)
		for (unsigned j = 0; j < RESULT_CELLS; j++) {
			if (x.r.came[i][j] == 0)
				continue;
			n += x.r.came[i][j];
			assert_true(retrieval_cell_ns(i) >= 300 * MS_NS);
			assert_true(retrieval_cell_ns(i - 1) < 300 * MS_NS);
			assert_true(retrieval_cell_ns(j) >= 1300 * MS_NS);
			assert_true(retrieval_cell_ns(j - 1) < 1300 * MS_NS);
		}
	assert_int_equal(n, 1);
}

static void
the_deadline_counts_apart(void **state)
{
	struct rig x;

	(void)state;
	begin(&x, BORN_NS);
	retrieval_due(&x.r, &x.v, true);
	retrieval_due(&x.r, &x.v, false);
	retrieval_due(&x.r, &x.v, true);
	assert_int_equal(x.r.due, 3);
	assert_int_equal(x.r.on_time, 2);
	assert_int_equal(x.r.group[x.v.group].due, 3);
	assert_int_equal(x.r.group[x.v.group].on_time, 2);
}

/* What the groups count, together, is what all count: a chunk in the middle of its
 * interval is held by then. */
static void
a_viewer_s_group_counts_it_too(void **state)
{
	struct rig x;
	int32_t here = 0, has = 0;

	(void)state;
	begin(&x, BORN_NS - 1);
	settle(&x, 10, BORN_NS, BORN_NS + 300 * MS_NS, BORN_NS + 1300 * MS_NS);
	settle(&x, 11, BORN_NS, RETRIEVAL_NEVER, RETRIEVAL_NEVER);
	retrieval_left(&x.r, &x.v, 10, BORN_NS, BORN_NS + 5000 * MS_NS);
	retrieval_left(&x.r, &x.v, 11, BORN_NS, BORN_NS + 5000 * MS_NS);
	curve(&x);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		here += x.r.group[x.v.group].here[i];
		has += x.r.group[x.v.group].has[i];
		assert_int_equal(here, x.eligible[i]);
		if (retrieval_age_ns(i) < 300 * MS_NS || retrieval_age_ns(i) >= 1300 * MS_NS)
			assert_int_equal(has, x.held[i]);
		if (retrieval_age_ns(i) > 760 * MS_NS && retrieval_age_ns(i) < 4000 * MS_NS)
			assert_int_equal(has, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_begin_at_50_ms_and_double_every_four_steps),
		cmocka_unit_test(an_arrived_chunk_is_held_from_its_age_on),
		cmocka_unit_test(a_chunk_given_up_counts_against_every_age),
		cmocka_unit_test(a_viewer_counts_only_for_ages_at_which_it_was_there),
		cmocka_unit_test(who_leaves_takes_what_was_played_along),
		cmocka_unit_test(chunks_before_its_play_do_not_count),
		cmocka_unit_test(what_came_between_two_ages_is_held_from_the_second_on),
		cmocka_unit_test(the_deadline_counts_apart),
		cmocka_unit_test(a_viewer_s_group_counts_it_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
