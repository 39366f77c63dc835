/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "probe/networks.h"
#include "probe/prefix.h"
#include "probe/ranges.h"

static char path[] = "networks-XXXXXX"; /* in the build folder */

static const char *
file(const char *text)
{
	FILE *out;
	int fd;

	strcpy(path, "networks-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	out = fdopen(fd, "w");
	fputs(text, out);
	fclose(out);
	return path;
}

static struct place
find(const struct networks *p, const char *address)
{
	uint8_t addr[16];

	assert_true(prefix_address(address, addr));
	return networks_find(p, addr);
}

static struct networks *
table(const char *text)
{
	char why[NETWORKS_WHY];
	struct networks *p;
	int rc = networks_read(file(text), NULL, &p, why);

	unlink(path);
	if (rc != 0)
		fail_msg("%s", why);
	return p;
}

static void
prefixes_are_read_and_checked(void **state)
{
	struct prefix p;

	(void)state;
	assert_true(prefix_parse("198.51.100.0/24", &p));
	assert_int_equal(p.last[15], 255);
	assert_true(prefix_parse("2001:db8::/32", &p));
	assert_int_equal(p.last[4], 255);
	assert_int_equal(p.first[3], 0xb8);
	assert_true(prefix_parse("0.0.0.0/0", &p));
	assert_int_equal(p.first[11], 0xff);
	assert_true(prefix_parse("10.1.2.3", &p));
	assert_memory_equal(p.first, p.last, 16);
	assert_false(prefix_parse("198.51.100.1/24", &p));
	assert_false(prefix_parse("198.51.100.0/33", &p));
	assert_false(prefix_parse("198.51.100.0/", &p));
	assert_false(prefix_parse("198.51.100/24", &p));
	assert_false(prefix_parse("::/129", &p));
	assert_false(prefix_parse("", &p));
}

static void
both_forms_of_lines_and_both_families_are_found(void **state)
{
	struct networks *p = table("# a comment\n\n1.0.0.0,1.0.0.255,13335,CLOUD\n"
	                         "\"8.8.8.0/24\",AS15169\r\n2001:db8::/32,64500\n"
	                         "2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,4294967294\n");

	(void)state;
	assert_int_equal(find(p, "1.0.0.0").as, 13335);
	assert_int_equal(find(p, "1.0.0.255").as, 13335);
	assert_int_equal(find(p, "1.0.1.0").as, 0);
	assert_int_equal(find(p, "0.255.255.255").as, 0);
	assert_int_equal(find(p, "8.8.8.8").as, 15169);
	assert_int_equal(find(p, "2001:db8:ffff::1").as, 64500);
	assert_int_equal(find(p, "2001:db9::").as, 0);
	assert_int_equal(find(p, "2a00:1::").as, 4294967294u);
	assert_int_equal(find(p, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").as, 0);
	networks_free(p);
}

static void
the_most_specific_range_has_the_address(void **state)
{
	struct networks *p = table("10.0.0.0/8,1\n10.1.0.0/16,2\n10.1.2.0/24,3\n10.1.0.0/24,4\n"
	                         "10.255.255.0/24,5\n11.0.0.0/8,6\n");

	(void)state;
	assert_int_equal(find(p, "10.0.0.1").as, 1);
	assert_int_equal(find(p, "10.1.0.1").as, 4);
	assert_int_equal(find(p, "10.1.1.1").as, 2);
	assert_int_equal(find(p, "10.1.2.1").as, 3);
	assert_int_equal(find(p, "10.1.3.1").as, 2);
	assert_int_equal(find(p, "10.2.0.0").as, 1);
	assert_int_equal(find(p, "10.255.255.255").as, 5);
	assert_int_equal(find(p, "11.0.0.0").as, 6);
	networks_free(p);
}

static void
the_whole_space_has_an_end(void **state)
{
	struct networks *p = table("::/0,7\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,8\n::,9\n");

	(void)state;
	assert_int_equal(find(p, "::").as, 9);
	assert_int_equal(find(p, "::1").as, 7);
	assert_int_equal(find(p, "1.2.3.4").as, 7);
	assert_int_equal(find(p, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe").as, 7);
	assert_int_equal(find(p, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").as, 8);
	networks_free(p);
}

/* Against a plain search through all ranges. */
static void
many_ranges_are_found_as_by_hand(void **state)
{
	enum { N = 3000 };
	static struct { uint32_t first, last, value; } by_hand[N];
	struct ranges *r = ranges_new();
	uint32_t at = 0;

	(void)state;
	srandom(7);
	for (uint32_t i = 0; i < N; i++) {
		struct prefix p = { .first = { [10] = 0xff, [11] = 0xff } };

		at += (uint32_t)random() % 1400000;
		by_hand[i].first = at;
		at += (uint32_t)random() % 1400000;
		by_hand[i].last = at++;
		by_hand[i].value = i % 9 + 1;
		memcpy(p.last, p.first, 16);
		for (int b = 0; b < 4; b++) {
			p.first[12 + b] = (uint8_t)(by_hand[i].first >> (24 - 8 * b));
			p.last[12 + b] = (uint8_t)(by_hand[i].last >> (24 - 8 * b));
		}
		ranges_add(r, &p, by_hand[i].value);
	}
	ranges_done(r);
	for (int k = 0; k < 20000; k++) {
		uint32_t a = (uint32_t)random() << 1 ^ (uint32_t)random(), want = 0;
		uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };

		if (k % 3 == 0)
			a = k % 2 ? by_hand[k % N].first : by_hand[k % N].last;
		for (uint32_t i = 0; i < N; i++)
			if (a >= by_hand[i].first && a <= by_hand[i].last)
				want = by_hand[i].value;
		for (int b = 0; b < 4; b++)
			addr[12 + b] = (uint8_t)(a >> (24 - 8 * b));
		assert_int_equal(ranges_find(r, addr), want);
	}
	ranges_free(r);
}

static void
own_prefixes_decide_and_unknown_stays_unknown(void **state)
{
	char why[NETWORKS_WHY], own[sizeof path];
	struct networks *p;

	(void)state;
	strcpy(own, file("198.51.100.0/24,inside,64500\n203.0.113.0/24,outside\n"));
	file("203.0.113.0/24,5\n8.8.8.0/24,15169\n");
	assert_int_equal(networks_read(path, own, &p, why), 0);
	unlink(own);
	unlink(path);
	assert_int_equal(find(p, "198.51.100.9").side, PLACE_INSIDE);
	assert_int_equal(find(p, "198.51.100.9").as, 64500);
	assert_int_equal(find(p, "203.0.113.1").side, PLACE_OUTSIDE);
	assert_int_equal(find(p, "203.0.113.1").as, 5);
	assert_int_equal(find(p, "8.8.8.8").side, PLACE_OUTSIDE);
	assert_int_equal(find(p, "9.9.9.9").side, PLACE_UNKNOWN);
	assert_int_equal(find(p, "10.0.0.1").side, PLACE_UNKNOWN); /* private ones are not named */
	struct place inside = find(p, "198.51.100.9"), outside = find(p, "8.8.8.8");

	assert_int_equal(locality_of(inside, find(p, "9.9.9.9")), LOCALITY_UNKNOWN);
	assert_int_equal(locality_of(inside, outside), LOCALITY_OUT);
	assert_int_equal(locality_of(outside, inside), LOCALITY_IN);
	networks_free(p);
	assert_int_equal(networks_read(NULL, NULL, &p, why), 0);
	assert_int_equal(find(p, "10.0.0.1").side, PLACE_INSIDE);
	assert_int_equal(find(p, "8.8.8.8").side, PLACE_UNKNOWN);
	networks_free(p);
}

static void
mistakes_are_told_with_their_line(void **state)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "1.0.0.0/24,1\n1.0.0.300,2\n", ":2: '1.0.0.300'" },
		{ "1.0.0.0/24\n", ":1: a line is" },
		{ "1.0.0.5,1.0.0.1,3\n", ":1: the range ends" },
		{ "1.0.0.0/24,x\n", ":1: 'x' is no AS" },
		{ "\n\n1.0.0.0/24,4294967296\n", ":3: '4294967296' is no AS" },
	};
	char why[NETWORKS_WHY];
	struct networks *p;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(networks_read(file(bad[i].text), NULL, &p, why), ERR_CONFIG);
		unlink(path);
		assert_null(p);
		if (strstr(why, bad[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", why, bad[i].says);
	}
	assert_int_equal(networks_read("/nowhere/as.csv", NULL, &p, why), ERR_IO);
	assert_int_equal(networks_read("/nowhere/as.mmdb", NULL, &p, why), ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_read_and_checked),
		cmocka_unit_test(both_forms_of_lines_and_both_families_are_found),
		cmocka_unit_test(the_most_specific_range_has_the_address),
		cmocka_unit_test(the_whole_space_has_an_end),
		cmocka_unit_test(many_ranges_are_found_as_by_hand),
		cmocka_unit_test(own_prefixes_decide_and_unknown_stays_unknown),
		cmocka_unit_test(mistakes_are_told_with_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
