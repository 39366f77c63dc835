/*
 * json - a writer of JSON to a stream, and a pull parser of JSON in memory.
 *
 * Writer: the caller opens and closes, the writer sets commas, colons, quotes and
 * line breaks. Text that is not UTF-8 is written with U+FFFD in place of what is
 * wrong; a number that is not finite is written as null.
 *
 * Parser: strict RFC 8259, at most JSON_DEPTH levels; never allocates. Each call
 * of json_next gives one token; strings are handed out as they stand in the
 * document and decoded by json_text.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 64
#define JSON_NUMBER_MAX 400 /* characters; a longer number is an error */

struct json_writer {
	FILE *out;
	bool pretty;             /* one value a line, indented */
	bool key;                /* a key was just written */
	unsigned depth;
	uint8_t used[JSON_DEPTH]; /* something stands in this level already */
};

struct json_writer json_writer_to(FILE *out, bool pretty);

void json_object(struct json_writer *w);     /* { */
void json_object_end(struct json_writer *w); /* } */
void json_array(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_string(struct json_writer *w, const char *text);
void json_string_n(struct json_writer *w, const char *text, size_t len);
void json_int(struct json_writer *w, int64_t v);
void json_uint(struct json_writer *w, uint64_t v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
void json_raw(struct json_writer *w, const char *text); /* a value that is JSON already */

/* v with at most this many decimals (0..9), trailing zeros left out. */
void json_number(struct json_writer *w, double v, unsigned decimals);

/* ns nanoseconds as seconds, exact to the microsecond; null for INT64_MIN and
 * INT64_MAX, which stand for unknown and open. */
void json_seconds(struct json_writer *w, int64_t ns);

/* Key and value at once. */
void json_put_string(struct json_writer *w, const char *key, const char *text);
void json_put_uint(struct json_writer *w, const char *key, uint64_t v);
void json_put_number(struct json_writer *w, const char *key, double v, unsigned decimals);
void json_put_seconds(struct json_writer *w, const char *key, int64_t ns);
void json_put_bool(struct json_writer *w, const char *key, bool v);
void json_put_null(struct json_writer *w, const char *key);

enum json_token {
	JSON_END,        /* of the document: only white space is left */
	JSON_OBJECT, JSON_OBJECT_END,
	JSON_ARRAY, JSON_ARRAY_END,
	JSON_KEY,        /* text, len */
	JSON_STRING,     /* text, len */
	JSON_NUMBER,     /* text, len; json_double, json_int64 */
	JSON_TRUE, JSON_FALSE, JSON_NULL,
	JSON_ERROR,      /* stays; error says what */
};

struct json_reader {
	const char *start, *pos, *end;
	const char *text;        /* of the last key, string (without quotes) or number */
	size_t len;
	const char *error;       /* what is wrong, after JSON_ERROR */
	enum json_token last;
	unsigned depth;
	uint8_t level[JSON_DEPTH]; /* '{' or '[' */
	uint8_t want;            /* what may come next */
};

struct json_reader json_reader_over(const char *text, size_t len);
enum json_token json_next(struct json_reader *r);

/* After a key or an opening token: passes over the whole value. */
bool json_skip(struct json_reader *r);

/* Is the last key or string this text? (Escapes are decoded.) */
bool json_is(const struct json_reader *r, const char *text);

/* The last key or string, decoded, NUL-terminated, cut to size; its full length
 * is answered, so >= size means that it was cut. */
size_t json_text(const struct json_reader *r, char *text, size_t size);

double json_double(const struct json_reader *r); /* of the last number */

/* The last number, exactly; false if it is not whole or does not fit. */
bool json_int64(const struct json_reader *r, int64_t *v);

/* Where it stopped: line and column from 1. */
void json_where(const struct json_reader *r, unsigned *line, unsigned *column);

#endif
