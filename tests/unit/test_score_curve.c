/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/trial.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)
#define PEER       "10.0.0.2"

/* A line of the truth about a chunk: number n, made at second n, as old as age. */
static void
event(struct trial *x, const char *run, const char *what, double t, int n, double age)
{
	trial_append(x->truth, sizeof x->truth,
	             "{\"t\":%.6f,\"event\":\"%s\",\"peer\":\"" PEER "\",\"run\":\"%s\","
	             "\"channel\":\"c\",\"chunk\":%d%s%.6f}\n",
	             t, what, run, n, strcmp(what, "chunk") == 0 ? ",\"age_s\":" : ",\"lag_s\":",
	             age);
}

static void
arrives(struct trial *x, const char *run, int n, double age)
{
	event(x, run, "chunk", n + age, n, age);
}

/* A report of one channel with these shares at ages 1, 2, 4 s. */
static void
report(struct trial *x, double a, double b, double c)
{
	trial_claim(x, PEER ":1", 100, 101, 120, 0, NULL, "");
	strcpy(x->report, "{\"schema\":\"swarmscope/report/1\",\"sessions\":[],\"channels\":[");
	trial_append(x->report, sizeof x->report,
	             "{\"retrieval\":{\"age_s\":[1,2,4],\"ratio\":[%.6f,%.6f,%.6f],"
	             "\"n\":[10,10,10]}}",
	             a, b, c);
}

static void
who_was_there_counts_with_what_it_held(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_truly(&x, PEER, "a", "first_packet", 100);
	event(&x, "a", "play", 103, 101, 2);
	arrives(&x, "a", 100, 0.5); /* before what it played first */
	arrives(&x, "a", 101, 0.5);
	arrives(&x, "a", 102, 1.5);
	arrives(&x, "a", 103, 3);
	trial_truly(&x, PEER, "a", "leave", 106.5);
	report(&x, 0.25, 0.75, 1);
	trial_score(&x);
	/* age 1: of 101, 102, 103 one; age 2: two of three; age 4: 103 was not seen so old */
	NEAR(x.s.curve.truth[0], 1 / 3.0);
	NEAR(x.s.curve.truth[1], 2 / 3.0);
	NEAR(x.s.curve.truth[2], 1);
	NEAR(x.s.curve.truth_n[2], 2);
	NEAR(x.s.curve.mean_abs, (1 / 3.0 - 0.25 + 0.75 - 2 / 3.0) / 2);
	NEAR(x.s.curve.max_abs, 0.25 / 3);
	trial_end(&x);
}

static void
nobody_counts_before_it_came(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_truly(&x, PEER, "a", "first_packet", 102.5);
	event(&x, "a", "play", 104, 101, 3);
	arrives(&x, "a", 101, 1.75); /* at 102.75 */
	trial_truly(&x, PEER, "a", "leave", 120);
	report(&x, 0.5, 0.5, 0.5);
	trial_score(&x);
	NEAR(x.s.curve.truth_n[0], 0); /* at 102 it was not there */
	assert_true(isnan(x.s.curve.truth[0]));
	NEAR(x.s.curve.truth[1], 1);
	trial_end(&x);
}

static void
a_reboot_forgets_what_was_held(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_truly(&x, PEER, "a", "first_packet", 100);
	event(&x, "a", "play", 101, 100, 1);
	arrives(&x, "a", 100, 0.5);
	trial_truly(&x, PEER, "a", "reboot", 103);
	event(&x, "a", "play", 105.5, 104, 1.5);
	arrives(&x, "a", 104, 1.25);
	trial_truly(&x, PEER, "a", "leave", 120);
	report(&x, 0.5, 0.5, 0.5);
	trial_score(&x);
	NEAR(x.s.curve.truth_n[0], 2); /* 100 before, 104 after */
	NEAR(x.s.curve.truth[0], 0.5);
	NEAR(x.s.curve.truth[1], 1);
	NEAR(x.s.curve.truth_n[2], 1); /* 100 was 4 s old after the reboot */
	trial_end(&x);
}

static void
without_ages_there_is_no_curve(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, PEER, "a", 10, 13, 100);
	report(&x, 0.5, 0.5, 0.5);
	trial_score(&x);
	assert_int_equal(x.s.curve.ages, 0);
	assert_true(isnan(x.s.curve.mean_abs));
	trial_end(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_there_counts_with_what_it_held),
		cmocka_unit_test(nobody_counts_before_it_came),
		cmocka_unit_test(a_reboot_forgets_what_was_held),
		cmocka_unit_test(without_ages_there_is_no_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
