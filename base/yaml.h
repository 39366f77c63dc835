/*
 * yaml - a pull reader of YAML: configuration and scenario files.
 *
 *   struct yaml *y;
 *   ... yaml_open("swarm.yaml", &y) ...
 *   yaml_map(y);                               peers:
 *   while (yaml_key(y))                          - {upload: 2Mbit/s}
 *           if (yaml_is(y, "peers")) {           - {upload: 800kbit/s}
 *                   yaml_list(y);
 *                   while (yaml_item(y))
 *                           yaml_fill(y, peer_rows, &peers[n++]);
 *           } else {
 *                   yaml_unknown(y, names, n_names);
 *           }
 *   error = yaml_finish(y);
 *
 * The first error stays: from then on nothing is read and every loop ends, so it
 * is looked at once, at the end. It says "file:line: peers[1].upload: must be ...".
 * Loops run to their end; a value that is not taken is passed over.
 *
 * One document, at most YAML_BYTES_MAX bytes, YAML_DEPTH levels and YAML_KEYS_MAX
 * keys a mapping; a key given twice, anchors, aliases and tags are errors. A value
 * that is empty or null is as if its key were not there; an empty document is an
 * empty mapping.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"

#define YAML_BYTES_MAX (1u << 20)
#define YAML_DEPTH 32
#define YAML_KEYS_MAX 1000

struct yaml;

/* 0 and *y, to be closed by yaml_close; or ERR_IO, ERR_PERMISSION with errno, or
 * ERR_LIMIT if it is too large. "-" is standard input. */
int yaml_open(const char *path, struct yaml **y);

/* Over len bytes of text, which must outlive it; name stands in errors. */
struct yaml *yaml_over(const char *name, const char *text, size_t len);
void yaml_close(struct yaml *y); /* takes NULL; strings read from it are gone */

/* Enters the mapping here; goes to its next key, false at its end. */
bool yaml_map(struct yaml *y);
bool yaml_key(struct yaml *y);
bool yaml_is(const struct yaml *y, const char *name); /* the last key */

/* Enters the sequence here; goes to its next item, false at its end. */
bool yaml_list(struct yaml *y);
bool yaml_item(struct yaml *y);

/* Takes the plain value here as the row says (type, range). A string lives as long
 * as y. False if it is none; then *to is untouched. */
bool yaml_value(struct yaml *y, const struct option_row *row, void *to);

/* Takes a mapping of plain values: each key is a row of the table (max_peers is the
 * row max-peers), its value goes to base + offset. Others stay as they were. */
bool yaml_fill(struct yaml *y, const struct option_row *table, void *base);

/* For those who take values by path: gives every plain value from here on to take,
 * as "peers[1].upload" and its text. What take answers, if not NULL, is the error. */
typedef const char *yaml_take_fn(void *ctx, const char *path, const char *text);
void yaml_each(struct yaml *y, yaml_take_fn *take, void *ctx);

/* The last key is none of these: an error that names the nearest. */
void yaml_unknown(struct yaml *y, const char *const *names, size_t n);

/* Any other error at the last key or value. */
void yaml_complain(struct yaml *y, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Where the last key or value stands: "peers[1].upload", and its line from 1. */
const char *yaml_path(struct yaml *y);
unsigned yaml_line(const struct yaml *y);

/* To the end of the document: NULL if all was well, or what was wrong. */
const char *yaml_finish(struct yaml *y);

#endif
