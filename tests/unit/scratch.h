/*
 * scratch - files for a test in a folder of its own, gone when the test is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#define SCRATCH_MAX (4u << 20) /* bytes that slurp takes */

/* Group set-up and tear-down for cmocka: the folder, in the working directory. */
int scratch_begin(void **state);
int scratch_end(void **state);

/* Path of a file there; valid until the fourth call after it. */
const char *scratch_path(const char *name);

/* The whole file into memory that the caller frees; fails the test if it cannot. */
uint8_t *scratch_read(const char *path, size_t *len);
void scratch_write(const char *path, const void *data, size_t len);

#endif
