/*
 * places - one for each of the chunks that one peer is about to play.
 *
 *   low                          low + size
 *    | held? sent? when? ............ |     a ring that grows and shrinks with need
 *
 * Rings are taken from a pool that the peers of a shard share, in memory that the caller
 * gives once: a viewer a few seconds ahead of its play needs 64 places, one whose chunks
 * are single packets needs thousands. The pool has room for the worst, but touches only
 * what somebody needs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_PLACES_H
#define INFERENCE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACES_WORD 32u   /* chunks that one word of bits tells of */
#define PLACES_LEAST 64u  /* places of a ring */
#define PLACES_MOST 2048u /* powers of two */

struct place {
	uint32_t tick;      /* held: best; else the first copy sent, 0 none */
	uint16_t before_ms; /* held: best - lo, at most 65 s */
	uint16_t after_ms;  /* held: hi - best */
};

struct places_pool;

/* Bytes that peers with one ring each may need; a pool in them. */
size_t places_pool_size(uint32_t peers);
struct places_pool *places_pool_init(void *mem, uint32_t peers);

/* Plain value; all zero but for the pool: nothing is kept. */
struct places {
	struct places_pool *pool; /* borrowed */
	struct place *slot; /* of the pool; then bits of those held, then of those sent */
	uint64_t low;             /* a multiple of PLACES_WORD */
	uint32_t size;            /* places; 0 none yet */
};

/* Gives its places back. */
void places_fini(struct places *w);

/* The place of the chunk, made if need be: other places move. NULL: too far from the
 * others, or the pool is empty. */
struct place *places_at(struct places *w, uint64_t chunk);

/* Empties the place of the chunk, and gives back what is not needed without it. */
void places_clear(struct places *w, uint64_t chunk);

static inline bool
places_covers(const struct places *w, uint64_t chunk)
{
	return chunk - w->low < w->size;
}

/* Of a chunk that is covered. */
static inline struct place *
places_slot(const struct places *w, uint64_t chunk)
{
	return &w->slot[chunk & (w->size - 1)];
}

/* The word that the chunk's bit is in, of a chunk that is covered. */
static inline uint32_t *
places_held(const struct places *w, uint64_t chunk)
{
	return (uint32_t *)(void *)(w->slot + w->size) +
	       (chunk & (w->size - 1)) / PLACES_WORD;
}

static inline uint32_t *
places_sent(const struct places *w, uint64_t chunk)
{
	return places_held(w, chunk) + w->size / PLACES_WORD;
}

#endif
