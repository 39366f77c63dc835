/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

/* What may come next. */
enum want {
	WANT_VALUE,        /* one value */
	WANT_VALUE_OR_END, /* after [ */
	WANT_KEY,          /* after a comma in an object */
	WANT_KEY_OR_END,   /* after { */
	WANT_MORE,         /* after a value in a level: comma or end */
	WANT_NOTHING,      /* after the document's value */
};

struct json_reader
json_reader_over(const char *text, size_t len)
{
	struct json_reader r = {
		.start = text, .pos = text, .end = len ? text + len : text, .want = WANT_VALUE,
	};

	return r;
}

static enum json_token
fail(struct json_reader *r, const char *error)
{
	if (r->error == NULL)
		r->error = error;
	return r->last = JSON_ERROR;
}

static void
skip_space(struct json_reader *r)
{
	while (r->pos < r->end &&
	       (*r->pos == ' ' || *r->pos == '\t' || *r->pos == '\n' || *r->pos == '\r'))
		r->pos++;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hex digits at s; -1 if they are not. */
static int
hex4(const char *s, const char *end)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		int d = s + i < end ? hex_digit(s[i]) : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* Passes over an escape, pos behind the backslash. */
static bool
skip_escape(struct json_reader *r)
{
	if (r->pos == r->end)
		return false;
	if (*r->pos == 'u') {
		if (hex4(r->pos + 1, r->end) < 0)
			return false;
		r->pos += 5;
		return true;
	}
	return strchr("\"\\/bfnrt", *r->pos++) != NULL && r->pos[-1] != '\0';
}

/* What may not stand in a string at pos; NULL if a character was passed over. */
static const char *
skip_character(struct json_reader *r)
{
	unsigned char c = (unsigned char)*r->pos;
	size_t n;

	if (c == '\\') {
		r->pos++;
		return skip_escape(r) ? NULL : "wrong escape in a string";
	}
	if (c < 0x20)
		return "control character in a string";
	n = utf8_length(r->pos, (size_t)(r->end - r->pos));
	r->pos += n;
	return n > 0 ? NULL : "string that is not UTF-8";
}

/* A string, pos behind the opening quote. */
static bool
take_string(struct json_reader *r)
{
	const char *wrong = NULL;

	r->text = r->pos;
	while (wrong == NULL && r->pos < r->end && *r->pos != '"')
		wrong = skip_character(r);
	if (wrong != NULL || r->pos == r->end) {
		fail(r, wrong != NULL ? wrong : "string without an end");
		return false;
	}
	r->len = (size_t)(r->pos++ - r->text);
	return true;
}

static size_t
digits(struct json_reader *r)
{
	const char *from = r->pos;

	while (r->pos < r->end && *r->pos >= '0' && *r->pos <= '9')
		r->pos++;
	return (size_t)(r->pos - from);
}

static bool
take_char(struct json_reader *r, const char *any)
{
	if (r->pos == r->end || *r->pos == '\0' || strchr(any, *r->pos) == NULL)
		return false;
	r->pos++;
	return true;
}

static bool
take_number(struct json_reader *r)
{
	const char *whole;

	r->text = r->pos;
	take_char(r, "-");
	whole = r->pos;
	if (digits(r) == 0 || (*whole == '0' && r->pos - whole > 1))
		return false;
	if (take_char(r, ".") && digits(r) == 0)
		return false;
	if (take_char(r, "eE")) {
		take_char(r, "+-");
		if (digits(r) == 0)
			return false;
	}
	r->len = (size_t)(r->pos - r->text);
	return r->len <= JSON_NUMBER_MAX;
}

static bool
take_word(struct json_reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->pos) < n || memcmp(r->pos, word, n) != 0)
		return false;
	r->pos += n;
	return true;
}

/* A value stands complete: what may follow it? */
static enum json_token
value(struct json_reader *r, enum json_token token)
{
	r->want = r->depth ? WANT_MORE : WANT_NOTHING;
	return r->last = token;
}

static enum json_token
open_level(struct json_reader *r, char c)
{
	if (r->depth == JSON_DEPTH)
		return fail(r, "nested too deep");
	r->pos++;
	r->level[r->depth++] = (uint8_t)c;
	r->want = c == '{' ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
	return r->last = c == '{' ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_token
close_level(struct json_reader *r, char c)
{
	if (r->depth == 0 || r->level[r->depth - 1] != (c == '}' ? '{' : '['))
		return fail(r, "closing bracket that opens nowhere");
	r->pos++;
	r->depth--;
	return value(r, c == '}' ? JSON_OBJECT_END : JSON_ARRAY_END);
}

static enum json_token
read_value(struct json_reader *r)
{
	switch (*r->pos) {
	case '{':
	case '[':
		return open_level(r, *r->pos);
	case '"':
		r->pos++;
		return take_string(r) ? value(r, JSON_STRING) : JSON_ERROR;
	case 't':
		return take_word(r, "true") ? value(r, JSON_TRUE) : fail(r, "unknown word");
	case 'f':
		return take_word(r, "false") ? value(r, JSON_FALSE) : fail(r, "unknown word");
	case 'n':
		return take_word(r, "null") ? value(r, JSON_NULL) : fail(r, "unknown word");
	default:
		return take_number(r) ? value(r, JSON_NUMBER) : fail(r, "value expected");
	}
}

static enum json_token
read_key(struct json_reader *r)
{
	if (*r->pos != '"')
		return fail(r, "key expected");
	r->pos++;
	if (!take_string(r))
		return JSON_ERROR;
	skip_space(r);
	if (!take_char(r, ":"))
		return fail(r, "colon expected after a key");
	r->want = WANT_VALUE;
	return r->last = JSON_KEY;
}

enum json_token
json_next(struct json_reader *r)
{
	if (r->last == JSON_ERROR && r->error != NULL)
		return JSON_ERROR;
	skip_space(r);
	if (r->want == WANT_NOTHING)
		return r->pos == r->end ? (r->last = JSON_END)
					: fail(r, "text after the document's end");
	if (r->pos == r->end)
		return fail(r, "document without an end");
	if (r->want == WANT_MORE) {
		if (*r->pos == '}' || *r->pos == ']')
			return close_level(r, *r->pos);
		if (!take_char(r, ","))
			return fail(r, "comma or closing bracket expected");
		r->want = r->level[r->depth - 1] == '{' ? WANT_KEY : WANT_VALUE;
		skip_space(r);
		if (r->pos == r->end)
			return fail(r, "document without an end");
	}
	if ((r->want == WANT_KEY_OR_END && *r->pos == '}') ||
	    (r->want == WANT_VALUE_OR_END && *r->pos == ']'))
		return close_level(r, *r->pos);
	return r->want == WANT_KEY || r->want == WANT_KEY_OR_END ? read_key(r) : read_value(r);
}

bool
json_skip(struct json_reader *r)
{
	unsigned until = r->depth;

	if (r->last == JSON_OBJECT || r->last == JSON_ARRAY)
		until--;
	else if (r->last == JSON_KEY && json_next(r) != JSON_OBJECT && r->last != JSON_ARRAY)
		return r->last != JSON_ERROR;
	while (r->depth > until)
		if (json_next(r) == JSON_ERROR)
			break;
	return r->last != JSON_ERROR;
}

/* Decodes one character or escape at *at (checked before by take_string). */
static size_t
decode_one(const char **at, const char *end, char out[4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c, low;

	if (**at != '\\') {
		out[0] = *(*at)++;
		return 1;
	}
	if ((*at)[1] != 'u') {
		out[0] = to[strchr(from, (*at)[1]) - from];
		*at += 2;
		return 1;
	}
	c = hex4(*at + 2, end);
	*at += 6;
	if (c >= 0xd800 && c < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' &&
	    (*at)[1] == 'u' && (low = hex4(*at + 2, end)) >= 0xdc00 && low < 0xe000) {
		*at += 6;
		return utf8_encode(0x10000 + ((uint32_t)(c - 0xd800) << 10) +
		                       (uint32_t)(low - 0xdc00),
		                   out);
	}
	return utf8_encode(c >= 0xd800 && c < 0xe000 ? 0xfffd : (uint32_t)c, out);
}

size_t
json_text(const struct json_reader *r, char *text, size_t size)
{
	const char *at = r->text, *end = r->text + r->len;
	size_t len = 0;
	char one[4];

	while (at < end) {
		size_t n = decode_one(&at, end, one);

		if (len + n < size)
			memcpy(text + len, one, n);
		else if (len < size)
			text[len] = '\0', size = len;
		len += n;
	}
	if (len < size)
		text[len] = '\0';
	return len;
}

bool
json_is(const struct json_reader *r, const char *text)
{
	const char *at = r->text, *end = r->text + r->len;
	char one[4];

	while (at < end) {
		size_t n = decode_one(&at, end, one);

		if (one[0] == '\0' || strncmp(text, one, n) != 0)
			return false;
		text += n;
	}
	return *text == '\0';
}

double
json_double(const struct json_reader *r)
{
	char text[JSON_NUMBER_MAX + 1];
	size_t n = r->len <= JSON_NUMBER_MAX ? r->len : JSON_NUMBER_MAX;

	memcpy(text, r->text, n);
	text[n] = '\0';
	return strtod(text, NULL);
}

bool
json_int64(const struct json_reader *r, int64_t *v)
{
	bool negative = r->len > 0 && r->text[0] == '-';
	int64_t sum = 0;

	if (r->len == negative)
		return false;
	for (size_t i = negative; i < r->len; i++) {
		int digit = r->text[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_sub_overflow(sum, digit, &sum))
			return false;
	}
	if (!negative && sum == INT64_MIN)
		return false;
	*v = negative ? sum : -sum;
	return true;
}

void
json_where(const struct json_reader *r, unsigned *line, unsigned *column)
{
	*line = *column = 1;
	for (const char *at = r->start; at < r->pos; at++) {
		*column += 1;
		if (*at == '\n') {
			*line += 1;
			*column = 1;
		}
	}
}
