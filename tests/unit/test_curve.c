/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "report/curve.h"

static int64_t age_ns[RESULT_AGES];

/* 50 ms, then a fourth root of two more each. */
static double
age_ms(unsigned cell)
{
	return 50 * pow(2, cell / 8.0);
}

static unsigned
cell_of(double ms)
{
	unsigned k = 0;

	while (k + 1 < RESULT_CELLS && age_ms(k) < ms)
		k++;
	return k;
}

static int
set_ages(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RESULT_AGES; i++)
		age_ns[i] = (int64_t)(age_ms(2 * i) * 1e6);
	return 0;
}

static void
add(struct curve *c, double from_ms, double to_ms)
{
	c->came[cell_of(from_ms)][cell_of(to_ms)]++;
}

static void
what_came_within_one_cell_adds_nothing(void **state)
{
	struct curve c = { 0 };
	double more[RESULT_AGES];

	(void)state;
	c.came[20][20] = 1000;
	curve_spread(&c, age_ns, more);
	for (unsigned i = 0; i < RESULT_AGES; i++)
		assert_true(more[i] == 0);
}

static void
one_chunk_alone_is_spread_over_its_cells(void **state)
{
	struct curve c = { 0 };
	double more[RESULT_AGES];

	(void)state;
	add(&c, 400, 1600);
	curve_spread(&c, age_ns, more);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		double ms = age_ms(2 * i);

		if (ms < 360 || ms >= 1599)
			assert_true(more[i] == 0); /* not yet; counted by held already */
		else if (ms > 450 && ms < 1400)
			assert_true(fabs(more[i] - (ms - 400) / 1200) < 0.1);
	}
}

/* All chunks come at an age of 700 ms, to viewers whose maps, a second apart, have all
 * phases: no map alone says when, all together do. */
static void
maps_of_many_viewers_sharpen_the_curve(void **state)
{
	struct curve c = { 0 };
	double more[RESULT_AGES];

	(void)state;
	for (int phase = 0; phase < 1000; phase += 10) {
		int seen_ms = phase >= 700 ? phase : phase + 1000;

		add(&c, seen_ms - 1000, seen_ms);
	}
	curve_spread(&c, age_ns, more);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		double surely = 0;

		for (int phase = 0; phase < 1000; phase += 10)
			surely += cell_of(phase >= 700 ? phase : phase + 1000) <= 2 * i;
		if (age_ms(2 * i) < 500)
			assert_true(surely + more[i] < 5);
		if (age_ms(2 * i) > 900)
			assert_true(surely + more[i] > 95);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_within_one_cell_adds_nothing),
		cmocka_unit_test(one_chunk_alone_is_spread_over_its_cells),
		cmocka_unit_test(maps_of_many_viewers_sharpen_the_curve),
	};

	return cmocka_run_group_tests(tests, set_ages, NULL);
}
