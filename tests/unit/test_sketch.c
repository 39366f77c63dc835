/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "record/sketch.h"
#include "tests/unit/sample.h"

#define MS_NS INT64_C(1000000)

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
of_nothing_no_quantile_is_known(void **state)
{
	struct sketch s = { 0 };
	int64_t ns = 77;

	(void)state;
	assert_false(sketch_quantile(&s, 500000, &ns));
	assert_int_equal(ns, 77);
}

static void
each_value_is_found_again_within_the_stated_error(void **state)
{
	(void)state;
	for (int64_t v = 1049 * MS_NS / 1000; v < 4300000 * MS_NS; v += v / 97 + 1) {
		struct sketch s = { 0 };
		int64_t ns = 0, off;

		sketch_put(&s, v);
		assert_true(sketch_quantile(&s, 500000, &ns));
		off = ns > v ? ns - v : v - ns;
		assert_true(off * 1000 <= v / 1000 * SKETCH_PPM + 1000);
	}
}

static void
quantiles_of_many_are_those_of_the_sorted_values(void **state)
{
	static const uint32_t ppm[] = { 1, 10000, 250000, 500000, 950000, 990000, 1000000 };
	enum { N = 5000 };
	int64_t *v = calloc(N, sizeof *v);
	struct sketch s = { 0 };
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < N; i++) {
		v[i] = (int64_t)(2 * MS_NS) << (sample_random(&seed) % 18);
		v[i] += (int64_t)(sample_random(&seed) % (uint64_t)v[i]);
		sketch_put(&s, v[i]);
	}
	qsort(v, N, sizeof *v, by_size);
	for (size_t i = 0; i < sizeof ppm / sizeof ppm[0]; i++) {
		uint64_t rank = ((uint64_t)N * ppm[i] + 999999) / 1000000;
		int64_t ns = 0, truth = v[rank > 0 ? rank - 1 : 0], off;

		assert_true(sketch_quantile(&s, ppm[i], &ns));
		off = ns > truth ? ns - truth : truth - ns;
		assert_true(off * 1000 <= truth / 1000 * SKETCH_PPM + 1000);
	}
	free(v);
}

static void
what_is_out_of_range_counts_at_the_ends(void **state)
{
	struct sketch s = { 0 };
	int64_t ns = -1;

	(void)state;
	sketch_put(&s, INT64_MIN);
	sketch_put(&s, -5);
	sketch_put(&s, 0);
	sketch_put(&s, INT64_MAX);
	assert_int_equal(s.n, 4);
	assert_true(sketch_quantile(&s, 750000, &ns));
	assert_int_equal(ns, 0);
	assert_true(sketch_quantile(&s, 1000000, &ns));
	assert_int_equal(ns, INT64_C(1) << 42);
}

static void
parts_merge_to_the_whole_in_any_order(void **state)
{
	struct sketch part[3] = { 0 }, all = { 0 }, a = { 0 }, b = { 0 };
	uint64_t seed = 9;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		int64_t v = (int64_t)(sample_random(&seed) >> (20 + i % 30));

		sketch_put(&part[i % 3], v);
		sketch_put(&all, v);
	}
	for (int i = 0; i < 3; i++) {
		sketch_add(&a, &part[i]);
		sketch_add(&b, &part[2 - i]);
	}
	assert_memory_equal(&a, &all, sizeof all);
	assert_memory_equal(&b, &all, sizeof all);
}

static void
bins_follow_one_another(void **state)
{
	(void)state;
	assert_int_equal(sketch_bin_ns(0), 0);
	for (uint32_t i = 1; i < SKETCH_BINS; i++) {
		struct sketch s = { 0 };

		assert_true(sketch_bin_ns(i) > sketch_bin_ns(i - 1));
		sketch_put(&s, sketch_bin_ns(i));
		sketch_put(&s, sketch_bin_ns(i) - 1);
		assert_int_equal(s.count[i], 1);
		assert_int_equal(s.count[i - 1], 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_nothing_no_quantile_is_known),
		cmocka_unit_test(each_value_is_found_again_within_the_stated_error),
		cmocka_unit_test(quantiles_of_many_are_those_of_the_sorted_values),
		cmocka_unit_test(what_is_out_of_range_counts_at_the_ends),
		cmocka_unit_test(parts_merge_to_the_whole_in_any_order),
		cmocka_unit_test(bins_follow_one_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
