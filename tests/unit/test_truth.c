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
#include "report/truth.h"

#define S INT64_C(1000000000)

#define LINE(t, event) "{\"t\": " #t ", \"event\": \"" event "\", \"peer\": \"10.0.0.5\"}\n"
#define RUN(t, event, run)                                                                         \
	"{\"t\": " #t ", \"event\": \"" event "\", \"peer\": \"10.0.0.5\", \"run\": \"" run "\"}\n"

static int
parse(struct truth *t, const char *lines, char why[LOAD_WHY])
{
	char *copy = strdup(lines);
	struct load text = { copy, strlen(lines) };
	int err;

	assert_non_null(copy);
	err = truth_parse(t, &text, "t.ndjson", why);
	free(copy);
	return err;
}

static struct truth
sound(const char *lines)
{
	struct truth t;
	char why[LOAD_WHY] = "";

	if (parse(&t, lines, why) != 0)
		fail_msg("%s", why);
	return t;
}

static void
a_run_is_told_from_join_to_leave(void **state)
{
	struct truth t = sound(LINE(10, "join") LINE(10.5, "first_packet") LINE(13, "play")
	                           LINE(20, "stall") LINE(22.5, "resume") LINE(50, "leave"));

	(void)state;
	assert_int_equal(t.n_runs, 1);
	assert_true(t.runs[0].joined_ns == 10 * S);
	assert_true(t.runs[0].first_packet_ns == 10 * S + S / 2);
	assert_true(t.runs[0].play_ns == 13 * S);
	assert_true(t.runs[0].left_ns == 50 * S);
	assert_true(t.runs[0].from_ns == 10 * S && t.runs[0].to_ns == 50 * S);
	assert_true(t.runs[0].switched_ns == TRUTH_NEVER);
	assert_int_equal(t.n_spans, 1);
	assert_true(t.spans[0].from_ns == 20 * S && t.spans[0].to_ns == 22 * S + S / 2);
	assert_int_equal(t.spans[0].what, TRUTH_SPAN_STALL);
	assert_int_equal(t.runs[0].peer.port, 0);
	truth_free(&t);
}

static void
a_stall_that_is_open_ends_at_the_leave(void **state)
{
	struct truth t = sound(LINE(10, "play") LINE(20, "stall") LINE(50, "leave"));

	(void)state;
	assert_int_equal(t.n_spans, 1);
	assert_true(t.spans[0].to_ns == 50 * S);
	truth_free(&t);
}

static void
without_a_leave_a_run_lasts_to_the_end_of_the_log(void **state)
{
	struct truth t = sound(
	    LINE(10, "play")
		LINE(20, "stall") "{\"t\": 90, \"event\": \"impair\", \"note\": \"all\"}\n");

	(void)state;
	assert_true(t.runs[0].to_ns == 90 * S && t.runs[0].left_ns == TRUTH_NEVER);
	assert_true(t.spans[0].to_ns == 90 * S);
	truth_free(&t);
}

static void
labels_tell_two_runs_of_one_address_apart(void **state)
{
	struct truth t = sound(RUN(10, "play", "a") RUN(50, "leave", "a") RUN(60, "join", "b")
	                           RUN(63, "play", "b"));

	(void)state;
	assert_int_equal(t.n_runs, 2);
	assert_string_equal(t.runs[0].label, "a");
	assert_true(t.runs[0].to_ns == 50 * S);
	assert_true(t.runs[1].joined_ns == 60 * S && t.runs[1].play_ns == 63 * S);
	truth_free(&t);
}

static void
a_join_after_a_leave_begins_another_run_without_a_label(void **state)
{
	struct truth t = sound(LINE(10, "join") LINE(12, "play") LINE(50, "leave")
	                           LINE(55, "resume") LINE(60, "join") LINE(63, "play"));

	(void)state;
	assert_int_equal(t.n_runs, 2);
	assert_true(t.runs[1].from_ns == 60 * S && t.runs[1].play_ns == 63 * S);
	assert_int_equal(t.n_spans, 0);
	truth_free(&t);
}

static void
a_switch_ends_a_run_and_begins_the_next(void **state)
{
	struct truth t = sound(LINE(10, "join") LINE(12, "play") LINE(30, "switch") LINE(33, "play")
	                           LINE(40, "stall") LINE(41, "resume") LINE(50, "leave"));

	(void)state;
	assert_int_equal(t.n_runs, 2);
	assert_true(t.runs[0].to_ns == 30 * S && t.runs[0].left_ns == TRUTH_NEVER);
	assert_true(t.runs[1].switched_ns == 30 * S && t.runs[1].play_ns == 33 * S);
	assert_int_equal(t.runs[0].spans, 0);
	assert_int_equal(t.runs[1].spans, 1);
	truth_free(&t);
}

static void
a_join_with_the_switch_belongs_to_it(void **state)
{
	struct truth t = sound(LINE(10, "join") LINE(12, "play") LINE(30, "join") LINE(30, "switch")
	                           LINE(30, "first_packet") LINE(33, "play"));

	(void)state;
	assert_int_equal(t.n_runs, 2);
	assert_true(t.runs[1].switched_ns == 30 * S && t.runs[1].joined_ns == 30 * S);
	assert_true(t.runs[1].first_packet_ns == 30 * S);
	truth_free(&t);
}

static void
a_reboot_keeps_the_stall_until_it_plays_again(void **state)
{
	struct truth t = sound(LINE(10, "play") LINE(20, "stall") LINE(30, "reboot")
	                           LINE(34, "play") LINE(50, "leave"));

	(void)state;
	assert_int_equal(t.n_runs, 1);
	assert_true(t.runs[0].play_ns == 10 * S);
	assert_int_equal(t.n_spans, 2);
	assert_int_equal(t.spans[0].what, TRUTH_SPAN_STALL);
	assert_true(t.spans[0].to_ns == 34 * S);
	assert_int_equal(t.spans[1].what, TRUTH_SPAN_REBOOT);
	truth_free(&t);
}

static void
one_stall_may_end_as_the_next_begins(void **state)
{
	struct truth t = sound(LINE(1, "play") LINE(2, "stall") LINE(3, "stall") LINE(3, "resume")
	                           LINE(4, "resume"));

	(void)state;
	assert_int_equal(t.n_spans, 2);
	assert_true(t.spans[1].from_ns == 3 * S && t.spans[1].to_ns == 4 * S);
	truth_free(&t);
}

#define CHUNK(t, event, rest)                                                                      \
	"{\"t\":" #t ",\"event\":\"" event "\",\"peer\":\"10.0.0.5\"," rest "}\n"

static void
a_missed_chunk_that_came_late_counts_once(void **state)
{
	struct truth t = sound(
	    LINE(1, "play") CHUNK(2, "chunk", "\"chunk\":7") CHUNK(2, "chunk", "\"chunk\":8")
		CHUNK(3, "missed", "\"chunk\":9") CHUNK(4, "chunk", "\"chunk\":9")
		    CHUNK(4, "chunk", "\"chunk\":8") CHUNK(5, "missed", "\"chunks\":3"));

	(void)state;
	assert_int_equal(t.runs[0].chunks, 3 + 3);
	assert_int_equal(t.runs[0].missed, 1 + 3);
	truth_free(&t);
}

static void
skips_and_lag_are_kept(void **state)
{
	struct truth t = sound(CHUNK(1, "play", "\"lag_s\":2") CHUNK(2, "skip", "\"chunks\":5")
	                           CHUNK(3, "skip", "\"chunk\":50,\"chunks\":2,\"lag_s\":3"));

	(void)state;
	assert_int_equal(t.n_spans, 2);
	assert_int_equal(t.spans[0].chunks, 5);
	assert_int_equal(t.spans[1].chunks, 2);
	assert_true(fabs(t.runs[0].lag_s - 2) < 1e-9); /* nothing was played with the other */
	truth_free(&t);
}

/* 2 s of lag for 4 s, 5 s for 3 s after a stall, 3 s for 1 s after a skip. */
static void
lag_counts_for_as_long_as_it_plays(void **state)
{
	struct truth t = sound(
	    CHUNK(10, "play", "\"lag_s\":2") LINE(14, "stall") CHUNK(15, "skip", "\"lag_s\":99")
	        CHUNK(17, "resume", "\"lag_s\":5") CHUNK(20, "skip", "\"lag_s\":3")
	            LINE(21, "leave"));

	(void)state;
	assert_true(fabs(t.runs[0].lag_s - (4 * 2 + 3 * 5 + 1 * 3) / 8.0) < 1e-9);
	truth_free(&t);
}

static void
lag_told_by_the_way_counts_once_each(void **state)
{
	struct truth t = sound(LINE(1, "play") CHUNK(2, "chunk", "\"lag_s\":2")
	                           CHUNK(9, "chunk", "\"lag_s\":3") LINE(90, "leave"));

	(void)state;
	assert_true(fabs(t.runs[0].lag_s - 2.5) < 1e-9);
	truth_free(&t);
}

static void
unknown_events_are_counted_and_strange_members_ignored(void **state)
{
	struct truth t = sound(LINE(1, "play") LINE(
	    2,
	    "sneeze") "\n \r\n{\"t\":3,\"event\":\"leave\",\"peer\":\"10.0.0.5\","
	    "\"x\":[{\"y\":1}],\"run\":null}");

	(void)state;
	assert_int_equal(t.unknown, 1);
	assert_true(t.runs[0].left_ns == 3 * S);
	assert_true(isnan(t.runs[0].lag_s));
	truth_free(&t);
}

static void
shuffle(const char **lines, size_t n, uint32_t seed)
{
	for (size_t i = n - 1; i > 0; i--) {
		size_t j;
		const char *keep = lines[i];

		seed = seed * 1664525 + 1013904223;
		j = (seed >> 8) % (i + 1);
		lines[i] = lines[j];
		lines[j] = keep;
	}
}

static void
the_order_of_the_lines_means_nothing(void **state)
{
	const char *lines[] = {
		RUN(10, "join", "a"),   RUN(10, "first_packet", "a"), RUN(12, "play", "a"),
		RUN(20, "stall", "a"),  RUN(21, "resume", "a"),       RUN(21, "stall", "a"),
		RUN(25, "leave", "a"),  RUN(25, "join", "a"),         RUN(26, "play", "a"),
		RUN(30, "switch", "a"), RUN(31, "play", "a"),         RUN(5, "play", "b"),
		RUN(6, "stall", "b"),   RUN(7, "resume", "b"),        RUN(7, "skip", "b"),
	};
	const size_t n = sizeof lines / sizeof lines[0];
	struct truth first = { 0 };

	(void)state;
	for (uint32_t seed = 0; seed < 40; seed++) {
		char all[4096] = "";
		struct truth t;

		for (size_t i = 0; i < n; i++)
			strcat(all, lines[i]);
		t = sound(all);
		if (seed == 0) {
			first = t;
		} else {
			assert_int_equal(t.n_runs, first.n_runs);
			assert_int_equal(t.n_spans, first.n_spans);
			assert_memory_equal(t.spans, first.spans, t.n_spans * sizeof *t.spans);
			for (size_t i = 0; i < t.n_runs; i++)
				assert_memory_equal(&t.runs[i].from_ns, &first.runs[i].from_ns,
				                    7 * sizeof(int64_t));
			truth_free(&t);
		}
		shuffle(lines, n, seed);
	}
	assert_int_equal(first.n_runs, 4);
	assert_int_equal(first.n_spans, 4);
	truth_free(&first);
}

static void
mistakes_name_file_and_line(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
		{ "{\"t\":1,", "t.ndjson:2: document without an end" },
		{ "[1]", "t.ndjson:2: a JSON object is expected" },
		{ "{\"event\":\"play\",\"peer\":\"10.0.0.5\"}", "t.ndjson:2: 't' is missing" },
		{ "{\"t\":1,\"peer\":\"10.0.0.5\"}", "t.ndjson:2: 'event' is missing" },
		{ "{\"t\":1,\"event\":\"play\"}", "t.ndjson:2: 'peer' is missing" },
		{ "{\"t\":\"1\",\"event\":\"play\",\"peer\":\"10.0.0.5\"}",
		  "t.ndjson:2: 't': a number is expected" },
		{ "{\"t\":1e30,\"event\":\"play\",\"peer\":\"10.0.0.5\"}",
		  "t.ndjson:2: 't': out of range" },
		{ "{\"t\":1,\"event\":\"play\",\"peer\":\"nowhere\"}",
		  "t.ndjson:2: 'peer': \"nowhere\" is not an address" },
		{ "{\"t\":1,\"event\":\"skip\",\"peer\":\"10.0.0.5\",\"chunks\":-1}",
		  "t.ndjson:2: 'chunks': out of range" },
		{ "{\"t\":1,\"event\":\"skip\",\"peer\":\"10.0.0.5\",\"chunks\":1.5}",
		  "t.ndjson:2: 'chunks': a whole number is expected" },
		{ "{\"t\":1,\"event\":\"play\",\"peer\":\"10.0.0.5\"} x",
		  "t.ndjson:2: text after the document's end" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char all[512], why[LOAD_WHY] = "";
		struct truth t;

		snprintf(all, sizeof all, "%s%s\n", LINE(1, "join"), rows[i].line);
		assert_int_equal(parse(&t, all, why), ERR_SYNTAX);
		assert_string_equal(why, rows[i].says);
		assert_null(t.runs);
	}
}

static void
a_log_without_viewers_is_a_mistake(void **state)
{
	struct truth t;
	char why[LOAD_WHY];

	(void)state;
	assert_int_equal(parse(&t, "", why), ERR_SYNTAX);
	assert_int_equal(parse(&t, "{\"t\":1,\"event\":\"impair\"}\n", why), ERR_SYNTAX);
	assert_string_equal(why, "t.ndjson: no events of any viewer");
}

static void
a_missing_file_is_said(void **state)
{
	struct truth t;
	char why[LOAD_WHY];

	(void)state;
	assert_int_equal(truth_read(&t, "/nowhere/t.ndjson", why), ERR_IO);
	assert_string_equal(why, "/nowhere/t.ndjson: No such file or directory");
}

static void
the_bundled_truth_loads(void **state)
{
	const char *srcdir = getenv("srcdir");
	char path[512], why[LOAD_WHY] = "";
	struct truth t;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/pcap/peerstreamer-engine-a.truth.ndjson",
	         srcdir ? srcdir : ".");
	if (truth_read(&t, path, why) != 0)
		fail_msg("%s", why);
	assert_int_equal(t.n_runs, 9);
	assert_int_equal(t.n_spans, 2);
	assert_int_equal(t.unknown, 0);
	for (size_t i = 0; i < t.n_runs; i++)
		assert_true(
		    t.runs[i].joined_ns != TRUTH_NEVER && t.runs[i].play_ns != TRUTH_NEVER &&
		    t.runs[i].first_packet_ns != TRUTH_NEVER && t.runs[i].left_ns != TRUTH_NEVER);
	truth_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_told_from_join_to_leave),
		cmocka_unit_test(a_stall_that_is_open_ends_at_the_leave),
		cmocka_unit_test(without_a_leave_a_run_lasts_to_the_end_of_the_log),
		cmocka_unit_test(labels_tell_two_runs_of_one_address_apart),
		cmocka_unit_test(a_join_after_a_leave_begins_another_run_without_a_label),
		cmocka_unit_test(a_switch_ends_a_run_and_begins_the_next),
		cmocka_unit_test(a_join_with_the_switch_belongs_to_it),
		cmocka_unit_test(a_reboot_keeps_the_stall_until_it_plays_again),
		cmocka_unit_test(one_stall_may_end_as_the_next_begins),
		cmocka_unit_test(a_missed_chunk_that_came_late_counts_once),
		cmocka_unit_test(skips_and_lag_are_kept),
		cmocka_unit_test(lag_counts_for_as_long_as_it_plays),
		cmocka_unit_test(lag_told_by_the_way_counts_once_each),
		cmocka_unit_test(unknown_events_are_counted_and_strange_members_ignored),
		cmocka_unit_test(the_order_of_the_lines_means_nothing),
		cmocka_unit_test(mistakes_name_file_and_line),
		cmocka_unit_test(a_log_without_viewers_is_a_mistake),
		cmocka_unit_test(a_missing_file_is_said),
		cmocka_unit_test(the_bundled_truth_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
