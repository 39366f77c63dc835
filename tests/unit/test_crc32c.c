/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crc32c.h"

/* Bit by bit, as the definition says. */
static uint32_t
slowly(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len * 8; i++) {
		crc ^= (p[i / 8] >> (i % 8) & 1u);
		crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static void
known_answers_come_out(void **state)
{
	static const uint8_t zeros[32];
	uint8_t rising[32];

	(void)state;
	for (uint8_t i = 0; i < 32; i++)
		rising[i] = i;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, zeros, 32), 0x8a9136aa); /* RFC 3720, B.4 */
	assert_int_equal(crc32c(0, rising, 32), 0x46dd794e);
	assert_int_equal(crc32c(0, zeros, 0), 0);
}

static void
every_length_and_alignment_agrees_with_the_definition(void **state)
{
	uint8_t bytes[80];
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	for (size_t from = 0; from < 9; from++)
		for (size_t len = 0; from + len <= sizeof bytes; len++)
			assert_int_equal(crc32c(0, bytes + from, len), slowly(bytes + from, len));
}

static void
pieces_give_what_the_whole_gives(void **state)
{
	static const char text[] = "the checksum of the whole";
	const size_t len = sizeof text - 1;

	(void)state;
	for (size_t i = 0; i <= len; i++)
		assert_int_equal(crc32c(crc32c(0, text, i), text + i, len - i),
		                 crc32c(0, text, len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers_come_out),
		cmocka_unit_test(every_length_and_alignment_agrees_with_the_definition),
		cmocka_unit_test(pieces_give_what_the_whole_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
