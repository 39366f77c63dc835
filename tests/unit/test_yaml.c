/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/yaml.h"

struct taken {
	char text[4096];
};

static const char *
take(void *ctx, const char *path, const char *text)
{
	struct taken *t = ctx;
	size_t len = strlen(t->text);

	if (strcmp(text, "bad") == 0)
		return "not wanted";
	snprintf(t->text + len, sizeof t->text - len, "%s=%s;", path, text);
	return NULL;
}

static void
a_document_becomes_paths_and_values(void **state)
{
	static const struct { const char *yaml, *want; } docs[] = {
		{ "", "" },
		{ "# nothing\n", "" },
		{ "a: 1\n", "a=1;" },
		{ "a: {b: 2, c: {d: x y}}\ne: 'f'\n", "a.b=2;a.c.d=x y;e=f;" },
		{ "l:\n  - {u: 1}\n  - {u: 2, v: 3}\n", "l.0.u=1;l.1.u=2;l.1.v=3;" },
		{ "m: [1, [2, 3], 4]\nz: ''\n", "m.0=1;m.1.0=2;m.1.1=3;m.2=4;z=;" },
		{ "a: |\n  one\n  two\n", "a=one\ntwo\n;" },
	};
	struct yaml_mistake m;

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
		struct taken t = { .text = "" };

		assert_int_equal(yaml_read(docs[i].yaml, strlen(docs[i].yaml), take, &t, &m), 0);
		assert_string_equal(t.text, docs[i].want);
	}
}

static void
what_is_wrong_is_told_with_its_line(void **state)
{
	static const struct { const char *yaml; int err; unsigned line; } docs[] = {
		{ "a: 1\nb: bad\n", ERR_CONFIG, 2 },
		{ "a: 1\nb: [1, 2\nc: 3\n", ERR_SYNTAX, 3 },
		{ "- a\n", ERR_SYNTAX, 1 },
		{ "just text\n", ERR_SYNTAX, 1 },
		{ "a: &x 1\nb: *x\n", ERR_SYNTAX, 1 },
		{ "a: 1\nb: *x\n", ERR_SYNTAX, 2 },
		{ "a: !!int 1\n", ERR_SYNTAX, 1 },
		{ "a: 1\n---\nb: 2\n", ERR_SYNTAX, 2 },
		{ "? [a]\n: 1\n", ERR_SYNTAX, 1 },
		{ "? {a: 1}\n: 1\n", ERR_SYNTAX, 1 },
		{ "a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}\n", ERR_SYNTAX, 1 },
		{ "\xff\xfe\n", ERR_SYNTAX, 1 },
		{ "a: \"\\0\"\n", ERR_SYNTAX, 1 },
		{ "\tx: 1\n", ERR_SYNTAX, 1 },
	};
	struct yaml_mistake m;

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
		struct taken t = { .text = "" };

		m.line = 0;
		assert_int_equal(yaml_read(docs[i].yaml, strlen(docs[i].yaml), take, &t, &m),
		                 docs[i].err);
		assert_int_equal(m.line, docs[i].line);
		assert_true(strlen(m.why) > 5);
	}
}

static void
limits_hold_at_their_last_value(void **state)
{
	static char doc[YAML_VALUES * 4 + YAML_TEXT + 64];
	struct taken t = { .text = "" };
	struct yaml_mistake m;
	size_t len;

	(void)state;
	len = (size_t)sprintf(doc, "a: %0*d\n", (int)YAML_TEXT - 1, 7);
	assert_int_equal(yaml_read(doc, len, take, &t, &m), 0);
	len = (size_t)sprintf(doc, "a: %0*d\n", (int)YAML_TEXT, 7);
	assert_int_equal(yaml_read(doc, len, take, &t, &m), ERR_SYNTAX);
	len = (size_t)sprintf(doc, "%0*d: 1\n", (int)YAML_PATH, 7);
	assert_int_equal(yaml_read(doc, len, take, &t, &m), ERR_SYNTAX);
	for (unsigned n = YAML_VALUES; n <= YAML_VALUES + 1; n++) {
		strcpy(doc, "a: [");
		len = 4;
		for (unsigned i = 0; i < n; i++)
			len += (size_t)sprintf(doc + len, "1,");
		len += (size_t)sprintf(doc + len, "]\n");
		assert_int_equal(yaml_read(doc, len, take, &t, &m),
		                 n == YAML_VALUES ? 0 : ERR_SYNTAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_becomes_paths_and_values),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(limits_hold_at_their_last_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
