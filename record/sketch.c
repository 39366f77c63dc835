/* SPDX-License-Identifier: Apache-2.0 */
#include "record/sketch.h"

#define SUB_BITS 6
#define FIRST_BIT 20 /* of values in the first bin but one */
#define LAST_BIT 42  /* and in the last */

_Static_assert(SKETCH_BINS == ((LAST_BIT - FIRST_BIT) << SUB_BITS) + 2, "one bin each");

static uint32_t
bin_of(int64_t ns)
{
	unsigned top;

	if (ns < INT64_C(1) << FIRST_BIT)
		return 0;
	top = 63u - (unsigned)__builtin_clzll((uint64_t)ns);
	if (top >= LAST_BIT)
		return SKETCH_BINS - 1;
	return 1 + ((top - FIRST_BIT) << SUB_BITS) +
	       (uint32_t)(ns >> (top - SUB_BITS) & ((1 << SUB_BITS) - 1));
}

int64_t
sketch_bin_ns(uint32_t bin)
{
	uint32_t i = bin - 1, top = FIRST_BIT + (i >> SUB_BITS);

	if (bin == 0)
		return 0;
	return ((INT64_C(1) << SUB_BITS) + (i & ((1u << SUB_BITS) - 1))) << (top - SUB_BITS);
}

void
sketch_put(struct sketch *s, int64_t ns)
{
	sketch_put_times(s, ns, 1);
}

void
sketch_put_times(struct sketch *s, int64_t ns, uint64_t times)
{
	s->n += times;
	s->count[bin_of(ns)] += (uint32_t)times;
}

void
sketch_add(struct sketch *to, const struct sketch *from)
{
	to->n += from->n;
	for (uint32_t i = 0; i < SKETCH_BINS; i++)
		to->count[i] += from->count[i];
}

bool
sketch_quantile(const struct sketch *s, uint32_t ppm, int64_t *ns)
{
	uint64_t rank = s->n / 1000000 * ppm + (s->n % 1000000 * ppm + 999999) / 1000000;
	uint64_t below = 0;
	uint32_t bin = 0;

	if (s->n == 0)
		return false;
	rank = rank > 0 ? rank : 1;
	while (bin + 1 < SKETCH_BINS && below + s->count[bin] < rank)
		below += s->count[bin++];
	*ns = sketch_bin_ns(bin);
	if (bin > 0 && bin + 1 < SKETCH_BINS)
		*ns += (sketch_bin_ns(bin + 1) - *ns) / 2;
	return true;
}
