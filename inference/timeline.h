/*
 * timeline - a channel's chunks on its source's clock: when each was made.
 *
 *   chunk      ... 41    42    43    44 ...     known from MARKs, one each
 *   source time    |-----|-----|-----|          newest TIMELINE_CHUNKS kept
 *
 * Chunks without a mark of their own are placed by their neighbours and the
 * chunk duration. Plain value; nothing is owned.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_TIMELINE_H
#define INFERENCE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "record/estimate.h"

#define TIMELINE_CHUNKS 4096u /* a power of two */

#define TIMELINE_LEAST_NS 1000000     /* bounds of a believable duration */
#define TIMELINE_MOST_NS 10000000000
#define TIMELINE_OFF_NS 2000000000    /* a chunk farther from the line is not on it */

/* Times told are within +- this, so that two of them can be subtracted. On our clock
 * none is before 1970. */
#define TIMELINE_FAR_NS (INT64_MAX / 2)

struct timeline {
	uint64_t id[TIMELINE_CHUNKS]; /* chunk of this place; valid if marked */
	int64_t source_ns[TIMELINE_CHUNKS];
	uint8_t marked[TIMELINE_CHUNKS];
	uint64_t newest, oldest;      /* marked chunks; valid if marks > 0 */
	uint64_t marks;               /* chunks marked so far */
	struct estimate chunk;        /* a chunk's duration; unknown at first */
};

/* Touches little of it: forged chunks may found many. */
void timeline_init(struct timeline *t);

enum timeline_answer { TIMELINE_NEW, TIMELINE_KNOWN, TIMELINE_CONFLICT };

/* Notes when a chunk was made. KNOWN: already there with the same time.
 * CONFLICT: there with another time, or older than what is kept: unchanged. */
enum timeline_answer timeline_mark(struct timeline *t, uint64_t chunk, int64_t source_ns);

/* The chunk's own mark. False, and *source_ns untouched, if it has none. */
bool timeline_known(const struct timeline *t, uint64_t chunk, int64_t *source_ns);

/* When the chunk was or will be made: its mark, else from its neighbours. False,
 * and *source_ns untouched, if nothing is known yet or it is too far away. */
bool timeline_at(const struct timeline *t, uint64_t chunk, int64_t *source_ns);

/* The same on our clock: the source's + clock_ns, >= 0. */
bool timeline_on(const struct timeline *t, uint64_t chunk, int64_t clock_ns, int64_t *at_ns);

/* How far a chunk made at source_ns is from the line through the marks; INT64_MAX:
 * not on it, 0: it is marked so. Before a duration is known any believable slope
 * will do. Both times within +- TIMELINE_FAR_NS. */
int64_t timeline_off(const struct timeline *t, uint64_t chunk, int64_t source_ns);

/* Media in the chunk, > 0 and at most a minute: the step from the mark before it
 * where both are known (a chunk is made when its last byte is), else the mean
 * duration; 0 if unknown. */
int64_t timeline_step(const struct timeline *t, uint64_t chunk);

/* Estimates the chunk duration anew: median of the slopes between marks far
 * apart, bounds from the spread of these slopes. */
void timeline_estimate(struct timeline *t);

#endif
