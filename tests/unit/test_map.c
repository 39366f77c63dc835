/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#define KEYS 64 /* the model's whole world */

/* The plain model: keys in order of last use, each with its value. */
struct model {
	uint32_t key[KEYS], value[KEYS];
	size_t n, capacity;
	uint64_t evicted;
};

struct told {
	uint32_t key, value;
	uint64_t times;
};

static uint32_t x = 1;

static uint32_t
draw(uint32_t below)
{
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

static void
tell(void *ctx, const void *key, void *value)
{
	struct told *told = ctx;

	memcpy(&told->key, key, sizeof told->key);
	memcpy(&told->value, value, sizeof told->value);
	told->times++;
}

static struct map *
make(uint32_t capacity, uint64_t seed, struct told *told)
{
	size_t size = map_size(capacity, sizeof(uint32_t), sizeof(uint32_t));
	void *mem = malloc(size);

	assert_non_null(mem);
	memset(mem, 0xa5, size); /* nothing may hang on what was there */
	return map_init(mem, capacity, sizeof(uint32_t), sizeof(uint32_t), seed, tell, told);
}

static size_t
model_find(const struct model *m, uint32_t key)
{
	size_t i = 0;

	while (i < m->n && m->key[i] != key)
		i++;
	return i;
}

static void
model_remove(struct model *m, size_t i)
{
	m->n--;
	memmove(m->key + i, m->key + i + 1, (m->n - i) * sizeof m->key[0]);
	memmove(m->value + i, m->value + i + 1, (m->n - i) * sizeof m->value[0]);
}

static void
model_use(struct model *m, size_t i)
{
	uint32_t key = m->key[i], value = m->value[i];

	model_remove(m, i);
	m->key[m->n] = key;
	m->value[m->n++] = value;
}

/* Oldest to newest, the map and the model hold the same. */
static void
same(const struct map *map, const struct model *m)
{
	const void *key;
	uint32_t *value = map_oldest(map, &key);

	assert_int_equal(map_count(map), m->n);
	assert_int_equal(map_evicted(map), m->evicted);
	for (size_t i = 0; i < m->n; i++) {
		assert_non_null(value);
		assert_memory_equal(key, &m->key[i], sizeof m->key[i]);
		assert_int_equal(*value, m->value[i]);
		value = map_newer(map, value, &key);
	}
	assert_null(value);
}

static void
put(struct map *map, struct model *m, struct told *told, uint32_t key)
{
	bool fresh;
	size_t at = model_find(m, key);
	uint64_t times = told->times;
	uint32_t *value = map_put(map, &key, &fresh);

	assert_int_equal(fresh, at == m->n);
	if (!fresh) {
		assert_int_equal(*value, m->value[at]);
		model_use(m, at);
		return;
	}
	assert_int_equal(*value, 0);
	if (m->n == m->capacity) {
		assert_int_equal(told->times, times + 1);
		assert_int_equal(told->key, m->key[0]);
		assert_int_equal(told->value, m->value[0]);
		model_remove(m, 0);
		m->evicted++;
	}
	*value = draw(1000000);
	m->key[m->n] = key;
	m->value[m->n++] = *value;
}

static void
step(struct map *map, struct model *m, struct told *told)
{
	uint32_t key = draw(KEYS), what = draw(8), *value;
	size_t at = model_find(m, key);

	if (what < 4) {
		put(map, m, told, key);
	} else if (what < 6) {
		value = what == 4 ? map_get(map, &key) : map_peek(map, &key);
		assert_int_equal(value != NULL, at < m->n);
		if (value == NULL)
			return;
		assert_int_equal(*value, m->value[at]);
		if (what == 4)
			model_use(m, at);
	} else {
		map_del(map, &key);
		if (at < m->n)
			model_remove(m, at);
	}
}

static void
it_does_what_a_plain_list_does(void **state)
{
	static const uint32_t capacities[] = {
		1, 2, 3, 7, 8, 9, 33, KEYS - 1, KEYS, KEYS + 10
	};

	(void)state;
	for (size_t c = 0; c < sizeof capacities / sizeof capacities[0]; c++) {
		struct model model = { .capacity = capacities[c] };
		struct told told = { 0 };
		struct map *map = make(capacities[c], c * 7919, &told);

		for (int i = 0; i < 5000; i++) {
			step(map, &model, &told);
			same(map, &model);
		}
		free(map);
	}
}

/* The hash's seed moves entries to other buckets; nobody outside may notice. */
static void
order_does_not_depend_on_the_seed(void **state)
{
	struct told told = { 0 };
	struct map *a = make(20, 1, &told), *b = make(20, 2, &told);

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint32_t key = draw(KEYS);
		const void *one, *other;
		void *v, *w;

		map_put(a, &key, NULL);
		map_put(b, &key, NULL);
		v = map_oldest(a, &one);
		w = map_oldest(b, &other);
		assert_memory_equal(one, other, sizeof key);
		while ((v = map_newer(a, v, &one)) != NULL) {
			w = map_newer(b, w, &other);
			assert_memory_equal(one, other, sizeof key);
		}
		assert_null(map_newer(b, w, NULL));
	}
	free(a);
	free(b);
}

static void
values_are_zeroed_and_aligned_whatever_the_sizes(void **state)
{
	(void)state;
	for (size_t key_size = 1; key_size < 20; key_size++)
		for (size_t value_size = 1; value_size < 20; value_size++) {
			void *mem = malloc(map_size(3, key_size, value_size));
			uint8_t key[20] = { 0 }, zero[20] = { 0 };
			struct map *map = map_init(mem, 3, key_size, value_size, 0, NULL, NULL);

			for (uint8_t i = 0; i < 10; i++) {
				void *value;

				key[key_size - 1] = i;
				value = map_put(map, key, NULL);
				assert_int_equal((uintptr_t)value % 8, 0);
				assert_memory_equal(value, zero, value_size);
				memset(value, 0xff, value_size);
			}
			assert_int_equal(map_count(map), 3);
			assert_int_equal(map_evicted(map), 7);
			free(mem);
		}
}

static void
an_entry_may_be_deleted_while_walking(void **state)
{
	struct told told = { 0 };
	struct map *map = make(10, 0, &told);
	uint32_t *value, *next;
	const void *key;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		*(uint32_t *)map_put(map, &i, NULL) = i;
	for (value = map_oldest(map, &key); value != NULL; value = next) {
		const void *after;

		next = map_newer(map, value, &after);
		if (*value % 2 == 0)
			map_del(map, key);
		key = after;
	}
	assert_int_equal(map_count(map), 5);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(map_peek(map, &i) != NULL, i % 2);
	assert_int_equal(told.times, 0);
	free(map);
}

static void
sizes_that_overflow_have_no_size(void **state)
{
	(void)state;
	assert_int_equal(map_size(UINT32_MAX, SIZE_MAX / 8, 8), 0);
	assert_int_equal(map_size(1, SIZE_MAX, 8), 0);
	assert_int_equal(map_size(1, 8, SIZE_MAX), 0);
	assert_true(map_size(UINT32_MAX, 1, 1) > (size_t)UINT32_MAX * 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_does_what_a_plain_list_does),
		cmocka_unit_test(order_does_not_depend_on_the_seed),
		cmocka_unit_test(values_are_zeroed_and_aligned_whatever_the_sizes),
		cmocka_unit_test(an_entry_may_be_deleted_while_walking),
		cmocka_unit_test(sizes_that_overflow_have_no_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
