/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inference/retrieval.h"

#define BORN_NS INT64_C(1800000000000000000)
#define MS_NS INT64_C(1000000)

static void
ages_begin_at_50_ms_and_double_every_four_steps(void **state)
{
	(void)state;
	assert_int_equal(retrieval_age_ns(0), 50 * MS_NS);
	assert_int_equal(retrieval_age_ns(1), 59460350);
	for (unsigned i = 0; i + 4 < RESULT_AGES; i++)
		assert_int_equal(retrieval_age_ns(i + 4), 2 * retrieval_age_ns(i));
	for (unsigned i = 0; i + 1 < RESULT_AGES; i++)
		assert_true(retrieval_age_ns(i) < retrieval_age_ns(i + 1));
	assert_int_equal(retrieval_age_ns(RESULT_AGES - 1) / (1000 * MS_NS), 172);
}

static void
an_arrived_chunk_is_held_from_its_age_on(void **state)
{
	uint64_t held[RESULT_AGES], eligible[RESULT_AGES];
	struct retrieval r = { 0 };

	(void)state;
	retrieval_count(&r, BORN_NS, BORN_NS + 200 * MS_NS, INT64_MAX);
	retrieval_read(&r, held, eligible);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		assert_int_equal(eligible[i], 1);
		assert_int_equal(held[i], retrieval_age_ns(i) >= 200 * MS_NS);
	}
}

static void
a_chunk_given_up_counts_against_every_age(void **state)
{
	uint64_t held[RESULT_AGES], eligible[RESULT_AGES];
	struct retrieval r = { 0 };

	(void)state;
	retrieval_count(&r, BORN_NS, INT64_MAX, INT64_MAX);
	retrieval_read(&r, held, eligible);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		assert_int_equal(eligible[i], 1);
		assert_int_equal(held[i], 0);
	}
}

static void
a_viewer_who_left_counts_only_for_ages_it_lived_to_see(void **state)
{
	uint64_t held[RESULT_AGES], eligible[RESULT_AGES];
	struct retrieval r = { 0 };

	(void)state;
	retrieval_count(&r, BORN_NS, INT64_MAX, BORN_NS + 400 * MS_NS);
	retrieval_count(&r, BORN_NS, BORN_NS + 100 * MS_NS, BORN_NS + 400 * MS_NS);
	retrieval_read(&r, held, eligible);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		bool lived = retrieval_age_ns(i) <= 400 * MS_NS;

		assert_int_equal(eligible[i], lived ? 2 : 0);
		assert_int_equal(held[i], lived && retrieval_age_ns(i) >= 100 * MS_NS);
	}
	retrieval_count(&r, BORN_NS, INT64_MAX, BORN_NS - 1);
	retrieval_read(&r, held, eligible);
	assert_int_equal(eligible[0], 2);
}

static void
the_deadline_counts_apart(void **state)
{
	uint64_t held[RESULT_AGES], eligible[RESULT_AGES];
	struct retrieval r = { 0 };

	(void)state;
	retrieval_due(&r, true);
	retrieval_due(&r, false);
	retrieval_due(&r, true);
	assert_int_equal(r.due, 3);
	assert_int_equal(r.on_time, 2);
	retrieval_read(&r, held, eligible);
	assert_int_equal(eligible[0], 0);
	assert_int_equal(held[0], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_begin_at_50_ms_and_double_every_four_steps),
		cmocka_unit_test(an_arrived_chunk_is_held_from_its_age_on),
		cmocka_unit_test(a_chunk_given_up_counts_against_every_age),
		cmocka_unit_test(a_viewer_who_left_counts_only_for_ages_it_lived_to_see),
		cmocka_unit_test(the_deadline_counts_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
