/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define MAX_OPTIONS 96
#define KEY_HELP 1000
#define KEY_FIRST 1001 /* option i without a letter has this key + i */

const struct program *options_program;

struct parse {
	const struct command_row *row;
	const struct option_row *option[MAX_OPTIONS]; /* by key - KEY_FIRST */
	void *base[MAX_OPTIONS];                      /* the struct each one fills */
	size_t n;
	char **args;
	int n_args, max_args;
	bool help, failed;
};

static void
complain(const struct command_row *row, const char *format, va_list ap)
{
	const char *program = options_program->name;

	fprintf(stderr, "%s: ", program);
	if (row != NULL)
		fprintf(stderr, "%s: ", row->name);
	vfprintf(stderr, format, ap);
	fprintf(stderr, " (see '%s help%s%s')\n", program, row ? " " : "", row ? row->name : "");
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

static bool
enum_value(const struct option_row *row, const char *text, int *to)
{
	for (int i = 0; row->values[i] != NULL; i++)
		if (strcmp(row->values[i], text) == 0) {
			*to = i;
			return true;
		}
	return false;
}

/* A number and the unit behind it. */
static bool
number_unit(const char *text, double *v, const char **unit)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '-' && *text != '.')
		return false;
	errno = 0;
	*v = strtod(text, &end);
	*unit = end;
	return end != text && errno == 0 && isfinite(*v);
}

/* What a unit multiplies by; 0 if it is none. */
static double
size_factor(const char *unit)
{
	static const char letters[] = "KMGT";
	double factor = 1024;

	if (*unit == '\0' || strcmp(unit, "B") == 0)
		return 1;
	for (const char *l = letters; *l != '\0'; l++, factor *= 1024)
		if (toupper((unsigned char)*unit) == *l &&
		    (unit[1] == '\0' || strcmp(unit + 1, "B") == 0 || strcmp(unit + 1, "iB") == 0))
			return factor;
	return 0;
}

static double
second_factor(const char *unit)
{
	static const struct {
		const char *unit;
		double seconds;
	} table[] = {
		{ "", 1 }, { "s", 1 }, { "ms", 1e-3 }, { "us", 1e-6 }, { "m", 60 },
		{ "min", 60 }, { "h", 3600 }, { "d", 86400 },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(unit, table[i].unit) == 0)
			return table[i].seconds;
	return 0;
}

static bool
in_range(const struct option_row *row, double v, const char **why)
{
	static char text[96];

	if (row->min == row->max || (v >= row->min && v <= row->max))
		return true;
	snprintf(text, sizeof text, "from %.15g to %.15g", row->min, row->max);
	*why = text;
	return false;
}

static bool
scaled_value(const struct option_row *row, const char *text, double (*factor)(const char *),
             double scale, int64_t *to, const char **why)
{
	const char *unit;
	double v, f;

	*why = row->type == OPTION_SIZE ? "a size such as 512K, 10M or 2G" :
	       "a duration such as 250ms, 10s, 5m or 2h";
	if (!number_unit(text, &v, &unit) || (f = factor(unit)) == 0 || fabs(v * f * scale) > 9e18)
		return false;
	if (!in_range(row, v * f, why))
		return false;
	*to = (int64_t)llround(v * f * scale);
	return true;
}

static bool
int_value(const struct option_row *row, const char *text, int64_t *to, const char **why)
{
	char *end;
	long long v;

	*why = "a whole number";
	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || !in_range(row, (double)v, why))
		return false;
	*to = v;
	return true;
}

static bool
number_value(const struct option_row *row, const char *text, double *to, const char **why)
{
	const char *unit;
	double v;

	*why = "a number";
	if (!number_unit(text, &v, &unit) || *unit != '\0' || !in_range(row, v, why))
		return false;
	*to = v;
	return true;
}

static const char *
one_of(const struct option_row *row)
{
	static char text[512];
	size_t at = 0;

	at += (size_t)snprintf(text, sizeof text, "one of ");
	for (int i = 0; row->values[i] != NULL && at < sizeof text; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i ? ", " : "",
				       row->values[i]);
	return text;
}

bool
options_value(const struct option_row *row, const char *text, void *to, const char **why)
{
	switch (row->type) {
	case OPTION_FLAG:
		*why = "yes or no";
		*(bool *)to = strcmp(text, "yes") == 0 || strcmp(text, "1") == 0;
		return *(bool *)to || strcmp(text, "no") == 0 || strcmp(text, "0") == 0;
	case OPTION_COUNT:
		*(int *)to += 1;
		return true;
	case OPTION_STRING:
		*(const char **)to = text;
		return true;
	case OPTION_ENUM:
		*why = one_of(row);
		return enum_value(row, text, to);
	case OPTION_INT:
		return int_value(row, text, to, why);
	case OPTION_SIZE:
		return scaled_value(row, text, size_factor, 1, to, why);
	case OPTION_NUMBER:
		return number_value(row, text, to, why);
	case OPTION_DURATION:
		return scaled_value(row, text, second_factor, 1e9, to, why);
	}
	return false;
}

static void
env_name(const struct option_row *row, char name[64])
{
	size_t at = (size_t)snprintf(name, 64, "SWARMSCOPE_");

	for (const char *c = row->name; *c != '\0' && at < 63; c++)
		name[at++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	name[at] = '\0';
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

		if (p->n == MAX_OPTIONS)
			abort();
		p->option[p->n] = o;
		p->base[p->n++] = base;
		if (o->preset != NULL && !options_value(o, o->preset, to, &why))
			abort();
		env_name(o, name);
		env = getenv(name);
		if (env != NULL && *env != '\0' && !options_value(o, env, to, &why)) {
			options_complain(p->row, "%s in the environment must be %s, not '%s'", name,
					 why, env);
			return false;
		}
	}
	return true;
}

static const struct option_row *
by_key(const struct parse *p, int key, void **to)
{
	for (size_t i = 0; i < p->n; i++)
		if (key == KEY_FIRST + (int)i ||
		    (p->option[i]->letter != 0 && key == p->option[i]->letter)) {
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

	if (key == 'h' || key == KEY_HELP) {
		p->help = true;
		return 0;
	}
	if (key == ARGP_KEY_ARG) {
		p->args[p->n_args++] = arg;
		return 0;
	}
	o = by_key(p, key, &to);
	if (o == NULL)
		return ARGP_ERR_UNKNOWN;
	if (options_value(o, o->type == OPTION_FLAG ? "yes" : arg ? arg : "", to, &why))
		return 0;
	options_complain(p->row, "--%s must be %s, not '%s'", o->name, why, arg);
	p->failed = true;
	return EINVAL;
}

/* Does the word name this option: --name, --name=value, a beginning of it, or a
 * letter of -abc? */
static bool
names_option(const struct option_row *o, const char *word)
{
	size_t n = strcspn(word + 2, "=");

	if (word[1] == '-')
		return n > 0 && strncmp(o->name, word + 2, n) == 0;
	return o->letter != 0 && word[1] == o->letter;
}

/* The word that argp stumbled over: the first that names no option, or the last
 * one if that wants a value. */
static const char *
wrong_word(const struct parse *p, int argc, char **argv, const struct option_row **needs)
{
	const char *wrong = "";

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const struct option_row *o = NULL;

		if (argv[i][0] != '-' || argv[i][1] == '\0')
			continue;
		for (size_t k = 0; k < p->n && o == NULL; k++)
			o = names_option(p->option[k], argv[i]) ? p->option[k] : NULL;
		wrong = argv[i];
		if (o == NULL)
			return wrong;
		*needs = o->arg != NULL && i + 1 == argc ? o : NULL;
		if (o->arg != NULL && strchr(argv[i], '=') == NULL && argv[i][1] == '-')
			i++;
	}
	return wrong;
}

/* What argp stumbled over, in our words. */
static void
explain(const struct parse *p, int argc, char **argv)
{
	const struct option_row *needs = NULL;
	const char *names[MAX_OPTIONS], *near, *word = wrong_word(p, argc, argv, &needs);

	for (size_t i = 0; i < p->n; i++)
		names[i] = p->option[i]->name;
	near = options_nearest(word + strspn(word, "-"), names, p->n);
	if (needs != NULL)
		options_complain(p->row, "--%s needs a value: %s", needs->name, needs->arg);
	else if (near != NULL && strcmp(near, word + strspn(word, "-")) != 0)
		options_complain(p->row, "unknown option '%s'; did you mean --%s?", word, near);
	else
		options_complain(p->row, "option '%s' is unknown, ambiguous or takes no value",
				 word);
}

static int
check_args(const struct parse *p)
{
	const struct command_row *row = p->row;

	if (p->n_args < row->least_args)
		return options_complain(row, "missing %s", row->args);
	if (row->most_args >= 0 && p->n_args > row->most_args)
		return options_complain(row, "unexpected argument '%s'", p->args[row->most_args]);
	return 0;
}

static void
to_argp(const struct parse *p, struct argp_option *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct option_row *o = p->option[i];

		out[i] = (struct argp_option){
			.name = o->name,
			.key = o->letter ? o->letter : KEY_FIRST + (int)i,
			.arg = o->arg,
		};
	}
	out[p->n] = (struct argp_option){ .name = "help", .key = 'h' };
	out[p->n + 1] = (struct argp_option){ 0 };
}

int
options_parse(const struct command_row *row, int argc, char **argv, void *opt, void *global,
              char ***args, int *n)
{
	struct parse p = { .row = row };
	struct argp_option option[MAX_OPTIONS + 2];
	struct argp argp = { .options = option, .parser = on_key };
	error_t e;

	p.args = calloc((size_t)argc + 1, sizeof *p.args);
	if (p.args == NULL)
		abort();
	if (!add_table(&p, row->options, opt) || !add_table(&p, options_program->global, global)) {
		free(p.args);
		return ERR_USAGE;
	}
	to_argp(&p, option);
	e = argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP | ARGP_NO_ERRS, NULL, &p);
	if (p.help) {
		options_help(stdout, row);
		free(p.args);
		return 1;
	}
	if (e != 0 && !p.failed)
		explain(&p, argc, argv);
	if (e != 0 || check_args(&p) != 0) {
		free(p.args);
		return ERR_USAGE;
	}
	*args = p.args;
	*n = p.n_args;
	return 0;
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
