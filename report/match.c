/* SPDX-License-Identifier: Apache-2.0 */
#include "report/match.h"

#include <stdlib.h>

#include "report/grow.h"

void
match_add(struct match *m, uint32_t a, uint32_t b, int64_t weight)
{
	m->pairs = grow(m->pairs, m->n, &m->room, sizeof *m->pairs);
	m->pairs[m->n++] = (struct match_pair){ a, b, weight };
}

static int
by_weight(const void *a, const void *b)
{
	const struct match_pair *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

void
match_decide(struct match *m, uint32_t *of_a, uint32_t *of_b)
{
	if (m->n > 1)
		qsort(m->pairs, m->n, sizeof *m->pairs, by_weight);
	for (size_t i = 0; i < m->n; i++) {
		const struct match_pair *p = &m->pairs[i];

		if (of_a[p->a] != MATCH_NONE || of_b[p->b] != MATCH_NONE)
			continue;
		of_a[p->a] = p->b;
		of_b[p->b] = p->a;
	}
	m->n = 0;
}

void
match_free(struct match *m)
{
	free(m->pairs);
	*m = (struct match){ 0 };
}

uint32_t *
match_none(size_t n)
{
	uint32_t *all = grow_new(n * sizeof *all);

	for (size_t i = 0; i < n; i++)
		all[i] = MATCH_NONE;
	return all;
}

int64_t
match_overlap(int64_t a_from, int64_t a_to, int64_t b_from, int64_t b_to)
{
	int64_t from = a_from > b_from ? a_from : b_from;
	int64_t to = a_to < b_to ? a_to : b_to, ns;

	if (__builtin_sub_overflow(to, from, &ns))
		return to < from ? INT64_MIN : INT64_MAX;
	return ns;
}
