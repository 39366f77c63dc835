/*
 * map - a bounded table of fixed-size keys and values in memory that the caller
 * gives once: flows, peers, members.
 *
 *   buckets -> entry chains     entries: key | value, in order of last use
 *
 * Full means that the entry unused for longest makes room for the new one; the
 * caller is told which. The same calls give the same order on every machine.
 * Not for threads.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map;

/* Called with an entry that must make room, before it is gone. */
typedef void map_evict_fn(void *ctx, const void *key, void *value);

/* Bytes that map_init wants; 0 if the sizes overflow. capacity >= 1. */
size_t map_size(uint32_t capacity, size_t key_size, size_t value_size);

/* Builds an empty map in mem (aligned for any type), which must outlive it.
 * Values start at an address aligned to 8. seed keys the hash, so that nobody
 * who picks the keys can pick collisions. evict may be NULL. */
struct map *map_init(void *mem, uint32_t capacity, size_t key_size, size_t value_size,
                     uint64_t seed, map_evict_fn *evict, void *ctx);

/* The value, now the most recently used; NULL if there is none. */
void *map_get(struct map *m, const void *key);

/* The key's hash, for who needs one for himself too, and map_get by it. */
uint64_t map_hash(const struct map *m, const void *key);
void *map_get_hashed(struct map *m, const void *key, uint64_t hash);

/* The same without touching the order of use. */
void *map_peek(const struct map *m, const void *key);

/* The key will be asked for soon: brings its place nearer, and, once near, the
 * bytes of its value from..to. Call it for the place first, some other work between. */
void map_expect(const struct map *m, const void *key, bool near, size_t from, size_t to);

/* The value of key, added and zeroed if new (*fresh tells; may be NULL). Evicts
 * when full. Never NULL. */
void *map_put(struct map *m, const void *key, bool *fresh);

void map_del(struct map *m, const void *key);

/* Value unused for longest, and the next newer after value; NULL at the end.
 * *key, if asked for, points to the entry's key. */
void *map_oldest(const struct map *m, const void **key);
void *map_newer(const struct map *m, const void *value, const void **key);

uint32_t map_count(const struct map *m);
uint64_t map_evicted(const struct map *m); /* so far */

#endif
