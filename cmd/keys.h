/*
 * keys - an origin's secret key in a file of 64 hex digits, that nobody else can read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_KEYS_H
#define CMD_KEYS_H

#include "proto/sign.h"

/* path NULL: a new one that is kept nowhere. 0; or an exit status, said. */
int keys_read(const char *path, uint8_t seed[SIGN_SEED]);

/* Makes a file that must not be there. 0; or an exit status, said. */
int keys_make(const char *path, uint8_t seed[SIGN_SEED]);

#endif
