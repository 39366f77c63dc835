/*
 * Any bytes as JSON. What the reader takes is written again, and the reader must
 * find the same tokens, keys and texts in that.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

#define TEXT_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* The last key or string: whole, and cut to each of a few sizes. */
static size_t
text_of(const struct json_reader *r, char text[TEXT_BYTES])
{
	size_t len = json_text(r, text, TEXT_BYTES),
	       n = len < TEXT_BYTES ? len : TEXT_BYTES - 1;

	for (size_t size = 0; size < 9; size++) {
		char *cut = malloc(size > 0 ? size : 1);

		must(cut != NULL && json_text(r, cut, size) == len);
		must(size == 0 || (memchr(cut, '\0', size) != NULL &&
		                   memcmp(cut, text, strlen(cut)) == 0));
		free(cut);
	}
	if (len < TEXT_BYTES && strlen(text) == len)
		must(json_is(r, text));
	for (size_t at = 0; at < n && len < TEXT_BYTES;) {
		size_t one = utf8_length(text + at, n - at);

		must(one > 0);
		at += one;
	}
	return n;
}

static void
copy_number(const struct json_reader *r, struct json_writer *w)
{
	int64_t whole;

	if (json_int64(r, &whole))
		json_int(w, whole);
	else
		json_number(w, json_double(r), 9);
}

static void
copy(struct json_reader *r, struct json_writer *w, enum json_token token)
{
	char text[TEXT_BYTES];

	switch (token) {
	case JSON_OBJECT:
		json_object(w);
		break;
	case JSON_OBJECT_END:
		json_object_end(w);
		break;
	case JSON_ARRAY:
		json_array(w);
		break;
	case JSON_ARRAY_END:
		json_array_end(w);
		break;
	case JSON_KEY:
		text_of(r, text);
		json_key(w, text);
		break;
	case JSON_STRING:
		json_string_n(w, text, text_of(r, text));
		break;
	case JSON_NUMBER:
		copy_number(r, w);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		json_bool(w, token == JSON_TRUE);
		break;
	case JSON_NULL:
		json_null(w);
		break;
	case JSON_END:
	case JSON_ERROR:
		break;
	}
}

/* Reads data, writes what it holds to out; the last token. */
static enum json_token
pass(const char *data, size_t size, FILE *out, bool pretty, uint32_t *tokens)
{
	struct json_reader r = json_reader_over(data, size);
	struct json_writer w = json_writer_to(out, pretty);
	enum json_token token;

	*tokens = 0;
	do {
		token = json_next(&r);
		copy(&r, &w, token);
		/* a number too large for a double comes back as null */
		*tokens = *tokens * 31 + (token == JSON_NUMBER ? JSON_NULL : token);
	} while (token != JSON_END && token != JSON_ERROR);
	must(json_next(&r) == token && r.pos <= r.end);
	return token;
}

static void
skim(const char *data, size_t size)
{
	struct json_reader r = json_reader_over(data, size);
	unsigned line, column;
	enum json_token token;

	do
		token = json_next(&r);
	while ((token == JSON_OBJECT || token == JSON_ARRAY || token == JSON_KEY) &&
	       r.depth < 3);
	json_skip(&r);
	json_where(&r, &line, &column);
	must(line >= 1 && column >= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *again, *block = malloc(size > 0 ? size : 1);
	size_t len, len_again;
	uint32_t tokens, tokens_again;
	FILE *out = open_memstream(&text, &len), *second;
	enum json_token end;

	must(block != NULL && out != NULL);
	memcpy(block, data, size);
	skim(block, size);
	end = pass(block, size, out, size % 2, &tokens);
	fclose(out);
	if (end == JSON_END) {
		second = open_memstream(&again, &len_again);
		must(second != NULL);
		must(pass(text, len, second, size % 2, &tokens_again) == JSON_END);
		fclose(second);
		must(tokens == tokens_again && len == len_again &&
		     memcmp(text, again, len) == 0);
		free(again);
	}
	free(text);
	free(block);
	return 0;
}
