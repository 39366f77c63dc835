/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inference/queue.h"

#define T0_NS INT64_C(1800000000000000000)
#define MS_NS INT64_C(1000000)
#define NONE INT64_MAX

static struct queue q;
static struct queue_copy copy[QUEUE_MOST];
static uint32_t n;

static int
fresh(void **state)
{
	(void)state;
	q = (struct queue){ .n = 0 };
	n = 0;
	return 0;
}

static void
sent(int64_t ms)
{
	copy[n] = (struct queue_copy){ .chunk = n, .sent_ns = T0_NS + ms * MS_NS };
	n++;
}

static void
serve(int64_t next_ms, int64_t from_ms, int64_t to_ms)
{
	queue_serve(&q, copy, n, next_ms == NONE ? NONE : T0_NS + next_ms * MS_NS,
	            T0_NS + from_ms * MS_NS, T0_NS + to_ms * MS_NS);
}

/* Within its bounds, and so near to the truth. */
static void
came(uint32_t i, int64_t ms, int64_t off_ms)
{
	int64_t off_ns = copy[i].came.best - (T0_NS + ms * MS_NS);

	assert_true(copy[i].came.lo <= copy[i].came.best);
	assert_true(copy[i].came.best <= copy[i].came.hi);
	assert_true(copy[i].came.lo <= T0_NS + ms * MS_NS);
	assert_true(copy[i].came.hi >= T0_NS + ms * MS_NS);
	assert_true(off_ns <= off_ms * MS_NS && off_ns >= -off_ms * MS_NS);
}

static void
where_nothing_waits_each_comes_at_once(void **state)
{
	(void)state;
	sent(500);
	sent(100);
	sent(300);
	serve(NONE, 0, 1000);
	came(0, 120, 5);
	came(1, 320, 5);
	came(2, 520, 5);
	assert_int_equal(q.n, 0);
}

/* 500 ms each, from 0 on; a map every second. */
static void
a_line_that_fills_is_timed_from_its_beginning(void **state)
{
	(void)state;
	for (int64_t k = 0; k < 2; k++)
		sent(10 * k);
	serve(20, 0, 1200);
	came(0, 510, 120);
	came(1, 1010, 200);
	for (int64_t second = 1; second < 8; second++) {
		n = 0;
		sent(20 * second);
		sent(20 * second + 10);
		serve(20 * second + 20, 1200 + (second - 1) * 1000, 1200 + second * 1000);
		came(0, 10 + (2 * second + 1) * 500, 260);
		came(1, 10 + (2 * second + 2) * 500, 260);
	}
	assert_true(q.lo_ns <= 500 * MS_NS && q.hi_ns >= 490 * MS_NS);
	assert_true(q.hi_ns - q.lo_ns < 60 * MS_NS);
}

static void
copies_that_waited_unseen_may_have_come_at_any_time(void **state)
{
	(void)state;
	sent(-2000);
	sent(-1900);
	serve(NONE, 0, 1000);
	came(0, 0, 260);
	came(0, 500, 260);
	came(1, 1000, 260);
}

static void
nothing_comes_before_it_was_sent_or_after_the_map(void **state)
{
	(void)state;
	for (int64_t k = 0; k < 20; k++)
		sent(k % 2 ? -3000 : 40 * k);
	serve(900, 0, 800);
	for (uint32_t i = 0; i < n; i++) {
		assert_true(copy[i].came.lo >= T0_NS);
		assert_true(copy[i].came.best >= copy[i].sent_ns);
		assert_true(copy[i].came.hi <= T0_NS + 800 * MS_NS);
	}
}

static void
a_line_that_ran_empty_is_forgotten(void **state)
{
	(void)state;
	sent(0);
	sent(0);
	serve(10, 0, 1000);
	assert_true(q.n > 0);
	n = 0;
	sent(10);
	serve(NONE, 1000, 2000);
	assert_int_equal(q.n, 0);
	n = 0;
	sent(2100);
	serve(NONE, 2000, 3000);
	came(0, 2120, 5);
	n = 0;
	serve(2900, 3000, 4000); /* nothing came, one waits */
	assert_int_equal(q.n, 0);
}

static void
clocks_that_go_back_do_no_harm(void **state)
{
	(void)state;
	sent(500);
	sent(600);
	serve(550, 1000, 0);
	assert_true(copy[0].came.lo <= copy[0].came.hi);
	n = 0;
	sent(-500);
	serve(NONE, 0, 0);
	assert_true(copy[0].came.lo <= copy[0].came.hi);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(where_nothing_waits_each_comes_at_once),
		TEST(a_line_that_fills_is_timed_from_its_beginning),
		TEST(copies_that_waited_unseen_may_have_come_at_any_time),
		TEST(nothing_comes_before_it_was_sent_or_after_the_map),
		TEST(a_line_that_ran_empty_is_forgotten),
		TEST(clocks_that_go_back_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
