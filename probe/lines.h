/*
 * lines - a table in a text file, line by line: comments (#) and empty lines are passed over,
 * fields are cut at commas or white space, mistakes are told as "FILE:LINE: what".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_LINES_H
#define PROBE_LINES_H

#include <stdio.h>

#define LINES_FIELDS 8
#define LINES_WHY 256

struct lines {
	FILE *in;
	const char *path;
	unsigned line;
	char text[1024];
	char *field[LINES_FIELDS]; /* of this line; the last holds the rest */
	int fields;
	char *why; /* LINES_WHY bytes, the caller's */
};

/* 0, ERR_IO or ERR_PERMISSION. most: fields a line, at most LINES_FIELDS. */
int lines_open(struct lines *l, const char *path, char why[LINES_WHY]);

/* The next line with something on it, cut at separators: 1, 0 at the end, or ERR_CONFIG. */
int lines_next(struct lines *l, const char *separators, int most);

/* A mistake in this line: ERR_CONFIG. */
int lines_fail(struct lines *l, const char *form, ...) __attribute__((format(printf, 2, 3)));
void lines_close(struct lines *l);

#endif
