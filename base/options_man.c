/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/options.h"

#define WIDTH 76 /* of source lines */

/* As it stands, also when copied from the page to a shell. */
static void
escaped(FILE *out, const char *text, size_t n)
{
	static const struct {
		char c;
		const char *escape;
	} table[] = {
		{ '-', "\\-" },   { '\\', "\\e" },  { '\'', "\\(aq" },
		{ '~', "\\(ti" }, { '^', "\\(ha" },
	};

	for (size_t i = 0; i < n; i++) {
		const char *escape = NULL;

		for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
			if (table[k].c == text[i])
				escape = table[k].escape;
		if (escape != NULL)
			fputs(escape, out);
		else
			putc(text[i], out);
	}
}

/* Words over as many lines as they take; none begins with a control character. */
static void
lines(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column > 0) {
			putc(column + 1 + n > WIDTH ? '\n' : ' ', out);
			column = column + 1 + n > WIDTH ? 0 : column + 1;
		}
		if (column == 0 && *text == '.')
			fputs("\\&", out);
		escaped(out, text, n);
		column += n;
		text += n + strspn(text + n, " ");
	}
	putc('\n', out);
}

/* A tagged paragraph: the tag in bold, then the text. */
static void
tagged(FILE *out, const char *tag, const char *text)
{
	fputs(".TP\n.B ", out);
	escaped(out, tag, strlen(tag));
	putc('\n', out);
	lines(out, text);
}

static void
option(FILE *out, const struct option_row *o)
{
	char text[1024];

	fputs(".TP\n.B ", out);
	if (o->letter != 0)
		fprintf(out, "\\-%c, ", o->letter);
	fputs("\\-\\-", out);
	escaped(out, o->name, strlen(o->name));
	if (o->arg != NULL)
		fprintf(out, " \\fI%s\\fR", o->arg);
	putc('\n', out);
	options_text(o, text, sizeof text);
	lines(out, text);
}

static void
options(FILE *out, const struct option_row *table)
{
	const char *group = NULL;

	for (const struct option_row *o = table; o->name != NULL; o++) {
		if (group == NULL || strcmp(group, o->group) != 0)
			fprintf(out, ".SS %s\n", o->group);
		group = o->group;
		option(out, o);
	}
}

static void
global_options(FILE *out)
{
	options(out, options_program->global);
	tagged(out, "-h, --help", "show this help");
}

static void
head(FILE *out, const char *name, const char *purpose)
{
	const struct program *p = options_program;

	fputs(".TH ", out);
	for (const char *c = name; *c != '\0'; c++)
		putc(toupper((unsigned char)*c), out);
	fprintf(out, " 1 %s \"%s %s\" \"User Commands\"\n.nh\n.SH NAME\n", p->date, p->name,
	        p->version);
	escaped(out, name, strlen(name));
	fputs(" \\- ", out);
	escaped(out, purpose, strlen(purpose));
	putc('\n', out);
}

static void
environment(FILE *out)
{
	fputs(".SH ENVIRONMENT\n", out);
	lines(
	    out,
	    "What an option takes may also stand in the variable named behind it in brackets; "
	    "a flag's is 1 or 0. The command line goes before the environment, the environment "
	    "before the default.");
	tagged(out, "NO_COLOR",
	       "if set and not empty, no colour unless --color=always is given");
}

static void
exit_status(FILE *out)
{
	fputs(".SH EXIT STATUS\n", out);
	tagged(out, "0", "done, also of an input that was cut short, with a warning");
	tagged(out, "1",
	       "failed: unreadable or unsupported input, unwritable output, full disk");
	tagged(out, "2", "wrong usage or configuration");
	tagged(out, "3", "a store, bus or interface is out of reach or of a newer version");
	tagged(out, "4", "no permission");
	tagged(out, "5", "no data: a sound input without any swarm in it");
	tagged(out, "130, 143",
	       "ended by SIGINT, by SIGTERM; 141 in a shell if the reader of the "
	       "output has gone");
}

static void
command_page(FILE *out, const struct command_row *row)
{
	const char *program = options_program->name;
	char name[96];

	snprintf(name, sizeof name, "%s-%s", program, row->name);
	head(out, name, row->purpose);
	fprintf(out, ".SH SYNOPSIS\n.B %s %s\n[\\fIOPTIONS\\fR]%s%s\n", program, row->name,
	        row->args ? " " : "", row->args ? row->args : "");
	fputs(".SH DESCRIPTION\n", out);
	lines(out, row->about);
	fputs(".SH OPTIONS\n", out);
	options(out, row->options);
	global_options(out);
	fputs(".SH EXAMPLES\n", out);
	for (const char *const *e = row->examples; e[0] != NULL; e += 2)
		tagged(out, e[0], e[1]);
	environment(out);
	exit_status(out);
	fprintf(out, ".SH SEE ALSO\n.BR %s (1)\n", program);
}

static void
program_page(FILE *out)
{
	const struct program *p = options_program;

	head(out, p->name, p->purpose);
	fprintf(out, ".SH SYNOPSIS\n.B %s\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGS\\fR]\n",
	        p->name);
	fputs(".SH DESCRIPTION\n", out);
	lines(out, p->about);
	fputs(".SH COMMANDS\n", out);
	for (const struct command_row *c = p->commands; c->name != NULL; c++) {
		fprintf(out, ".TP\n.BR %s\\-%s (1)\n", p->name, c->name);
		lines(out, c->purpose);
	}
	fputs(".SH OPTIONS\n", out);
	global_options(out);
	tagged(out, "-V, --version", "show the version");
	environment(out);
	exit_status(out);
}

void
options_man(FILE *out, const struct command_row *row)
{
	if (row != NULL)
		command_page(out, row);
	else
		program_page(out);
}
