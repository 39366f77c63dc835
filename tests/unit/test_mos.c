/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "inference/mos.h"

static void
near(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("%.6f is not within %g of %.6f", got, within, want);
}

/* Computed by hand from the paper's formula. */
static void
stalls_by_number_give_the_published_scores(void **state)
{
	static const double seconds[] = { 1, 2, 4, 8 };
	static const double once[] = { 3.991, 3.644, 3.088, 2.372 };
	static const double thrice[] = { 2.762, 2.305, 1.827, 1.554 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		near(mos_of_stalls(1, seconds[i]), once[i], 0.0005);
		near(mos_of_stalls(3, seconds[i]), thrice[i], 0.0005);
	}
}

static void
no_stall_is_a_full_score(void **state)
{
	(void)state;
	near(mos_of_stalls(0, 0), 5, 1e-12);
	near(mos_of_stall_rate(0, 0), 5, 1e-12);
}

static void
the_rate_form_falls_with_rate_and_length_to_its_floor(void **state)
{
	(void)state;
	near(mos_of_stall_rate(0.1, 2), 3.5 * exp(-0.87) + 1.5, 1e-12);
	assert_true(mos_of_stall_rate(0.01, 1) > mos_of_stall_rate(0.02, 1));
	assert_true(mos_of_stall_rate(0.01, 1) > mos_of_stall_rate(0.01, 2));
	near(mos_of_stall_rate(100, 100), 1.5, 1e-9);
}

/* 5 - 0.963 lg(T + 5.381), by hand. */
static void
delay_alone_gives_the_published_scores(void **state)
{
	(void)state;
	near(mos_of_delay(0), 4.2962, 0.0001);
	near(mos_of_delay(1), 4.2248, 0.0001);
	near(mos_of_delay(4.619), 4.037, 0.0001);
	near(mos_of_delay(94.619), 3.074, 0.0001);
}

static void
the_combination_stays_between_one_and_five(void **state)
{
	(void)state;
	near(mos_combined(0, 5), 5, 1e-12);
	near(mos_combined(0, 3), 3, 1e-12);
	near(mos_combined(12345, 1), 1, 1e-12);
	assert_true(mos_combined(1e9, 5) >= 1);
	assert_true(mos_combined(-5, 5) <= 5);
	for (double delay = 0; delay < 60; delay += 0.5)
		assert_true(mos_combined(delay, 4) > mos_combined(delay + 0.5, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stalls_by_number_give_the_published_scores),
		cmocka_unit_test(no_stall_is_a_full_score),
		cmocka_unit_test(the_rate_form_falls_with_rate_and_length_to_its_floor),
		cmocka_unit_test(delay_alone_gives_the_published_scores),
		cmocka_unit_test(the_combination_stays_between_one_and_five),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
