/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/options.h"

#define TEXT_COLUMN 26
#define WIDTH 96

/* Words of text from column on, broken at WIDTH, following lines at indent. */
static void
wrapped(FILE *out, const char *text, size_t column, size_t indent)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column + n > WIDTH && column > indent) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		fwrite(text, 1, n, out);
		column += n;
		text += n;
		while (*text == ' ')
			text++;
		if (*text != '\0') {
			putc(' ', out);
			column++;
		}
	}
	putc('\n', out);
}

static void
value_text(const struct option_row *o, char *text, size_t size)
{
	size_t at = (size_t)snprintf(text, size, "%s", o->text);

	if (o->type == OPTION_ENUM) {
		at += (size_t)snprintf(text + at, size - at, ": ");
		for (int i = 0; o->values[i] != NULL && at < size; i++)
			at += (size_t)snprintf(text + at, size - at, "%s%s", i ? ", " : "",
					       o->values[i]);
	}
	if (o->preset != NULL && o->arg != NULL && at < size)
		at += (size_t)snprintf(text + at, size - at, " [%s]", o->preset);
	if (at < size)
		at += (size_t)snprintf(text + at, size - at, " (env SWARMSCOPE_");
	for (const char *c = o->name; *c != '\0' && at + 2 < size; c++)
		text[at++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	if (at + 2 < size)
		snprintf(text + at, size - at, ")");
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
	value_text(o, text, sizeof text);
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
	        row->purpose, program, row->name, row->args ? " " : "", row->args ? row->args : "");
	fputs("\nEXAMPLES\n", out);
	for (const char *const *e = row->examples; e[0] != NULL; e += 2)
		fprintf(out, "  %s\n      %s\n", e[0], e[1]);
	table_help(out, row->options);
	table_help(out, options_program->global);
	fputs("  -h, --help              show this help\n", out);
	fprintf(out, "\nSee man %s-%s(1).\n", program, row->name);
}

static void
program_help(FILE *out)
{
	const struct program *p = options_program;

	fprintf(out, "%s - %s\n\nUSAGE\n  %s COMMAND [OPTIONS] [ARGS]\n\nCOMMANDS\n", p->name,
	        p->purpose, p->name);
	for (const struct command_row *c = p->commands; c->name != NULL; c++)
		fprintf(out, "  %-12s%s\n", c->name, c->purpose);
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

/* Text for man(7): backslash, leading dot and quote, and every dash escaped. */
static void
man_text(FILE *out, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if ((*c == '.' || *c == '\'') && (c == text || c[-1] == '\n'))
			fputs("\\&", out);
		if (*c == '-')
			fputs("\\-", out);
		else if (*c == '\\')
			fputs("\\e", out);
		else
			putc(*c, out);
	}
}

static void
man_options(FILE *out, const struct option_row *table)
{
	char text[1024];

	for (const struct option_row *o = table; o != NULL && o->name != NULL; o++) {
		fputs(".TP\n.B ", out);
		if (o->letter != 0)
			fprintf(out, "\\-%c, ", o->letter);
		fputs("\\-\\-", out);
		man_text(out, o->name);
		if (o->arg != NULL)
			fprintf(out, " \\fI%s\\fR", o->arg);
		putc('\n', out);
		value_text(o, text, sizeof text);
		man_text(out, text);
		putc('\n', out);
	}
}

static void
man_head(FILE *out, const char *name, const char *purpose)
{
	fprintf(out, ".TH ");
	for (const char *c = name; *c != '\0'; c++)
		putc(toupper((unsigned char)*c), out);
	fprintf(out, " 1 \"\" \"%s %s\" \"User Commands\"\n.SH NAME\n", options_program->name,
	        options_program->version);
	man_text(out, name);
	fputs(" \\- ", out);
	man_text(out, purpose);
	putc('\n', out);
}

static void
man_exit_status(FILE *out)
{
	fputs(
	    ".SH EXIT STATUS\n0 done; 1 failed while running; 2 wrong usage or configuration; 3 a\n"
	    "store, bus or interface out of reach; 4 no permission; 5 no data: a sound input\n"
	    "without any swarm in it; 130 and 143 ended by a signal.\n",
	    out);
}

static void
man_command(FILE *out, const struct command_row *row)
{
	const char *program = options_program->name;
	char name[96];

	snprintf(name, sizeof name, "%s-%s", program, row->name);
	man_head(out, name, row->purpose);
	fprintf(out, ".SH SYNOPSIS\n.B %s %s\n[\\fIOPTIONS\\fR]%s%s\n", program, row->name,
	        row->args ? " " : "", row->args ? row->args : "");
	fputs(".SH DESCRIPTION\n", out);
	man_text(out, row->about);
	fputs("\n.SH OPTIONS\n", out);
	man_options(out, row->options);
	man_options(out, options_program->global);
	fputs(".SH EXAMPLES\n", out);
	for (const char *const *e = row->examples; e[0] != NULL; e += 2) {
		fputs(".TP\n.B ", out);
		man_text(out, e[0]);
		putc('\n', out);
		man_text(out, e[1]);
		putc('\n', out);
	}
	man_exit_status(out);
	fprintf(out, ".SH SEE ALSO\n.BR %s (1)\n", program);
}

static void
man_program(FILE *out)
{
	const struct program *p = options_program;

	man_head(out, p->name, p->purpose);
	fprintf(out, ".SH SYNOPSIS\n.B %s\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGS\\fR]\n"
	        ".SH COMMANDS\n", p->name);
	for (const struct command_row *c = p->commands; c->name != NULL; c++) {
		fprintf(out, ".TP\n.BR %s\\-%s (1)\n", p->name, c->name);
		man_text(out, c->purpose);
		putc('\n', out);
	}
	fputs(".SH OPTIONS\n", out);
	man_options(out, p->global);
	man_exit_status(out);
}

void
options_man(FILE *out, const struct command_row *row)
{
	if (row != NULL)
		man_command(out, row);
	else
		man_program(out);
}
