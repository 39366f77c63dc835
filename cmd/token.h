/*
 * token - a shared secret, the first line of a file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_TOKEN_H
#define CMD_TOKEN_H

#include <stdbool.h>

#define TOKEN_MOST 256

/* path NULL: an empty one. 0; or an exit status, said: unreadable, empty, or open to others. */
int token_read(const char *path, char token[TOKEN_MOST]);

/* Takes as long whether they are the same or not. */
bool token_same(const char *a, const char *b);

#endif
