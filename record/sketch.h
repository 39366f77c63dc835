/*
 * sketch - how durations are distributed, in fixed memory, mergeable.
 *
 *   below 1 ms | 64 bins for each doubling: 1 .. 2 ms .. 4 ms ... | 73 min and more
 *
 * A histogram whose bins are as wide as 1/64 of the doubling they are in (as DDSketch,
 * VLDB 12(12), 2019, and HdrHistogram keep them): a quantile is off by at most 1 part in
 * 128 of its value. Whole numbers only; counters add up, so the sketches of shards,
 * ticks and inputs merge in any order to the same. (The least bin ends at 2^20 ns, the
 * last begins at 2^42 ns.)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_SKETCH_H
#define RECORD_SKETCH_H

#include <stdbool.h>
#include <stdint.h>

#define SKETCH_BINS 1410u
#define SKETCH_PPM  7813u /* largest relative error, of values within the bins */

struct sketch {
	uint64_t n;
	uint32_t count[SKETCH_BINS];
};

/* Values below the least bin, negative ones too, count there. */
void sketch_put(struct sketch *s, int64_t ns);
void sketch_put_times(struct sketch *s, int64_t ns, uint64_t times);

void sketch_add(struct sketch *to, const struct sketch *from);

/* The value that ppm millionths of the values do not exceed (nearest rank), to the middle
 * of its bin: 0 in the least, 2^42 ns in the last. False if there is none. */
bool sketch_quantile(const struct sketch *s, uint32_t ppm, int64_t *ns);

/* Lower end of a bin. */
int64_t sketch_bin_ns(uint32_t bin);

#endif
