/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/heap.h"

#define ARITY 4u

static bool
sooner(const struct happening *a, const struct happening *b)
{
	return a->t_ns != b->t_ns ? a->t_ns < b->t_ns : a->seq < b->seq;
}

bool
heap_push(struct heap *h, struct happening what)
{
	uint32_t at = h->n, up;

	if (h->n == h->max)
		return false;
	h->n++;
	what.seq = h->seq++;
	while (at > 0 && sooner(&what, &h->list[up = (at - 1) / ARITY])) {
		h->list[at] = h->list[up];
		at = up;
	}
	h->list[at] = what;
	return true;
}

static uint32_t
least_child(const struct heap *h, uint32_t first)
{
	uint32_t best = first;

	for (uint32_t i = first + 1; i < h->n && i < first + ARITY; i++)
		if (sooner(&h->list[i], &h->list[best]))
			best = i;
	return best;
}

bool
heap_pop(struct heap *h, struct happening *what)
{
	uint32_t at = 0, child;
	struct happening last;

	if (h->n == 0)
		return false;
	*what = h->list[0];
	last = h->list[--h->n];
	while (at * ARITY + 1 < h->n) {
		child = least_child(h, at * ARITY + 1);
		if (!sooner(&h->list[child], &last))
			break;
		h->list[at] = h->list[child];
		at = child;
	}
	h->list[at] = last;
	return true;
}
