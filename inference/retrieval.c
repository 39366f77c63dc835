/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/retrieval.h"

#define FIRST_AGE_NS 50000000

int64_t
retrieval_age_ns(unsigned i)
{
	static const int64_t quarter[4] = { 1000000, 1189207, 1414214, 1681793 };

	return (int64_t)FIRST_AGE_NS / 1000000 * quarter[i % 4] << i / 4;
}

/* First bucket whose age is least_ns at least; RESULT_AGES if none. */
static unsigned
bucket(int64_t least_ns)
{
	unsigned low = 0, high = RESULT_AGES;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (retrieval_age_ns(mid) < least_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
retrieval_count(struct retrieval *r, int64_t born_ns, int64_t arrived_ns, int64_t seen_ns)
{
	unsigned end = seen_ns == INT64_MAX ? RESULT_AGES : bucket(seen_ns - born_ns + 1);
	unsigned from = arrived_ns == INT64_MAX ? RESULT_AGES : bucket(arrived_ns - born_ns);

	r->eligible_more[0]++;
	r->eligible_more[end]--;
	if (from >= end)
		return;
	r->held_more[from]++;
	r->held_more[end]--;
}

void
retrieval_read(const struct retrieval *r, uint64_t held[RESULT_AGES],
               uint64_t eligible[RESULT_AGES])
{
	int64_t h = 0, e = 0;

	for (unsigned i = 0; i < RESULT_AGES; i++) {
		held[i] = (uint64_t)(h += r->held_more[i]);
		eligible[i] = (uint64_t)(e += r->eligible_more[i]);
	}
}

void
retrieval_due(struct retrieval *r, bool on_time)
{
	r->due++;
	r->on_time += on_time;
}
