/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/endpoint.h"
#include "record/estimate.h"
#include "record/observation.h"

static void
a_set_knows_its_chunks_and_runs(void **state)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_BUFFER_MAP, 1);
	uint64_t first, last;

	(void)state;
	assert_true(obs_set_range(o, 100, 10));
	obs_set(o, 0);
	obs_set(o, 1);
	obs_set(o, 9);
	assert_int_equal(obs_held(o), 3);
	assert_true(obs_has(o, 101) && !obs_has(o, 102) && !obs_has(o, 110) && !obs_has(o, 99));
	assert_true(obs_next_run(o, 0, &first, &last));
	assert_int_equal(first, 100);
	assert_int_equal(last, 101);
	assert_true(obs_next_run(o, last + 1, &first, &last));
	assert_int_equal(first, 109);
	assert_int_equal(last, 109);
	assert_false(obs_next_run(o, last + 1, &first, &last));
	assert_true(obs_newest(o, &last));
	assert_int_equal(last, 109);
	assert_false(obs_set_range(o, 0, OBS_MAX_WIDTH + 1));
	assert_true(obs_set_range(o, UINT64_MAX - 10, 10));
	assert_false(obs_set_range(o, UINT64_MAX - 9, 10));
}

static void
a_whole_range_needs_no_bits(void **state)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_HAVE, 1);
	uint64_t first, last;

	(void)state;
	o->offset = 5;
	o->width = 3;
	o->flags = OBS_ALL;
	assert_int_equal(obs_held(o), 3);
	assert_true(obs_next_run(o, 0, &first, &last));
	assert_int_equal(first, 5);
	assert_int_equal(last, 7);
	assert_false(obs_next_run(o, 8, &first, &last));
}

static void
an_empty_set_has_no_newest(void **state)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_BUFFER_MAP, 1);
	uint64_t chunk = 7;

	(void)state;
	assert_true(obs_set_range(o, 40, 0));
	assert_false(obs_newest(o, &chunk));
	assert_int_equal(chunk, 7);
}

static void
contacts_come_back_and_stop_at_the_limit(void **state)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_CONTACTS, 1);
	struct endpoint e = endpoint_ipv4(0x0a4d0005, 6000), got;

	(void)state;
	for (unsigned i = 0; i < OBS_MAX_CONTACTS; i++)
		assert_true(obs_add_contact(o, &e));
	assert_false(obs_add_contact(o, &e));
	got = obs_contact(o, OBS_MAX_CONTACTS - 1);
	assert_true(endpoint_same(&got, &e));
}

static void
endpoints_read_back_what_they_print(void **state)
{
	static const char *const good[] = {
		"10.77.0.5:6000", "10.77.0.5", "[2001:db8::1]:80", "2001:db8::1",
	};
	static const char *const bad[] = {
		"", "10.77.0", "10.77.0.5:", "10.77.0.5:65536", "[2001:db8::1", "x:1",
		"10.77.0.5:1x", "[::1]80",
	};
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint e = { .port = 9 };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(endpoint_parse(good[i], &e));
		endpoint_format(&e, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(endpoint_parse(bad[i], &e));
}

static void
differences_of_estimates_keep_bounds_and_open_ends(void **state)
{
	struct estimate a = estimate_of(10, 12, 15, 0),
			b = estimate_of(ESTIMATE_OPEN_LO, 5, 6, 0);
	struct estimate d = estimate_minus(&a, &b), u = ESTIMATE_UNKNOWN;

	(void)state;
	assert_int_equal(d.lo_ns, 4);
	assert_int_equal(d.best_ns, 7);
	assert_true(d.hi_ns == ESTIMATE_OPEN_HI);
	d = estimate_minus(&a, &u);
	assert_false(estimate_known(&d));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_knows_its_chunks_and_runs),
		cmocka_unit_test(a_whole_range_needs_no_bits),
		cmocka_unit_test(an_empty_set_has_no_newest),
		cmocka_unit_test(contacts_come_back_and_stop_at_the_limit),
		cmocka_unit_test(endpoints_read_back_what_they_print),
		cmocka_unit_test(differences_of_estimates_keep_bounds_and_open_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
