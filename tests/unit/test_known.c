/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "inference/known.h"

static struct endpoint
peer(uint32_t n)
{
	return endpoint_ipv4(0x0a000000 + n, 7000);
}

static void
say(struct known *k, enum obs_kind kind, uint32_t from, uint32_t to)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, kind, 1);

	o->peer = peer(from);
	o->to = peer(to);
	known_note(k, o);
}

static void
whoever_speaks_or_is_spoken_to_is_known_once(void **state)
{
	struct known *k = calloc(1, sizeof *k);

	(void)state;
	assert_int_equal(known_count(k), 0);
	for (int again = 0; again < 3; again++) {
		say(k, OBS_BUFFER_MAP, 1, 2);
		say(k, OBS_TRANSFER, 2, 3);
	}
	assert_int_equal(known_count(k), 3);
	free(k);
}

static void
contacts_are_known_and_trackers_are_not(void **state)
{
	struct known *k = calloc(1, sizeof *k);
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_CONTACTS, 1);
	struct endpoint contact;

	(void)state;
	say(k, OBS_JOIN, 5, 99); /* where it registers */
	say(k, OBS_CHANNEL, 99, 5);
	o->peer = peer(99);
	o->to = peer(5);
	for (uint32_t i = 6; i < 10; i++) {
		contact = peer(i);
		assert_true(obs_add_contact(o, &contact));
	}
	known_note(k, o);
	assert_int_equal(known_count(k), 5);
	free(k);
}

static void
thousands_are_counted_to_one_percent(void **state)
{
	(void)state;
	for (uint32_t n = 100; n <= 100000; n *= 10) {
		struct known *k = calloc(1, sizeof *k);
		uint32_t count;

		for (uint32_t i = 0; i < n; i++)
			say(k, OBS_HAVE, i, i);
		count = known_count(k);
		assert_true(count >= n - n / 100 && count <= n + n / 100);
		free(k);
	}
}

static void
more_than_can_be_told_apart_stay_a_number(void **state)
{
	struct known *k = calloc(1, sizeof *k);

	(void)state;
	for (uint32_t i = 0; i < KNOWN_WORDS; i++)
		k->bits[i] = UINT64_MAX;
	assert_true(known_count(k) > 500000);
	free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_speaks_or_is_spoken_to_is_known_once),
		cmocka_unit_test(contacts_are_known_and_trackers_are_not),
		cmocka_unit_test(thousands_are_counted_to_one_percent),
		cmocka_unit_test(more_than_can_be_told_apart_stay_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
