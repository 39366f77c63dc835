/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/score_json.h"
#include "report/score_text.h"
#include "tests/unit/trial.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)

/* --- start-up ------------------------------------------------------------------------- */

static void
errors_are_inferred_minus_true(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100); /* from first packet 2.5, from join 3 */
	trial_true_run(&x, "10.0.0.3", "b", 20, 24, 100); /* 3.5, 4 */
	trial_true_run(&x, "10.0.0.4", "c", 30, 32, 100); /* 1.5, 2 */
	trial_claim(&x, "10.0.0.2:1", 10.6, 13.2, 100, 0, NULL, ""); /* 2.6: playing + 0.2 */
	trial_claim(&x, "10.0.0.3:1", 20.5, 23.9, 100, 0, NULL, ""); /* 3.4: - 0.1 */
	trial_claim(&x, "10.0.0.4:1", 30.5, 32.4, 100, 0, NULL, ""); /* 1.9: + 0.4 */
	trial_score(&x);
	assert_int_equal(x.s.matched, 3);
	assert_int_equal(x.s.errors[SCORE_PLAYING].n, 3);
	NEAR(x.s.errors[SCORE_PLAYING].median, 0.2);
	NEAR(x.s.errors[SCORE_PLAYING].median_abs, 0.2);
	NEAR(x.s.errors[SCORE_PLAYING].max_abs, 0.4);
	NEAR(x.s.errors[SCORE_PLAYING].p95_abs, 0.38);
	NEAR(x.s.errors[SCORE_PLAYING].mean, 0.5 / 3);
	NEAR(x.s.errors[SCORE_PLAYING].spread_max, 0.3);
	NEAR(x.s.errors[SCORE_PLAYING].range, 0.5);
	NEAR(x.s.errors[SCORE_STARTUP_PACKET].median, 0.1);
	NEAR(x.s.errors[SCORE_STARTUP_PACKET].spread_max, 0.3);
	NEAR(x.s.errors[SCORE_STARTUP_JOIN].median, -0.4);
	NEAR(x.s.errors[SCORE_STARTUP_JOIN].median_abs, 0.4);
	NEAR(x.s.rows[0].true_packet_s, 2.5);
	NEAR(x.s.rows[0].error_playing_s, 0.2);
	trial_end(&x);
}

static void
intervals_hold_the_truth_or_not(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_run(&x, "10.0.0.3", "b", 20, 24, 100);
	trial_true_run(&x, "10.0.0.4", "c", 30, 32, 100);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13.25, 100, 0, NULL, ""); /* lo is the truth */
	trial_claim(&x, "10.0.0.3:1", 20.5, 23.4, 100, 0, NULL, "");  /* 0.6 early: hi too low */
	trial_claim(&x, "10.0.0.4:1", 30.5, 32.3, 100, 0, NULL, "");  /* 0.3 late: lo too high */
	trial_score(&x);
	assert_int_equal(x.s.bounds[SCORE_IN_PLAYING].n, 3);
	assert_int_equal(x.s.bounds[SCORE_IN_PLAYING].held, 1);
	NEAR(x.s.bounds[SCORE_IN_PLAYING].coverage, 1.0 / 3);
	NEAR(x.s.bounds[SCORE_IN_PLAYING].width_s, 0.75);
	assert_int_equal(x.s.bounds[SCORE_IN_STARTUP].held, 1);
	trial_end(&x);
}

static void
an_open_interval_has_no_width(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_append(
	    x.report, sizeof x.report,
	    "{\"peer\":\"10.0.0.2:1\",\"joined\":"
	    "{\"lo\":null,\"best\":10,\"hi\":10},\"left\":{\"lo\":99,\"best\":99,\"hi\":99},"
	    "\"playing\":{\"lo\":12,\"best\":13,\"hi\":14},"
	    "\"startup_delay_s\":{\"lo\":2,\"best\":3,\"hi\":null}}");
	trial_score(&x);
	assert_int_equal(x.s.bounds[SCORE_IN_STARTUP].held, 1);
	assert_int_equal(x.s.bounds[SCORE_IN_STARTUP].open, 1);
	assert_true(isinf(x.s.bounds[SCORE_IN_STARTUP].width_s));
	NEAR(x.s.bounds[SCORE_IN_PLAYING].width_s, 2);
	trial_end(&x);
}

static void
one_taken_for_there_already_has_no_start(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_run(&x, "10.0.0.3", "b", 10, 13, 100);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 100, 0, NULL, "\"left_censored\":true,");
	trial_claim(&x, "10.0.0.3:1", 10.5, NAN, 100, 0, NULL, "");
	trial_score(&x);
	assert_int_equal(x.s.matched, 2);
	assert_int_equal(x.s.censored, 1);
	assert_int_equal(x.s.silent, 1);
	assert_int_equal(x.s.errors[SCORE_PLAYING].n, 0);
	assert_true(isnan(x.s.errors[SCORE_PLAYING].median));
	assert_true(isnan(x.s.errors[SCORE_PLAYING].spread_max));
	trial_end(&x);
}

/* --- who is who ------------------------------------------------------------------------ */

static void
two_runs_of_one_address_get_their_own_sessions(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.6", "b", 76, 79, 100);
	trial_true_run(&x, "10.0.0.6", "a", 5, 8, 70);
	trial_claim(&x, "10.0.0.6:1", 5.5, 8.1, 75, 0, NULL, "");
	trial_claim(&x, "10.0.0.6:1", 76.5, 79.2, 100, 0, NULL, "");
	trial_score(&x);
	assert_int_equal(x.s.matched, 2);
	assert_string_equal(x.t.runs[x.s.rows[0].run].label, "a");
	NEAR(x.s.rows[0].error_playing_s, 0.1);
	NEAR(x.s.rows[1].error_playing_s, 0.2);
	trial_end(&x);
}

static void
ports_tell_apart_only_when_both_are_known(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.6:7001", "a", 10, 13, 100);
	trial_true_run(&x, "10.0.0.6:7002", "b", 10, 14, 100);
	trial_true_run(&x, "10.0.0.7", "c", 10, 13, 100);
	trial_claim(&x, "10.0.0.6:7002", 10.5, 14, 100, 0, NULL, "");
	trial_claim(&x, "10.0.0.6:7001", 10.5, 13, 100, 0, NULL, "");
	trial_claim(&x, "10.0.0.7:7003", 10.5, 13, 100, 0, NULL, "");
	trial_score(&x);
	assert_int_equal(x.s.matched, 3);
	NEAR(x.s.errors[SCORE_PLAYING].max_abs, 0);
	trial_end(&x);
}

static void
a_session_without_truth_says_nothing_false(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 100, 0, NULL, "");
	trial_claim(&x, "10.0.0.9:1", 10.5, 13, 100, 1, (struct moment[]){ { 50, 5 } }, "");
	trial_score(&x);
	assert_int_equal(x.s.matched, 1);
	assert_int_equal(x.s.run_of[1], MATCH_NONE);
	assert_false(x.s.rival[1]);
	assert_int_equal(x.s.stalls[0].count.inferred, 0);
	trial_end(&x);
}

static void
a_run_without_a_session_misses_its_stalls(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_stall(&x, "10.0.0.2", "a", 50, 53);
	trial_score(&x);
	assert_int_equal(x.s.matched, 0);
	assert_int_equal(x.s.rows[0].session, MATCH_NONE);
	assert_int_equal(x.s.stalls[1].count.truth, 1);
	assert_int_equal(x.s.stalls[1].count.found, 0);
	NEAR(x.s.stalls[1].count.recall, 0);
	assert_true(isnan(x.s.stalls[1].count.precision));
	NEAR(x.s.stalls[1].true_s, 3);
	trial_end(&x);
}

static void
a_run_cut_in_two_gets_the_longer_half_and_the_other_is_false(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 40, 1, (struct moment[]){ { 30, 2 } }, "");
	trial_claim(&x, "10.0.0.2:1", 41, 44, 100, 1, (struct moment[]){ { 60, 2 } }, "");
	trial_score(&x);
	assert_int_equal(x.s.matched, 1);
	assert_int_equal(x.s.rows[0].session, 1);
	assert_true(x.s.rival[0]);
	assert_int_equal(x.s.stalls[0].count.inferred, 2);
	assert_int_equal(x.s.stalls[0].count.wrong, 2);
	assert_int_equal(x.s.rows[0].wrong, 1);
	trial_end(&x);
}

static void
equal_overlaps_go_to_the_earlier_session(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 90);
	trial_claim(&x, "10.0.0.2:2", 50, NAN, 90, 0, NULL, "");
	trial_claim(&x, "10.0.0.2:1", 10, NAN, 50, 0, NULL, "");
	trial_score(&x);
	assert_int_equal(x.s.rows[0].session, 0);
	assert_true(x.c.sessions[0].from_ns == INT64_C(10000000000));
	trial_end(&x);
}

/* --- output ------------------------------------------------------------------------------- */

static char *
output(struct trial *x, bool text)
{
	struct score_source of = { "truth", "report", &x->t, &x->c, 5000000000 };
	char *got = NULL;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	assert_non_null(out);
	if (text)
		score_text_write(out, &x->s, &of, false);
	else
		score_json_write(out, &x->s, &of);
	fclose(out);
	return got;
}

static void
swap_lines(char *text)
{
	char *copy = strdup(text), *at = text + strlen(text);

	assert_non_null(copy);
	for (char *line = copy; *line != '\0'; line = strchr(line, '\n') + 1) {
		size_t n = (size_t)(strchr(line, '\n') + 1 - line);

		at -= n;
		memcpy(at, line, n);
	}
	free(copy);
}

static void
write_trial(struct trial *x, bool backwards)
{
	trial_begin(x);
	trial_true_run(x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_stall(x, "10.0.0.2", "a", 20, 22);
	trial_true_stall(x, "10.0.0.2", "a", 24, 26);
	trial_true_run(x, "10.0.0.6", "b", 76, 79, 100);
	trial_true_run(x, "10.0.0.6", "a", 5, 8, 70);
	trial_true_run(x, "10.0.0.8", "a", 5, 8, 70);
	trial_truly(x, "10.0.0.8", "a", "sneeze", 7);
	if (backwards)
		swap_lines(x->truth);
	if (backwards)
		trial_claim(x, "10.0.0.6:1", 76.5, 79.2, 100, 0, NULL, "");
	trial_claim(x, "10.0.0.2:1", 10.5, 13, 100, 1, (struct moment[]){ { 20, 6 } }, "");
	trial_claim(x, "10.0.0.6:1", 5.5, 8.1, 75, 0, NULL, "");
	if (!backwards)
		trial_claim(x, "10.0.0.6:1", 76.5, 79.2, 100, 0, NULL, "");
	trial_score(x);
}

static void
the_order_of_the_input_changes_nothing(void **state)
{
	static struct trial x, y;

	(void)state;
	write_trial(&x, false);
	write_trial(&y, true);
	for (int text = 0; text < 2; text++) {
		char *a = output(&x, text), *b = output(&y, text);

		assert_string_equal(a, b);
		free(a);
		free(b);
	}
	trial_end(&x);
	trial_end(&y);
}

static void
the_text_is_a_page_of_tables(void **state)
{
	static struct trial x;
	char *text;

	(void)state;
	write_trial(&x, false);
	text = output(&x, true);
	for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_true(strchr(line, '\n') - line <= 100);
	assert_non_null(strstr(text, "4 runs, 3 sessions, 3 matched"));
	assert_non_null(strstr(text, "Runs without a session\n10.0.0.8"));
	assert_non_null(strstr(text, "startup_median_abs"));
	assert_non_null(strstr(text, "stalls_true 2, stalls_found 1, stalls_false 0"));
	assert_non_null(strstr(text, "1 events of the truth have unknown names"));
	free(text);
	trial_end(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_inferred_minus_true),
		cmocka_unit_test(intervals_hold_the_truth_or_not),
		cmocka_unit_test(an_open_interval_has_no_width),
		cmocka_unit_test(one_taken_for_there_already_has_no_start),
		cmocka_unit_test(two_runs_of_one_address_get_their_own_sessions),
		cmocka_unit_test(ports_tell_apart_only_when_both_are_known),
		cmocka_unit_test(a_session_without_truth_says_nothing_false),
		cmocka_unit_test(a_run_without_a_session_misses_its_stalls),
		cmocka_unit_test(a_run_cut_in_two_gets_the_longer_half_and_the_other_is_false),
		cmocka_unit_test(equal_overlaps_go_to_the_earlier_session),
		cmocka_unit_test(the_order_of_the_input_changes_nothing),
		cmocka_unit_test(the_text_is_a_page_of_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
