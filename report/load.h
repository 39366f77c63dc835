/*
 * load - a text file, whole in memory, plain or compressed; and its lines.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_LOAD_H
#define REPORT_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#define LOAD_MOST ((size_t)1 << 30) /* bytes; a larger file is refused */
#define LOAD_WHY  512               /* bytes for a message */

struct load {
	char *text; /* owned */
	size_t len;
};

/* path "-" is standard input. 0; or a code of err.h, and why says "PATH: what". */
int load_file(struct load *l, const char *path, char why[LOAD_WHY]);
void load_free(struct load *l);

struct load_line {
	const char *text; /* without its end; within the file's text */
	size_t len;
	unsigned number; /* from 1; 0 before the first */
};

/* The next line that is not blank; false at the end. Zeroed before the first call. */
bool load_next_line(const struct load *l, struct load_line *line);

#endif
