/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

static void
commands(FILE *out)
{
	for (const struct command_row *c = options_program->commands; c->name != NULL; c++)
		fprintf(out, "%s%s", c == options_program->commands ? "" : " ", c->name);
}

static void
names(FILE *out, const struct option_row *table)
{
	for (const struct option_row *o = table; o != NULL && o->name != NULL; o++)
		fprintf(out, " --%s", o->name);
}

static void
values_bash(FILE *out, const struct option_row *table)
{
	for (const struct option_row *o = table; o != NULL && o->name != NULL; o++) {
		if (o->type != OPTION_ENUM)
			continue;
		fprintf(out, "    --%s) COMPREPLY=($(compgen -W '", o->name);
		for (int i = 0; o->values[i] != NULL; i++)
			fprintf(out, "%s%s", i ? " " : "", o->values[i]);
		fputs("' -- \"$cur\")); return ;;\n", out);
	}
}

void
options_completion_bash(FILE *out)
{
	const struct program *p = options_program;

	fprintf(out,
		"_%s() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		"  if [ \"$COMP_CWORD\" = 1 ]; then\n    COMPREPLY=($(compgen -W '",
		p->name);
	commands(out);
	fputs("' -- \"$cur\")); return\n  fi\n  case $prev in\n", out);
	for (const struct command_row *c = p->commands; c->name != NULL; c++)
		values_bash(out, c->options);
	values_bash(out, p->global);
	fputs("  esac\n  case $cur in -*) ;; *) COMPREPLY=($(compgen -f -- \"$cur\")); return ;; "
	      "esac\n"
	      "  case ${COMP_WORDS[1]} in\n",
	      out);
	for (const struct command_row *c = p->commands; c->name != NULL; c++) {
		fprintf(out, "    %s) COMPREPLY=($(compgen -W '--help", c->name);
		names(out, c->options);
		names(out, p->global);
		fputs("' -- \"$cur\")) ;;\n", out);
	}
	fprintf(out, "  esac\n}\ncomplete -o filenames -F _%s %s\n", p->name, p->name);
}

/* Text inside single quotes of a shell; : and [ ] are zsh's own. */
static void
quoted(FILE *out, const char *text, const char *drop)
{
	for (const char *c = text; *c != '\0'; c++) {
		const char *d = drop;

		while (*d != '\0' && *d != *c)
			d++;
		if (*d != '\0')
			putc(' ', out);
		else if (*c == '\'')
			fputs("'\\''", out);
		else
			putc(*c, out);
	}
}

static void
table_zsh(FILE *out, const struct option_row *table)
{
	for (const struct option_row *o = table; o != NULL && o->name != NULL; o++) {
		fprintf(out, " \\\n        '--%s[", o->name);
		quoted(out, o->text, ":[]");
		fputs("]", out);
		if (o->type == OPTION_ENUM) {
			fprintf(out, ":%s:(", o->arg);
			for (int i = 0; o->values[i] != NULL; i++)
				fprintf(out, "%s%s", i ? " " : "", o->values[i]);
			fputs(")", out);
		} else if (o->arg != NULL) {
			fprintf(out, ":%s:_files", o->arg);
		}
		fputs("'", out);
	}
}

void
options_completion_zsh(FILE *out)
{
	const struct program *p = options_program;

	fprintf(out,
		"#compdef %s\n_%s() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n",
		p->name, p->name);
	for (const struct command_row *c = p->commands; c->name != NULL; c++) {
		fprintf(out, "      '%s:", c->name);
		quoted(out, c->purpose, "");
		fputs("'\n", out);
	}
	fputs("    )\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n",
	      out);
	for (const struct command_row *c = p->commands; c->name != NULL; c++) {
		fprintf(out, "    %s)\n      _arguments", c->name);
		table_zsh(out, c->options);
		table_zsh(out, p->global);
		fputs(" \\\n        '*:file:_files' ;;\n", out);
	}
	fprintf(out, "  esac\n}\n_%s \"$@\"\n", p->name);
}

static void
table_fish(FILE *out, const char *command, const struct option_row *table)
{
	const char *program = options_program->name;

	for (const struct option_row *o = table; o != NULL && o->name != NULL; o++) {
		fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -l %s", program,
			command, o->name);
		if (o->letter != 0)
			fprintf(out, " -s %c", o->letter);
		if (o->arg != NULL)
			fputs(o->type == OPTION_ENUM ? " -x" : " -r", out);
		if (o->type == OPTION_ENUM) {
			fputs(" -a '", out);
			for (int i = 0; o->values[i] != NULL; i++)
				fprintf(out, "%s%s", i ? " " : "", o->values[i]);
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
		table_fish(out, c->name, c->options);
		table_fish(out, c->name, p->global);
	}
}
