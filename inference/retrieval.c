/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/retrieval.h"

#include "base/hash.h"

#define FIRST_AGE_NS 50000000
#define GROUP_SEED 0x67726f75

int64_t
retrieval_age_ns(unsigned i)
{
	static const int64_t quarter[4] = { 1000000, 1189207, 1414214, 1681793 };

	return (int64_t)FIRST_AGE_NS / 1000000 * quarter[i % 4] << i / 4;
}

int64_t
retrieval_cell_ns(unsigned k)
{
	return k % 2 == 0 ? retrieval_age_ns(k / 2)
	                  : retrieval_age_ns(k / 2) / 1000000 * 1090508;
}

/* The first cell whose end is not before this age. */
static unsigned
cell_of(int64_t age_ns)
{
	unsigned from = 0, to = RESULT_CELLS - 1;

	while (from < to) {
		unsigned mid = from + (to - from) / 2;

		if (retrieval_cell_ns(mid) < age_ns)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
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
	last = cell_of(is->hi_ns - is->made_ns);
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
