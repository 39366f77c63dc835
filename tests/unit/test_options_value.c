/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/options.h"

#define UNTOUCHED INT64_C(-7777)

static void
is(enum option_type type, const char *text, int64_t expected)
{
	struct option_row row = { .name = "x", .type = type };
	const char *why = NULL;
	int64_t v = UNTOUCHED;

	if (!options_value(&row, text, &v, &why))
		fail_msg("'%s' is refused: %s", text, why);
	assert_true(v == expected);
}

static void
is_none(enum option_type type, const char *text, const char *must_be)
{
	struct option_row row = { .name = "x", .type = type };
	const char *why = NULL;
	int64_t v = UNTOUCHED;

	if (options_value(&row, text, &v, &why))
		fail_msg("'%s' is taken", text);
	assert_true(v == UNTOUCHED);
	assert_non_null(strstr(why, must_be));
}

static void
whole_numbers(void **state)
{
	(void)state;
	is(OPTION_INT, "0", 0);
	is(OPTION_INT, "-12", -12);
	is(OPTION_INT, "9223372036854775807", INT64_MAX);
	for (const char *const *t =
	         (const char *const[]){ "", "-", " 1", "1 ", "+1", "1.0", "1e3", "0x10",
	                                "9223372036854775808", "one", "--1", NULL };
	     *t != NULL; t++)
		is_none(OPTION_INT, *t, "whole number");
}

static void
sizes(void **state)
{
	(void)state;
	is(OPTION_SIZE, "0", 0);
	is(OPTION_SIZE, "4096", 4096);
	is(OPTION_SIZE, "512K", 524288);
	is(OPTION_SIZE, "512k", 524288);
	is(OPTION_SIZE, "1.5M", 1572864);
	is(OPTION_SIZE, "10G", INT64_C(10737418240));
	is(OPTION_SIZE, "2T", INT64_C(2199023255552));
	is(OPTION_SIZE, "3MiB", 3145728);
	is(OPTION_SIZE, "3 MB", 3145728);
	is(OPTION_SIZE, "7B", 7);
	for (const char *const *t =
	         (const char *const[]){ "", "K", "-1K", "1X", "1KK", "1Ki", "1e30", "nan",
	                                "inf", "-inf", "0x1K", "9999999T", "1 K ", NULL };
	     *t != NULL; t++)
		is_none(OPTION_SIZE, *t, "size");
}

static void
rates(void **state)
{
	(void)state;
	is(OPTION_RATE, "300000", 300000);
	is(OPTION_RATE, "96kbit/s", 96000);
	is(OPTION_RATE, "96 Kbit/s", 96000);
	is(OPTION_RATE, "2.5Mbit/s", 2500000);
	is(OPTION_RATE, "2.5Gbit/s", INT64_C(2500000000));
	is(OPTION_RATE, "1Tbit/s", INT64_C(1000000000000));
	is(OPTION_RATE, "8bit/s", 8);
	for (const char *const *t = (const char *const[]){ "", "fast", "1M", "1MB/s", "1mb",
	                                                   "-1Mbit/s", "1Mbit", "bit/s", NULL };
	     *t != NULL; t++)
		is_none(OPTION_RATE, *t, "rate");
}

static void
durations(void **state)
{
	(void)state;
	is(OPTION_DURATION, "2", INT64_C(2000000000));
	is(OPTION_DURATION, "0.25", 250000000);
	is(OPTION_DURATION, ".5s", 500000000);
	is(OPTION_DURATION, "250ms", 250000000);
	is(OPTION_DURATION, "10us", 10000);
	is(OPTION_DURATION, "5m", INT64_C(300000000000));
	is(OPTION_DURATION, "5min", INT64_C(300000000000));
	is(OPTION_DURATION, "2h", INT64_C(7200000000000));
	is(OPTION_DURATION, "48 h", INT64_C(172800000000000));
	is(OPTION_DURATION, "14d", INT64_C(1209600000000000));
	for (const char *const *t =
	         (const char *const[]){ "", "s", "-1s", "1y", "1h30m", "1e20", ".", NULL };
	     *t != NULL; t++)
		is_none(OPTION_DURATION, *t, "duration");
}

static void
numbers(void **state)
{
	struct option_row row = { .name = "x", .type = OPTION_NUMBER, .min = -1, .max = 2.5 };
	const char *why;
	double v = 7;

	(void)state;
	assert_true(options_value(&row, "-0.25", &v, &why) && v == -0.25);
	assert_true(options_value(&row, "2.5", &v, &why) && v == 2.5);
	assert_true(options_value(&row, "1e-3", &v, &why) && v == 1e-3);
	assert_false(options_value(&row, "2.51", &v, &why));
	assert_string_equal(why, "from -1 to 2.5");
	assert_false(options_value(&row, "nan", &v, &why));
	assert_false(options_value(&row, "1x", &v, &why));
	assert_string_equal(why, "a number");
	assert_true(v == 1e-3);
}

static void
flags_and_counts(void **state)
{
	static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = {
		"no", "false", "off", "0"
	};
	struct option_row row = { .name = "x", .type = OPTION_FLAG };
	const char *why;
	bool flag;
	int count = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		flag = false;
		assert_true(options_value(&row, yes[i], &flag, &why) && flag);
		assert_true(options_value(&row, no[i], &flag, &why) && !flag);
	}
	assert_false(options_value(&row, "maybe", &flag, &why));
	assert_string_equal(why, "yes or no");
	row.type = OPTION_COUNT;
	assert_true(options_value(&row, "", &count, &why) && count == 1);
	assert_true(options_value(&row, "", &count, &why) && count == 2);
	assert_true(options_value(&row, "7", &count, &why) && count == 7);
	assert_false(options_value(&row, "many", &count, &why));
	assert_false(options_value(&row, "10", &count, &why));
	assert_int_equal(count, 7);
}

static void
ranges_are_in_the_unit_without_a_suffix(void **state)
{
	struct option_row row = {
		.name = "x", .type = OPTION_SIZE, .min = 1024, .max = 1048576
	};
	const char *why;
	int64_t v = 0;

	(void)state;
	assert_true(options_value(&row, "1K", &v, &why) && v == 1024);
	assert_true(options_value(&row, "1M", &v, &why) && v == 1048576);
	assert_false(options_value(&row, "1023", &v, &why));
	assert_string_equal(why, "from 1024 to 1048576 bytes");
	row = (struct option_row){
		.name = "x", .type = OPTION_DURATION, .min = 0.1, .max = 60
	};
	assert_true(options_value(&row, "100ms", &v, &why) && v == 100000000);
	assert_false(options_value(&row, "99ms", &v, &why));
	assert_false(options_value(&row, "61s", &v, &why));
	assert_string_equal(why, "from 0.1 to 60 seconds");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(sizes),
		cmocka_unit_test(rates),
		cmocka_unit_test(durations),
		cmocka_unit_test(numbers),
		cmocka_unit_test(flags_and_counts),
		cmocka_unit_test(ranges_are_in_the_unit_without_a_suffix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
