/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "tests/unit/trial.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)

/* --- stalls ---------------------------------------------------------------------------- */

static void
stalls_are_found_by_overlap(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_stall(&x, "10.0.0.2", "a", 20, 24);   /* 21 + 4: onset + 1, end + 1 */
	trial_true_stall(&x, "10.0.0.2", "a", 40, 40.7); /* 39.9 + 0.6: - 0.1, - 0.2 */
	trial_true_stall(&x, "10.0.0.2", "a", 60, 60.4); /* missed */
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 100, 3,
	            (struct moment[]){ { 39.9, 0.6 }, { 21, 4 }, { 80, 0.45 } }, "");
	trial_score(&x);
	assert_int_equal(x.s.stalls[0].count.truth, 3);
	assert_int_equal(x.s.stalls[0].count.found, 2);
	assert_int_equal(x.s.stalls[0].count.wrong, 1);
	NEAR(x.s.stalls[0].count.recall, 2.0 / 3);
	NEAR(x.s.stalls[0].count.precision, 2.0 / 3);
	NEAR(x.s.stalls[0].count.f1, 2.0 / 3);
	NEAR(x.s.stalls[0].true_s, 5.1);
	NEAR(x.s.stalls[0].inferred_s, 5.05);
	NEAR(x.s.stalls[0].shared_s, 3.5);
	assert_int_equal(x.s.stalls[1].count.truth, 2);
	NEAR(x.s.stalls[1].count.recall, 1);
	NEAR(x.s.stalls[1].count.precision, 1);
	assert_int_equal(x.s.stalls[2].count.truth, 1);
	NEAR(x.s.stalls[2].true_s, 4);
	NEAR(x.s.errors[SCORE_STALL_ONSET].mean, 0.45);
	NEAR(x.s.errors[SCORE_STALL_RESUME].mean, 0.4);
	NEAR(x.s.errors[SCORE_STALL_DURATION].max_abs, 0.1);
	assert_int_equal(x.s.bounds[SCORE_IN_ONSET].held, 1);
	assert_int_equal(x.s.bounds[SCORE_IN_DURATION].held, 2);
	NEAR(x.s.bounds[SCORE_IN_DURATION].width_s, 2);
	assert_int_equal(x.s.n_pairs, 2);
	trial_end(&x);
}

static void
a_stall_told_in_two_parts_is_found_once(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_stall(&x, "10.0.0.2", "a", 20, 30);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 100, 2, (struct moment[]){ { 20, 3 }, { 24, 6 } },
	            "");
	trial_score(&x);
	assert_int_equal(x.s.stalls[1].count.found, 1);
	assert_int_equal(x.s.stalls[1].count.wrong, 1);
	NEAR(x.s.stalls[1].shared_s, 6);
	NEAR(x.s.errors[SCORE_STALL_ONSET].mean, 4);
	trial_end(&x);
}

static void
one_stall_over_two_true_ones_finds_the_longer(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_stall(&x, "10.0.0.2", "a", 20, 22);
	trial_true_stall(&x, "10.0.0.2", "a", 23, 27);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 100, 1, (struct moment[]){ { 20, 7 } }, "");
	trial_score(&x);
	assert_int_equal(x.s.stalls[1].count.found, 1);
	assert_int_equal(x.s.stalls[1].count.wrong, 0);
	NEAR(x.s.errors[SCORE_STALL_ONSET].mean, -3);
	NEAR(x.s.stalls[1].shared_s, 4);
	trial_end(&x);
}

static void
equal_overlaps_go_to_the_earlier_stall(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_stall(&x, "10.0.0.2", "a", 20, 22);
	trial_true_stall(&x, "10.0.0.2", "a", 24, 26);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 100, 1, (struct moment[]){ { 20, 6 } }, "");
	trial_score(&x);
	assert_int_equal(x.s.n_pairs, 1);
	NEAR(x.s.errors[SCORE_STALL_ONSET].mean, 0);
	trial_end(&x);
}

static void
touching_is_no_overlap(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_true_stall(&x, "10.0.0.2", "a", 20, 22);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 100, 2, (struct moment[]){ { 22, 2 }, { 18, 2 } },
	            "");
	trial_score(&x);
	assert_int_equal(x.s.stalls[0].count.found, 0);
	assert_int_equal(x.s.stalls[0].count.wrong, 2);
	trial_end(&x);
}

static void
short_stalls_between_rare_maps_count_apart(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 0, 13, 100);
	trial_true_stall(&x, "10.0.0.2", "a", 20, 25);
	trial_true_stall(&x, "10.0.0.2", "a", 40, 61);
	trial_claim(&x, "10.0.0.2:1", 0, 13, 100, 1, (struct moment[]){ { 40, 20 } },
	            "\"maps\":11,"); /* one in 10 s: stalls of 20 s count */
	trial_score(&x);
	NEAR(x.s.stalls[1].count.recall, 0.5);
	NEAR(x.s.stalls[3].count.recall, 1);
	assert_int_equal(x.s.stalls[3].count.inferred, 1);
	trial_end(&x);
}

/* --- reboots, skips, switches, exits, lag, retrieval -------------------------------------- */

static void
reboots_and_skips_are_found_by_distance(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_truly(&x, "10.0.0.2", "a", "reboot", 40);
	trial_truly(&x, "10.0.0.2", "a", "reboot", 60);
	trial_append(x.truth, sizeof x.truth,
	             "{\"t\":50,\"event\":\"skip\",\"peer\":\"10.0.0.2\","
	             "\"run\":\"a\",\"chunks\":30}\n");
	trial_claim(
	    &x, "10.0.0.2:1", 10.5, 13, 100, 0, NULL,
	    "\"reboots\":[{\"at\":{\"lo\":41,\"best\":42,\"hi\":43}},"
	    "{\"at\":{\"lo\":44,\"best\":44,\"hi\":45}},"
	    "{\"at\":{\"lo\":66,\"best\":66,\"hi\":66}}],"
	    "\"skips\":[{\"at\":{\"lo\":51,\"best\":52,\"hi\":53},\"chunks\":28}],");
	trial_score(&x);
	assert_int_equal(x.s.reboots.truth, 2);
	assert_int_equal(x.s.reboots.found, 1);
	assert_int_equal(x.s.reboots.inferred, 3);
	assert_int_equal(x.s.reboots.wrong, 2);
	NEAR(x.s.reboots.f1, 2 * 0.5 / 3 / (0.5 + 1.0 / 3));
	NEAR(x.s.skips.f1, 1);
	assert_int_equal(x.s.true_skipped, 30);
	assert_int_equal(x.s.inferred_skipped, 28);
	trial_end(&x);
}

static void
a_switch_is_scored_from_the_viewers_wish(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_truly(&x, "10.0.0.2", "a", "switch", 50);
	trial_truly(&x, "10.0.0.2", "a", "play", 53);
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 50, 0, NULL, "");
	trial_claim(
	    &x, "10.0.0.2:1", 50.2, 53.1, 100, 0, NULL,
	    "\"switched_from\":\"x:02\",\"switch_delay_s\":{\"lo\":3,\"best\":3.2,\"hi\":4},");
	trial_score(&x);
	assert_int_equal(x.s.n_rows, 2);
	assert_int_equal(x.s.matched, 2);
	assert_int_equal(x.s.errors[SCORE_SWITCH].n, 1);
	NEAR(x.s.errors[SCORE_SWITCH].mean, 0.2);
	NEAR(x.s.switches.f1, 1);
	assert_int_equal(x.s.errors[SCORE_STARTUP_JOIN].n, 1);
	trial_end(&x);
}

static void
leaving_before_play_is_an_exit(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_truly(&x, "10.0.0.2", "a", "join", 10);
	trial_truly(&x, "10.0.0.2", "a", "leave", 12);
	trial_true_run(&x, "10.0.0.3", "b", 10, 13, 100);
	trial_claim(&x, "10.0.0.2:1", 10.5, NAN, 12, 0, NULL, "\"exit_before_start\":true,");
	trial_claim(&x, "10.0.0.3:1", 10.5, NAN, 100, 0, NULL, "\"exit_before_start\":true,");
	trial_score(&x);
	assert_int_equal(x.s.exits.truth, 1);
	assert_int_equal(x.s.exits.found, 1);
	assert_int_equal(x.s.exits.wrong, 1);
	NEAR(x.s.exits.precision, 0.5);
	trial_end(&x);
}

static void
lag_and_chunks_in_time_are_compared(void **state)
{
	struct trial x;

	(void)state;
	trial_begin(&x);
	trial_true_run(&x, "10.0.0.2", "a", 10, 13, 100);
	trial_append(x.truth, sizeof x.truth,
	             "{\"t\":50,\"event\":\"chunk\",\"peer\":\"10.0.0.2\","
	             "\"run\":\"a\",\"chunks\":98,\"lag_s\":4.5}\n{\"t\":50,\"event\":\"missed\","
	             "\"peer\":\"10.0.0.2\",\"run\":\"a\",\"chunks\":2}\n");
	trial_claim(&x, "10.0.0.2:1", 10.5, 13, 100, 0, NULL,
	            "\"lag_s\":4.7,\"continuity_index\":0.99,");
	trial_append(x.report, sizeof x.report,
	             "],\"channels\":[{\"retrieval\":{\"at_deadline\":0.985,"
	             "\"at_deadline_n\":200}},{\"retrieval\":{\"at_deadline\":null}}");
	trial_score(&x);
	NEAR(x.s.errors[SCORE_LAG].mean, 0.2);
	NEAR(x.s.errors[SCORE_CONTINUITY].mean, 0.01);
	assert_int_equal(x.s.deadline_n, 100);
	NEAR(x.s.true_deadline, 0.98);
	NEAR(x.s.inferred_deadline, 0.985);
	trial_end(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stalls_are_found_by_overlap),
		cmocka_unit_test(a_stall_told_in_two_parts_is_found_once),
		cmocka_unit_test(one_stall_over_two_true_ones_finds_the_longer),
		cmocka_unit_test(equal_overlaps_go_to_the_earlier_stall),
		cmocka_unit_test(touching_is_no_overlap),
		cmocka_unit_test(short_stalls_between_rare_maps_count_apart),
		cmocka_unit_test(reboots_and_skips_are_found_by_distance),
		cmocka_unit_test(a_switch_is_scored_from_the_viewers_wish),
		cmocka_unit_test(leaving_before_play_is_an_exit),
		cmocka_unit_test(lag_and_chunks_in_time_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
