/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/retrieval.h"

#define FIRST_AGE_NS 50000000

int64_t
retrieval_age_ns(unsigned i)
{
	static const int64_t quarter[4] = { 1000000, 1189207, 1414214, 1681793 };

	return (int64_t)FIRST_AGE_NS / 1000000 * quarter[i % 4] << i / 4;
}

void
retrieval_count(struct retrieval *r, int64_t born_ns, int64_t arrived_ns, int64_t seen_ns)
{
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		int64_t at_ns = born_ns + retrieval_age_ns(i);

		if (at_ns > seen_ns)
			break;
		r->eligible[i]++;
		r->held[i] += arrived_ns <= at_ns;
	}
}

void
retrieval_due(struct retrieval *r, bool on_time)
{
	r->due++;
	r->on_time += on_time;
}
