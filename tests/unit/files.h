/*
 * files - small files for tests, in a folder of the test's own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_FILES_H
#define TESTS_UNIT_FILES_H

#include <stddef.h>
#include <stdint.h>

/* cmocka's group set-up and tear-down: makes the folder, removes it with all in it. */
int files_begin(void **state);
int files_end(void **state);

/* A path in the folder; of the last four calls. */
const char *files_path(const char *name);

/* Writes a file whole; reads one whole (NUL-terminated, of the last call). */
const char *files_write(const char *name, const void *data, size_t len);
const char *files_read(const char *path, size_t *len);

/* The same by path, and into memory that the caller frees. */
void files_put(const char *path, const void *data, size_t len);
uint8_t *files_copy(const char *path, size_t *len);

/* How many files are in the folder. */
int files_count(void);

/* What is written to standard output (1) or error (2) goes into a file from here
 * on, until files_captured gives it back. */
void files_capture(int fd);
const char *files_captured(int fd);

#endif
