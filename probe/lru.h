/*
 * lru - which slot of a full table to use next, and where a key was put.
 *
 *   bucket[hash] -> slot -> slot            newest <-> slot <-> ... <-> oldest
 *
 * A fixed number of slots, numbered from 0. The records and their keys are in
 * the owner's array of as many elements; here are only hash chains and the order
 * of use. Nothing is allocated after lru_init.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_LRU_H
#define PROBE_LRU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LRU_NONE UINT32_MAX

struct lru_link {
	uint64_t hash;
	uint32_t next;          /* in the hash chain, or the list of free slots */
	uint32_t newer, older;
	bool used;
};

struct lru {
	uint32_t *bucket;       /* slot + 1; 0 = none; owned */
	struct lru_link *link;  /* one a slot; owned */
	uint32_t slots, buckets;
	uint32_t newest, oldest;
	uint32_t free;          /* first free slot, slot + 1 */
	uint32_t touched;       /* slots from here on were never used */
	uint32_t used;          /* slots in use */
};

void lru_init(struct lru *l, uint32_t slots); /* slots > 0 */
void lru_fini(struct lru *l);

/* Slots in use whose hash is this one, in no order; LRU_NONE after the last.
 * The owner compares the keys. */
uint32_t lru_first(const struct lru *l, uint64_t hash);
uint32_t lru_next(const struct lru *l, uint32_t slot);

/* A slot for a new record, as the newest. *evicted: it held the oldest record
 * until now. */
uint32_t lru_add(struct lru *l, uint64_t hash, bool *evicted);

/* The slot that lru_add would take away now; LRU_NONE if it would take none. */
uint32_t lru_victim(const struct lru *l);

void lru_touch(struct lru *l, uint32_t slot);  /* is the newest from now on */
void lru_remove(struct lru *l, uint32_t slot);
uint32_t lru_oldest(const struct lru *l);      /* LRU_NONE when empty */

#endif
