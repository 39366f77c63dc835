/*
 * json_text - a JSON document as a text in memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_JSON_TEXT_H
#define CMD_JSON_TEXT_H

#include "base/json.h"

struct json_text {
	struct json_writer w; /* to write with, from begin to end */
	FILE *file;
	char *text;
	size_t len;
};

/* t must stay where it is until json_text_end, which answers the text: the caller's. */
void json_text_begin(struct json_text *t);
char *json_text_end(struct json_text *t);

#endif
