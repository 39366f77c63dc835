/*
 * fields - JSON objects into structs, by a table: which member goes where.
 *
 * Members that the table does not name are passed over; null leaves what stands
 * there, so the caller sets unknowns first. Of a member that comes twice the last
 * counts. Times and durations are seconds in JSON and nanoseconds in the struct,
 * rounded to the microsecond.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_FIELDS_H
#define REPORT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

#define FIELDS_NUMBERS 64 /* numbers of a list; more are passed over */
#define FIELDS_WHY 256 /* bytes for what is wrong, as "'t': a number is expected" */

enum field_type {
	FIELD_SECONDS,  /* int64_t ns */
	FIELD_NUMBER,   /* double */
	FIELD_COUNT,    /* uint64_t; a whole number that is not negative */
	FIELD_BOOL,     /* bool */
	FIELD_TEXT,     /* char[size]; a number's text is taken as well */
	FIELD_ESTIMATE, /* struct estimate */
	FIELD_OBJECT,   /* members of an inner object, by rows into the same struct */
	FIELD_NUMBERS,  /* array of numbers and null: struct fields_numbers */
	FIELD_LIST,     /* array of objects, each handed to item */
};

struct fields_numbers {
	size_t n;
	double v[FIELDS_NUMBERS]; /* NAN: null */
};

struct field {
	const char *key; /* NULL ends a table; it goes on with rows, if given */
	enum field_type type;
	size_t offset, size;
	const struct field *rows;
	/* Reads one object of a list, its opening token taken, with fields_read. */
	bool (*item)(struct json_reader *r, void *to, char why[FIELDS_WHY]);
};

/* Reads an object whose opening token was taken, up to its end. Bit i of *seen (may
 * be NULL) tells that row i < 64 was there and not null. False: why says what is wrong. */
bool fields_read(struct json_reader *r, const struct field *rows, void *to, uint64_t *seen,
                 char why[FIELDS_WHY]);

/* The whole of a text is one object: likewise, and nothing may follow it. */
bool fields_document(struct json_reader *r, const struct field *rows, void *to, uint64_t *seen,
                     char why[FIELDS_WHY]);

#endif
