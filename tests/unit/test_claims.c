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

#include "base/err.h"
#include "record/result.h"
#include "report/claims.h"

#define S INT64_C(1000000000)

static int
parse(struct claims *c, const char *text, char why[LOAD_WHY])
{
	char *copy = strdup(text);
	struct load load = { copy, strlen(text) };
	int err;

	assert_non_null(copy);
	err = claims_parse(c, &load, "r", why);
	free(copy);
	return err;
}

static struct claims
sound(const char *text)
{
	struct claims c;
	char why[LOAD_WHY] = "";

	if (parse(&c, text, why) != 0)
		fail_msg("%s", why);
	return c;
}

static void
a_document_is_read_whatever_the_order_of_its_members(void **state)
{
	struct claims c = sound(
	    "{\"sessions\":[{\"stalls\":[{\"at\":{\"lo\":19,\"best\":20,\"hi\":21},"
	    "\"duration_s\":{\"lo\":1,\"best\":2,\"hi\":null}},"
	    "{\"duration_s\":null,\"at\":{\"lo\":45,\"best\":46,\"hi\":47}}],"
	    "\"reboots\":[{\"at\":{\"lo\":30,\"best\":30,\"hi\":30}}],"
	    "\"left\":{\"lo\":50,\"best\":50,\"hi\":51},\"left_censored\":false,"
	    "\"joined\":{\"lo\":null,\"best\":10,\"hi\":10},\"peer\":\"10.0.0.5:6000\","
	    "\"channel\":\"x:01\",\"maps\":11}],\"other\":{\"deep\":[1,{\"a\":null}]},"
	    "\"schema\":\"swarmscope/report/1\"}");

	(void)state;
	assert_int_equal(c.n_sessions, 1);
	assert_int_equal(c.sessions[0].peer.port, 6000);
	assert_true(c.sessions[0].joined.lo_ns == ESTIMATE_OPEN_LO);
	assert_true(c.sessions[0].from_ns == 10 * S && c.sessions[0].to_ns == 50 * S);
	assert_false(estimate_known(&c.sessions[0].playing));
	assert_true(isnan(c.sessions[0].continuity_index) && c.sessions[0].lag_ns == INT64_MIN);
	assert_int_equal(c.sessions[0].maps, 11);
	assert_int_equal(c.n_events, 3);
	assert_true(c.events[0].from_ns == 20 * S && c.events[0].to_ns == 22 * S);
	assert_true(c.events[0].duration.hi_ns == ESTIMATE_OPEN_HI);
	assert_int_equal(c.events[1].event, EVENT_REBOOT);
	assert_true(c.events[2].to_ns == 50 * S); /* without a duration: until left */
	claims_free(&c);
}

#define START "{\"event\":\"start\",\"t\":null,\"schema\":\"swarmscope/1\"}\n"
#define WHO   "\"peer\":\"10.0.0.5:6000\",\"channel\":\"x:01\",\"run\":1"

static void
events_make_a_session_when_its_own_line_is_missing(void **state)
{
	struct claims c = sound(
	    "{\"event\":\"leave\",\"t\":50," WHO ",\"at\":{\"lo\":50,\"best\":50,\"hi\":50}}\n"
	    "{\"event\":\"startup\",\"t\":13," WHO ",\"at\":{\"lo\":12,\"best\":13,\"hi\":14},"
	    "\"startup_delay_s\":{\"lo\":2,\"best\":3,\"hi\":4}}\n" START
	    "{\"event\":\"stall\",\"t\":20," WHO ",\"at\":{\"lo\":20,\"best\":20,\"hi\":20},"
	    "\"duration_s\":{\"lo\":1,\"best\":1,\"hi\":1}}\n"
	    "{\"event\":\"channel_tick\",\"t\":21}\n");

	(void)state;
	assert_int_equal(c.n_sessions, 1);
	assert_true(c.sessions[0].from_ns == 10 * S && c.sessions[0].to_ns == 50 * S);
	assert_true(c.sessions[0].playing.best_ns == 13 * S);
	assert_int_equal(c.n_events, 1);
	claims_free(&c);
}

static void
a_session_line_counts_more_than_its_events(void **state)
{
	static const char session[] =
	    "{\"event\":\"session\",\"t\":50," WHO
	    ",\"joined\":{\"lo\":9,\"best\":9,\"hi\":9},\"left\":{\"lo\":60,\"best\":60,\"hi\":60},"
	    "\"startup_delay_s\":null}\n";
	static const char startup[] = "{\"event\":\"startup\",\"t\":13," WHO
				      ",\"at\":{\"lo\":12,\"best\":13,\"hi\":14},"
				      "\"startup_delay_s\":{\"lo\":2,\"best\":3,\"hi\":4}}\n"
				      "{\"event\":\"exit_before_start\",\"t\":13," WHO
				      ",\"at\":{\"lo\":12,\"best\":13,\"hi\":14}}\n";

	(void)state;
	for (int first = 0; first < 2; first++) {
		char text[2048];
		struct claims c;

		snprintf(text, sizeof text, "%s%s%s", START, first ? startup : session,
		         first ? session : startup);
		c = sound(text);
		assert_int_equal(c.n_sessions, 1);
		assert_true(c.sessions[0].from_ns == 9 * S && c.sessions[0].to_ns == 60 * S);
		assert_false(estimate_known(&c.sessions[0].playing));
		assert_true(c.sessions[0].exit_before_start);
		claims_free(&c);
	}
}

static void
an_event_told_twice_counts_once(void **state)
{
	static const char stall[] = "{\"event\":\"stall\",\"t\":20," WHO
				    ",\"at\":{\"lo\":20,\"best\":20,\"hi\":20},"
				    "\"duration_s\":{\"lo\":1,\"best\":1,\"hi\":1}}\n";
	char text[1024];
	struct claims c;

	(void)state;
	snprintf(text, sizeof text, "%s%s%s", START, stall, stall);
	c = sound(text);
	assert_int_equal(c.n_events, 1);
	claims_free(&c);
}

static void
times_at_the_ends_of_the_range_do_not_overflow(void **state)
{
	struct claims c = sound(
	    START "{\"event\":\"stall\",\"t\":20," WHO
		  ",\"at\":{\"lo\":4.5e9,\"best\":4.5e9,\"hi\":4.5e9},"
		  "\"duration_s\":{\"lo\":4.5e9,\"best\":4.5e9,\"hi\":4.5e9}}\n"
		  "{\"event\":\"startup\",\"t\":13," WHO
		  ",\"at\":{\"lo\":-4.5e9,\"best\":-4.5e9,\"hi\":0},"
		  "\"startup_delay_s\":{\"lo\":4.5e9,\"best\":4.5e9,\"hi\":4.5e9}}\n"
		  "{\"event\":\"skip\",\"t\":20," WHO ",\"at\":{\"lo\":0,\"best\":0,\"hi\":0},"
		  "\"duration_s\":{\"lo\":-4,\"best\":-3,\"hi\":0}}\n");

	(void)state;
	assert_int_equal(c.n_events, 2);
	assert_true(c.events[1].to_ns > c.events[1].from_ns);
	assert_true(c.events[0].to_ns == c.events[0].from_ns);
	claims_free(&c);
}

static const struct {
	const char *text, *says;
} mistakes[] = {
	{ "", "r:1: document without an end" },
	{ "{\"schema\":\"swarmscope/report/1\",\n\"sessions\":[}", "r:2: value expected" },
	{ "{\"schema\":\"swarmscope/report/9\"}",
	  "r: schema is \"swarmscope/report/9\", \"swarmscope/report/1\" is expected" },
	{ "{\"hello\":1}", "r: no 'schema': not what swarmscope analyze writes" },
	{ "{\"schema\":\"swarmscope/report/1\",\"sessions\":[{\"peer\":\"x\"}]}",
	  "r:1: 'peer' is not an address" },
	{ "{\"schema\":\"swarmscope/report/1\",\"sessions\":[{}]}", "r:1: 'peer' is missing" },
	{ "{\"schema\":\"swarmscope/report/1\",\"sessions\":[1]}",
	  "r:1: 'sessions': an array of objects is expected" },
	{ "{\"schema\":\"swarmscope/report/1\",\"sessions\":{}}",
	  "r:1: 'sessions': an array is expected" },
	{ "{\"schema\":\"swarmscope/report/1\",\"sessions\":[{\"peer\":\"1.2.3.4\","
	  "\"joined\":{\"lo\":2,\"best\":1,\"hi\":3}}]}",
	  "r:1: 'joined': lo, best and hi are not in order" },
	{ "{\"schema\":\"swarmscope/report/1\",\"sessions\":[{\"peer\":\"1.2.3.4\","
	  "\"joined\":{\"lo\":2}}]}",
	  "r:1: 'joined': has no best" },
	{ "{\"schema\":\"swarmscope/report/1\",\"sessions\":[{\"peer\":\"1.2.3.4\","
	  "\"joined\":7}]}",
	  "r:1: 'joined': an object with lo, best and hi is expected" },
	{ "{\"schema\":\"swarmscope/report/1\",\"sessions\":[{\"peer\":\"1.2.3.4\","
	  "\"stalls\":[{}]}]}",
	  "r:1: 'at' is missing" },
	{ START "{\"event\":\"stall\",\"t\":1}", "r:2: 'peer' is missing" },
	{ START "{\"event\":\"startup\"," WHO
	        ",\"startup_delay_s\":{\"lo\":3,\"best\":3,\"hi\":3}}",
	  "r:2: 'at' is missing" },
	{ START "{\"t\":1}", "r:2: 'event' is missing" },
	{ START "\n{\"event\":", "r:3: document without an end" },
	{ "{\"event\":\"start\",\"schema\":\"swarmscope/2\"}",
	  "r:1: schema is \"swarmscope/2\", \"swarmscope/1\" is expected" },
	{ "{\"event\":\"leave\"," WHO ",\"at\":{\"lo\":1,\"best\":1,\"hi\":1}}",
	  "r: no \"start\" event: not what swarmscope analyze writes" },
};

static void
mistakes_name_file_and_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		struct claims c;
		char why[LOAD_WHY] = "";

		assert_int_equal(parse(&c, mistakes[i].text, why), ERR_SYNTAX);
		assert_string_equal(why, mistakes[i].says);
		assert_null(c.sessions);
	}
}

static void
a_missing_file_is_said(void **state)
{
	struct claims c;
	char why[LOAD_WHY];

	(void)state;
	assert_int_equal(claims_read(&c, "/nowhere/r.json", why), ERR_IO);
	assert_string_equal(why, "/nowhere/r.json: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_read_whatever_the_order_of_its_members),
		cmocka_unit_test(events_make_a_session_when_its_own_line_is_missing),
		cmocka_unit_test(a_session_line_counts_more_than_its_events),
		cmocka_unit_test(an_event_told_twice_counts_once),
		cmocka_unit_test(times_at_the_ends_of_the_range_do_not_overflow),
		cmocka_unit_test(mistakes_name_file_and_line),
		cmocka_unit_test(a_missing_file_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
