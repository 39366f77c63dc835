/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/options.h"

/* A line a file, since names may hold blanks. */
#define FILES_BASH "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n"

static void
commands(FILE *out)
{
	for (const struct command_row *c = options_program->commands; c->name != NULL; c++)
		fprintf(out, "%s%s", c == options_program->commands ? "" : " ", c->name);
}

static void
values(FILE *out, const struct option_row *o)
{
	for (int i = 0; o->values[i] != NULL; i++)
		fprintf(out, "%s%s", i ? " " : "", o->values[i]);
}

/* Does the command take one of a few words rather than files? */
static bool
takes_words(const struct command_row *c)
{
	return c->args != NULL &&
	       (strchr(c->args, '|') != NULL || strcmp(c->args, "[COMMAND]") == 0);
}

static void
words(FILE *out, const struct command_row *c)
{
	if (strchr(c->args, '|') == NULL)
		commands(out);
	else
		for (const char *a = c->args; *a != '\0'; a++)
			putc(*a == '|' ? ' ' : *a, out);
}

static void
names(FILE *out, const struct option_row *table)
{
	for (const struct option_row *o = table; o->name != NULL; o++)
		fprintf(out, " --%s", o->name);
}

/* Values of an option that stands before the cursor: "command --option". */
static void
values_bash(FILE *out, const char *command, const struct option_row *table)
{
	for (const struct option_row *o = table; o->name != NULL; o++) {
		if (o->arg == NULL)
			continue;
		fprintf(out, "    %s' '--%s", command, o->name);
		if (o->letter != 0)
			fprintf(out, "|%s' '-%c", command, o->letter);
		if (o->type == OPTION_ENUM) {
			fputs(") COMPREPLY=($(compgen -W '", out);
			values(out, o);
			fputs("' -- \"$cur\")); return ;;\n", out);
		} else {
			fprintf(out, ") %s", FILES_BASH);
		}
	}
}

static void
arguments_bash(FILE *out)
{
	for (const struct command_row *c = options_program->commands; c->name != NULL; c++)
		if (takes_words(c)) {
			fprintf(out, "    %s' '[!-]*|%s' ') COMPREPLY=($(compgen -W '", c->name,
			        c->name);
			words(out, c);
			fputs("' -- \"$cur\")); return ;;\n", out);
		}
	fprintf(out, "    *' '[!-]*|*' ') %s", FILES_BASH);
}

void
options_completion_bash(FILE *out)
{
	const struct program *p = options_program;

	fprintf(
	    out,
	    "_%s() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	    "  COMPREPLY=()\n  if [ \"$COMP_CWORD\" = 1 ]; then\n    COMPREPLY=($(compgen -W '",
	    p->name);
	commands(out);
	fputs("' -- \"$cur\")); return\n  fi\n  case ${COMP_WORDS[1]}' '$prev in\n", out);
	for (const struct command_row *c = p->commands; c->name != NULL; c++)
		values_bash(out, c->name, c->options);
	values_bash(out, "*", p->global);
	fputs("  esac\n  case ${COMP_WORDS[1]}' '$cur in\n", out);
	arguments_bash(out);
	fputs("  esac\n  case ${COMP_WORDS[1]} in\n", out);
	for (const struct command_row *c = p->commands; c->name != NULL; c++) {
		fprintf(out, "    %s) COMPREPLY=($(compgen -W '--help", c->name);
		names(out, c->options);
		names(out, p->global);
		fputs("' -- \"$cur\")) ;;\n", out);
	}
	fprintf(out, "  esac\n}\ncomplete -o filenames -F _%s %s\n", p->name, p->name);
}

/* Text inside single quotes of a shell; characters of drop become blanks. */
static void
quoted(FILE *out, const char *text, const char *drop)
{
	for (const char *c = text; *c != '\0'; c++)
		if (strchr(drop, *c) != NULL)
			putc(' ', out);
		else if (*c == '\'')
			fputs("'\\''", out);
		else
			putc(*c, out);
}

/* : and brackets are zsh's own in these. */
static void
option_zsh(FILE *out, const struct option_row *o)
{
	fputs(" \\\n        ", out);
	if (o->letter != 0)
		fprintf(out, "'(-%c --%s)'{-%c,--%s}'[", o->letter, o->name, o->letter,
		        o->name);
	else
		fprintf(out, "'--%s[", o->name);
	quoted(out, o->text, ":[]");
	fputs("]", out);
	if (o->type == OPTION_ENUM) {
		fprintf(out, ":%s:(", o->arg);
		values(out, o);
		fputs(")", out);
	} else if (o->arg != NULL) {
		fprintf(out, ":%s:_files", o->arg);
	}
	fputs("'", out);
}

static void
command_zsh(FILE *out, const struct command_row *c)
{
	fprintf(out, "    %s)\n      _arguments", c->name);
	for (const struct option_row *o = c->options; o->name != NULL; o++)
		option_zsh(out, o);
	for (const struct option_row *o = options_program->global; o->name != NULL; o++)
		option_zsh(out, o);
	fputs(" \\\n        '(-h --help)'{-h,--help}'[show this help]'", out);
	if (takes_words(c)) {
		fputs(" \\\n        '1:word:(", out);
		words(out, c);
		fputs(")' ;;\n", out);
	} else {
		fputs(" \\\n        '*:file:_files' ;;\n", out);
	}
}

void
options_completion_zsh(FILE *out)
{
	const struct program *p = options_program;

	fprintf(
	    out,
	    "#compdef %s\n_%s() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n",
	    p->name, p->name);
	for (const struct command_row *c = p->commands; c->name != NULL; c++) {
		fprintf(out, "      '%s:", c->name);
		quoted(out, c->purpose, ":");
		fputs("'\n", out);
	}
	fputs("    )\n    _describe command commands\n    return\n  fi\n"
	      "  shift words\n  (( CURRENT-- ))\n  case $words[1] in\n",
	      out);
	for (const struct command_row *c = p->commands; c->name != NULL; c++)
		command_zsh(out, c);
	fprintf(out, "  esac\n}\n"
	        "if [ \"$funcstack[1]\" = _%s ]; then _%s \"$@\"; else compdef _%s %s; fi\n",
	        p->name, p->name, p->name, p->name);
}

static void
table_fish(FILE *out, const char *command, const struct option_row *table)
{
	const char *program = options_program->name;

	for (const struct option_row *o = table; o->name != NULL; o++) {
		fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -l %s",
		        program, command, o->name);
		if (o->letter != 0)
			fprintf(out, " -s %c", o->letter);
		if (o->arg != NULL)
			fputs(o->type == OPTION_ENUM ? " -x" : " -r", out);
		if (o->type == OPTION_ENUM) {
			fputs(" -a '", out);
			values(out, o);
			fputs("'", out);
		}
		fputs(" -d '", out);
		quoted(out, o->text, "");
		fputs("'\n", out);
	}
}

void
options_completion_fish(FILE *out)
{
	const struct program *p = options_program;

	for (const struct command_row *c = p->commands; c->name != NULL; c++) {
		fprintf(out, "complete -c %s -n __fish_use_subcommand -f -a %s -d '", p->name,
		        c->name);
		quoted(out, c->purpose, "");
		fputs("'\n", out);
		if (takes_words(c)) {
			fprintf(out,
			        "complete -c %s -n '__fish_seen_subcommand_from %s' -f -a '",
			        p->name, c->name);
			words(out, c);
			fputs("'\n", out);
		}
		table_fish(out, c->name, c->options);
		table_fish(out, c->name, p->global);
	}
}
