/* SPDX-License-Identifier: Apache-2.0 */
#include "record/estimate.h"

/* Sums and differences keep open ends open and stop at the ends of the range. */
static int64_t
add_open(int64_t a, int64_t b)
{
	int64_t sum;

	if (a == ESTIMATE_OPEN_LO || b == ESTIMATE_OPEN_LO)
		return ESTIMATE_OPEN_LO;
	if (a == ESTIMATE_OPEN_HI || b == ESTIMATE_OPEN_HI)
		return ESTIMATE_OPEN_HI;
	if (__builtin_add_overflow(a, b, &sum))
		return a < 0 ? ESTIMATE_OPEN_LO : ESTIMATE_OPEN_HI;
	return sum;
}

static int64_t
negate_open(int64_t a)
{
	if (a == ESTIMATE_OPEN_LO)
		return ESTIMATE_OPEN_HI;
	if (a == ESTIMATE_OPEN_HI)
		return ESTIMATE_OPEN_LO;
	return -a;
}

struct estimate
estimate_at(int64_t ns)
{
	return (struct estimate){ ns, ns, ns, 0 };
}

struct estimate
estimate_of(int64_t lo_ns, int64_t best_ns, int64_t hi_ns, uint32_t reasons)
{
	if (lo_ns > best_ns)
		lo_ns = best_ns;
	if (hi_ns < best_ns)
		hi_ns = best_ns;
	return (struct estimate){ lo_ns, best_ns, hi_ns, reasons };
}

bool
estimate_known(const struct estimate *e)
{
	return e->best_ns != ESTIMATE_NO_BEST;
}

struct estimate
estimate_plus(const struct estimate *a, const struct estimate *b)
{
	if (!estimate_known(a) || !estimate_known(b))
		return ESTIMATE_UNKNOWN;
	return (struct estimate){
		add_open(a->lo_ns, b->lo_ns),
		add_open(a->best_ns, b->best_ns),
		add_open(a->hi_ns, b->hi_ns),
		a->reasons | b->reasons,
	};
}

struct estimate
estimate_minus(const struct estimate *later, const struct estimate *earlier)
{
	struct estimate back = {
		negate_open(earlier->hi_ns), negate_open(earlier->best_ns),
		negate_open(earlier->lo_ns), earlier->reasons,
	};

	if (!estimate_known(earlier))
		return ESTIMATE_UNKNOWN;
	return estimate_plus(later, &back);
}

struct estimate
estimate_shift(const struct estimate *e, int64_t by_ns)
{
	struct estimate by = estimate_at(by_ns);

	return estimate_plus(e, &by);
}
