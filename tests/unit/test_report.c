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

#include "report/claims.h"
#include "report/document.h"
#include "report/ndjson.h"
#include "report/text.h"
#include "tests/unit/swarm.h"

enum form { DOCUMENT, TEXT, COLORED };

/* What a report over these results looks like; the caller frees it. */
static char *
written(void (*put)(struct result_sink *to), enum form form)
{
	struct collect c;
	struct report r;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	collect_init(&c);
	put(&c.sink);
	collect_finish(&c);
	r = swarm_report(&c);
	if (form == DOCUMENT)
		document_write(out, &r);
	else
		text_write(out, &r, form == COLORED);
	fclose(out);
	collect_fini(&c);
	return text;
}

/* Not inlined: gcc 12 takes the stream's own buffer for the variable that points to
 * it. */
__attribute__((noinline)) static char *
events(void (*put)(struct result_sink *to))
{
	struct ndjson n;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	ndjson_init(&n, out, swarm_protocol);
	ndjson_start(&n, INT64_MIN, NULL, 0);
	put(&n.sink);
	ndjson_end(&n);
	ndjson_fini(&n);
	fclose(out);
	return text;
}

static void
put_nothing(struct result_sink *to)
{
	(void)to;
}

/* A swarm that tries to break the page: long address, bad name, large numbers. */
static void
put_hostile(struct result_sink *to)
{
	static const uint8_t addr[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x11, 0x11, 0x22, 0x22,
		                          0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x66, 0x66 };
	struct result r = { .channel = 1, .kind = RESULT_CHANNEL, .protocol = 99 };

	r.u.channel.chunk = ESTIMATE_UNKNOWN;
	r.u.channel.name_len = 12;
	memcpy(r.u.channel.name, "\033[31mred\n\xc2\x9b", 12);
	r.u.channel.id_len = OBS_MAX_CHANNEL_ID;
	to->put(to, &r);
	r = swarm_session(3, 0, 2, 4, 50);
	r.channel = 1;
	r.peer = endpoint_ipv6(addr, 65535);
	r.u.session.stalls = r.u.session.skips = UINT32_MAX;
	r.u.session.stall_time = swarm_span(0, 123456.789, 9e9);
	r.u.session.startup.hi_ns = ESTIMATE_OPEN_HI;
	to->put(to, &r);
}

static size_t
widest(const char *text)
{
	size_t most = 0;

	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "\n");

		most = n > most ? n : most;
		at += n + (at[n] == '\n');
	}
	return most;
}

static void
the_text_fits_a_hundred_columns(void **state)
{
	char *text = written(swarm_put, TEXT), *hostile = written(put_hostile, TEXT);
	char *id = strstr(hostile, " 1 = ");

	(void)state;
	assert_true(widest(text) <= 100);
	assert_true(id != NULL); /* a channel's id may be longer: nothing else */
	*id = '\0';
	assert_true(widest(hostile) <= 110);
	free(text);
	free(hostile);
}

static void
the_text_says_what_there_was(void **state)
{
	char *text = written(swarm_put, TEXT);

	(void)state;
	assert_non_null(strstr(text, "110.9 s from 2026-11-23T21:34:37Z"));
	assert_non_null(strstr(text, "10.77.0.5:6000         1 00:00:04  4.20 (3.90 to 4.60)"));
	assert_non_null(strstr(text, "10.77.0.4:6000         1 00:00:00  was there already"));
	assert_non_null(strstr(text, "10.77.0.7:6000         1 00:00:10  left before it"));
	assert_non_null(strstr(text, "10.77.0.1:6000         1 00:00:00  source"));
	assert_non_null(strstr(text, "player pre-buffer 2.0 s (assumed), +- 0.35 s"));
	assert_non_null(strstr(text, "- a.pcap ends inside a packet"));
	assert_non_null(strstr(text, "99.10"));
	free(text);
}

static void
colour_is_only_where_it_was_asked_for(void **state)
{
	char *plain = written(swarm_put, TEXT), *colored = written(swarm_put, COLORED);

	(void)state;
	assert_null(strchr(plain, '\033'));
	assert_non_null(strchr(colored, '\033'));
	free(plain);
	free(colored);
}

static void
names_from_the_wire_bring_no_control_characters(void **state)
{
	char *text = written(put_hostile, TEXT), *json = written(put_hostile, DOCUMENT);

	(void)state;
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "\"?[31mred?"));
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strchr(json, '\033'));
	free(text);
	free(json);
}

static void
an_empty_report_is_whole(void **state)
{
	char *text = written(put_nothing, TEXT), *json = written(put_nothing, DOCUMENT);

	(void)state;
	assert_non_null(strstr(text, "none: no swarm was found"));
	assert_non_null(strstr(json, "\"channels\": []"));
	assert_non_null(strstr(json, "\"sessions\": []"));
	assert_non_null(strstr(json, "\"warnings\": []"));
	free(text);
	free(json);
}

static void
unknown_is_null_and_never_zero(void **state)
{
	char *json = written(swarm_put, DOCUMENT);
	char *source = strstr(json, "\"peer\": \"10.77.0.1:6000\""), *end;

	(void)state;
	assert_non_null(source);
	end = strstr(source, "\"mos\"");
	assert_non_null(end);
	assert_int_equal(strncmp(end, "\"mos\": null", 11), 0);
	*end = '\0';
	assert_non_null(strstr(source, "\"playing\": null"));
	assert_non_null(strstr(source, "\"startup_delay_s\": null"));
	assert_non_null(strstr(source, "\"lag_s\": null"));
	assert_non_null(strstr(source, "\"continuity_index\": null"));
	assert_non_null(strstr(source, "\"peer_id\": null"));
	free(json);
}

static void
times_are_unix_seconds_to_the_microsecond(void **state)
{
	char text[VALUES_TIME_MAX], *json = written(swarm_put, DOCUMENT);

	(void)state;
	assert_non_null(strstr(json, "\"first_s\": 1795469677.9,"));
	values_time(text, INT64_C(1795469677900001999));
	assert_string_equal(text, "2026-11-23T21:34:37.900001Z");
	values_time(text, -1);
	assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
	values_time(text, 0);
	assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
	free(json);
}

static void
a_channel_without_an_id_goes_by_its_key(void **state)
{
	char text[VALUES_CHANNEL_MAX];
	uint8_t id[OBS_MAX_CHANNEL_ID + 1];

	(void)state;
	memset(id, 0xab, sizeof id);
	values_channel(text, "grapes", NULL, 0, 0x1234);
	assert_string_equal(text, "grapes:0000000000001234");
	values_channel(text, NULL, id, 2, 0x1234);
	assert_string_equal(text, "unknown:abab");
	values_channel(text, "a-name-that-is-longer-than-thirty-two", id, sizeof id, 1);
	assert_int_equal(strlen(text), 33 + 2 * OBS_MAX_CHANNEL_ID);
}

static void
events_begin_with_a_start_and_end_with_an_end(void **state)
{
	char *text = events(swarm_put);
	const char *last = text;

	(void)state;
	assert_int_equal(strncmp(text, "{\"event\":\"start\",", 17), 0);
	assert_non_null(strstr(text, "\"schema\":\"swarmscope/1\""));
	for (const char *at = text; *at != '\0'; at = strchr(at, '\n') + 1)
		last = at;
	assert_int_equal(strncmp(last, "{\"event\":\"end\",", 15), 0);
	assert_non_null(strstr(last, "\"events\":7,\"sessions\":7,\"warnings\":1"));
	free(text);
}

static void
put_refined(struct result_sink *to)
{
	struct result r = swarm_session(3, 0, 2, 4, 50), e = swarm_event(&r, EVENT_STALL, 0, 20, 1);

	r.final = e.final = false;
	to->put(to, &e);
	to->put(to, &r);
	e.final = true;
	to->put(to, &e);
}

static void
only_what_is_final_becomes_an_event(void **state)
{
	char *text = events(put_refined);
	char *stall = strstr(text, "\"event\":\"stall\"");

	(void)state;
	assert_non_null(stall);
	assert_null(strstr(stall + 1, "\"event\":\"stall\""));
	assert_null(strstr(text, "\"event\":\"session\""));
	free(text);
}

static void
a_warning_of_the_caller_has_no_time(void **state)
{
	struct ndjson n;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	ndjson_init(&n, out, swarm_protocol);
	ndjson_warn(&n, "cut \"short\"");
	ndjson_end(&n);
	ndjson_fini(&n);
	fclose(out);
	assert_non_null(strstr(text, "{\"event\":\"warning\",\"t\":null,\"time\":null,"
	                             "\"text\":\"cut \\\"short\\\"\"}\n"));
	assert_non_null(strstr(text, "\"warnings\":1"));
	free(text);
}

/* Both forms of a report read back as the same sessions and events. */
static void
document_and_events_say_the_same(void **state)
{
	char *json = written(swarm_put, DOCUMENT), *lines = events(swarm_put), why[LOAD_WHY];
	struct load a = { json, strlen(json) }, b = { lines, strlen(lines) };
	struct claims x, y;

	(void)state;
	assert_int_equal(claims_parse(&x, &a, "a", why), 0);
	assert_int_equal(claims_parse(&y, &b, "b", why), 0);
	assert_int_equal(x.n_sessions, 7);
	assert_int_equal(y.n_sessions, 7);
	assert_int_equal(x.n_events, 4);
	assert_int_equal(y.n_events, 4);
	for (size_t i = 0; i < 7; i++) {
		const struct claims_session *s = &x.sessions[i], *t = &y.sessions[i];

		assert_true(endpoint_same(&s->peer, &t->peer));
		assert_string_equal(s->channel, t->channel);
		assert_memory_equal(&s->startup.lo_ns, &t->startup.lo_ns, 3 * sizeof(int64_t));
		assert_true(s->from_ns == t->from_ns && s->to_ns == t->to_ns);
		assert_int_equal(s->source, t->source);
		assert_int_equal(s->left_censored, t->left_censored);
		assert_int_equal(s->exit_before_start, t->exit_before_start);
		assert_int_equal(s->events, t->events);
	}
	assert_true(x.deadline_n == 1000 && fabs(x.deadline_held - 991) < 1e-6);
	assert_true(y.deadline_n == 1000 && fabs(y.deadline_held - 991) < 1e-6);
	claims_free(&x);
	claims_free(&y);
	free(json);
	free(lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_fits_a_hundred_columns),
		cmocka_unit_test(the_text_says_what_there_was),
		cmocka_unit_test(colour_is_only_where_it_was_asked_for),
		cmocka_unit_test(names_from_the_wire_bring_no_control_characters),
		cmocka_unit_test(an_empty_report_is_whole),
		cmocka_unit_test(unknown_is_null_and_never_zero),
		cmocka_unit_test(times_are_unix_seconds_to_the_microsecond),
		cmocka_unit_test(a_channel_without_an_id_goes_by_its_key),
		cmocka_unit_test(events_begin_with_a_start_and_end_with_an_end),
		cmocka_unit_test(only_what_is_final_becomes_an_event),
		cmocka_unit_test(a_warning_of_the_caller_has_no_time),
		cmocka_unit_test(document_and_events_say_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
