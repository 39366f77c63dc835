/* SPDX-License-Identifier: Apache-2.0 */
#include "report/index.h"

#include <stdlib.h>

#include "base/map.h"
#include "report/grow.h"

#define FIRST_CAPACITY 64u

static struct map *
new_map(struct index *x, uint32_t capacity, void **mem)
{
	*mem = grow_new(map_size(capacity, x->key_size, sizeof(uint32_t)));
	return map_init(*mem, capacity, x->key_size, sizeof(uint32_t), x->key_size, NULL, NULL);
}

void
index_init(struct index *x, size_t key_size, uint32_t ceiling)
{
	*x = (struct index){ .key_size = key_size, .ceiling = ceiling };
	x->capacity = ceiling < FIRST_CAPACITY ? ceiling : FIRST_CAPACITY;
	x->map = new_map(x, x->capacity, &x->mem);
}

void
index_fini(struct index *x)
{
	free(x->mem);
	*x = (struct index){ 0 };
}

uint32_t
index_count(const struct index *x)
{
	return map_count(x->map);
}

uint32_t
index_find(const struct index *x, const void *key)
{
	const uint32_t *place = map_peek(x->map, key);

	return place != NULL ? *place : INDEX_NONE;
}

static void
widen(struct index *x)
{
	uint32_t capacity = x->capacity > x->ceiling / 2 ? x->ceiling : x->capacity * 2;
	const void *key;
	void *mem;
	struct map *map = new_map(x, capacity, &mem);

	for (uint32_t *v = map_oldest(x->map, &key); v != NULL; v = map_newer(x->map, v, &key))
		*(uint32_t *)map_put(map, key, NULL) = *v;
	free(x->mem);
	x->map = map;
	x->mem = mem;
	x->capacity = capacity;
}

uint32_t
index_put(struct index *x, const void *key, bool *fresh)
{
	uint32_t *place = map_get(x->map, key), n = map_count(x->map);

	*fresh = false;
	if (place != NULL)
		return *place;
	if (n == x->ceiling)
		return INDEX_NONE;
	if (n == x->capacity)
		widen(x);
	place = map_put(x->map, key, fresh);
	*place = n;
	return n;
}
