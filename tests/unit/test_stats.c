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
#include "report/sample.h"
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

static uint64_t
mixed(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static int
by_hash(const void *a, const void *b)
{
	const struct sample_value *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static void
a_thinned_sample_does_not_depend_on_the_order(void **state)
{
	const uint64_t n = 3 * SAMPLE_MOST;
	struct sample up = { 0 }, down = { 0 };
	double sum = 0;

	(void)state;
	for (uint64_t i = 0; i < n; i++) {
		sample_put(&up, mixed(i), (double)i);
		sample_put(&down, mixed(n - 1 - i), (double)(n - 1 - i));
	}
	assert_int_equal(up.seen, n);
	assert_true(up.n <= SAMPLE_MOST && up.n > SAMPLE_MOST / 4);
	assert_int_equal(up.n, down.n);
	qsort(up.values, up.n, sizeof *up.values, by_hash);
	qsort(down.values, down.n, sizeof *down.values, by_hash);
	for (size_t i = 0; i < up.n; i++) {
		assert_true(up.values[i].v == down.values[i].v);
		sum += up.values[i].v;
	}
	assert_true(fabs(sum / (double)up.n / (double)n - 0.5) < 0.01);
	sample_fini(&up);
	sample_fini(&down);
}

static void
a_sample_of_one_hash_stays_bounded(void **state)
{
	struct sample s = { 0 };

	(void)state;
	for (uint32_t i = 0; i < SAMPLE_MOST + 10; i++)
		sample_put(&s, 0, 1);
	assert_true(s.n <= SAMPLE_MOST);
	sample_fini(&s);
}

static void
merged_samples_are_thinned_alike(void **state)
{
	struct sample a = { 0 }, b = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 2 * SAMPLE_MOST; i++)
		sample_put(&b, mixed(i), 1);
	for (uint64_t i = 0; i < 1024; i++)
		sample_put(&a, mixed(i << 32), 2);
	sample_merge(&a, &b);
	assert_int_equal(a.seen, 2 * SAMPLE_MOST + 1024);
	assert_true(a.level >= 1 && a.n <= SAMPLE_MOST);
	assert_int_equal(b.n, 0);
	for (size_t i = 0; i < a.n; i++)
		assert_int_equal(a.values[i].hash & ((1u << a.level) - 1), 0);
	sample_fini(&a);
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
		cmocka_unit_test(a_thinned_sample_does_not_depend_on_the_order),
		cmocka_unit_test(a_sample_of_one_hash_stays_bounded),
		cmocka_unit_test(merged_samples_are_thinned_alike),
		cmocka_unit_test(an_index_numbers_keys_as_they_come_and_grows_to_its_ceiling),
		cmocka_unit_test(the_heaviest_pair_is_taken_first_and_ties_go_to_the_earlier),
		cmocka_unit_test(overlaps_of_open_spans_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
