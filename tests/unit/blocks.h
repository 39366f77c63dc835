/*
 * blocks - block files for tests, in which each block tells its own number.
 *
 * What is wrong fails the test that runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_BLOCKS_H
#define TESTS_UNIT_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/blockfile.h"

#define BLOCKS_HEAD (8u + 4u + 4u) /* bytes of a file's head, with our body */
#define BLOCKS_PREFIX 20u          /* bytes of a block before its frame */

extern const struct blockfile_head blocks_head;

int blocks_put(struct blockfile_writer *w, uint32_t number);
void blocks_put_all(struct blockfile_writer *w, uint32_t from, uint32_t to); /* to excluded */

void blocks_make(const char *path, uint32_t n); /* 0 .. n - 1 */
void blocks_append(const char *path, uint32_t from, uint32_t to);

/* Is it whole and as blocks_put made it? */
void blocks_check(struct blockfile_block *b);

struct blocks_walk {
	uint32_t numbers[64], n; /* blocks that were read */
	int damages;             /* times ERR_DAMAGED */
	int end;                 /* how it ended */
	uint64_t lost;
};

/* Reads all; every block that comes must be one of ours. 0, or why it did not open. */
int blocks_walk(const char *path, struct blocks_walk *to);

/* The file is sound and holds 0 .. n - 1. */
void blocks_assert(const char *path, uint32_t n);

/* Where block i begins in the bytes of a file, told by the lengths on the way. */
size_t blocks_at(const uint8_t *file, uint32_t i);

/* Makes the checksum of a block right again. */
void blocks_seal(uint8_t *block);

#endif
