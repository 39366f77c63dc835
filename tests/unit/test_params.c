/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "dashboard/params.h"

static struct params p;

static void
a_path_is_taken_apart_and_decoded(void **state)
{
	(void)state;
	assert_true(params_read(&p, "channels/mesh%3A01%2f02/sessions", NULL));
	assert_int_equal(p.parts, 3);
	assert_string_equal(p.part[1], "mesh:01/02");
	assert_string_equal(p.part[2], "sessions");
	assert_int_equal(p.limit, 100);
	assert_true(p.from_ns == INT64_MIN);
	assert_true(params_read(&p, "", ""));
	assert_int_equal(p.parts, 0);
}

static void
values_are_read_to_their_limits(void **state)
{
	(void)state;
	assert_true(params_read(&p, "channels", "from=1.5&to=9000000000&step=0.1&limit=1000"));
	assert_int_equal(p.from_ns, 1500000000);
	assert_int_equal(p.to_ns, INT64_C(9000000000) * 1000000000);
	assert_int_equal(p.step_ns, 100000000);
	assert_int_equal(p.limit, 1000);
	assert_true(params_read(&p, "channels", "sort=mos&order=desc&metric=stall&width=16"));
	assert_int_equal(p.sort, SORT_MOS);
	assert_true(p.descending);
	assert_int_equal(p.metric, METRIC_STALL);
	assert_true(params_read(&p, "x", "peer=10.0.0.1%3A7000&vantage=input%3Aab&cursor=0"));
	assert_string_equal(p.peer, "10.0.0.1:7000");
	assert_string_equal(p.vantage, "input:ab");
}

static void
refused(const char *path, const char *query, const char *says)
{
	assert_false(params_read(&p, path, query));
	assert_non_null(strstr(p.why, says));
}

static void
what_is_wrong_is_named(void **state)
{
	(void)state;
	refused("channels", "frm=1", "'frm' is no parameter");
	refused("channels", "limit=1&limit=1", "twice");
	refused("channels", "limit=1001", "'limit'");
	refused("channels", "limit=0", "'limit'");
	refused("channels", "limit=1.5", "'limit'");
	refused("channels", "limit=", "'limit'");
	refused("channels", "from=nan", "'from'");
	refused("channels", "from=inf", "'from'");
	refused("channels", "from=0x10", "'from'");
	refused("channels", "from=1e3", "'from'");
	refused("channels", "from=9000000001", "'from'");
	refused("channels", "from=2&to=1", "before");
	refused("channels", "sort=size", "'sort'");
	refused("channels", "limit", "query");
	refused("channels", "&limit=1", "query");
	refused("a/b/c/d/e", NULL, "path");
	refused("a//b", NULL, "path");
}

static void
escapes_must_be_whole_and_text_clean(void **state)
{
	char longest[PARAMS_TEXT + 16];

	(void)state;
	refused("%", NULL, "path");
	refused("%4", NULL, "path");
	refused("%4g", NULL, "path");
	refused("a%00b", NULL, "path");
	refused("a%0ab", NULL, "path");
	refused("%c3", NULL, "path");
	refused("%ff", NULL, "path");
	assert_true(params_read(&p, "%c3%a4", NULL));
	memset(longest, 'x', sizeof longest);
	longest[PARAMS_TEXT] = '\0';
	refused(longest, NULL, "path");
	longest[PARAMS_TEXT - 1] = '\0';
	assert_true(params_read(&p, longest, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_taken_apart_and_decoded),
		cmocka_unit_test(values_are_read_to_their_limits),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(escapes_must_be_whole_and_text_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
