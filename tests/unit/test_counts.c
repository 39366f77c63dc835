/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/counts.h"

static void
sums_are_of_every_counter_and_times_are_the_outermost(void **state)
{
	struct counts a, b;

	(void)state;
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	a.total = (struct counts_sum){ 3, 300 };
	a.first_ns = 50;
	a.last_ns = 70;
	a.strangers_evicted = 1;
	b.total = (struct counts_sum){ 2, 200 };
	b.first_ns = 40;
	b.last_ns = 60;
	b.snapped = (struct counts_sum){ 1, 10 };
	b.observations = 7;
	b.protocol[PROTO_IDS - 1].forgotten = 9;
	b.strangers_evicted = 4;
	counts_add(&a, &b);
	assert_int_equal(a.total.packets, 5);
	assert_int_equal(a.total.bytes, 500);
	assert_int_equal(a.first_ns, 40);
	assert_int_equal(a.last_ns, 70);
	assert_int_equal(a.snapped.bytes, 10);
	assert_int_equal(a.observations, 7);
	assert_int_equal(a.protocol[PROTO_IDS - 1].forgotten, 9);
	assert_int_equal(a.strangers_evicted, 5);
}

static void
who_saw_no_packet_has_no_time(void **state)
{
	struct counts a, b;

	(void)state;
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	b.total.packets = 1;
	b.first_ns = b.last_ns = 5;
	counts_add(&a, &b);
	assert_int_equal(a.first_ns, 5);
	memset(&b, 0, sizeof b);
	counts_add(&a, &b);
	assert_int_equal(a.first_ns, 5);
	assert_int_equal(a.last_ns, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_of_every_counter_and_times_are_the_outermost),
		cmocka_unit_test(who_saw_no_packet_has_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
