/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <argp.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define MAX_OPTIONS 96
#define KEY_FIRST 1000 /* option i without a letter has this key + i */

const struct program *options_program;

static const struct option_row help_row = { .name = "help", .letter = 'h' };

struct parse {
	const struct command_row *row;
	const struct option_row *option[MAX_OPTIONS];
	void *base[MAX_OPTIONS]; /* the struct that each fills */
	size_t n;
	char **args;
	int n_args;
	bool help, failed;
};

__attribute__((format(printf, 2, 0))) static void
complain(const struct command_row *row, const char *format, va_list ap)
{
	const char *program = options_program->name;

	fprintf(stderr, "%s: ", program);
	if (row != NULL)
		fprintf(stderr, "%s: ", row->name);
	vfprintf(stderr, format, ap);
	fprintf(stderr, " (see '%s help%s%s')\n", program, row ? " " : "",
	        row ? row->name : "");
}

int
options_complain(const struct command_row *row, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(row, format, ap);
	va_end(ap);
	return ERR_USAGE;
}

void
options_env_name(const struct option_row *row, char *name, size_t size)
{
	size_t at = (size_t)snprintf(name, size, "SWARMSCOPE_");

	for (const char *c = row->name; *c != '\0' && at < size - 1; c++)
		name[at++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	name[at] = '\0';
}

static void
add_row(struct parse *p, const struct option_row *row, void *base)
{
	assert(p->n < MAX_OPTIONS);
	p->option[p->n] = row;
	p->base[p->n++] = base;
}

/* Adds a table's options, sets their defaults and what the environment says. */
static bool
add_table(struct parse *p, const struct option_row *table, void *base)
{
	const char *why = "";
	char name[64];

	for (const struct option_row *o = table; o != NULL && base != NULL && o->name != NULL;
	     o++) {
		void *to = (char *)base + o->offset;
		const char *env;

		add_row(p, o, base);
		if (o->preset != NULL && !options_value(o, o->preset, to, &why))
			abort();
		options_env_name(o, name, sizeof name);
		env = getenv(name);
		if (env != NULL && *env != '\0' && !options_value(o, env, to, &why)) {
			options_complain(p->row, "%s in the environment must be %s, not '%s'",
			                 name, why, env);
			return false;
		}
	}
	return true;
}

static int
key_of(const struct parse *p, size_t i)
{
	return p->option[i]->letter != 0 ? p->option[i]->letter : KEY_FIRST + (int)i;
}

/* The option that a key of argp's stands for; NULL if none. */
static const struct option_row *
by_key(const struct parse *p, int key, void **to)
{
	for (size_t i = 0; i < p->n; i++)
		if (key == key_of(p, i)) {
			*to = (char *)p->base[i] + p->option[i]->offset;
			return p->option[i];
		}
	return NULL;
}

static error_t
on_key(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	const struct option_row *o;
	const char *why = "";
	void *to;

	if (key == ARGP_KEY_ARG) {
		p->args[p->n_args++] = arg;
		return 0;
	}
	o = by_key(p, key, &to);
	if (o == NULL)
		return ARGP_ERR_UNKNOWN;
	if (o == &help_row)
		p->help = true;
	if (o == &help_row ||
	    options_value(o, o->type == OPTION_FLAG ? "yes" : arg ? arg : "", to, &why))
		return 0;
	options_complain(p->row, "--%s must be %s, not '%s'", o->name, why, arg);
	p->failed = true;
	return EINVAL;
}

/* Options whose name is the word's, --name or --name=value; if none is, those
 * whose name begins so. Answers how many, one of them in *o. */
static size_t
by_name(const struct parse *p, const char *word, const struct option_row **o)
{
	size_t len = strcspn(word + 2, "="), found = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (strncmp(p->option[i]->name, word + 2, len) != 0)
			continue;
		*o = p->option[i];
		if (p->option[i]->name[len] == '\0')
			return 1;
		found++;
	}
	return found;
}

static const struct option_row *
by_letter(const struct parse *p, char letter)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->option[i]->letter == letter)
			return p->option[i];
	return NULL;
}

static void
explain_unknown(const struct parse *p, const char *word, int len)
{
	const char *names[MAX_OPTIONS], *near;
	char name[64];

	for (size_t i = 0; i < p->n; i++)
		names[i] = p->option[i]->name;
	snprintf(name, sizeof name, "%.*s", len > 2 ? len - 2 : 0, word + 2);
	near = word[1] == '-' ? options_nearest(name, names, p->n) : NULL;
	if (near != NULL)
		options_complain(p->row, "unknown option '%.*s'; did you mean --%s?", len, word,
		                 near);
	else
		options_complain(p->row, "unknown option '%.*s'", len, word);
}

/* Is something wrong with --name or --name=value? *takes_next: its value is the
 * next word. */
static bool
explain_long(const struct parse *p, const char *word, bool last, bool *takes_next)
{
	const struct option_row *o = NULL;
	size_t found = by_name(p, word, &o);
	int len = (int)strcspn(word, "=");
	bool value = word[len] == '=';

	*takes_next = found == 1 && o->arg != NULL && !value;
	if (found == 0)
		explain_unknown(p, word, len);
	else if (found > 1)
		options_complain(p->row, "option '%.*s' could be several, --%s for one", len,
		                 word, o->name);
	else if (o->arg == NULL && value)
		options_complain(p->row, "--%s takes no value", o->name);
	else if (*takes_next && last)
		options_complain(p->row, "--%s needs a value: %s", o->name, o->arg);
	else
		return false;
	return true;
}

/* The same of -abc. */
static bool
explain_letters(const struct parse *p, const char *word, bool last, bool *takes_next)
{
	*takes_next = false;
	for (const char *c = word + 1; *c != '\0'; c++) {
		const struct option_row *o = by_letter(p, *c);

		if (o == NULL) {
			explain_unknown(p, (char[]){ '-', *c, '\0' }, 2);
			return true;
		}
		if (o->arg == NULL)
			continue;
		*takes_next = c[1] == '\0';
		if (*takes_next && last)
			options_complain(p->row, "-%c needs a value: %s", *c, o->arg);
		return *takes_next && last;
	}
	return false;
}

/* What argp stumbled over, in our words. */
static void
explain(const struct parse *p, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		bool last = i + 1 == argc, takes_next;

		if (argv[i][0] != '-' || argv[i][1] == '\0')
			continue;
		if (argv[i][1] == '-' ? explain_long(p, argv[i], last, &takes_next) :
		    explain_letters(p, argv[i], last, &takes_next))
			return;
		i += takes_next;
	}
	options_complain(p->row, "wrong option");
}

static int
check_args(const struct parse *p)
{
	const struct command_row *row = p->row;

	if (p->n_args < row->least_args)
		return options_complain(row, "missing %s", row->args);
	if (row->most_args >= 0 && p->n_args > row->most_args)
		return options_complain(row, "unexpected argument '%s'",
		                        p->args[row->most_args]);
	return 0;
}

static void
to_argp(const struct parse *p, struct argp_option *out)
{
	for (size_t i = 0; i < p->n; i++)
		out[i] = (struct argp_option){
			.name = p->option[i]->name,
			.key = key_of(p, i),
			.arg = p->option[i]->arg,
		};
	out[p->n] = (struct argp_option){ 0 };
}

static int
say_help(const struct command_row *row)
{
	options_help(stdout, row);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 1;
	fprintf(stderr, "%s: cannot write standard output: %s\n", options_program->name,
	        strerror(errno));
	return ERR_IO;
}

static int
parse(struct parse *p, int argc, char **argv)
{
	struct argp_option option[MAX_OPTIONS + 1];
	struct argp argp = { .options = option, .parser = on_key };
	error_t e;

	to_argp(p, option);
	e = argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP | ARGP_NO_ERRS, NULL, p);
	if (p->help)
		return say_help(p->row);
	if (e != 0 && !p->failed)
		explain(p, argc, argv);
	return e != 0 || (p->row != NULL && check_args(p) != 0) ? ERR_USAGE : 0;
}

int
options_parse(const struct command_row *row, int argc, char **argv, void *opt, void *global,
              char ***args, int *n)
{
	struct parse p = { .row = row };
	int rc = ERR_USAGE;

	p.args = calloc((size_t)argc + 1, sizeof *p.args);
	if (p.args == NULL)
		abort();
	if (add_table(&p, row != NULL ? row->options : NULL, opt) &&
	    add_table(&p, options_program->global, global)) {
		add_row(&p, &help_row, NULL);
		rc = parse(&p, argc, argv);
	}
	if (rc != 0) {
		free(p.args);
		return rc;
	}
	*args = p.args;
	*n = p.n_args;
	return 0;
}

int
options_find_command(int argc, char **argv)
{
	struct parse p = { .n = 0 };

	for (const struct option_row *o = options_program->global; o->name != NULL; o++)
		add_row(&p, o, NULL);
	for (int i = 1; i < argc; i++) {
		const struct option_row *o = NULL;

		if (argv[i][0] != '-')
			return i;
		if (argv[i][1] == '-' &&
		    (by_name(&p, argv[i], &o) != 1 || strchr(argv[i], '=') != NULL))
			continue;
		if (argv[i][1] != '-')
			o = by_letter(&p, argv[i][strlen(argv[i]) - 1]);
		i += o != NULL && o->arg != NULL;
	}
	return 0;
}

int
options_unknown_command(const char *name)
{
	const char *names[MAX_OPTIONS], *near;
	size_t n = 0;

	for (const struct command_row *c = options_program->commands; c->name != NULL; c++)
		names[n++] = c->name;
	near = options_nearest(name, names, n);
	if (near != NULL)
		return options_complain(NULL, "unknown command '%s'; did you mean '%s'?", name,
		                        near);
	return options_complain(NULL, "unknown command '%s'", name);
}

const struct command_row *
options_command(const char *name)
{
	for (const struct command_row *c = options_program->commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* Levenshtein's distance, one row at a time. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[64], nb = strlen(b);

	if (nb >= 64 || strlen(a) >= 64)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0]++;

		for (size_t j = 0; j < nb; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			best = best < diagonal + 1 ? best : diagonal + 1;
			row[j + 1] = best < row[j] + 1 ? best : row[j] + 1;
		}
	}
	return row[nb];
}

const char *
options_nearest(const char *name, const char *const *names, size_t n)
{
	size_t best = strlen(name) / 3 + 2;
	const char *near = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(name, names[i]);

		if (d < best) {
			best = d;
			near = names[i];
		}
	}
	return near;
}
