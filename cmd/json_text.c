/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/json_text.h"

#include <stdlib.h>

void
json_text_begin(struct json_text *t)
{
	t->text = NULL;
	t->file = open_memstream(&t->text, &t->len);
	if (t->file == NULL)
		abort();
	t->w = json_writer_to(t->file, false);
}

char *
json_text_end(struct json_text *t)
{
	if (fclose(t->file) != 0)
		abort();
	return t->text;
}
