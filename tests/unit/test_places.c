/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "inference/places.h"

#define FIRST 1000003u

static void *memory;
static struct places_pool *pool;
static struct places p;

static int
fresh(void **state)
{
	(void)state;
	memory = malloc(places_pool_size(1));
	assert_non_null(memory);
	pool = places_pool_init(memory, 1);
	p = (struct places){ .pool = pool };
	return 0;
}

static int
done(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static bool
try(struct places *at, uint64_t chunk)
{
	struct place *place = places_at(at, chunk);

	if (place == NULL)
		return false;
	place->tick = (uint32_t)chunk;
	*places_held(at, chunk) |= UINT32_C(1) << (chunk % PLACES_WORD);
	return true;
}

static void
hold(uint64_t chunk)
{
	assert_true(try(&p, chunk));
}

static bool
holds(uint64_t chunk)
{
	return places_covers(&p, chunk) && places_slot(&p, chunk)->tick == (uint32_t)chunk &&
	       *places_held(&p, chunk) >> (chunk % PLACES_WORD) & 1;
}

static void
a_new_place_is_empty(void **state)
{
	(void)state;
	assert_false(places_covers(&p, FIRST));
	assert_int_equal(places_at(&p, FIRST)->tick, 0);
	assert_true(places_covers(&p, FIRST));
	assert_int_equal(p.size, PLACES_LEAST);
	assert_int_equal(*places_held(&p, FIRST), 0);
	assert_int_equal(*places_sent(&p, FIRST), 0);
}

static void
what_is_kept_moves_with_a_ring_that_grows_upwards_and_downwards(void **state)
{
	(void)state;
	for (uint64_t c = FIRST; c < FIRST + 600; c++)
		hold(c);
	for (uint64_t c = FIRST - 1; c > FIRST - 600; c--)
		hold(c);
	assert_int_equal(p.size, 2048);
	for (uint64_t c = FIRST - 599; c < FIRST + 600; c++)
		assert_true(holds(c));
	assert_false(holds(FIRST - 600));
	assert_false(holds(FIRST + 600));
}

static void
a_stream_that_is_played_needs_the_least(void **state)
{
	(void)state;
	for (uint64_t c = FIRST; c < FIRST + 100000; c++) {
		hold(c);
		if (c >= FIRST + 28)
			places_clear(&p, c - 28);
		assert_true(p.size <= PLACES_LEAST);
	}
	assert_true(holds(FIRST + 99999));
	assert_false(holds(FIRST + 99971));
}

static void
a_ring_shrinks_when_a_quarter_would_do(void **state)
{
	(void)state;
	for (uint64_t c = FIRST; c < FIRST + 1500; c++)
		hold(c);
	assert_int_equal(p.size, 2048);
	for (uint64_t c = FIRST; c < FIRST + 1490; c++)
		places_clear(&p, c);
	assert_true(p.size <= 128);
	for (uint64_t c = FIRST + 1490; c < FIRST + 1500; c++)
		assert_true(holds(c));
}

static void
a_chunk_too_far_away_has_no_place_and_the_others_stay(void **state)
{
	(void)state;
	hold(FIRST);
	assert_null(places_at(&p, FIRST + PLACES_MOST));
	assert_null(places_at(&p, FIRST - PLACES_MOST));
	assert_true(holds(FIRST));
	places_clear(&p, FIRST);
	assert_non_null(places_at(&p, FIRST + 10 * PLACES_MOST));
}

static void
rings_given_back_are_used_again_and_clean(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		for (uint64_t c = FIRST; c < FIRST + 1000; c++)
			hold(c);
		places_fini(&p);
		assert_int_equal(p.size, 0);
	}
	for (uint64_t c = FIRST; c < FIRST + 1000; c++)
		assert_int_equal(places_at(&p, c)->tick, 0);
}

static void
a_pool_without_rings_refuses_and_what_is_there_stays(void **state)
{
	struct places other[40] = { { .pool = pool } };
	unsigned n = 0;

	(void)state;
	hold(FIRST);
	for (; n < 40; n++) {
		other[n].pool = pool;
		if (!try(&other[n], FIRST) || !try(&other[n], FIRST + 1000))
			break;
	}
	assert_true(n > 0 && n < 40);
	assert_true(holds(FIRST));
	places_fini(&other[0]);
	assert_true(try(&other[n], FIRST + 1000));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_place_is_empty),
		TEST(what_is_kept_moves_with_a_ring_that_grows_upwards_and_downwards),
		TEST(a_stream_that_is_played_needs_the_least),
		TEST(a_ring_shrinks_when_a_quarter_would_do),
		TEST(a_chunk_too_far_away_has_no_place_and_the_others_stay),
		TEST(rings_given_back_are_used_again_and_clean),
		TEST(a_pool_without_rings_refuses_and_what_is_there_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
