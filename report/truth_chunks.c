/* SPDX-License-Identifier: Apache-2.0 */
#include "report/truth_chunks.h"

#include <stdlib.h>

#include "report/grow.h"

void
truth_chunks_begin(struct truth_chunks *c, const struct truth *t, struct truth_run *run)
{
	c->n_arrived = c->n_missed = 0;
	c->arrived_unnumbered = c->missed_unnumbered = 0;
	run->first_copy = t->n_copies;
}

void
truth_chunks_fini(struct truth_chunks *c)
{
	free(c->arrived);
	free(c->missed);
	*c = (struct truth_chunks){ 0 };
}

void
truth_chunks_add(struct truth_chunks *c, bool missed, uint64_t number, uint64_t chunks)
{
	if (number == UINT64_MAX) {
		*(missed ? &c->missed_unnumbered : &c->arrived_unnumbered) += chunks;
	} else if (missed) {
		c->missed = grow(c->missed, c->n_missed, &c->room_missed, sizeof *c->missed);
		c->missed[c->n_missed++] = number;
	} else {
		c->arrived = grow(c->arrived, c->n_arrived, &c->room_arrived, sizeof *c->arrived);
		c->arrived[c->n_arrived++] = number;
	}
}

void
truth_chunks_copy(struct truth_chunks *c, struct truth *t, const struct truth_copy *copy)
{
	t->copies = grow(t->copies, t->n_copies, &c->room_copies, sizeof *t->copies);
	t->copies[t->n_copies++] = *copy;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* How many different numbers; sorts them. */
static uint64_t
different(uint64_t *v, size_t n)
{
	uint64_t count = n > 0;

	if (n > 1)
		qsort(v, n, sizeof *v, by_number);
	for (size_t i = 1; i < n; i++)
		count += v[i] != v[i - 1];
	return count;
}

static int
by_chunk(const void *a, const void *b)
{
	const struct truth_copy *x = a, *y = b;

	if (x->chunk != y->chunk)
		return x->chunk < y->chunk ? -1 : 1;
	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

void
truth_chunks_close(struct truth_chunks *c, struct truth *t, struct truth_run *run)
{
	uint64_t missed = different(c->missed, c->n_missed);

	for (size_t i = 0; i < c->n_missed; i++) {
		c->arrived = grow(c->arrived, c->n_arrived, &c->room_arrived, sizeof *c->arrived);
		c->arrived[c->n_arrived++] = c->missed[i];
	}
	run->missed = missed + c->missed_unnumbered;
	run->chunks = different(c->arrived, c->n_arrived) + c->arrived_unnumbered +
	              c->missed_unnumbered;
	run->copies = t->n_copies - run->first_copy;
	if (run->copies > 1)
		qsort(t->copies + run->first_copy, run->copies, sizeof *t->copies, by_chunk);
}
