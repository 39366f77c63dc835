/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

struct json_writer
json_writer_to(FILE *out, bool pretty)
{
	struct json_writer w = { .out = out, .pretty = pretty };

	return w;
}

static void
line_break(struct json_writer *w)
{
	if (!w->pretty)
		return;
	putc('\n', w->out);
	for (unsigned i = 0; i < w->depth; i++)
		fputs("  ", w->out);
}

/* What stands before a value or key: nothing after a key, else comma and break. */
static void
before(struct json_writer *w)
{
	if (w->key) {
		w->key = false;
		return;
	}
	if (w->depth == 0)
		return;
	if (w->used[w->depth - 1])
		putc(',', w->out);
	w->used[w->depth - 1] = 1;
	line_break(w);
}

static void
open_level(struct json_writer *w, char c)
{
	before(w);
	assert(w->depth < JSON_DEPTH);
	putc(c, w->out);
	w->used[w->depth++] = 0;
}

static void
close_level(struct json_writer *w, char c)
{
	bool used;

	assert(w->depth > 0);
	used = w->used[--w->depth];
	if (used)
		line_break(w);
	putc(c, w->out);
}

void
json_object(struct json_writer *w)
{
	open_level(w, '{');
}

void
json_object_end(struct json_writer *w)
{
	close_level(w, '}');
}

void
json_array(struct json_writer *w)
{
	open_level(w, '[');
}

void
json_array_end(struct json_writer *w)
{
	close_level(w, ']');
}

static void
put_ascii(FILE *out, uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
		putc('\\', out);
		putc(c, out);
		break;
	case '\n':
		fputs("\\n", out);
		break;
	case '\t':
		fputs("\\t", out);
		break;
	default:
		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
}

static void
put_quoted(FILE *out, const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;

	putc('"', out);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(s + i, len - i);

		if (n == 1)
			put_ascii(out, s[i]);
		else if (n == 0)
			fputs("\xef\xbf\xbd", out);
		else
			fwrite(s + i, 1, n, out);
		i += n ? n : 1;
	}
	putc('"', out);
}

void
json_key(struct json_writer *w, const char *key)
{
	before(w);
	put_quoted(w->out, key, strlen(key));
	putc(':', w->out);
	if (w->pretty)
		putc(' ', w->out);
	w->key = true;
}

void
json_string_n(struct json_writer *w, const char *text, size_t len)
{
	before(w);
	put_quoted(w->out, text, len);
}

void
json_string(struct json_writer *w, const char *text)
{
	json_string_n(w, text, strlen(text));
}

void
json_int(struct json_writer *w, int64_t v)
{
	before(w);
	fprintf(w->out, "%" PRId64, v);
}

void
json_uint(struct json_writer *w, uint64_t v)
{
	before(w);
	fprintf(w->out, "%" PRIu64, v);
}

void
json_bool(struct json_writer *w, bool v)
{
	before(w);
	fputs(v ? "true" : "false", w->out);
}

void
json_raw(struct json_writer *w, const char *text)
{
	before(w);
	fputs(text, w->out);
}

void
json_null(struct json_writer *w)
{
	before(w);
	fputs("null", w->out);
}

/* Drops trailing zeros behind a point, and the point itself. */
static void
put_trimmed(FILE *out, char *text)
{
	size_t n = strlen(text);

	if (strchr(text, '.') != NULL) {
		while (text[n - 1] == '0')
			n--;
		if (text[n - 1] == '.')
			n--;
	}
	if (n == 2 && text[0] == '-' && text[1] == '0')
		text++, n--;
	fwrite(text, 1, n, out);
}

void
json_number(struct json_writer *w, double v, unsigned decimals)
{
	char text[400];

	if (!isfinite(v)) {
		json_null(w);
		return;
	}
	before(w);
	snprintf(text, sizeof text, "%.*f", (int)(decimals > 9 ? 9 : decimals), v);
	put_trimmed(w->out, text);
}

void
json_seconds(struct json_writer *w, int64_t ns)
{
	int64_t us;
	char text[40];

	if (ns == INT64_MIN || ns == INT64_MAX) {
		json_null(w);
		return;
	}
	before(w);
	us = ns / 1000 + (ns % 1000 >= 500) - (ns % 1000 <= -500);
	snprintf(text, sizeof text, "%s%" PRId64 ".%06" PRId64, us < 0 ? "-" : "",
	         (us < 0 ? -us : us) / 1000000, (us < 0 ? -us : us) % 1000000);
	put_trimmed(w->out, text);
}

void
json_put_string(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_string(w, text);
}

void
json_put_uint(struct json_writer *w, const char *key, uint64_t v)
{
	json_key(w, key);
	json_uint(w, v);
}

void
json_put_number(struct json_writer *w, const char *key, double v, unsigned decimals)
{
	json_key(w, key);
	json_number(w, v, decimals);
}

void
json_put_seconds(struct json_writer *w, const char *key, int64_t ns)
{
	json_key(w, key);
	json_seconds(w, ns);
}

void
json_put_bool(struct json_writer *w, const char *key, bool v)
{
	json_key(w, key);
	json_bool(w, v);
}

void
json_put_null(struct json_writer *w, const char *key)
{
	json_key(w, key);
	json_null(w);
}
