/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "swarm/uplink.h"

#define MS INT64_C(1000000)
#define CHUNK 10000u
#define QUEUE (500 * MS)
#define PARTNERS 4u

/* A peer with a line that drops what would wait longer than QUEUE; partners lie behind it, each
 * with a way of its own. */
struct line {
	struct uplink u;
	double kbps;
	int64_t now, free_ns, next_ns;
	int64_t passed, dropped, longest_ns; /* bytes, bytes, a wait */
	int64_t answer_ns[PARTNERS];         /* INT64_MAX: none is under way */
	uint64_t nonce[PARTNERS], last;
	int64_t slow_ns;                     /* partner 0's own queue, on top */
};

static struct endpoint
partner(unsigned i)
{
	return endpoint_ipv4(0x0a000001 + i, 7000);
}

static struct line
line_of(uint32_t promised, double kbps)
{
	struct line l = { .u = uplink_begin(promised, 0), .kbps = kbps, .now = 1 };

	for (unsigned i = 0; i < PARTNERS; i++)
		l.answer_ns[i] = INT64_MAX;
	return l;
}

/* When the answer to what goes in now is back; INT64_MAX: it is dropped. */
static int64_t
go_in(struct line *l, unsigned to)
{
	int64_t wait;

	if (l->free_ns < l->now)
		l->free_ns = l->now;
	wait = l->free_ns - l->now;
	if (wait > QUEUE) {
		l->dropped += CHUNK;
		return INT64_MAX;
	}
	l->longest_ns = wait > l->longest_ns ? wait : l->longest_ns;
	l->passed += CHUNK;
	l->free_ns += (int64_t)(CHUNK * 8.0 * (double)MS / l->kbps);
	return l->free_ns + (int64_t)(20 + 10 * to) * MS + (to == 0 ? l->slow_ns : 0);
}

static void
send(struct line *l, unsigned to)
{
	struct endpoint at = partner(to);
	int64_t back = go_in(l, to);

	l->next_ns = l->now + (int64_t)(CHUNK * 8.0 * (double)MS / l->u.kbps);
	if (!uplink_sent(&l->u, &at, CHUNK, ++l->last, l->now))
		return;
	l->answer_ns[to] = back;
	l->nonce[to] = l->last;
}

/* Sends to all in turn what the rate allows, for so long; every waits at least so long. */
static void
run(struct line *l, int64_t for_ns, int64_t every_ns)
{
	int64_t end = l->now + for_ns, last = 0;

	l->passed = l->dropped = l->longest_ns = 0;
	for (unsigned to = 0; l->now < end; l->now += MS) {
		for (unsigned i = 0; i < PARTNERS; i++) {
			struct endpoint at = partner(i);

			if (l->answer_ns[i] > l->now)
				continue;
			uplink_answer(&l->u, &at, l->nonce[i], l->answer_ns[i]);
			l->answer_ns[i] = INT64_MAX;
		}
		uplink_look(&l->u, l->now);
		if (l->next_ns > l->now || l->now - last < every_ns)
			continue;
		send(l, to++ % PARTNERS);
		last = l->now;
	}
}

static void
who_promises_too_much_finds_what_the_line_can(void **state)
{
	(void)state;
	for (double kbps = 250; kbps <= 4000; kbps *= 2) {
		struct line l = line_of(5000, kbps);

		run(&l, 30000 * MS, 0);
		run(&l, 60000 * MS, 0);
		assert_true((double)l.passed * 8 / 60000 > 0.8 * kbps);
		assert_true((double)l.dropped < 0.15 * (double)l.passed);
	}
}

static void
who_promises_what_there_is_sends_it(void **state)
{
	struct line l = line_of(800, 1000);

	(void)state;
	run(&l, 30000 * MS, 0);
	assert_true(l.u.kbps == 800);
	assert_in_range(l.passed * 8 / 30000, 780, 810);
}

static void
one_partner_s_own_queue_is_no_reason(void **state)
{
	struct line l = line_of(800, 1000);

	(void)state;
	run(&l, 5000 * MS, 0);
	l.slow_ns = 700 * MS;
	run(&l, 30000 * MS, 0);
	assert_true(l.u.kbps == 800);
}

static void
what_becomes_free_is_taken(void **state)
{
	struct line l = line_of(5000, 300);

	(void)state;
	run(&l, 30000 * MS, 0);
	assert_true(l.u.kbps < 500);
	l.kbps = 3000;
	run(&l, 60000 * MS, 0);
	assert_true(l.u.kbps > 2000);
}

static void
it_does_not_grow_unused(void **state)
{
	struct line l = line_of(5000, 300);

	(void)state;
	run(&l, 30000 * MS, 0);
	run(&l, 60000 * MS, 1000 * MS);
	assert_true(l.u.kbps < 500);
}

static void
a_line_that_is_gone_leaves_the_least(void **state)
{
	struct uplink u = uplink_begin(5000, 0);
	int64_t now = 1;

	(void)state;
	for (int i = 0; i < 500; i++, now += 200 * MS) {
		struct endpoint to = partner((unsigned)i % PARTNERS);

		uplink_sent(&u, &to, CHUNK, (uint64_t)i + 1, now);
		uplink_look(&u, now);
	}
	assert_true(u.kbps < 300);
	assert_true(u.kbps >= UPLINK_LEAST_KBPS);
}

static void
answers_to_nothing_change_nothing(void **state)
{
	struct uplink u = uplink_begin(5000, 0);
	struct endpoint a = partner(0), b = partner(1);

	(void)state;
	assert_false(uplink_answer(&u, &a, 1, 1));
	assert_true(uplink_sent(&u, &a, CHUNK, 7, 2));
	assert_false(uplink_sent(&u, &a, CHUNK, 8, 3)); /* one at a time */
	assert_false(uplink_answer(&u, &b, 7, 4));
	assert_false(uplink_answer(&u, &a, 8, 4));
	assert_false(uplink_answer(&u, &a, 0, 4));
	assert_true(uplink_answer(&u, &a, 7, 5));
	assert_false(uplink_answer(&u, &a, 7, 6));
	for (unsigned i = 0; i < 3 * UPLINK_WAYS; i++) { /* as many as may come */
		struct endpoint to = partner(i);

		uplink_sent(&u, &to, CHUNK, i + 1, 100 + i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_promises_too_much_finds_what_the_line_can),
		cmocka_unit_test(who_promises_what_there_is_sends_it),
		cmocka_unit_test(one_partner_s_own_queue_is_no_reason),
		cmocka_unit_test(what_becomes_free_is_taken),
		cmocka_unit_test(it_does_not_grow_unused),
		cmocka_unit_test(a_line_that_is_gone_leaves_the_least),
		cmocka_unit_test(answers_to_nothing_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
