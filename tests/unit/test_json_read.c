/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* In a block of its own, so that a sanitizer sees a read past its end. */
static char *block;

static struct json_reader
over_n(const char *text, size_t n)
{
	free(block);
	block = malloc(n > 0 ? n : 1);
	assert_non_null(block);
	memcpy(block, text, n);
	return json_reader_over(block, n);
}

static struct json_reader
over(const char *text)
{
	return over_n(text, strlen(text));
}

static int
forget(void **state)
{
	(void)state;
	free(block);
	block = NULL;
	return 0;
}

/* The last token of a document: JSON_END if it is sound. */
static enum json_token
last_of(struct json_reader *r)
{
	enum json_token token;

	do
		token = json_next(r);
	while (token != JSON_END && token != JSON_ERROR);
	assert_int_equal(json_next(r), token);
	return token;
}

static void
tokens_come_in_order(void **state)
{
	static const enum json_token expected[] = {
		JSON_OBJECT,     JSON_KEY,   JSON_NUMBER,    JSON_KEY,       JSON_ARRAY,
		JSON_TRUE,       JSON_FALSE, JSON_NULL,      JSON_STRING,    JSON_OBJECT,
		JSON_OBJECT_END, JSON_ARRAY, JSON_ARRAY_END, JSON_ARRAY_END, JSON_OBJECT_END,
		JSON_END,        JSON_END,
	};
	struct json_reader r = over(
	    " { \"a\" : -1.5e2 , \"b\":[true,false,null,\"x\",{},[]\n] }\r\n\t");

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_int_equal(json_next(&r), expected[i]);
}

static void
any_value_is_a_document(void **state)
{
	(void)state;
	for (const char *const *t = (const char *const[]){
	         "0", "-0", "12", "1.5", "1e9", "1E+9", "-1.25e-3", "true", "false", "null",
	         "\"\"", "[]", "{}", "[[[]]]", "[1,2]", "{\"\":0}",
	         "\"\\u0000\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\ud83d\\ude00\"",
	         "\"\x7f\xf4\x8f\xbf\xbf\"", NULL }; *t != NULL; t++) {
		struct json_reader r = over(*t);

		if (last_of(&r) != JSON_END)
			fail_msg("%s: %s", *t, r.error);
	}
}

static void
is_wrong(const char *text)
{
	struct json_reader r = over(text);

	if (last_of(&r) != JSON_ERROR)
		fail_msg("%s is taken as sound", text);
	assert_non_null(r.error);
	assert_false(json_skip(&r));
}

static void
wrong_structure_is_an_error_that_stays(void **state)
{
	(void)state;
	for (const char *const *t = (const char *const[]){
	         "", " ", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[}", "{]",
	         "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}", "{\"a\" 1}",
	         "{\"a\":1 \"b\":2}", "{,}", "1 2", "[] []", "// a\n1", "1//",
	         "\xef\xbb\xbf" "1", NULL }; *t != NULL; t++)
		is_wrong(*t);
}

static void
a_wrong_value_is_an_error_that_stays(void **state)
{
	(void)state;
	for (const char *const *t = (const char *const[]){ "nul",
	                                                   "nulll",
	                                                   "True",
	                                                   "'a'",
	                                                   "\"a",
	                                                   "\"a\\",
	                                                   "\"\\x\"",
	                                                   "\"\\u12\"",
	                                                   "\"\\u12g4\"",
	                                                   "\"a\nb\"",
	                                                   "\"\x1f\"",
	                                                   "\"\xff\"",
	                                                   "\"\xed\xa0\x80\"",
	                                                   "\"\xc3",
	                                                   "01",
	                                                   "-",
	                                                   "+1",
	                                                   ".5",
	                                                   "1.",
	                                                   "1e",
	                                                   "1e+",
	                                                   "1.e1",
	                                                   "0x10",
	                                                   "-a",
	                                                   "NaN",
	                                                   "Infinity",
	                                                   NULL };
	     *t != NULL; t++)
		is_wrong(*t);
}

static void
a_nul_is_no_white_space_and_no_word(void **state)
{
	struct json_reader r = over_n("1\0", 2);

	(void)state;
	assert_int_equal(last_of(&r), JSON_ERROR);
	r = over_n("[1\0]", 4);
	assert_int_equal(last_of(&r), JSON_ERROR);
	r = over_n("\"\\\0\"", 4);
	assert_int_equal(last_of(&r), JSON_ERROR);
	r = over_n("-\0", 2);
	assert_int_equal(last_of(&r), JSON_ERROR);
}

static void
depth_ends_at_its_limit(void **state)
{
	char text[2 * JSON_DEPTH + 2];
	struct json_reader r;

	(void)state;
	memset(text, '[', JSON_DEPTH + 1);
	memset(text + JSON_DEPTH, ']', JSON_DEPTH);
	r = over_n(text, 2 * JSON_DEPTH);
	assert_int_equal(last_of(&r), JSON_END);
	memset(text, '[', JSON_DEPTH + 1);
	memset(text + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
	r = over_n(text, 2 * JSON_DEPTH + 2);
	assert_int_equal(last_of(&r), JSON_ERROR);
	assert_string_equal(r.error, "nested too deep");
}

static void
errors_have_a_line_and_a_column(void **state)
{
	struct json_reader r = over("{\n  \"a\": 1,\n  \"b\": tru\n}");
	unsigned line, column;

	(void)state;
	assert_int_equal(last_of(&r), JSON_ERROR);
	json_where(&r, &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 8);
}

static void
strings_are_decoded(void **state)
{
	struct json_reader r = over("\"a\\n\\u00e9\\ud83d\\ude00\\ud800\\u0041\xc3\xa9\"");
	char text[64];

	(void)state;
	assert_int_equal(json_next(&r), JSON_STRING);
	assert_int_equal(json_text(&r, text, sizeof text), 14);
	assert_string_equal(text, "a\n\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd" "A\xc3\xa9");
	assert_true(json_is(&r, text));
	assert_false(json_is(&r, "a\n"));
	assert_false(json_is(&r, ""));
}

static void
a_long_string_is_cut_between_characters(void **state)
{
	struct json_reader r = over("\"ab\\u20acde\"");
	char text[64];

	(void)state;
	assert_int_equal(json_next(&r), JSON_STRING);
	assert_int_equal(json_text(&r, text, 8), 7);
	assert_string_equal(text, "ab\xe2\x82\xac" "de");
	assert_int_equal(json_text(&r, text, 7), 7);
	assert_string_equal(text, "ab\xe2\x82\xac" "d");
	assert_int_equal(json_text(&r, text, 5), 7);
	assert_string_equal(text, "ab");
	assert_int_equal(json_text(&r, text, 1), 7);
	assert_string_equal(text, "");
	assert_int_equal(json_text(&r, NULL, 0), 7);
}

static void
keys_compare_by_what_they_mean(void **state)
{
	struct json_reader r = over("{\"p\\u0065er\":1,\"a\\u0000b\":2}");

	(void)state;
	assert_int_equal(json_next(&r), JSON_OBJECT);
	assert_int_equal(json_next(&r), JSON_KEY);
	assert_true(json_is(&r, "peer"));
	assert_false(json_is(&r, "peers"));
	assert_false(json_is(&r, "pee"));
	assert_int_equal(json_next(&r), JSON_NUMBER);
	assert_int_equal(json_next(&r), JSON_KEY);
	assert_false(json_is(&r, "a"));
}

static void
skip_passes_over_whole_values(void **state)
{
	struct json_reader r = over(
	    "{\"a\":{\"x\":[1,{\"y\":2}]},\"b\":7,\"c\":[[],3],\"d\":\"s\"}");

	(void)state;
	assert_int_equal(json_next(&r), JSON_OBJECT);
	for (const char *key = "abcd"; *key != '\0'; key++) {
		assert_int_equal(json_next(&r), JSON_KEY);
		assert_int_equal(r.text[0], *key);
		assert_true(json_skip(&r));
	}
	assert_int_equal(json_next(&r), JSON_OBJECT_END);
	r = over("[[1,2],3]");
	assert_int_equal(json_next(&r), JSON_ARRAY);
	assert_int_equal(json_next(&r), JSON_ARRAY);
	assert_true(json_skip(&r));
	assert_int_equal(json_next(&r), JSON_NUMBER);
	r = over("{\"a\":[1,}");
	assert_int_equal(json_next(&r), JSON_OBJECT);
	assert_int_equal(json_next(&r), JSON_KEY);
	assert_false(json_skip(&r));
}

static void
number_is(const char *text, double v, bool whole, int64_t exact)
{
	struct json_reader r = over(text);
	int64_t got = 0;

	assert_int_equal(json_next(&r), JSON_NUMBER);
	assert_true(json_double(&r) == v);
	assert_int_equal(json_int64(&r, &got), whole);
	assert_true(got == exact);
}

static void
numbers_are_exact_where_they_can_be(void **state)
{
	(void)state;
	number_is("0", 0, true, 0);
	number_is("-0", 0, true, 0);
	number_is("1764039616.5", 1764039616.5, false, 0);
	number_is("1e3", 1000, false, 0);
	number_is("9223372036854775807", 9223372036854775807.0, true, INT64_MAX);
	number_is("-9223372036854775808", -9223372036854775808.0, true, INT64_MIN);
	number_is("9223372036854775808", 9223372036854775808.0, false, 0);
	number_is("-9223372036854775809", -9223372036854775808.0, false, 0);
	number_is("9007199254740993", 9007199254740992.0, true, INT64_C(9007199254740993));
	number_is("1e400", INFINITY, false, 0);
}

static void
a_number_is_read_to_its_last_digit(void **state)
{
	char text[JSON_NUMBER_MAX + 2];
	struct json_reader r;

	(void)state;
	memset(text, '0', sizeof text);
	text[0] = '1';
	r = over_n(text, 100);
	assert_int_equal(json_next(&r), JSON_NUMBER);
	assert_true(json_double(&r) == 1e99);
	r = over_n(text, JSON_NUMBER_MAX);
	assert_int_equal(json_next(&r), JSON_NUMBER);
	r = over_n(text, JSON_NUMBER_MAX + 1);
	assert_int_equal(json_next(&r), JSON_ERROR);
}

/* Random documents, written and read back: the same tokens in the same order. */
struct model {
	enum json_token token[4096];
	uint64_t value[4096];
	size_t n;
};

static uint32_t x = 7;

static uint32_t
draw(uint32_t below)
{
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

static void
note(struct model *m, enum json_token token, uint64_t value)
{
	m->token[m->n] = token;
	m->value[m->n++] = value;
}

static void
write_random(struct json_writer *w, struct model *m, unsigned depth)
{
	uint32_t kind = draw(depth < 8 && m->n < 3000 ? 4 : 2);
	uint64_t v = (uint64_t)draw(UINT32_MAX) << (draw(2) * 31);
	char text[24];

	snprintf(text, sizeof text, "%llu\"\n\x01", (unsigned long long)v);
	if (kind == 0) {
		note(m, JSON_NUMBER, v);
		json_uint(w, v);
	} else if (kind == 1) {
		note(m, JSON_STRING, v);
		json_string(w, text);
	} else if (kind == 2) {
		note(m, JSON_ARRAY, 0);
		json_array(w);
		for (uint32_t n = draw(5); n > 0; n--)
			write_random(w, m, depth + 1);
		json_array_end(w);
		note(m, JSON_ARRAY_END, 0);
	} else {
		note(m, JSON_OBJECT, 0);
		json_object(w);
		for (uint32_t n = draw(5); n > 0; n--) {
			note(m, JSON_KEY, v);
			json_key(w, text);
			write_random(w, m, depth + 1);
		}
		json_object_end(w);
		note(m, JSON_OBJECT_END, 0);
	}
}

static void
what_is_written_reads_back(void **state)
{
	static struct model m;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char *text, decoded[64];
		size_t len;
		FILE *out = open_memstream(&text, &len);
		struct json_writer w = json_writer_to(out, round % 2);
		struct json_reader r;
		int64_t v;

		m.n = 0;
		write_random(&w, &m, 0);
		fclose(out);
		r = over_n(text, len);
		for (size_t i = 0; i < m.n; i++) {
			assert_int_equal(json_next(&r), m.token[i]);
			if (m.token[i] == JSON_NUMBER) {
				assert_true(json_int64(&r, &v) && (uint64_t)v == m.value[i]);
			} else if (m.token[i] == JSON_STRING || m.token[i] == JSON_KEY) {
				json_text(&r, decoded, sizeof decoded);
				assert_true(strtoull(decoded, NULL, 10) == m.value[i]);
				assert_non_null(strstr(decoded, "\"\n\x01"));
			}
		}
		assert_int_equal(json_next(&r), JSON_END);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_come_in_order),
		cmocka_unit_test(any_value_is_a_document),
		cmocka_unit_test(wrong_structure_is_an_error_that_stays),
		cmocka_unit_test(a_wrong_value_is_an_error_that_stays),
		cmocka_unit_test(a_nul_is_no_white_space_and_no_word),
		cmocka_unit_test(depth_ends_at_its_limit),
		cmocka_unit_test(errors_have_a_line_and_a_column),
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(a_long_string_is_cut_between_characters),
		cmocka_unit_test(keys_compare_by_what_they_mean),
		cmocka_unit_test(skip_passes_over_whole_values),
		cmocka_unit_test(numbers_are_exact_where_they_can_be),
		cmocka_unit_test(a_number_is_read_to_its_last_digit),
		cmocka_unit_test(what_is_written_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
