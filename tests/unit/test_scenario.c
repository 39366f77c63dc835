/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/scenario.h"
#include "peer/scenarios.h"

static void
values_are_set_in_their_units(void **state)
{
	static const char *const values[][2] = {
		{ "name", "mine" }, { "duration", "2m" }, { "viewers.count", "77" },
		{ "viewers.first", "250ms" }, { "viewers.over", "1.5s" },
		{ "viewers.mean", "1h" }, { "viewers.crash", "12.5%" },
		{ "viewers.short_share", "0.25" }, { "peers.policy", "freeze" },
		{ "peers.tell_play", "no" }, { "view.chunks", "false" },
		{ "view.map_offset", "by-seed" },
		{ "peers.signing", "ed25519" }, { "start", "1800000001" },
		{ "classes[0].up", "3Mbit/s" }, { "classes[1].up", "0.5Mbit/s" },
		{ "classes[1].attack", "liar" }, { "timeline[0].what", "outage" },
		{ "timeline[0].at", "9" }, { "channels[0].bitrate", "300 kbit/s" },
	};
	struct scenario s;

	(void)state;
	scenario_defaults(&s);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		assert_null(scenario_set(&s, values[i][0], values[i][1]));
	assert_string_equal(s.name, "mine");
	assert_int_equal(s.duration_ms, 120000);
	assert_int_equal(s.peers, 77);
	assert_int_equal(s.first_join_ms, 250);
	assert_int_equal(s.ramp_ms, 1500);
	assert_int_equal(s.mean_s, 3600);
	assert_int_equal(s.crash_ppm, 125000);
	assert_int_equal(s.short_ppm, 250000);
	assert_int_equal(s.policy, PLAYER_FREEZES);
	assert_true(s.hide_play && !s.view.chunks && s.signing == SIGNING_ED25519);
	assert_int_equal(s.view.map_offset, MAP_OFFSET_BY_SEED);
	assert_int_equal(s.start_s, 1800000001);
	assert_int_equal(s.n_classes, 2);
	assert_int_equal(s.classes[0].up_kbps, 3000);
	assert_int_equal(s.classes[1].up_kbps, 500);
	assert_int_equal(s.classes[1].down_kbps, 8000); /* as the first begins */
	assert_int_equal(s.classes[1].attack, ATTACK_LIAR);
	assert_int_equal(s.steps[0].what, STEP_OUTAGE);
	assert_int_equal(s.steps[0].at_ms, 9000);
	assert_int_equal(s.channels[0].bitrate_kbps, 300);
	assert_null(scenario_check(&s));
}

static void
what_cannot_be_is_refused_and_changes_nothing(void **state)
{
	static const char *const bad[][2] = {
		{ "nonsense", "1" }, { "viewers.nonsense", "1" }, { "viewers", "1" },
		{ "viewers.count", "-1" }, { "viewers.count", "20001" },
		{ "viewers.count", "1.5" }, { "viewers.count", "1s" }, { "viewers.count", "" },
		{ "viewers.count", "99999999999999999999" }, { "duration", "1" "0000000" },
		{ "duration", "1.2345ms" }, { "duration", "soon" },
		{ "classes[0].up", "3" }, { "classes[0].up", "0kbit/s" },
		{ "classes[0].up", "3Mbps" }, { "classes[0].loss", "101%" },
		{ "classes[0].loss", "1.1" }, { "classes[8].up", "1Mbit/s" },
		{ "classes[x].up", "1Mbit/s" }, { "classes[0]", "1" },
		{ "classes[1].up", "3" }, { "classes[2].up", "1Mbit/s" },
		{ "channels[16].chunk", "1s" }, { "timeline[64].at", "1s" },
		{ "peers.policy", "wait" }, { "view.chunks", "maybe" },
		{ "name", "a name that is longer than thirty-one bytes" },
	};
	struct scenario s, before;

	(void)state;
	memset(&s, 0, sizeof s);
	scenario_defaults(&s);
	before = s;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_non_null(scenario_set(&s, bad[i][0], bad[i][1]));
		assert_memory_equal(&s, &before, sizeof s);
	}
}

static void
impossible_scenarios_are_found(void **state)
{
	static const char *const bad[][2] = {
		{ "channels[0].bitrate", "100Mbit/s" }, { "peers.lag", "100s" },
		{ "peers.prebuffer", "20s" }, { "peers.partners", "20" },
		{ "timeline[0].at", "200s" }, { "timeline[0].what", "limit_up" },
		{ "classes[0].share", "0" }, { "peers.prebuffer", "100ms" },
	};
	struct scenario s;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		scenario_defaults(&s);
		assert_null(scenario_check(&s));
		assert_null(scenario_set(&s, bad[i][0], bad[i][1]));
		assert_non_null(scenario_check(&s));
	}
}

static void
step_names_are_those_of_the_text_form(void **state)
{
	struct scenario s;

	(void)state;
	scenario_defaults(&s);
	for (unsigned i = 0; i < STEP_WHATS; i++) {
		assert_null(scenario_set(&s, "timeline[0].what", scenario_step_name(i)));
		assert_int_equal(s.steps[0].what, i);
	}
	assert_null(scenario_step_name(STEP_WHATS));
}

static void
scenarios_are_built_in(void **state)
{
	unsigned n = 0;

	(void)state;
	for (const struct scenario_text *t = scenarios_builtin; t->name != NULL; t++, n++)
		assert_true(strncmp(t->text, "name: ", 6) == 0 &&
		            strncmp(t->text + 6, t->name, strlen(t->name)) == 0);
	assert_true(n >= 15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_set_in_their_units),
		cmocka_unit_test(what_cannot_be_is_refused_and_changes_nothing),
		cmocka_unit_test(impossible_scenarios_are_found),
		cmocka_unit_test(step_names_are_those_of_the_text_form),
		cmocka_unit_test(scenarios_are_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
