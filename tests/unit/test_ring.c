/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "base/ring.h"

#define ROOM 4096u
#define RECORDS 200000u

static struct ring *
new_ring(void **memory)
{
	*memory = malloc(ring_size(ROOM));
	assert_non_null(*memory);
	return ring_init(*memory, ROOM);
}

static void
records_come_out_as_they_went_in(void **state)
{
	void *memory;
	struct ring *r = new_ring(&memory);
	uint32_t len;

	(void)state;
	assert_null(ring_next(r, &len));
	memcpy(ring_reserve(r, 5), "first", 5);
	ring_commit(r);
	memcpy(ring_reserve(r, 6), "second", 6);
	ring_commit(r);
	ring_close(r);
	assert_false(ring_over(r));
	assert_memory_equal(ring_next(r, &len), "first", 5);
	assert_int_equal(len, 5);
	ring_release(r);
	assert_memory_equal(ring_next(r, &len), "second", 6);
	assert_int_equal(len, 6);
	ring_release(r);
	assert_null(ring_next(r, &len));
	assert_true(ring_over(r));
	free(memory);
}

static void
what_is_not_committed_is_not_there(void **state)
{
	void *memory;
	struct ring *r = new_ring(&memory);
	uint32_t len;

	(void)state;
	assert_non_null(ring_reserve(r, 8));
	assert_null(ring_next(r, &len));
	free(memory);
}

static void
a_full_ring_refuses_until_something_is_released(void **state)
{
	void *memory;
	struct ring *r = new_ring(&memory);
	uint32_t len, n = 0;

	(void)state;
	for (; ring_reserve(r, 1000) != NULL; n++)
		ring_commit(r);
	assert_int_equal(n, ROOM / 1008);
	assert_non_null(ring_next(r, &len));
	assert_null(ring_reserve(r, 1000));
	ring_release(r);
	assert_non_null(ring_reserve(r, 1000));
	free(memory);
}

/* Lengths that never divide the room: every wrap leaves another rest. */
static void *
write_all(void *arg)
{
	struct ring *r = arg;

	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t len = 4 + i % 1013, *place;

		while ((place = ring_reserve(r, len)) == NULL)
			sched_yield();
		memset(place, (int)(i & 0xff), len);
		memcpy(place, &i, sizeof i);
		ring_commit(r);
	}
	ring_close(r);
	return NULL;
}

static void
two_threads_lose_and_mix_nothing(void **state)
{
	void *memory;
	struct ring *r = new_ring(&memory);
	uint32_t n = 0, len;
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_all, r), 0);
	while (!ring_over(r)) {
		const uint8_t *record = ring_next(r, &len);
		uint32_t i;

		if (record == NULL) {
			sched_yield();
			continue;
		}
		memcpy(&i, record, sizeof i);
		assert_int_equal(i, n);
		assert_int_equal(len, 4 + n % 1013);
		assert_true(len == 4 || record[len - 1] == (len > 4 ? (n & 0xff) : 0));
		ring_release(r);
		n++;
	}
	pthread_join(writer, NULL);
	assert_int_equal(n, RECORDS);
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_as_they_went_in),
		cmocka_unit_test(what_is_not_committed_is_not_there),
		cmocka_unit_test(a_full_ring_refuses_until_something_is_released),
		cmocka_unit_test(two_threads_lose_and_mix_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
