/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "report/index.h"
#include "report/match.h"
#include "report/interval.h"
#include "report/stats.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void
quantiles_are_linear_between_order_statistics(void **state)
{
	const double v[] = { 1, 2, 4, 8 };

	(void)state;
	NEAR(stats_quantile(v, 4, 0), 1);
	NEAR(stats_quantile(v, 4, 0.5), 3);
	NEAR(stats_quantile(v, 4, 0.95), 7.4);
	NEAR(stats_quantile(v, 4, 1), 8);
	NEAR(stats_quantile(v, 1, 0.95), 1);
}

static void
nothing_has_no_quantile_and_no_mean(void **state)
{
	(void)state;
	assert_true(isnan(stats_quantile(NULL, 0, 0.5)));
	assert_true(isnan(stats_mean(NULL, 0)));
	assert_true(isnan(stats_ratio(1, 0)));
	assert_true(isnan(stats_ratio(0, NAN)));
}

static void
open_ends_sort_last_and_make_no_nan(void **state)
{
	double v[] = { INFINITY, 2, INFINITY, -INFINITY, 1 };

	(void)state;
	stats_sort(v, 5);
	assert_true(isinf(v[0]) && v[0] < 0);
	NEAR(stats_quantile(v, 5, 0.5), 2);
	assert_true(isinf(stats_quantile(v, 5, 0.9)));
	assert_true(isinf(stats_quantile(v, 5, 0.6)));
	assert_true(isinf(stats_seconds(INT64_MAX)) && stats_seconds(INT64_MIN) < 0);
}

static void
a_share_has_wilson_s_interval(void **state)
{
	struct interval i = interval_wilson(8, 10, 1.96);

	(void)state;
	assert_true(fabs(i.lo - 0.4902) < 1e-3 && fabs(i.hi - 0.9433) < 1e-3);
	i = interval_wilson(10, 10, 1.96);
	assert_true(fabs(i.lo - 0.7225) < 1e-3 && i.hi == 1);
	i = interval_wilson(0, 10, 1.96);
	assert_true(i.lo == 0 && fabs(i.hi - 0.2775) < 1e-3);
	assert_true(isnan(interval_wilson(0, 0, 1.96).lo));
}

/* Published ranks of the median: n 20 from the 6th to the 15th, n 6 all of them. */
static void
a_quantile_lies_between_two_of_the_values(void **state)
{
	double v[3000];
	struct interval i;

	(void)state;
	for (int k = 0; k < 3000; k++)
		v[k] = k + 1;
	i = interval_quantile(v, 20, 0.5);
	assert_true(i.lo == 6 && i.hi == 15);
	i = interval_quantile(v, 6, 0.5);
	assert_true(i.lo == 1 && i.hi == 6);
	i = interval_quantile(v, 5, 0.5);
	assert_true(isnan(i.lo) && isnan(i.hi));
	i = interval_quantile(v, 20, 0.95);
	assert_true(i.lo == 17 && isnan(i.hi));
	i = interval_quantile(v, 3000, 0.5);
	assert_true(i.lo >= 1445 && i.lo <= 1448 && i.hi >= 1553 && i.hi <= 1556);
	assert_true(isnan(interval_quantile(v, 0, 0.5).lo));
}

/* Samples of a tenth of a population whose members differ a lot: as many intervals hold
 * its ratio as they say. */
static void
intervals_by_groups_hold_what_they_promise(void **state)
{
	enum { PEERS = 400, GROUPS = 32, TRIALS = 2000 };
	uint64_t x = 88172645463325252u;
	double part[PEERS], all = 0;
	int held = 0;

	(void)state;
	for (int k = 0; k < PEERS; k++) {
		part[k] = k % 10 < 3 ? 20 : 70 + k % 30; /* of 100 */
		all += part[k] / 100 / PEERS;
	}
	for (int t = 0; t < TRIALS; t++) {
		double in[GROUPS] = { 0 }, of[GROUPS] = { 0 };
		struct interval i;

		for (int n = 0; n < PEERS / 10; n++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			in[x % GROUPS] += part[x / GROUPS % PEERS];
			of[x % GROUPS] += 100;
		}
		i = interval_groups(in, of, GROUPS, 0.1);
		held += i.lo <= all && all <= i.hi;
	}
	assert_true(held >= TRIALS * 0.92 && held <= TRIALS * 0.98);
}

static void
one_group_tells_nothing_and_a_full_view_all(void **state)
{
	double part[4] = { 50, 0, 0, 0 }, whole[4] = { 100, 0, 0, 0 };
	struct interval i = interval_groups(part, whole, 4, 0.1);

	(void)state;
	assert_true(isnan(i.lo) && isnan(i.hi));
	part[1] = 80000;
	whole[0] = whole[1] = 100000;
	part[0] = 50000;
	i = interval_groups(part, whole, 4, 1);
	assert_true(i.lo > 0.62 && i.hi < 0.68);
	i = interval_groups(part, whole, 4, 0.1);
	assert_true(i.lo < 0.2 && i.hi > 0.9);
}

static void
an_index_numbers_keys_as_they_come_and_grows_to_its_ceiling(void **state)
{
	struct index x;
	bool fresh;

	(void)state;
	index_init(&x, sizeof(uint64_t), 1000);
	for (uint64_t key = 0; key < 1000; key++) {
		assert_int_equal(index_put(&x, &(uint64_t){ key * 7 }, &fresh), key);
		assert_true(fresh);
	}
	for (uint64_t key = 0; key < 1000; key++) {
		assert_int_equal(index_put(&x, &(uint64_t){ key * 7 }, &fresh), key);
		assert_false(fresh);
	}
	assert_int_equal(index_put(&x, &(uint64_t){ 1 }, &fresh), INDEX_NONE);
	assert_int_equal(index_find(&x, &(uint64_t){ 1 }), INDEX_NONE);
	assert_int_equal(index_find(&x, &(uint64_t){ 7 }), 1);
	assert_int_equal(index_count(&x), 1000);
	index_fini(&x);
}

static void
the_heaviest_pair_is_taken_first_and_ties_go_to_the_earlier(void **state)
{
	struct match m = { 0 };
	uint32_t *a = match_none(3), *b = match_none(3);

	(void)state;
	match_add(&m, 2, 1, 5);
	match_add(&m, 1, 1, 5);
	match_add(&m, 1, 0, 5);
	match_add(&m, 0, 1, 9);
	match_add(&m, 2, 0, 5);
	match_decide(&m, a, b);
	assert_int_equal(a[0], 1);
	assert_int_equal(a[1], 0);
	assert_int_equal(a[2], MATCH_NONE);
	assert_int_equal(b[2], MATCH_NONE);
	assert_int_equal(m.n, 0);
	match_free(&m);
	free(a);
	free(b);
}

static void
overlaps_of_open_spans_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(match_overlap(0, 10, 4, 20), 6);
	assert_int_equal(match_overlap(0, 10, 12, 20), -2);
	assert_int_equal(match_overlap(0, 10, 10, 20), 0);
	assert_true(match_overlap(INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX) == INT64_MAX);
	assert_true(match_overlap(INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX) == INT64_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_linear_between_order_statistics),
		cmocka_unit_test(nothing_has_no_quantile_and_no_mean),
		cmocka_unit_test(open_ends_sort_last_and_make_no_nan),
		cmocka_unit_test(a_share_has_wilson_s_interval),
		cmocka_unit_test(a_quantile_lies_between_two_of_the_values),
		cmocka_unit_test(intervals_by_groups_hold_what_they_promise),
		cmocka_unit_test(one_group_tells_nothing_and_a_full_view_all),
		cmocka_unit_test(an_index_numbers_keys_as_they_come_and_grows_to_its_ceiling),
		cmocka_unit_test(the_heaviest_pair_is_taken_first_and_ties_go_to_the_earlier),
		cmocka_unit_test(overlaps_of_open_spans_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
