/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

/* A decimal number and the unit behind it; blanks may stand between. */
static bool
number_unit(const char *text, double *v, const char **unit)
{
	const char *digits = text + (*text == '-');
	char *end;

	if (!isdigit((unsigned char)*digits) && *digits != '.')
		return false;
	if (digits[0] == '0' && (digits[1] | 0x20) == 'x')
		return false;
	errno = 0;
	*v = strtod(text, &end);
	*unit = end + strspn(end, " ");
	return end != text && errno == 0 && isfinite(*v);
}

/* What K, M, G and T stand for: that power of a thousand, or of 1024; 0 if it is
 * none of them. */
static double
prefix_factor(char prefix, double thousand)
{
	static const char letters[] = "KMGT";
	const char *at = memchr(letters, toupper((unsigned char)prefix), sizeof letters - 1);
	double factor = 1;

	for (const char *l = letters; at != NULL && l <= at; l++)
		factor *= thousand;
	return at != NULL ? factor : 0;
}

/* What a unit multiplies by; 0 if it is none. */
static double
size_factor(const char *unit)
{
	if (*unit == '\0' || strcmp(unit, "B") == 0)
		return 1;
	if (unit[1] == '\0' || strcmp(unit + 1, "B") == 0 || strcmp(unit + 1, "iB") == 0)
		return prefix_factor(*unit, 1024);
	return 0;
}

static double
rate_factor(const char *unit)
{
	if (*unit == '\0' || strcmp(unit, "bit/s") == 0)
		return 1;
	return strcmp(unit + 1, "bit/s") == 0 ? prefix_factor(*unit, 1000) : 0;
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
	const char *unit = row->type == OPTION_SIZE     ? " bytes" :
	                   row->type == OPTION_RATE     ? " bit/s" :
	                   row->type == OPTION_DURATION ? " seconds" :
	                                                  "";

	if (row->min == row->max || (v >= row->min && v <= row->max))
		return true;
	snprintf(text, sizeof text, "from %.15g to %.15g%s", row->min, row->max, unit);
	*why = text;
	return false;
}

/* Amounts: none is negative, whatever the range. */
static bool
amount(const struct option_row *row, const char *text, double (*factor)(const char *),
       double scale, int64_t *to, const char **why)
{
	const char *unit;
	double v, f;

	if (!number_unit(text, &v, &unit) || (f = factor(unit)) == 0 || v < 0 ||
	    v * f * scale > 9e18 || !in_range(row, v * f, why))
		return false;
	*to = (int64_t)(v * f * scale + 0.5);
	return true;
}

static bool
whole(const struct option_row *row, const char *text, int64_t *to, const char **why)
{
	char *end;
	long long v;

	if (!isdigit((unsigned char)text[*text == '-']))
		return false;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (*end != '\0' || errno != 0 || !in_range(row, (double)v, why))
		return false;
	*to = v;
	return true;
}

static bool
number(const struct option_row *row, const char *text, double *to, const char **why)
{
	const char *unit;
	double v;

	if (!number_unit(text, &v, &unit) || *unit != '\0' || !in_range(row, v, why))
		return false;
	*to = v;
	return true;
}

/* Nothing but a count (-vv) means one more. */
static bool
count(const char *text, int *to)
{
	if (*text != '\0' && (!isdigit((unsigned char)text[0]) || text[1] != '\0'))
		return false;
	*to = *text == '\0' ? *to + 1 : *text - '0';
	return true;
}

static bool
flag(const char *text, bool *to)
{
	static const char *const words[] = {
		"no", "yes", "false", "true", "off", "on", "0", "1"
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(text, words[i]) == 0) {
			*to = i % 2;
			return true;
		}
	return false;
}

static bool
one_of(const struct option_row *row, const char *text, int *to)
{
	for (int i = 0; row->values[i] != NULL; i++)
		if (strcmp(row->values[i], text) == 0) {
			*to = i;
			return true;
		}
	return false;
}

static const char *
values_text(const struct option_row *row)
{
	static char text[512];
	size_t at = (size_t)snprintf(text, sizeof text, "one of ");

	for (int i = 0; row->values[i] != NULL && at < sizeof text; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i ? ", " : "",
		                       row->values[i]);
	return text;
}

static const char *
wanted(const struct option_row *row)
{
	switch (row->type) {
	case OPTION_FLAG:
		return "yes or no";
	case OPTION_COUNT:
		return "from 0 to 9";
	case OPTION_STRING:
		break;
	case OPTION_ENUM:
		return values_text(row);
	case OPTION_INT:
		return "a whole number";
	case OPTION_SIZE:
		return "a size such as 512K, 10M or 2G";
	case OPTION_RATE:
		return "a rate such as 800kbit/s or 2.5Mbit/s";
	case OPTION_NUMBER:
		return "a number";
	case OPTION_DURATION:
		return "a duration such as 250ms, 10s, 5m or 2h";
	}
	return "text";
}

bool
options_value(const struct option_row *row, const char *text, void *to, const char **why)
{
	*why = wanted(row);
	switch (row->type) {
	case OPTION_FLAG:
		return flag(text, to);
	case OPTION_COUNT:
		return count(text, to);
	case OPTION_STRING:
		*(const char **)to = text;
		return true;
	case OPTION_ENUM:
		return one_of(row, text, to);
	case OPTION_INT:
		return whole(row, text, to, why);
	case OPTION_SIZE:
		return amount(row, text, size_factor, 1, to, why);
	case OPTION_RATE:
		return amount(row, text, rate_factor, 1, to, why);
	case OPTION_NUMBER:
		return number(row, text, to, why);
	case OPTION_DURATION:
		return amount(row, text, second_factor, 1e9, to, why);
	}
	return false;
}
