/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/live.h"

#define S_NS INT64_C(1000000000)
#define T0 (1700000000 * S_NS)

/* The clock that is not set goes on by a second each time; the clock of the day is off by this. */
static bool
look(int64_t second, int64_t off_ns, int64_t *set_ns)
{
	return live_clock_was_set(T0 + second * S_NS + off_ns, T0 + second * S_NS, set_ns);
}

static void
a_clock_that_is_set_is_noticed_once(void **state)
{
	int64_t set_ns = 0;

	(void)state;
	assert_false(look(1, 0, &set_ns));
	assert_true(look(2, 3600 * S_NS, &set_ns));
	assert_int_equal(set_ns, 3600 * S_NS);
	assert_false(look(3, 3600 * S_NS, &set_ns));
	assert_true(look(4, -7200 * S_NS, &set_ns));
	assert_int_equal(set_ns, -7200 * S_NS);
	assert_false(look(5, -7200 * S_NS, &set_ns));
	assert_true(look(6, 0, &set_ns));
	assert_int_equal(set_ns, 0);
}

static void
what_a_clock_drifts_is_no_step(void **state)
{
	int64_t set_ns = 0;

	(void)state;
	assert_false(look(1, LIVE_STEP_NS - 1, &set_ns));
	assert_false(look(2, -LIVE_STEP_NS + 1, &set_ns));
	assert_int_equal(set_ns, 0);
	assert_true(look(3, LIVE_STEP_NS, &set_ns));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_is_set_is_noticed_once),
		cmocka_unit_test(what_a_clock_drifts_is_no_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
