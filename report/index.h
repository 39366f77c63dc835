/*
 * index - which place of an array a key has: a growing table from fixed-size keys
 * to the numbers 0, 1, 2, ... in the order of their first appearance.
 *
 * Keys are compared byte by byte, so padding must be cleared. Grows up to its
 * ceiling, then takes no more.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_INDEX_H
#define REPORT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

struct index {
	struct map *map; /* owned, with mem */
	void *mem;
	size_t key_size;
	uint32_t capacity, ceiling;
};

void index_init(struct index *x, size_t key_size, uint32_t ceiling);
void index_fini(struct index *x);

/* The key's place, or INDEX_NONE. */
uint32_t index_find(const struct index *x, const void *key);

/* The same; a new key gets the next place, and *fresh is set. INDEX_NONE when the
 * ceiling is reached. */
uint32_t index_put(struct index *x, const void *key, bool *fresh);

uint32_t index_count(const struct index *x);

#endif
