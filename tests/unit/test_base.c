/*
 * The smallest modules of base: errors, hashes, clocks, characters.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/utf8.h"

static void
every_error_has_a_text_and_an_exit_status(void **state)
{
	(void)state;
	for (int err = 0; err >= ERR_LIMIT; err--) {
		assert_string_not_equal(err_text(err), "unknown error");
		assert_in_range(err_exit_status(err), err == 0 ? 0 : 1, 5);
		for (int other = 0; other > err; other--)
			assert_string_not_equal(err_text(err), err_text(other));
	}
	assert_string_equal(err_text(ERR_LIMIT - 1), "unknown error");
	assert_int_equal(err_exit_status(ERR_LIMIT - 1), 1);
	assert_int_equal(err_exit_status(7), 1);
}

static void
exit_statuses_are_those_of_the_manual(void **state)
{
	(void)state;
	assert_int_equal(err_exit_status(ERR_NOT_CAPTURE), 1);
	assert_int_equal(err_exit_status(ERR_FULL), 1);
	assert_int_equal(err_exit_status(ERR_USAGE), 2);
	assert_int_equal(err_exit_status(ERR_CONFIG), 2);
	assert_int_equal(err_exit_status(ERR_STORE), 3);
	assert_int_equal(err_exit_status(ERR_PERMISSION), 4);
	assert_int_equal(err_exit_status(ERR_NO_DATA), 5);
}

/* Stored, so they may never change: the published vectors of XXH64. */
static void
hashes_are_the_same_in_every_release(void **state)
{
	(void)state;
	assert_true(hash_bytes("", 0, 0) == UINT64_C(0xef46db3751d8e999));
	assert_true(hash_bytes("abc", 3, 0) == UINT64_C(0x44bc2cf5ad770999));
	assert_true(hash_bytes("abc", 3, 0) != hash_bytes("abc", 3, 1));
}

static void
clocks_go_forward(void **state)
{
	int64_t monotonic = clock_monotonic_ns(), wall = clock_wall_ns();

	(void)state;
	assert_true(clock_monotonic_ns() >= monotonic);
	assert_true(wall > INT64_C(1700000000000000000));
}

/* Every character's bytes are recognised, whole and nothing else. */
static void
every_character_comes_back(void **state)
{
	char bytes[8];

	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		size_t n = utf8_encode(c, bytes), expected = c >= 0xd800 && c < 0xe000 ? 0 : n;

		assert_int_equal(n, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
		assert_int_equal(utf8_length(bytes, n), expected);
		memset(bytes + n, 0xbf, sizeof bytes - n);
		assert_int_equal(utf8_length(bytes, sizeof bytes), expected);
		if (n > 1)
			assert_int_equal(utf8_length(bytes, n - 1), 0);
	}
}

static void
what_is_no_character_has_no_length(void **state)
{
	(void)state;
	assert_int_equal(utf8_length("\x80", 1), 0);
	assert_int_equal(utf8_length("\xc1\xbf", 2), 0);
	assert_int_equal(utf8_length("\xe0\x9f\xbf", 3), 0);
	assert_int_equal(utf8_length("\xf0\x8f\xbf\xbf", 4), 0);
	assert_int_equal(utf8_length("\xf4\x90\x80\x80", 4), 0);
	assert_int_equal(utf8_length("\xf5\x80\x80\x80", 4), 0);
	assert_int_equal(utf8_length("\xff", 1), 0);
	assert_int_equal(utf8_length("\xc3\x28", 2), 0);
	assert_int_equal(utf8_length("\xe2\x82\x28", 3), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_a_text_and_an_exit_status),
		cmocka_unit_test(exit_statuses_are_those_of_the_manual),
		cmocka_unit_test(hashes_are_the_same_in_every_release),
		cmocka_unit_test(clocks_go_forward),
		cmocka_unit_test(every_character_comes_back),
		cmocka_unit_test(what_is_no_character_has_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
