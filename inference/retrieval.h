/*
 * retrieval - the chunk retrieval ratio by age: of the viewers whose play covers a
 * chunk, the share that holds it so long after it was made.
 *
 *   age 0 ------|---------------|-------------|----------> of one viewer's chunk
 *            entered           came           left
 *            (made, or the     (between two   (the viewer)
 *            viewer came)      maps)
 *
 * A viewer's chunk, from the first one that it plays on, counts at the ages between
 * entered and left; it is held from when it came. When that was lies between two maps:
 * held counts it from the second on, came tells how many came between which ages, and
 * whoever draws the curve spreads these (report/curve.h).
 *
 * Counters only, so shards and times add up. Ages are kept in cells, eight for each
 * doubling.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_RETRIEVAL_H
#define INFERENCE_RETRIEVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "inference/player.h"
#include "record/result.h"

#define RETRIEVAL_HOLES 8u

struct retrieval {
	uint64_t entered[RESULT_CELLS], left[RESULT_CELLS];
	uint64_t left_held[RESULT_CELLS]; /* of those that left: with the chunk */
	uint32_t came[RESULT_CELLS][RESULT_CELLS]; /* between two cells */
	uint64_t on_time, due; /* at the play deadline */
	struct {
		/* More than at the age before. */
		int32_t here[RESULT_AGES + 1], has[RESULT_AGES + 1];
		uint32_t on_time, due;
	} group[RESULT_GROUPS];
};

/* Viewer's chunk. NEVER: it has not come. */
#define RETRIEVAL_NEVER INT64_MAX
struct retrieval_chunk {
	int64_t made_ns;
	int64_t lo_ns, hi_ns; /* came between these */
};

/* What a viewer's chunks count by. Plain value, in the session. */
struct retrieval_viewer {
	bool begun;
	uint8_t next_hole;
	uint8_t group;    /* that it is of */
	uint64_t first;   /* its play begins there */
	int64_t from_ns;  /* it is here since */
	struct {
		uint32_t after, n; /* so many from first + after on */
	} hole[RETRIEVAL_HOLES]; /* never came; the latest */
};

/* It came at this moment; dated: best is not half-way, but what a copy tells. */
void retrieval_came(struct retrieval_chunk *is, struct moment when, bool dated);

/* Age i: 50 ms, then a fourth root of two more each, up to 172 s. */
int64_t retrieval_age_ns(unsigned i);

/* Upper end of a cell: ages, and half-way between them. The last cell has none. */
int64_t retrieval_cell_ns(unsigned k);

/* It is here since from_ns and begins with this chunk (again, after a reboot). */
void retrieval_begin(struct retrieval_viewer *v, uint64_t first, int64_t from_ns,
                     const struct endpoint *peer);

/* Its play has left this chunk behind. */
void retrieval_settle(struct retrieval *r, struct retrieval_viewer *v, uint64_t chunk,
                      const struct retrieval_chunk *is);

/* It leaves at left_ns: a chunk that play had left behind; one that it had not. */
void retrieval_left(struct retrieval *r, const struct retrieval_viewer *v, uint64_t chunk,
                    int64_t made_ns, int64_t left_ns);
void retrieval_pending(struct retrieval *r, const struct retrieval_viewer *v, uint64_t chunk,
                       const struct retrieval_chunk *is, int64_t left_ns);

void retrieval_due(struct retrieval *r, const struct retrieval_viewer *v, bool on_time);

/* Viewers there at each age, and those that surely held the chunk. */
void retrieval_read(const struct retrieval *r, uint64_t held[RESULT_AGES],
                    uint64_t eligible[RESULT_AGES]);

#endif
