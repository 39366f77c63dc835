/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/yaml.h"
#include "tests/unit/files.h"

struct peer {
	const char *name;
	int64_t upload_bps, join_ns, chunks;
	double loss;
	bool hidden;
	int kind;
};

static const char *const kinds[] = { "viewer", "server", NULL };

static const struct option_row peer_rows[] = {
	{ .name = "name", .type = OPTION_STRING, .offset = offsetof(struct peer, name) },
	{ .name = "upload", .type = OPTION_RATE, .offset = offsetof(struct peer, upload_bps) },
	{ .name = "join", .type = OPTION_DURATION, .offset = offsetof(struct peer, join_ns) },
	{ .name = "max-chunks", .type = OPTION_INT, .min = 1, .max = 10,
	  .offset = offsetof(struct peer, chunks) },
	{ .name = "loss", .type = OPTION_NUMBER, .min = 0, .max = 1,
	  .offset = offsetof(struct peer, loss) },
	{ .name = "hidden", .type = OPTION_FLAG, .offset = offsetof(struct peer, hidden) },
	{ .name = "kind", .type = OPTION_ENUM, .values = kinds,
	  .offset = offsetof(struct peer, kind) },
	{ .name = NULL },
};

static const struct option_row any = { .name = "any", .type = OPTION_STRING };

struct swarm {
	struct peer peer[8];
	int n;
	int64_t length_ns;
};

static struct yaml *last; /* closed by the next */
static char *block;

/* In a block of its own, so that a sanitizer sees a read past its end. */
static struct yaml *
over_n(const char *text, size_t n)
{
	yaml_close(last);
	free(block);
	block = malloc(n > 0 ? n : 1);
	assert_non_null(block);
	memcpy(block, text, n);
	return last = yaml_over("f.yaml", block, n);
}

static struct yaml *
over(const char *text)
{
	return over_n(text, strlen(text));
}

static int
forget(void **state)
{
	yaml_close(last);
	free(block);
	return files_end(state);
}

static const char *
read_swarm(struct yaml *y, struct swarm *s)
{
	static const struct option_row length = { .name = "length", .type = OPTION_DURATION };
	static const char *const names[] = { "peers", "length", "note" };

	memset(s, 0, sizeof *s);
	yaml_map(y);
	while (yaml_key(y))
		if (yaml_is(y, "peers")) {
			yaml_list(y);
			while (yaml_item(y) && s->n < 8)
				yaml_fill(y, peer_rows, &s->peer[s->n++]);
		} else if (yaml_is(y, "length")) {
			yaml_value(y, &length, &s->length_ns);
		} else if (!yaml_is(y, "note")) {
			yaml_unknown(y, names, 3);
		}
	return yaml_finish(y);
}

static void
a_document_fills_structs_by_tables(void **state)
{
	struct swarm s;

	(void)state;
	assert_null(read_swarm(over("length: 10m   # ten minutes\n"
	                            "note: {deep: [1, {deeper: [2]}], more: x}\n"
	                            "peers:\n"
	                            "  - {name: a, upload: 2.5Mbit/s, kind: server}\n"
	                            "  - name: \"b c\"\n"
	                            "    join: 250ms\n"
	                            "    max_chunks: 7\n"
	                            "    loss: 0.25\n"
	                            "    hidden: true\n"
	                            "  - {}\n"), &s));
	assert_true(s.length_ns == INT64_C(600000000000));
	assert_int_equal(s.n, 3);
	assert_string_equal(s.peer[0].name, "a");
	assert_int_equal(s.peer[0].upload_bps, 2500000);
	assert_int_equal(s.peer[0].kind, 1);
	assert_string_equal(s.peer[1].name, "b c");
	assert_int_equal(s.peer[1].join_ns, 250000000);
	assert_int_equal(s.peer[1].chunks, 7);
	assert_true(s.peer[1].loss == 0.25 && s.peer[1].hidden);
	assert_null(s.peer[2].name);
}

static void
empty_and_null_are_as_if_nothing_was_given(void **state)
{
	static const char *const empty[] = {
		"",
		"\n",
		"# nothing\n",
		"---\n",
		"---\n...\n",
		"null\n",
		"~",
		"{}\n",
		"peers:\n",
		"peers: []\n",
		"peers: ~\nlength:\n",
		"length: null\n",
		"peers: [~, {}]\n",
		"peers: [{name: ~, max_chunks: }]\n",
	};
	struct swarm s;

	(void)state;
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
		const char *error = read_swarm(over(empty[i]), &s);

		if (error != NULL)
			fail_msg("%s: %s", empty[i], error);
		assert_int_equal(s.length_ns, 0);
		assert_null(s.peer[0].name);
	}
	assert_null(read_swarm(over("peers: [{name: \"null\"}, {name: ''}]"), &s));
	assert_string_equal(s.peer[0].name, "null");
	assert_string_equal(s.peer[1].name, "");
}

static void
says(const char *text, const char *expected)
{
	struct swarm s;
	const char *error = read_swarm(over(text), &s);

	assert_non_null(error);
	assert_string_equal(error, expected);
}

static void
errors_name_file_line_and_path(void **state)
{
	(void)state;
	says("length: fast\n",
	     "f.yaml:1: length: must be a duration such as 250ms, 10s, 5m or 2h, "
	     "not 'fast'");
	says("peers:\n  - {}\n  - name: a\n    max_chunks: 11\n",
	     "f.yaml:4: peers[1].max_chunks: must be from 1 to 10, not '11'");
	says("peers:\n  - kind: origin\n",
	     "f.yaml:2: peers[0].kind: must be one of viewer, server, not 'origin'");
	says("peers:\n  - uplod: 1\n",
	     "f.yaml:2: peers[0].uplod: unknown key; did you mean 'upload'?");
	says("length: 1s\npears:\n  - {}\n",
	     "f.yaml:2: pears: unknown key; did you mean 'peers'?");
	says("sausage: 1s\n", "f.yaml:1: sausage: unknown key");
	says("peers:\n  name: a\n", "f.yaml:1: peers: must be a list");
	says("peers: 3\n", "f.yaml:1: peers: must be a list");
	says("peers:\n  - 3\n", "f.yaml:2: peers[0]: must be a mapping");
	says("- peers\n", "f.yaml:1: must be a mapping");
	says("length: [1]\n", "f.yaml:1: length: must be a plain value");
	says("length: 1s\n\nlength: 2s\n", "f.yaml:3: length: given twice");
	says("peers: [{name: a, name: b}]", "f.yaml:1: peers[0].name: given twice");
	says("peers: [{name: a}, {name: b}]\nlength: 1s\npeers: []\n",
	     "f.yaml:3: peers: given twice");
	says("? [a]\n: b\n", "f.yaml:1: a key must be a word");
}

static void
what_can_be_abused_is_not_read(void **state)
{
	(void)state;
	says("note: &a [1]\npeers: *a\n", "f.yaml:1: note: anchors are not read");
	says("note: &a x\n", "f.yaml:1: note: anchors are not read");
	says("note: &a {}\n", "f.yaml:1: note: anchors are not read");
	says("note: *a\n", "f.yaml:1: note: aliases are not read");
	says("note: !!int 3\n", "f.yaml:1: note: tags are not read");
	says("note: !x [3]\n", "f.yaml:1: note: tags are not read");
	says("note: !x {}\n", "f.yaml:1: note: tags are not read");
	says("note: \"a\\0b\"\n", "f.yaml:1: note: a NUL character in a text");
	says("length: 1s\n--- \nlength: 2s\n", "f.yaml:2: more than one document");
}

static void
wrong_syntax_has_a_line_and_a_column(void **state)
{
	struct swarm s;
	const char *error;

	(void)state;
	error = read_swarm(over("length: 1s\npeers: [\n"), &s);
	assert_non_null(error);
	assert_non_null(strstr(error, "f.yaml:3:1: "));
	assert_non_null(read_swarm(over("a: b: c\n"), &s));
	assert_non_null(read_swarm(over("\tlength: 1s\n"), &s));
	assert_non_null(read_swarm(over("length: \"1s\n"), &s));
	assert_non_null(read_swarm(over("length: \xff\n"), &s));
}

/* brackets deep, in what is passed over. */
static const char *
nested(size_t brackets)
{
	char text[200] = "note: ";
	struct swarm s;

	memset(text + 6, '[', brackets);
	memset(text + 6 + brackets, ']', brackets);
	return read_swarm(over_n(text, 6 + 2 * brackets), &s);
}

static void
depth_ends_at_its_limit(void **state)
{
	char text[100];
	struct yaml *y;

	(void)state;
	assert_null(nested(YAML_DEPTH - 1));
	assert_string_equal(nested(YAML_DEPTH), "f.yaml:1: note: nested too deep");
	memset(text, '[', YAML_DEPTH + 1);
	memset(text + YAML_DEPTH + 1, ']', YAML_DEPTH + 1);
	y = over_n(text, 2 * (YAML_DEPTH + 1));
	for (int i = 0; i < YAML_DEPTH; i++)
		assert_true(yaml_list(y) && yaml_item(y));
	assert_false(yaml_list(y));
	assert_non_null(strstr(yaml_finish(y), "nested too deep"));
}

static void
keys_end_at_their_limit(void **state)
{
	for (int n = YAML_KEYS_MAX; n <= YAML_KEYS_MAX + 1; n++) {
		char *text, *value;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		struct yaml *y;
		int got = 0;

		for (int i = 0; i < n; i++)
			fprintf(out, "k%d: %d\n", i, i);
		fclose(out);
		y = over_n(text, len);
		free(text);
		yaml_map(y);
		while (yaml_key(y) && yaml_value(y, &any, &value))
			got++;
		assert_int_equal(got, YAML_KEYS_MAX);
		assert_int_equal(yaml_finish(y) == NULL, n == YAML_KEYS_MAX);
	}
	(void)state;
}

static void
after_an_error_nothing_is_read(void **state)
{
	struct yaml *y = over("a: x\nb: [1, 2]\n");
	const char *text = "before";

	(void)state;
	yaml_map(y);
	assert_true(yaml_key(y));
	yaml_complain(y, "not %s", "today");
	yaml_complain(y, "nor tomorrow");
	assert_false(yaml_value(y, &any, &text));
	assert_false(yaml_key(y) || yaml_item(y) || yaml_map(y) || yaml_list(y));
	assert_string_equal(text, "before");
	assert_string_equal(yaml_finish(y), "f.yaml:1: a: not today");
}

static void
strings_live_as_long_as_the_reader(void **state)
{
	struct yaml *y = over("[one, two, three]");
	const char *text[3];
	int n = 0;

	(void)state;
	yaml_list(y);
	while (yaml_item(y)) {
		assert_true(yaml_value(y, &any, &text[n]));
		assert_int_equal(yaml_line(y), 1);
		n++;
	}
	assert_null(yaml_finish(y));
	assert_string_equal(text[0], "one");
	assert_string_equal(text[2], "three");
}

static void
a_file_is_read_up_to_its_limit(void **state)
{
	char *text = malloc(YAML_BYTES_MAX + 1);
	struct yaml *y = NULL;
	struct swarm s;

	(void)state;
	memset(text, '#', YAML_BYTES_MAX + 1);
	assert_int_equal(yaml_open(files_write("a", "length: 5s\n", 11), &y), 0);
	assert_null(read_swarm(y, &s));
	assert_true(s.length_ns == INT64_C(5000000000));
	yaml_close(y);
	assert_int_equal(yaml_open(files_write("b", text, YAML_BYTES_MAX), &y), 0);
	assert_null(read_swarm(y, &s));
	yaml_close(y);
	y = NULL;
	assert_int_equal(yaml_open(files_write("c", text, YAML_BYTES_MAX + 1), &y), ERR_LIMIT);
	assert_int_equal(yaml_open(files_path("missing"), &y), ERR_IO);
	assert_int_equal(errno, ENOENT);
	assert_null(y);
	yaml_close(NULL);
	assert_string_equal(yaml_finish(over_n(text, YAML_BYTES_MAX + 1)),
	                    "f.yaml:1: larger than 1048576 bytes");
	free(text);
}

static const char *
write_down(void *ctx, const char *path, const char *text)
{
	char *all = ctx;

	if (strcmp(text, "bad") == 0)
		return "must not be bad";
	snprintf(all + strlen(all), 200 - strlen(all), "%s=%s ", path, text);
	return NULL;
}

static void
every_plain_value_is_given_by_its_path(void **state)
{
	static const char good[] = "a: 1\nb:\n- {c: x, d: [2, 3]}\n- e\nf:\ng: {}\n";
	static const char bad[] = "a: 1\nb:\n- {c: bad, d: 2}\n- 3\n";
	char all[200] = "";
	struct yaml *y = yaml_over("f.yaml", good, sizeof good - 1);

	(void)state;
	yaml_each(y, write_down, all);
	assert_null(yaml_finish(y));
	assert_string_equal(all, "a=1 b[0].c=x b[0].d[0]=2 b[0].d[1]=3 b[1]=e ");
	yaml_close(y);
	all[0] = '\0';
	y = yaml_over("f.yaml", bad, sizeof bad - 1);
	yaml_each(y, write_down, all);
	assert_string_equal(yaml_finish(y), "f.yaml:3: b[0].c: must not be bad");
	assert_string_equal(all, "a=1 ");
	yaml_close(y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_fills_structs_by_tables),
		cmocka_unit_test(empty_and_null_are_as_if_nothing_was_given),
		cmocka_unit_test(errors_name_file_line_and_path),
		cmocka_unit_test(what_can_be_abused_is_not_read),
		cmocka_unit_test(wrong_syntax_has_a_line_and_a_column),
		cmocka_unit_test(depth_ends_at_its_limit),
		cmocka_unit_test(keys_end_at_their_limit),
		cmocka_unit_test(after_an_error_nothing_is_read),
		cmocka_unit_test(strings_live_as_long_as_the_reader),
		cmocka_unit_test(a_file_is_read_up_to_its_limit),
		cmocka_unit_test(every_plain_value_is_given_by_its_path),
	};

	return cmocka_run_group_tests(tests, files_begin, forget);
}
