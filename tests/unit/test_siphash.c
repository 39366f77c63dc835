/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/siphash.h"

static const uint8_t key[SIPHASH_KEY] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

/* The vectors of the authors' reference: bytes 0, 1, 2 ... of growing length. */
static void
hashes_are_the_reference_s(void **state)
{
	static const struct { size_t len; uint64_t hash; } known[] = {
		{ 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd },  { 7, 0xab0200f58b01d137 },
		{ 8, 0x93f5f5799a932462 },  { 15, 0xa129ca6149be45e5 }, { 16, 0x3f2acc7f57c29bdb },
		{ 63, 0x958a324ceb064572 },
	};
	uint8_t in[64];

	(void)state;
	for (unsigned i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		assert_int_equal(siphash(key, in, known[i].len), known[i].hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_the_reference_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
