/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/places.h"

#include <string.h>

#define CLASSES 6u /* PLACES_LEAST << 0 .. 5 */

struct free_ring {
	struct free_ring *next;
};

struct places_pool {
	uint8_t *at, *end;
	struct free_ring *free[CLASSES];
};

static size_t
ring_bytes(uint32_t size)
{
	return size * sizeof(struct place) + 2 * (size / PLACES_WORD) * sizeof(uint32_t);
}

size_t
places_pool_size(uint32_t peers)
{
	size_t each = 0; /* a ring of each class: then none is ever wanting */

	for (uint32_t size = PLACES_LEAST; size <= PLACES_MOST; size *= 2)
		each += ring_bytes(size);
	return sizeof(struct places_pool) + peers * each;
}

struct places_pool *
places_pool_init(void *mem, uint32_t peers)
{
	struct places_pool *p = mem;

	memset(p, 0, sizeof *p);
	p->at = (uint8_t *)mem + sizeof *p;
	p->end = (uint8_t *)mem + places_pool_size(peers);
	return p;
}

static unsigned
class_of(uint32_t size)
{
	return (unsigned)__builtin_ctz(size / PLACES_LEAST);
}

/* A ring of at least *size places, all zero; a larger one if only such are left. */
static void *
ring_new(struct places_pool *p, uint32_t *size)
{
	size_t bytes = ring_bytes(*size);
	unsigned class = class_of(*size);
	struct free_ring *ring;

	if (p->free[class] == NULL && bytes <= (size_t)(p->end - p->at)) {
		p->at += bytes;
		return memset(p->at - bytes, 0, bytes);
	}
	while (class < CLASSES - 1 && p->free[class] == NULL)
		class++;
	ring = p->free[class];
	if (ring == NULL)
		return NULL;
	p->free[class] = ring->next;
	*size = PLACES_LEAST << class;
	memset(ring, 0, ring_bytes(*size));
	return ring;
}

void
places_fini(struct places *w)
{
	struct free_ring *ring = (struct free_ring *)(void *)w->slot;

	if (w->size == 0)
		return;
	ring->next = w->pool->free[class_of(w->size)];
	w->pool->free[class_of(w->size)] = ring;
	w->slot = NULL;
	w->size = 0;
	w->low = 0;
}

static bool
is_empty(const struct places *w, uint64_t word)
{
	return (*places_held(w, word) | *places_sent(w, word)) == 0;
}

static void
copy_word(struct places *to, const struct places *from, uint64_t word)
{
	*places_held(to, word) = *places_held(from, word);
	*places_sent(to, word) = *places_sent(from, word);
	memcpy(places_slot(to, word), places_slot(from, word),
	       PLACES_WORD * sizeof(struct place));
}

/* Moves to a ring of that size whose lowest chunk is low. */
static bool
move(struct places *w, uint64_t low, uint32_t size)
{
	struct places to = { w->pool, NULL, low, size };
	uint64_t end = w->low + w->size;

	to.slot = ring_new(w->pool, &to.size);
	if (to.slot == NULL)
		return false;
	for (uint64_t word = w->low; word < end; word += PLACES_WORD)
		if (places_covers(&to, word) && !is_empty(w, word))
			copy_word(&to, w, word);
	places_fini(w);
	*w = to;
	return true;
}

/* Past the last word with anything in it. */
static uint64_t
used_end(const struct places *w)
{
	uint64_t end = w->low + w->size;

	while (end > w->low && is_empty(w, end - PLACES_WORD))
		end -= PLACES_WORD;
	return end;
}

/* Leaves empty places below behind; true if the chunk is covered now. */
static bool
slide(struct places *w, uint64_t chunk)
{
	uint64_t end = w->low + w->size;

	while (w->low < end && !places_covers(w, chunk) && is_empty(w, w->low))
		w->low += PLACES_WORD;
	if (w->low == end)
		w->low = chunk / PLACES_WORD * PLACES_WORD;
	return places_covers(w, chunk);
}

static uint32_t
size_for(uint64_t places)
{
	uint32_t size = PLACES_LEAST;

	while (size < places && size <= PLACES_MOST)
		size *= 2;
	return size;
}

static bool
reach(struct places *w, uint64_t chunk)
{
	uint64_t word = chunk / PLACES_WORD * PLACES_WORD;
	uint64_t low = word, end = word + PLACES_WORD;
	uint32_t size;

	if (w->size > 0 && chunk > w->low && slide(w, chunk))
		return true;
	if (w->size > 0) {
		low = w->low < word ? w->low : word;
		end = used_end(w) > end ? used_end(w) : end;
	}
	if (end - low <= w->size) { /* empty places above become places below */
		w->low = low;
		return true;
	}
	size = size_for(end - low);
	return size <= PLACES_MOST && move(w, low, size);
}

struct place *
places_at(struct places *w, uint64_t chunk)
{
	if (!places_covers(w, chunk) && !reach(w, chunk))
		return NULL;
	return places_slot(w, chunk);
}

/* Half the places, and half of these, if a quarter would do. */
static void
shrink(struct places *w)
{
	uint64_t used = used_end(w) - w->low;
	uint32_t size = w->size;

	while (size > PLACES_LEAST && used <= size / 4)
		size /= 2;
	if (size < w->size)
		move(w, w->low, size);
}

void
places_clear(struct places *w, uint64_t chunk)
{
	uint32_t bit = ~(UINT32_C(1) << (chunk % PLACES_WORD));

	if (!places_covers(w, chunk))
		return;
	*places_held(w, chunk) &= bit;
	*places_sent(w, chunk) &= bit;
	memset(places_slot(w, chunk), 0, sizeof(struct place));
	if (chunk % PLACES_WORD != PLACES_WORD - 1 || chunk - w->low >= PLACES_WORD)
		return;
	if (is_empty(w, w->low))
		w->low += PLACES_WORD;
	if (w->size > PLACES_LEAST)
		shrink(w);
}
