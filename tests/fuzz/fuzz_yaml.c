/*
 * Any bytes as YAML, read as a script says.
 *
 *   script(8) document...
 *
 * Each value that is met is entered as a mapping or as a list, taken as one of the
 * types, filled from a table or passed over, as the next two bits of the script say.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

#define SCRIPT_BYTES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

union value {
	bool flag;
	int number;
	const char *text;
	int64_t whole;
	double real;
};

static const char *const words[] = { "one", "two", NULL };

static const struct option_row rows[] = {
	{ .name = "flag", .type = OPTION_FLAG },
	{ .name = "word", .type = OPTION_ENUM, .values = words },
	{ .name = "text", .type = OPTION_STRING },
	{ .name = "count", .type = OPTION_INT, .min = 1, .max = 9 },
	{ .name = "size", .type = OPTION_SIZE },
	{ .name = "rate", .type = OPTION_RATE },
	{ .name = "share", .type = OPTION_NUMBER },
	{ .name = "wait", .type = OPTION_DURATION },
	{ .name = NULL },
};

struct script {
	const uint8_t *bytes;
	unsigned bit;
};

static unsigned
bits(struct script *s, unsigned n)
{
	unsigned v = 0;

	for (; n > 0; n--, s->bit = (s->bit + 1) % (8 * SCRIPT_BYTES))
		v = v << 1 | (s->bytes[s->bit / 8] >> s->bit % 8 & 1);
	return v;
}

static void
read_value(struct yaml *y, struct script *s)
{
	union value v;

	switch (bits(s, 2)) {
	case 0:
		yaml_map(y);
		while (yaml_key(y)) {
			if (yaml_is(y, "stop"))
				yaml_complain(y, "%s", yaml_path(y));
			read_value(y, s);
		}
		break;
	case 1:
		yaml_list(y);
		while (yaml_item(y))
			read_value(y, s);
		break;
	case 2:
		if (yaml_value(y, &rows[bits(s, 3)], &v) && yaml_line(y) == 0)
			abort();
		break;
	default:
		if (bits(s, 1))
			yaml_fill(y, rows, &v);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { .bytes = data };
	const char *error;
	struct yaml *y;
	char *block;

	if (size < SCRIPT_BYTES)
		return 0;
	block = malloc(size - SCRIPT_BYTES + 1);
	if (block == NULL)
		abort();
	memcpy(block, data + SCRIPT_BYTES, size - SCRIPT_BYTES);
	block = realloc(block, size > SCRIPT_BYTES ? size - SCRIPT_BYTES : 1);
	y = yaml_over("fuzz.yaml", block, size - SCRIPT_BYTES);
	read_value(y, &script);
	error = yaml_finish(y);
	if (error != NULL && (yaml_key(y) || yaml_item(y) || yaml_finish(y) != error))
		abort();
	yaml_close(y);
	free(block);
	return 0;
}
