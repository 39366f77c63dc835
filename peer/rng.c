/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/rng.h"

#include <assert.h>

struct rng
rng_seeded(uint64_t seed, uint64_t stream)
{
	struct rng r = { seed };

	r.state = rng_next(&r) ^ (stream * 0x9fb21c651e98df25u);
	rng_next(&r);
	return r;
}

uint64_t
rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
	assert(n > 0);
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

int64_t
rng_between(struct rng *r, int64_t lo, int64_t hi)
{
	assert(lo <= hi);
	return lo + (int64_t)(rng_next(r) % ((uint64_t)(hi - lo) + 1));
}

bool
rng_chance(struct rng *r, uint32_t ppm)
{
	return rng_below(r, 1000000) < ppm;
}

/* -log2(u) for u in (0, 1], 16 bits after the point: the leading zeros, then a bit
 * a squaring. */
static uint64_t
minus_log2(uint64_t u)
{
	uint64_t whole = 0, fraction = 0, m;

	while ((u >> 63) == 0) {
		u <<= 1;
		whole++;
	}
	m = u >> 32; /* 1.0 is 2^31 */
	for (int i = 0; i < 16; i++) {
		m = (m * m) >> 31;
		fraction <<= 1;
		if (m >> 32) {
			m >>= 1;
			fraction |= 1;
		}
	}
	return ((whole + 1) << 16) - fraction;
}

int64_t
rng_exp_ns(struct rng *r, int64_t mean_ns)
{
	const uint64_t ln2 = 45426; /* 16 bits after the point */
	uint64_t nats = (minus_log2(rng_next(r) | 1) * ln2) >> 16;

	return (int64_t)(((uint64_t)(mean_ns / 1000) * nats) >> 16) * 1000;
}
