/*
 * estimate - a time or duration with the interval that the observations allow.
 *
 *   lo        best     hi
 *   |-----------*------|      lo <= best <= hi, nanoseconds
 *
 * Open ends are ESTIMATE_OPEN_LO and ESTIMATE_OPEN_HI; a value that the data do
 * not support is ESTIMATE_UNKNOWN as a whole (null in JSON), never zero.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_ESTIMATE_H
#define RECORD_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#define ESTIMATE_OPEN_LO INT64_MIN
#define ESTIMATE_OPEN_HI INT64_MAX
#define ESTIMATE_NO_BEST INT64_MIN

/* Why an estimate is as wide as it is; bits of reasons. */
enum estimate_reason {
	ESTIMATE_MAP_PERIOD = 1u << 0, /* between two maps */
	ESTIMATE_GAP = 1u << 1,        /* the capture lost something there */
	ESTIMATE_SAMPLING = 1u << 2,   /* only part of the swarm was heard */
	ESTIMATE_PLAYHEAD = 1u << 3,   /* rests on a playhead constant */
	ESTIMATE_CENSORED = 1u << 4,   /* began before or ended after the view */
};

struct estimate {
	int64_t lo_ns, best_ns, hi_ns;
	uint32_t reasons; /* enum estimate_reason */
};

#define ESTIMATE_UNKNOWN \
	((struct estimate){ ESTIMATE_OPEN_LO, ESTIMATE_NO_BEST, ESTIMATE_OPEN_HI, 0 })

struct estimate estimate_at(int64_t ns); /* lo = best = hi */
struct estimate estimate_of(int64_t lo_ns, int64_t best_ns, int64_t hi_ns,
                            uint32_t reasons); /* orders and clamps */
bool estimate_known(const struct estimate *e);

/* later - earlier, with the widest bounds; unknown if either is. */
struct estimate estimate_minus(const struct estimate *later,
                               const struct estimate *earlier);
struct estimate estimate_shift(const struct estimate *e, int64_t by_ns);
struct estimate estimate_plus(const struct estimate *a, const struct estimate *b);

#endif
