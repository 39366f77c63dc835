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

static char *text;
static size_t len;
static FILE *out;

static struct json_writer
begin(bool pretty)
{
	out = open_memstream(&text, &len);
	assert_non_null(out);
	return json_writer_to(out, pretty);
}

static void
wrote(const char *expected)
{
	assert_int_equal(fclose(out), 0);
	assert_int_equal(len, strlen(expected));
	assert_string_equal(text, expected);
	free(text);
}

static void
write_all(struct json_writer *w)
{
	json_object(w);
	json_put_string(w, "name", "a");
	json_key(w, "list");
	json_array(w);
	json_int(w, -1);
	json_uint(w, UINT64_MAX);
	json_array(w);
	json_array_end(w);
	json_object(w);
	json_object_end(w);
	json_array_end(w);
	json_put_uint(w, "n", 3);
	json_put_number(w, "x", 1.5, 3);
	json_put_bool(w, "yes", true);
	json_put_bool(w, "no", false);
	json_put_null(w, "none");
	json_object_end(w);
}

static void
compact_has_no_space(void **state)
{
	struct json_writer w = begin(false);

	(void)state;
	write_all(&w);
	wrote("{\"name\":\"a\",\"list\":[-1,18446744073709551615,[],{}],\"n\":3,\"x\":1.5,"
	      "\"yes\":true,\"no\":false,\"none\":null}");
}

static void
pretty_has_a_value_a_line(void **state)
{
	struct json_writer w = begin(true);

	(void)state;
	write_all(&w);
	wrote("{\n  \"name\": \"a\",\n  \"list\": [\n    -1,\n    18446744073709551615,\n"
	      "    [],\n    {}\n  ],\n  \"n\": 3,\n  \"x\": 1.5,\n  \"yes\": true,\n"
	      "  \"no\": false,\n  \"none\": null\n}");
}

static void
quotes(const char *in, size_t n, const char *expected)
{
	struct json_writer w = begin(false);

	json_string_n(&w, in, n);
	wrote(expected);
}

static void
text_is_escaped(void **state)
{
	(void)state;
	quotes("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
	quotes("\n\t\r\x01\x1f\x7f", 6, "\"\\n\\t\\u000d\\u0001\\u001f\\u007f\"");
	quotes("a\0b", 3, "\"a\\u0000b\"");
	quotes("", 0, "\"\"");
	quotes("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 14,
	       "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

#define BAD "\xef\xbf\xbd"

static void
what_is_not_utf8_becomes_a_replacement_character(void **state)
{
	(void)state;
	quotes("a\xff" "b", 3, "\"a" BAD "b\"");
	quotes("\xc0\x80", 2, "\"" BAD BAD "\"");                 /* overlong */
	quotes("\xe0\x9f\xbf", 3, "\"" BAD BAD BAD "\"");         /* overlong */
	quotes("\xf0\x8f\xbf\xbf", 4, "\"" BAD BAD BAD BAD "\""); /* overlong */
	quotes("\xed\xa0\x80", 3, "\"" BAD BAD BAD "\"");         /* surrogate */
	quotes("\xf4\x90\x80\x80", 4, "\"" BAD BAD BAD BAD "\""); /* past the last */
	quotes("\xe2\x82", 2, "\"" BAD BAD "\"");                 /* cut */
	quotes("\xe2\x82" "a", 3, "\"" BAD BAD "a\"");
	quotes("\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 14,
	       "\"\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""); /* the limits */
}

static void
number(double v, unsigned decimals, const char *expected)
{
	struct json_writer w = begin(false);

	json_number(&w, v, decimals);
	wrote(expected);
}

static void
numbers_have_at_most_their_decimals(void **state)
{
	(void)state;
	number(1.0, 3, "1");
	number(1.2345, 3, "1.234");
	number(0.1, 9, "0.1");
	number(1700000000.123456, 6, "1700000000.123456");
	number(-0.0001, 3, "0");
	number(-0.5, 0, "0");
	number(100, 0, "100");
	number(2.5, 12, "2.5");
	number(1e22, 0, "10000000000000000000000");
}

static void
numbers_that_are_not_finite_are_null(void **state)
{
	(void)state;
	number(NAN, 3, "null");
	number(INFINITY, 3, "null");
	number(-INFINITY, 3, "null");
}

static void
seconds(int64_t ns, const char *expected)
{
	struct json_writer w = begin(false);

	json_seconds(&w, ns);
	wrote(expected);
}

static void
seconds_are_exact_to_the_microsecond(void **state)
{
	(void)state;
	seconds(0, "0");
	seconds(INT64_C(1764039616123456789), "1764039616.123457");
	seconds(INT64_C(1764039616000000499), "1764039616");
	seconds(-1500000000, "-1.5");
	seconds(-499, "0");
	seconds(-500, "-0.000001");
	seconds(INT64_MIN, "null");
	seconds(INT64_MAX, "null");
	seconds(INT64_MAX - 1, "9223372036.854776");
	seconds(INT64_MIN + 1, "-9223372036.854776");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compact_has_no_space),
		cmocka_unit_test(pretty_has_a_value_a_line),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(what_is_not_utf8_becomes_a_replacement_character),
		cmocka_unit_test(numbers_have_at_most_their_decimals),
		cmocka_unit_test(numbers_that_are_not_finite_are_null),
		cmocka_unit_test(seconds_are_exact_to_the_microsecond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
