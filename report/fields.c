/* SPDX-License-Identifier: Apache-2.0 */
#include "report/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/estimate.h"

#define MOST_SECONDS 4.6e9 /* sums and differences of two fit int64_t nanoseconds */
#define MOST_COUNT   9e15  /* exact in a double */

static bool
wrong(char why[FIELDS_WHY], const char *key, const char *what)
{
	snprintf(why, FIELDS_WHY, "'%s': %s", key, what);
	return false;
}

static bool
broken(const struct json_reader *r, char why[FIELDS_WHY])
{
	snprintf(why, FIELDS_WHY, "%s", r->error ? r->error : "malformed");
	return false;
}

static bool
read_number(struct json_reader *r, const char *key, double least, double most, double *v,
            char why[FIELDS_WHY])
{
	if (r->last != JSON_NUMBER)
		return wrong(why, key, "a number is expected");
	*v = json_double(r);
	if (!(*v >= least && *v <= most))
		return wrong(why, key, "out of range");
	return true;
}

static bool
read_seconds(struct json_reader *r, const char *key, int64_t *ns, char why[FIELDS_WHY])
{
	double v;

	if (!read_number(r, key, -MOST_SECONDS, MOST_SECONDS, &v, why))
		return false;
	*ns = (int64_t)llround(v * 1e6) * 1000;
	return true;
}

static bool
read_text(struct json_reader *r, const struct field *f, char *to, char why[FIELDS_WHY])
{
	if (r->last != JSON_STRING && r->last != JSON_NUMBER)
		return wrong(why, f->key, "a string is expected");
	if (json_text(r, to, f->size) >= f->size)
		return wrong(why, f->key, "too long");
	return true;
}

static bool
read_estimate(struct json_reader *r, const char *key, struct estimate *e, char why[FIELDS_WHY])
{
	static const struct field rows[] = {
		{ .key = "lo", .type = FIELD_SECONDS, .offset = offsetof(struct estimate, lo_ns) },
		{ .key = "best",
		  .type = FIELD_SECONDS,
		  .offset = offsetof(struct estimate, best_ns) },
		{ .key = "hi", .type = FIELD_SECONDS, .offset = offsetof(struct estimate, hi_ns) },
		{ .key = NULL },
	};
	struct estimate got = ESTIMATE_UNKNOWN;

	if (r->last != JSON_OBJECT)
		return wrong(why, key, "an object with lo, best and hi is expected");
	if (!fields_read(r, rows, &got, NULL, why))
		return false;
	if (!estimate_known(&got))
		return wrong(why, key, "has no best");
	if (got.lo_ns > got.best_ns || got.hi_ns < got.best_ns)
		return wrong(why, key, "lo, best and hi are not in order");
	*e = got;
	return true;
}

static bool
read_list(struct json_reader *r, const struct field *f, void *to, char why[FIELDS_WHY])
{
	enum json_token token;

	if (r->last != JSON_ARRAY)
		return wrong(why, f->key, "an array is expected");
	while ((token = json_next(r)) == JSON_OBJECT)
		if (!f->item(r, to, why))
			return false;
	if (token == JSON_ERROR)
		return broken(r, why);
	return token == JSON_ARRAY_END || wrong(why, f->key, "an array of objects is expected");
}

static bool
read_numbers(struct json_reader *r, const char *key, struct fields_numbers *to,
             char why[FIELDS_WHY])
{
	enum json_token token;
	double v = NAN;

	if (r->last != JSON_ARRAY)
		return wrong(why, key, "an array is expected");
	to->n = 0;
	while ((token = json_next(r)) != JSON_ARRAY_END) {
		if (token == JSON_ERROR)
			return broken(r, why);
		if (token != JSON_NULL && !read_number(r, key, -1e300, 1e300, &v, why))
			return false;
		if (to->n < FIELDS_NUMBERS)
			to->v[to->n++] = token == JSON_NULL ? NAN : v;
	}
	return true;
}

static bool
read_scalar(struct json_reader *r, const struct field *f, void *to, char why[FIELDS_WHY])
{
	double v;

	switch (f->type) {
	case FIELD_SECONDS:
		return read_seconds(r, f->key, to, why);
	case FIELD_NUMBER:
		return read_number(r, f->key, -1e300, 1e300, to, why);
	case FIELD_COUNT:
		if (!read_number(r, f->key, 0, MOST_COUNT, &v, why))
			return false;
		if (v != floor(v))
			return wrong(why, f->key, "a whole number is expected");
		*(uint64_t *)to = (uint64_t)v;
		return true;
	case FIELD_BOOL:
		if (r->last != JSON_TRUE && r->last != JSON_FALSE)
			return wrong(why, f->key, "true or false is expected");
		*(bool *)to = r->last == JSON_TRUE;
		return true;
	case FIELD_TEXT:
		return read_text(r, f, to, why);
	case FIELD_ESTIMATE:
		return read_estimate(r, f->key, to, why);
	case FIELD_NUMBERS:
		return read_numbers(r, f->key, to, why);
	case FIELD_OBJECT:
	case FIELD_LIST:
		break;
	}
	return false;
}

/* The value of a member that the table names. */
static bool
read_value(struct json_reader *r, const struct field *f, void *to, char why[FIELDS_WHY])
{
	if (f->type == FIELD_LIST)
		return read_list(r, f, to, why);
	if (f->type != FIELD_OBJECT)
		return read_scalar(r, f, (char *)to + f->offset, why);
	if (r->last != JSON_OBJECT)
		return wrong(why, f->key, "an object is expected");
	return fields_read(r, f->rows, to, NULL, why);
}

/* The row of the last key, and its number; NULL if there is none. */
static const struct field *
row_of(const struct json_reader *r, const struct field *rows, unsigned *number)
{
	*number = 0;
	for (const struct field *f = rows; f != NULL; f++) {
		if (f->key == NULL) {
			f = f->rows;
			if (f == NULL)
				break;
		}
		if (json_is(r, f->key))
			return f;
		*number += 1;
	}
	return NULL;
}

bool
fields_read(struct json_reader *r, const struct field *rows, void *to, uint64_t *seen,
            char why[FIELDS_WHY])
{
	enum json_token token;
	unsigned number;

	while ((token = json_next(r)) == JSON_KEY) {
		const struct field *f = row_of(r, rows, &number);

		if (f == NULL) {
			if (!json_skip(r))
				return broken(r, why);
			continue;
		}
		token = json_next(r);
		if (token == JSON_ERROR)
			return broken(r, why);
		if (token == JSON_NULL)
			continue;
		if (!read_value(r, f, to, why))
			return false;
		if (seen != NULL && number < 64)
			*seen |= UINT64_C(1) << number;
	}
	return token == JSON_OBJECT_END || broken(r, why);
}

bool
fields_document(struct json_reader *r, const struct field *rows, void *to, uint64_t *seen,
                char why[FIELDS_WHY])
{
	if (json_next(r) == JSON_ERROR)
		return broken(r, why);
	if (r->last != JSON_OBJECT) {
		snprintf(why, FIELDS_WHY, "a JSON object is expected");
		return false;
	}
	if (!fields_read(r, rows, to, seen, why))
		return false;
	return json_next(r) == JSON_END || broken(r, why);
}
