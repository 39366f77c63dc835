/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

#define TEXT_COLUMN 26
#define WIDTH 80

/* Words of text from column on, broken at WIDTH, following lines at indent. */
static void
wrapped(FILE *out, const char *text, size_t column, size_t indent)
{
	for (bool first = true; *text != '\0'; first = false) {
		size_t n = strcspn(text, " ");

		if (!first && column + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			putc(' ', out);
			column++;
		}
		fwrite(text, 1, n, out);
		column += n;
		text += n + strspn(text + n, " ");
	}
	putc('\n', out);
}

void
options_text(const struct option_row *o, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");
	char env[64];

	if (out == NULL)
		abort();
	fputs(o->text, out);
	for (int i = 0; o->type == OPTION_ENUM && o->values[i] != NULL; i++)
		fprintf(out, "%s%s", i ? ", " : ": ", o->values[i]);
	options_env_name(o, env, sizeof env);
	if (o->preset != NULL && o->arg != NULL)
		fprintf(out, " [default: %s, $%s]", o->preset, env);
	else
		fprintf(out, " [$%s]", env);
	fclose(out);
}

static void
option_help(FILE *out, const struct option_row *o)
{
	char left[80], text[1024];
	int n;

	if (o->letter != 0)
		n = snprintf(left, sizeof left, "  -%c, --%s%s%s", o->letter, o->name,
		             o->arg ? " " : "", o->arg ? o->arg : "");
	else
		n = snprintf(left, sizeof left, "      --%s%s%s", o->name, o->arg ? " " : "",
		             o->arg ? o->arg : "");
	options_text(o, text, sizeof text);
	if (n >= TEXT_COLUMN - 1)
		fprintf(out, "%s\n%*s", left, TEXT_COLUMN, "");
	else
		fprintf(out, "%-*s", TEXT_COLUMN, left);
	wrapped(out, text, TEXT_COLUMN, TEXT_COLUMN);
}

static void
table_help(FILE *out, const struct option_row *table)
{
	const char *group = NULL;

	for (const struct option_row *o = table; o != NULL && o->name != NULL; o++) {
		if (group == NULL || strcmp(group, o->group) != 0)
			fprintf(out, "\n%s:\n", o->group);
		group = o->group;
		option_help(out, o);
	}
}

static void
command_help(FILE *out, const struct command_row *row)
{
	const char *program = options_program->name;

	fprintf(out, "%s %s - %s\n\nUSAGE\n  %s %s [OPTIONS]%s%s\n", program, row->name,
	        row->purpose, program, row->name, row->args ? " " : "",
	        row->args ? row->args : "");
	fputs("\nEXAMPLES\n", out);
	for (const char *const *e = row->examples; e[0] != NULL; e += 2)
		fprintf(out, "  %s\n      %s\n", e[0], e[1]);
	table_help(out, row->options);
	table_help(out, options_program->global);
	fputs("  -h, --help              show this help\n", out);
	fprintf(out, "\nSee man %s-%s(1).\n", program, row->name);
}

static int
longest_name(const struct program *p)
{
	int longest = 0;

	for (const struct command_row *c = p->commands; c->name != NULL; c++)
		if ((int)strlen(c->name) > longest)
			longest = (int)strlen(c->name);
	return longest;
}

static void
program_help(FILE *out)
{
	const struct program *p = options_program;
	int width = longest_name(p);

	fprintf(out, "%s - %s\n\nUSAGE\n  %s COMMAND [OPTIONS] [ARGS]\n\nCOMMANDS\n", p->name,
	        p->purpose, p->name);
	for (const struct command_row *c = p->commands; c->name != NULL; c++)
		fprintf(out, "  %-*s  %s\n", width, c->name, c->purpose);
	table_help(out, p->global);
	fputs("  -h, --help              show this help\n", out);
	fputs("  -V, --version           show the version\n", out);
	fprintf(out, "\n'%s help COMMAND' tells more of a command; see man %s(1).\n", p->name,
		p->name);
}

void
options_help(FILE *out, const struct command_row *row)
{
	if (row != NULL)
		command_help(out, row);
	else
		program_help(out);
}
