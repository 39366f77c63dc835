/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/lru.h"

#include <assert.h>

#include "probe/pages.h"

void
lru_init(struct lru *l, uint32_t slots)
{
	uint32_t buckets = 1;

	assert(slots > 0 && slots < UINT32_MAX / 4);
	while (buckets < slots * 2)
		buckets *= 2;
	*l = (struct lru){
		.bucket = pages_new(buckets, sizeof l->bucket[0]),
		.link = pages_new(slots, sizeof l->link[0]),
		.slots = slots,
		.buckets = buckets,
		.newest = LRU_NONE,
		.oldest = LRU_NONE,
	};
}

void
lru_fini(struct lru *l)
{
	pages_free(l->bucket, l->buckets, sizeof l->bucket[0]);
	pages_free(l->link, l->slots, sizeof l->link[0]);
}

static uint32_t *
bucket_of(const struct lru *l, uint64_t hash)
{
	return &l->bucket[hash & (l->buckets - 1)];
}

/* From this chain position (slot + 1) on, the first slot with this hash. */
static uint32_t
with_hash(const struct lru *l, uint32_t position, uint64_t hash)
{
	for (; position != 0; position = l->link[position - 1].next)
		if (l->link[position - 1].hash == hash)
			return position - 1;
	return LRU_NONE;
}

uint32_t
lru_first(const struct lru *l, uint64_t hash)
{
	return with_hash(l, *bucket_of(l, hash), hash);
}

uint32_t
lru_next(const struct lru *l, uint32_t slot)
{
	return with_hash(l, l->link[slot].next, l->link[slot].hash);
}

static void
order_unlink(struct lru *l, uint32_t slot)
{
	struct lru_link *k = &l->link[slot];

	*(k->newer == LRU_NONE ? &l->newest : &l->link[k->newer].older) = k->older;
	*(k->older == LRU_NONE ? &l->oldest : &l->link[k->older].newer) = k->newer;
}

static void
order_link(struct lru *l, uint32_t slot)
{
	struct lru_link *k = &l->link[slot];

	k->newer = LRU_NONE;
	k->older = l->newest;
	*(k->older == LRU_NONE ? &l->oldest : &l->link[k->older].newer) = slot;
	l->newest = slot;
}

static void
chain_unlink(struct lru *l, uint32_t slot)
{
	uint32_t *at = bucket_of(l, l->link[slot].hash);

	while (*at != slot + 1)
		at = &l->link[*at - 1].next;
	*at = l->link[slot].next;
}

void
lru_remove(struct lru *l, uint32_t slot)
{
	assert(slot < l->slots && l->link[slot].used);
	chain_unlink(l, slot);
	order_unlink(l, slot);
	l->link[slot].used = false;
	l->link[slot].next = l->free;
	l->free = slot + 1;
	l->used--;
}

uint32_t
lru_victim(const struct lru *l)
{
	return l->used == l->slots ? l->oldest : LRU_NONE;
}

uint32_t
lru_add(struct lru *l, uint64_t hash, bool *evicted)
{
	uint32_t slot = lru_victim(l), *bucket = bucket_of(l, hash);

	*evicted = slot != LRU_NONE;
	if (*evicted)
		lru_remove(l, slot);
	if (l->free != 0) {
		slot = l->free - 1;
		l->free = l->link[slot].next;
	} else {
		slot = l->touched++;
	}
	l->link[slot].hash = hash;
	l->link[slot].used = true;
	l->link[slot].next = *bucket;
	*bucket = slot + 1;
	order_link(l, slot);
	l->used++;
	return slot;
}

void
lru_touch(struct lru *l, uint32_t slot)
{
	if (l->newest == slot)
		return;
	order_unlink(l, slot);
	order_link(l, slot);
}

uint32_t
lru_oldest(const struct lru *l)
{
	return l->oldest;
}
