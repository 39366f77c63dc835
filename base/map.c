/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <string.h>

#include "base/hash.h"

#define LINE 64u /* of the cache */
#define NONE UINT32_MAX
#define ALIGN 8u

struct entry {
	uint32_t chain;        /* next of the same bucket, or next free */
	uint32_t older, newer; /* by last use */
	uint32_t used;
};

struct map {
	uint32_t capacity, buckets, count, free;
	uint32_t oldest, newest;
	size_t key_size, value_at, stride;
	uint64_t seed, evicted;
	map_evict_fn *evict;
	void *ctx;
	uint32_t *bucket;
	uint8_t *entries;
};

static size_t
rounded(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static uint32_t
buckets_for(uint32_t capacity)
{
	uint32_t n = 8;

	while (n < capacity && n < 1u << 30)
		n *= 2;
	return n;
}

static size_t
stride_for(size_t key_size, size_t value_size)
{
	return sizeof(struct entry) + rounded(key_size) + rounded(value_size);
}

size_t
map_size(uint32_t capacity, size_t key_size, size_t value_size)
{
	size_t entries, total;

	if (key_size > SIZE_MAX / 4 || value_size > SIZE_MAX / 4 ||
	    __builtin_mul_overflow(stride_for(key_size, value_size), (size_t)capacity,
	                           &entries) ||
	    __builtin_add_overflow(entries,
	                           rounded(sizeof(struct map)) +
	                               (size_t)buckets_for(capacity) * sizeof(uint32_t),
	                           &total))
		return 0;
	return total;
}

static struct entry *
entry_at(const struct map *m, uint32_t i)
{
	return (struct entry *)(void *)(m->entries + m->stride * i);
}

static uint8_t *
key_of(const struct map *m, uint32_t i)
{
	return m->entries + m->stride * i + sizeof(struct entry);
}

static void *
value_of(const struct map *m, uint32_t i)
{
	return m->entries + m->stride * i + m->value_at;
}

static uint32_t
index_of(const struct map *m, const void *value)
{
	return (uint32_t)(((const uint8_t *)value - m->value_at - m->entries) /
			  (ptrdiff_t)m->stride);
}

struct map *
map_init(void *mem, uint32_t capacity, size_t key_size, size_t value_size, uint64_t seed,
         map_evict_fn *evict, void *ctx)
{
	struct map *m = mem;

	memset(m, 0, sizeof *m);
	m->capacity = capacity;
	m->buckets = buckets_for(capacity);
	m->key_size = key_size;
	m->value_at = sizeof(struct entry) + rounded(key_size);
	m->stride = stride_for(key_size, value_size);
	m->seed = seed;
	m->evict = evict;
	m->ctx = ctx;
	m->bucket = (uint32_t *)(void *)((uint8_t *)mem + rounded(sizeof *m));
	m->entries = (uint8_t *)(m->bucket + m->buckets);
	m->oldest = m->newest = m->free = NONE;
	for (uint32_t i = 0; i < m->buckets; i++)
		m->bucket[i] = NONE;
	return m;
}

uint64_t
map_hash(const struct map *m, const void *key)
{
	return hash_key(key, m->key_size, m->seed);
}

static uint32_t *
bucket_of(const struct map *m, const void *key)
{
	return &m->bucket[map_hash(m, key) & (m->buckets - 1)];
}

void
map_expect(const struct map *m, const void *key, bool near, size_t from, size_t to)
{
	uint32_t *bucket = bucket_of(m, key);

	if (!near) {
		__builtin_prefetch(bucket);
	} else if (*bucket != NONE) {
		const uint8_t *value = value_of(m, *bucket);

		__builtin_prefetch(key_of(m, *bucket));
		for (size_t at = from; at < to; at += LINE)
			__builtin_prefetch(value + at, 1);
	}
}

/* Eight bytes at a time, the last of them twice if need be: keys are short. */
static bool
same_key(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t x, y, differ = 0;

	if (n < sizeof x)
		return memcmp(a, b, n) == 0;
	for (size_t at = 0; at < n; at += sizeof x) {
		size_t from = at + sizeof x <= n ? at : n - sizeof x;

		memcpy(&x, a + from, sizeof x);
		memcpy(&y, b + from, sizeof y);
		differ |= x ^ y;
	}
	return differ == 0;
}

static uint32_t
find(const struct map *m, const void *key, uint64_t hash)
{
	uint32_t i = m->bucket[hash & (m->buckets - 1)];

	while (i != NONE && !same_key(key_of(m, i), key, m->key_size))
		i = entry_at(m, i)->chain;
	return i;
}

static void
unlink_use(struct map *m, uint32_t i)
{
	struct entry *e = entry_at(m, i);

	if (e->older == NONE)
		m->oldest = e->newer;
	else
		entry_at(m, e->older)->newer = e->newer;
	if (e->newer == NONE)
		m->newest = e->older;
	else
		entry_at(m, e->newer)->older = e->older;
}

static void
link_newest(struct map *m, uint32_t i)
{
	struct entry *e = entry_at(m, i);

	e->older = m->newest;
	e->newer = NONE;
	if (m->newest == NONE)
		m->oldest = i;
	else
		entry_at(m, m->newest)->newer = i;
	m->newest = i;
}

void *
map_peek(const struct map *m, const void *key)
{
	uint32_t i = find(m, key, map_hash(m, key));

	return i == NONE ? NULL : value_of(m, i);
}

void *
map_get(struct map *m, const void *key)
{
	return map_get_hashed(m, key, map_hash(m, key));
}

void *
map_get_hashed(struct map *m, const void *key, uint64_t hash)
{
	uint32_t i = find(m, key, hash);

	if (i == NONE)
		return NULL;
	if (i != m->newest) {
		unlink_use(m, i);
		link_newest(m, i);
	}
	return value_of(m, i);
}

static void
drop(struct map *m, uint32_t i)
{
	uint32_t *at = bucket_of(m, key_of(m, i));

	while (*at != i)
		at = &entry_at(m, *at)->chain;
	*at = entry_at(m, i)->chain;
	unlink_use(m, i);
	entry_at(m, i)->chain = m->free;
	m->free = i;
	m->count--;
}

/* A place for a new entry: never used, given back, or the oldest one's. Fresh
 * memory is only touched once it is needed. */
static uint32_t
make_room(struct map *m)
{
	uint32_t i;

	if (m->count == m->capacity) {
		if (m->evict != NULL)
			m->evict(m->ctx, key_of(m, m->oldest), value_of(m, m->oldest));
		drop(m, m->oldest);
		m->evicted++;
	}
	if (m->free == NONE)
		return m->count;
	i = m->free;
	m->free = entry_at(m, i)->chain;
	return i;
}

void *
map_put(struct map *m, const void *key, bool *fresh)
{
	void *value = map_get(m, key);
	uint32_t i, *bucket;

	if (fresh != NULL)
		*fresh = value == NULL;
	if (value != NULL)
		return value;
	i = make_room(m);
	memset(entry_at(m, i), 0, m->stride);
	memcpy(key_of(m, i), key, m->key_size);
	bucket = bucket_of(m, key);
	entry_at(m, i)->chain = *bucket;
	*bucket = i;
	link_newest(m, i);
	m->count++;
	return value_of(m, i);
}

void
map_del(struct map *m, const void *key)
{
	uint32_t i = find(m, key, map_hash(m, key));

	if (i != NONE)
		drop(m, i);
}

void *
map_oldest(const struct map *m, const void **key)
{
	if (m->oldest == NONE)
		return NULL;
	if (key != NULL)
		*key = key_of(m, m->oldest);
	return value_of(m, m->oldest);
}

void *
map_newer(const struct map *m, const void *value, const void **key)
{
	uint32_t i = entry_at(m, index_of(m, value))->newer;

	if (i == NONE)
		return NULL;
	if (key != NULL)
		*key = key_of(m, i);
	return value_of(m, i);
}

uint32_t
map_count(const struct map *m)
{
	return m->count;
}

uint64_t
map_evicted(const struct map *m)
{
	return m->evicted;
}
