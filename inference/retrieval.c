/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/retrieval.h"

#include <assert.h>

#include "base/hash.h"

#define FIRST_AGE_NS 50000000
#define GROUP_SEED 0x67726f75

/* Four ages in an octave, a fourth root of two apart, to the microsecond; and half-way
 * between them. */
#define AGE_US(octave, millionths) \
	(FIRST_AGE_NS / 1000000 * INT64_C(millionths) / 1000 << octave)
#define PAIR(octave, millionths) \
	AGE_US(octave, millionths) * 1000, AGE_US(octave, millionths) * 1090508 / 1000000 * 1000
#define OCTAVE(o) PAIR(o, 1000000), PAIR(o, 1189207), PAIR(o, 1414214), PAIR(o, 1681793)

static const int64_t cell_ns[] = {
	OCTAVE(0), OCTAVE(1), OCTAVE(2), OCTAVE(3), OCTAVE(4), OCTAVE(5),
	OCTAVE(6), OCTAVE(7), OCTAVE(8), OCTAVE(9), OCTAVE(10), OCTAVE(11), PAIR(12, 1000000)
};
static_assert(sizeof cell_ns / sizeof *cell_ns == RESULT_CELLS + 2, "and one age more");

int64_t
retrieval_age_ns(unsigned i)
{
	return cell_ns[2 * i];
}

int64_t
retrieval_cell_ns(unsigned k)
{
	return cell_ns[k];
}

/* The first cell whose end is not before this age. An octave has eight; the age's leading
 * bits tell within one or two which. */
static unsigned
cell_of(int64_t age_ns)
{
	static const uint8_t near[16] = { 0, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7, 8, 8 };
	uint64_t sixteenths = age_ns > 0 ? (uint64_t)age_ns / (FIRST_AGE_NS / 16) : 0;
	unsigned octave, k;

	if (age_ns <= FIRST_AGE_NS)
		return 0;
	octave = 59 - (unsigned)__builtin_clzll(sixteenths);
	k = 8 * octave + near[sixteenths >> octave & 15];
	if (k >= RESULT_CELLS)
		return RESULT_CELLS - 1;
	while (k > 0 && cell_ns[k - 1] >= age_ns)
		k--;
	while (k < RESULT_CELLS - 1 && cell_ns[k] < age_ns)
		k++;
	return k;
}

void
retrieval_begin(struct retrieval_viewer *v, uint64_t first, int64_t from_ns,
                const struct endpoint *peer)
{
	*v = (struct retrieval_viewer){ .begun = true, .first = first, .from_ns = from_ns };
	v->group = (uint8_t)(hash_bytes(peer->addr, sizeof peer->addr, GROUP_SEED) %
	                     RESULT_GROUPS);
}

void
retrieval_came(struct retrieval_chunk *is, struct moment when, bool dated)
{
	is->lo_ns = dated ? when.best : when.lo;
	is->hi_ns = dated ? when.best : when.hi;
}

static void
enter(struct retrieval *r, const struct retrieval_viewer *v, const struct retrieval_chunk *is)
{
	unsigned first, last = cell_of(v->from_ns - is->made_ns);

	r->entered[last]++;
	r->group[v->group].here[(last + 1) / 2]++;
	if (is->hi_ns == RETRIEVAL_NEVER)
		return;
	first = cell_of(is->lo_ns - is->made_ns);
	last = is->hi_ns == is->lo_ns ? first : cell_of(is->hi_ns - is->made_ns);
	first = first < last ? first : last;
	r->came[first][last]++;
	r->group[v->group].has[((first + last) / 2 + 1) / 2]++;
}

static void
note_hole(struct retrieval_viewer *v, uint64_t chunk)
{
	unsigned last = (v->next_hole + RETRIEVAL_HOLES - 1) % RETRIEVAL_HOLES;
	uint32_t after = (uint32_t)(chunk - v->first);

	if (v->hole[last].n > 0 && v->hole[last].after + v->hole[last].n == after) {
		v->hole[last].n++;
		return;
	}
	v->hole[v->next_hole].after = after;
	v->hole[v->next_hole].n = 1;
	v->next_hole = (uint8_t)((v->next_hole + 1) % RETRIEVAL_HOLES);
}

static bool
is_hole(const struct retrieval_viewer *v, uint64_t chunk)
{
	for (unsigned i = 0; i < RETRIEVAL_HOLES; i++)
		if ((uint32_t)(chunk - v->first) - v->hole[i].after < v->hole[i].n)
			return true;
	return false;
}

void
retrieval_settle(struct retrieval *r, struct retrieval_viewer *v, uint64_t chunk,
                 const struct retrieval_chunk *is)
{
	if (!v->begun || chunk < v->first)
		return;
	enter(r, v, is);
	if (is->hi_ns == RETRIEVAL_NEVER)
		note_hole(v, chunk);
}

/* The first age after it. */
static void
leave(struct retrieval *r, const struct retrieval_viewer *v, int64_t age_ns, bool held)
{
	unsigned k = cell_of(age_ns);

	r->group[v->group].here[(k + 1) / 2]--;
	r->group[v->group].has[(k + 1) / 2] -= held;

	r->left[k]++;
	r->left_held[k] += held;
}

void
retrieval_left(struct retrieval *r, const struct retrieval_viewer *v, uint64_t chunk,
               int64_t made_ns, int64_t left_ns)
{
	if (v->begun && chunk >= v->first)
		leave(r, v, left_ns - made_ns, !is_hole(v, chunk));
}

void
retrieval_pending(struct retrieval *r, const struct retrieval_viewer *v, uint64_t chunk,
                  const struct retrieval_chunk *is, int64_t left_ns)
{
	if (!v->begun || chunk < v->first || is->made_ns > left_ns)
		return;
	enter(r, v, is);
	leave(r, v, left_ns - is->made_ns, is->hi_ns != RETRIEVAL_NEVER);
}

void
retrieval_due(struct retrieval *r, const struct retrieval_viewer *v, bool on_time)
{
	r->due++;
	r->on_time += on_time;
	r->group[v->group].due++;
	r->group[v->group].on_time += on_time;
}

void
retrieval_read(const struct retrieval *r, uint64_t held[RESULT_AGES],
               uint64_t eligible[RESULT_AGES])
{
	int64_t here = 0, has = 0;

	for (unsigned k = 0; k < RESULT_CELLS; k++) {
		here += (int64_t)(r->entered[k] - r->left[k]);
		has -= (int64_t)r->left_held[k];
		for (unsigned i = 0; i <= k; i++)
			has += r->came[i][k];
		if (k % 2 != 0)
			continue;
		eligible[k / 2] = here > 0 ? (uint64_t)here : 0; /* clocks that go back */
		held[k / 2] = has <= 0 ? 0 : has < here ? (uint64_t)has : eligible[k / 2];
	}
}
