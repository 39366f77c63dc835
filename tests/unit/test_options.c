/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/options.h"
#include "tests/unit/files.h"

struct look {
	const char *output;
	int form;
	int64_t count, memory_bytes, wait_ns, rate_bps;
	double share;
	bool deep;
};

struct shared {
	bool quiet;
	int verbose, color;
};

static const char *const forms[] = { "text", "json", NULL };
static const char *const colors[] = { "auto", "always", "never", NULL };

static const struct option_row look_options[] = {
	{ .name = "output",
	  .letter = 'o',
	  .type = OPTION_STRING,
	  .arg = "FILE",
	  .group = "Output",
	  .text = "write here",
	  .offset = offsetof(struct look, output) },
	{ .name = "format",
	  .letter = 'f',
	  .type = OPTION_ENUM,
	  .arg = "FORM",
	  .values = forms,
	  .preset = "text",
	  .group = "Output",
	  .text = "how",
	  .offset = offsetof(struct look, form) },
	{ .name = "count",
	  .type = OPTION_INT,
	  .arg = "N",
	  .min = 1,
	  .max = 100,
	  .preset = "10",
	  .group = "Limits",
	  .text = "how many",
	  .offset = offsetof(struct look, count) },
	{ .name = "memory",
	  .type = OPTION_SIZE,
	  .arg = "SIZE",
	  .preset = "16M",
	  .group = "Limits",
	  .text = "how much",
	  .offset = offsetof(struct look, memory_bytes) },
	{ .name = "wait",
	  .type = OPTION_DURATION,
	  .arg = "TIME",
	  .min = 0,
	  .max = 60,
	  .group = "Limits",
	  .text = "how long",
	  .offset = offsetof(struct look, wait_ns) },
	{ .name = "rate",
	  .type = OPTION_RATE,
	  .arg = "RATE",
	  .group = "Limits",
	  .text = "how fast",
	  .offset = offsetof(struct look, rate_bps) },
	{ .name = "share",
	  .type = OPTION_NUMBER,
	  .arg = "X",
	  .min = 0,
	  .max = 1,
	  .group = "Limits",
	  .text = "how large a part",
	  .offset = offsetof(struct look, share) },
	{ .name = "deep-look",
	  .type = OPTION_FLAG,
	  .group = "Limits",
	  .text = "look twice",
	  .offset = offsetof(struct look, deep) },
	{ .name = NULL },
};

static const struct option_row shared_options[] = {
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, .group = "Global options",
	  .text = "say little", .offset = offsetof(struct shared, quiet) },
	{ .name = "verbose", .letter = 'v', .type = OPTION_COUNT, .group = "Global options",
	  .text = "say more", .offset = offsetof(struct shared, verbose) },
	{ .name = "color", .letter = 'c', .type = OPTION_ENUM, .arg = "WHEN", .values = colors,
	  .preset = "auto", .group = "Global options", .text = "colour",
	  .offset = offsetof(struct shared, color) },
	{ .name = NULL },
};

static const char *const examples[] = {
	"scope look a.pcap",
	"one",
	"scope look -o b a.pcap",
	"two",
	"scope look .a 'b'",
	"three",
	NULL,
};

static const struct option_row none[] = { { .name = NULL } };

static const struct command_row commands[] = {
	{ "look", "looks at things", "INPUT...", 1, 2, examples, "Looks.", look_options, NULL },
	{ "listen", "hears things", "on|off", 1, 1, examples, "Hears.", none, NULL },
	{ .name = NULL },
};

static const struct program program = {
	.name = "scope", .version = "1.2", .purpose = "a try", .about = "Tries.",
	.date = "2026-01-02", .commands = commands, .global = shared_options,
};

static struct look look;
static struct shared shared;
static char **args;
static int n_args;

static int
begin(void **state)
{
	options_program = &program;
	return files_begin(state);
}

static int
split(const char *line, char *argv[20])
{
	static char words[300];
	int argc = 0;

	snprintf(words, sizeof words, "%s", line);
	for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	return argc;
}

/* Parses the words of a line; what it says on stderr is in *said. */
static int
parse(const struct command_row *row, const char *line, const char **said)
{
	char *argv[20];
	int argc = split(line, argv), rc;

	memset(&look, 0, sizeof look);
	memset(&shared, 0, sizeof shared);
	free(args);
	args = NULL;
	files_capture(2);
	rc = options_parse(row, argc, argv, &look, &shared, &args, &n_args);
	*said = files_captured(2);
	return rc;
}

static void
takes(const char *line)
{
	const char *said;
	int rc = parse(&commands[0], line, &said);

	if (rc != 0 || *said != '\0')
		fail_msg("%s: %d, %s", line, rc, said);
}

static void
refuses(const char *line, const char *expected)
{
	const char *said;
	int rc = parse(&commands[0], line, &said);

	assert_int_equal(rc, ERR_USAGE);
	assert_string_equal(said, expected);
}

static void
defaults_stand_where_nothing_is_given(void **state)
{
	(void)state;
	takes("look a");
	assert_null(look.output);
	assert_int_equal(look.form, 0);
	assert_int_equal(look.count, 10);
	assert_int_equal(look.memory_bytes, 16 << 20);
	assert_int_equal(shared.color, 0);
	assert_false(look.deep);
	assert_int_equal(n_args, 1);
	assert_string_equal(args[0], "a");
}

static void
options_stand_anywhere_in_any_form(void **state)
{
	(void)state;
	takes("look -o out a --format=json b -vvq --count 7 --deep-look --wait 250ms");
	assert_string_equal(look.output, "out");
	assert_int_equal(look.form, 1);
	assert_int_equal(look.count, 7);
	assert_true(look.deep);
	assert_true(look.wait_ns == 250000000);
	assert_int_equal(shared.verbose, 2);
	assert_true(shared.quiet);
	assert_int_equal(n_args, 2);
	assert_string_equal(args[1], "b");
	takes("look -ofile --form text a --mem 3K");
	assert_string_equal(look.output, "file");
	assert_int_equal(look.memory_bytes, 3072);
	takes("look -- -q --color");
	assert_int_equal(n_args, 2);
	assert_string_equal(args[1], "--color");
	takes("look -");
	assert_string_equal(args[0], "-");
}

static void
the_environment_stands_between_default_and_command_line(void **state)
{
	(void)state;
	setenv("SWARMSCOPE_COUNT", "20", 1);
	setenv("SWARMSCOPE_DEEP_LOOK", "yes", 1);
	setenv("SWARMSCOPE_VERBOSE", "2", 1);
	setenv("SWARMSCOPE_FORMAT", "", 1);
	takes("look a");
	assert_int_equal(look.count, 20);
	assert_int_equal(look.form, 0);
	assert_int_equal(shared.verbose, 2);
	assert_true(look.deep);
	takes("look a --count 30");
	assert_int_equal(look.count, 30);
	setenv("SWARMSCOPE_COUNT", "200", 1);
	refuses("look a",
	        "scope: look: SWARMSCOPE_COUNT in the environment must be from 1 to 100, "
	        "not '200' (see 'scope help look')\n");
	unsetenv("SWARMSCOPE_COUNT");
	unsetenv("SWARMSCOPE_DEEP_LOOK");
	unsetenv("SWARMSCOPE_VERBOSE");
	unsetenv("SWARMSCOPE_FORMAT");
}

#define SEE " (see 'scope help look')\n"

static void
a_wrong_value_says_what_it_must_be(void **state)
{
	(void)state;
	refuses("look --format xml a",
	        "scope: look: --format must be one of text, json, not 'xml'" SEE);
	refuses("look -fxml a",
	        "scope: look: --format must be one of text, json, not 'xml'" SEE);
	refuses("look --count 0 a", "scope: look: --count must be from 1 to 100, not '0'" SEE);
	refuses("look --count 3x a",
	        "scope: look: --count must be a whole number, not '3x'" SEE);
	refuses("look --wait 2m a",
	        "scope: look: --wait must be from 0 to 60 seconds, not '2m'" SEE);
	refuses("look --share 1.5 a",
	        "scope: look: --share must be from 0 to 1, not '1.5'" SEE);
}

static void
a_wrong_option_says_what_is_wrong_with_it(void **state)
{
	(void)state;
	refuses("look --frmat json a",
	        "scope: look: unknown option '--frmat'; did you mean --format?" SEE);
	refuses("look --frmat=json a",
	        "scope: look: unknown option '--frmat'; did you mean --format?" SEE);
	refuses("look --nothing-like-it a",
	        "scope: look: unknown option '--nothing-like-it'" SEE);
	refuses("look a -qz", "scope: look: unknown option '-z'" SEE);
	refuses("look --quiet=1 a", "scope: look: --quiet takes no value" SEE);
	refuses("look a --count", "scope: look: --count needs a value: N" SEE);
	refuses("look a -vo", "scope: look: -o needs a value: FILE" SEE);
	refuses("look --co 1 a",
	        "scope: look: option '--co' could be several, --color for one" SEE);
	refuses("look -o --worse --bad a", "scope: look: unknown option '--bad'" SEE);
}

static void
too_few_and_too_many_arguments_are_told(void **state)
{
	(void)state;
	refuses("look -q", "scope: look: missing INPUT..." SEE);
	refuses("look a b c", "scope: look: unexpected argument 'c'" SEE);
}

static void
help_may_be_asked_for_anywhere(void **state)
{
	static const char *const lines[] = { "look --help", "look -h", "look a --he",
		                             "look -qh x" };
	const char *said;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		files_capture(1);
		assert_int_equal(parse(&commands[0], lines[i], &said), 1);
		assert_string_equal(said, "");
		assert_non_null(strstr(files_captured(1), "USAGE\n  scope look "));
	}
}

static void
the_command_stands_behind_global_options(void **state)
{
	static const struct {
		const char *line;
		int at;
	} rows[] = {
		{ "scope look", 1 },
		{ "scope -q look", 2 },
		{ "scope --color always look", 3 },
		{ "scope --col always look", 3 },
		{ "scope --color=always look", 2 },
		{ "scope -qc always look", 3 },
		{ "scope --unknown look", 2 },
		{ "scope -- look", 2 },
		{ "scope -q", 0 },
		{ "scope --color always", 0 },
		{ "scope", 0 },
		{ "scope -", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *argv[20];

		assert_int_equal(options_find_command(split(rows[i].line, argv), argv),
		                 rows[i].at);
	}
	assert_ptr_equal(options_command("listen"), &commands[1]);
	assert_null(options_command("lis"));
}

static void
an_unknown_command_has_a_nearest(void **state)
{
	const char *said;

	(void)state;
	files_capture(2);
	assert_int_equal(options_unknown_command("lisen"), ERR_USAGE);
	said = files_captured(2);
	assert_string_equal(
	    said,
	    "scope: unknown command 'lisen'; did you mean 'listen'? (see 'scope help')\n");
	files_capture(2);
	options_unknown_command("dance");
	assert_string_equal(files_captured(2),
	                    "scope: unknown command 'dance' (see 'scope help')\n");
}

static void
nearest_is_by_letters_changed(void **state)
{
	static const char *const names[] = { "analyze", "decode", "score", "" };
	char long_name[100];

	(void)state;
	assert_string_equal(options_nearest("analyse", names, 3), "analyze");
	assert_string_equal(options_nearest("deocde", names, 3), "decode");
	assert_string_equal(options_nearest("scor", names, 3), "score");
	assert_null(options_nearest("completely", names, 3));
	assert_null(options_nearest("xyz", names, 3));
	memset(long_name, 'a', 99);
	long_name[99] = '\0';
	assert_null(options_nearest(long_name, names, 4));
}

/* All that is told of options comes from the tables, so nothing may be missing. */
static void
every_option_is_in_help_page_and_completion(void **state)
{
	static void (*const writers[])(FILE *out) = {
		options_completion_bash, options_completion_zsh, options_completion_fish,
	};
	char *text, *page, name[64], env[64];
	size_t len;

	(void)state;
	for (int what = 0; what < 5; what++) {
		FILE *out = open_memstream(&text, &len);

		if (what < 3)
			writers[what](out);
		else
			(what == 3 ? options_help : options_man)(out, &commands[0]);
		fclose(out);
		page = text;
		for (const struct option_row *o = look_options; o->name != NULL; o++) {
			snprintf(name, sizeof name,
			         what == 2 ? "-l %s" :
			         what == 4 ? "%s" :
			                     "--%s",
			         what == 4 && strcmp(o->name, "deep-look") == 0 ?
			             "deep\\-look" :
			             o->name);
			assert_non_null(strstr(page, name));
			options_env_name(o, env, sizeof env);
			if (what > 2)
				assert_non_null(strstr(page, env));
		}
		assert_non_null(strstr(page, "always"));
		assert_non_null(strstr(page, "json"));
		free(text);
	}
}

static void
help_has_a_fixed_form(void **state)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	options_help(out, &commands[0]);
	fclose(out);
	assert_non_null(strstr(text, "scope look - looks at things\n\nUSAGE\n"
	                             "  scope look [OPTIONS] INPUT...\n\nEXAMPLES\n"
	                             "  scope look a.pcap\n      one\n"));
	assert_non_null(strstr(text,
	                       "\nOutput:\n  -o, --output FILE       write here "
	                       "[$SWARMSCOPE_OUTPUT]\n"
	                       "  -f, --format FORM       how: text, json [default: text, "
	                       "$SWARMSCOPE_FORMAT]\n"
	                       "\nLimits:\n      --count N           how many [default: 10, "));
	assert_non_null(strstr(text, "\nSee man scope-look(1).\n"));
	assert_null(strstr(text, " \n"));
	free(text);
}

static void
a_page_escapes_what_roff_would_read(void **state)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	options_man(out, &commands[0]);
	fclose(out);
	assert_int_equal(strncmp(text, ".TH SCOPE-LOOK 1 2026-01-02 \"scope 1.2\"", 39), 0);
	assert_non_null(strstr(text, ".B scope look .a \\(aqb\\(aq\n"));
	assert_non_null(strstr(text, "\\-\\-deep\\-look\n"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_stand_where_nothing_is_given),
		cmocka_unit_test(options_stand_anywhere_in_any_form),
		cmocka_unit_test(the_environment_stands_between_default_and_command_line),
		cmocka_unit_test(a_wrong_value_says_what_it_must_be),
		cmocka_unit_test(a_wrong_option_says_what_is_wrong_with_it),
		cmocka_unit_test(too_few_and_too_many_arguments_are_told),
		cmocka_unit_test(help_may_be_asked_for_anywhere),
		cmocka_unit_test(the_command_stands_behind_global_options),
		cmocka_unit_test(an_unknown_command_has_a_nearest),
		cmocka_unit_test(nearest_is_by_letters_changed),
		cmocka_unit_test(every_option_is_in_help_page_and_completion),
		cmocka_unit_test(help_has_a_fixed_form),
		cmocka_unit_test(a_page_escapes_what_roff_would_read),
	};
	int failed = cmocka_run_group_tests(tests, begin, files_end);

	free(args);
	return failed;
}
