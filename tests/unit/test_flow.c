/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/flow.h"
#include "probe/stranger.h"
#include "tests/unit/toy.h"

static struct flow_key
key_of(uint32_t from, uint32_t to, bool *from_high)
{
	struct endpoint src = endpoint_ipv4(from, (uint16_t)from);
	struct endpoint dst = endpoint_ipv4(to, (uint16_t)to);

	return flow_key(&src, &dst, from_high);
}

static void
both_directions_are_one_flow(void **state)
{
	bool a, b;
	struct flow_key there = key_of(1, 2, &a), back = key_of(2, 1, &b);

	(void)state;
	assert_memory_equal(&there, &back, sizeof there);
	assert_false(a);
	assert_true(b);
	key_of(1, 1, &a);
	assert_false(a);
}

static struct flow *
add(struct flows *f, uint32_t n, const void *s)
{
	bool high;
	struct flow_key key = key_of(n, n + 1, &high);

	return flows_add(f, &key, &toy, s);
}

static struct flow *
look(struct flows *f, uint32_t n)
{
	bool high;
	struct flow_key key = key_of(n, n + 1, &high);

	return flows_find(f, &key, flows_hash(f, &key));
}

static void
a_flow_keeps_a_copy_of_its_state_until_it_is_forgotten(void **state)
{
	struct flows *f = flows_new(4, toy.state_size, 0);
	uint8_t s[PROTO_MAX_STATE] = { 7 };
	struct flow *one = add(f, 1, s);

	(void)state;
	s[0] = 8;
	add(f, 2, s);
	assert_ptr_equal(look(f, 1), one);
	assert_int_equal(*(uint8_t *)one->state, 7);
	assert_int_equal(*(uint8_t *)look(f, 2)->state, 8);
	assert_null(look(f, 3));
	flows_forget(f, one);
	assert_null(look(f, 1));
	assert_int_equal(flows_used(f), 1);
	s[0] = 0;
	assert_int_equal(*(uint8_t *)add(f, 1, s)->state, 0);
	flows_free(f);
}

static void
flows_not_heard_for_longest_make_room_and_are_counted(void **state)
{
	struct flows *f = flows_new(100, toy.state_size, 0);
	uint8_t s[PROTO_MAX_STATE] = { 0 };

	(void)state;
	for (uint32_t n = 0; n < 1000; n++) {
		add(f, n, s);
		assert_non_null(look(f, 0)); /* stays, being heard */
	}
	assert_int_equal(flows_evicted(f), 900);
	assert_int_equal(flows_used(f), 100);
	assert_null(look(f, 900));
	assert_non_null(look(f, 901));
	flows_free(f);
}

static void
a_stranger_is_remembered_by_who_spoke_first(void **state)
{
	struct strangers *s = strangers_new();

	(void)state;
	assert_true(strangers_heard(s, 1, true));
	assert_true(strangers_heard(s, 1, false));
	assert_false(strangers_heard(s, 2, false));
	assert_false(strangers_heard(s, 2, true));
	assert_false(strangers_heard(s, 0, false));
	assert_false(strangers_heard(s, 0, true)); /* a hash of 0 is one like others */
	assert_int_equal(strangers_evicted(s), 0);
	strangers_free(s);
}

static void
a_full_row_of_strangers_loses_the_one_not_heard_for_longest(void **state)
{
	struct strangers *s = strangers_new();

	(void)state;
	for (uint64_t n = 1; n <= STRANGER_WAYS; n++)
		assert_true(strangers_heard(s, n << 34, true));
	assert_true(strangers_heard(s, UINT64_C(1) << 34, false)); /* heard again */
	assert_true(strangers_heard(s, UINT64_C(99) << 34, true));
	assert_int_equal(strangers_evicted(s), 1);
	assert_true(strangers_heard(s, UINT64_C(1) << 34, false));
	assert_false(strangers_heard(s, UINT64_C(2) << 34, false)); /* was lost */
	strangers_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_are_one_flow),
		cmocka_unit_test(a_flow_keeps_a_copy_of_its_state_until_it_is_forgotten),
		cmocka_unit_test(flows_not_heard_for_longest_make_room_and_are_counted),
		cmocka_unit_test(a_stranger_is_remembered_by_who_spoke_first),
		cmocka_unit_test(a_full_row_of_strangers_loses_the_one_not_heard_for_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
