/*
 * rng - pseudo-random numbers that are the same on every machine and compiler.
 *
 * splitmix64: 64 bits of state, whole numbers only, so no result depends on how
 * a compiler rounds. Not for secrets. Source: Steele, Lea, Flood, "Fast
 * splittable pseudorandom number generators", OOPSLA 2014.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_RNG_H
#define PEER_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/* Streams of one seed are independent of each other. */
struct rng rng_seeded(uint64_t seed, uint64_t stream);

uint64_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n);          /* 0..n-1; n > 0 */
int64_t rng_between(struct rng *r, int64_t lo, int64_t hi); /* lo..hi */
bool rng_chance(struct rng *r, uint32_t ppm);           /* true ppm times a million */

/* Exponentially distributed with this mean, to the microsecond; mean <= 10 h. */
int64_t rng_exp_ns(struct rng *r, int64_t mean_ns);

#endif
