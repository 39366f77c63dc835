/*
 * retrieval - the chunk retrieval ratio by age: of the viewers whose play covers a
 * chunk, the share that holds it so long after it was made.
 *
 * Counters only, so shards and times add up. A chunk of a viewer counts once: when
 * it has arrived or was given up (then for all ages), or when the viewer left with
 * the chunk on its way (then for the ages that it lived to see: right censoring).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_RETRIEVAL_H
#define INFERENCE_RETRIEVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "record/result.h"

struct retrieval {
	/* How much a count is more than at the age before. */
	int64_t held_more[RESULT_AGES + 1], eligible_more[RESULT_AGES + 1];
	uint64_t on_time, due; /* at the play deadline */
};

/* Age of bucket i: 50 ms, then a fourth root of two more each, up to 172 s. */
int64_t retrieval_age_ns(unsigned i);

/* One viewer's chunk: made at born_ns, arrived at arrived_ns or never (INT64_MAX);
 * seen_ns: the viewer was seen until then (INT64_MAX: the chunk is settled). */
void retrieval_count(struct retrieval *r, int64_t born_ns, int64_t arrived_ns, int64_t seen_ns);

/* Counts at each age. */
void retrieval_read(const struct retrieval *r, uint64_t held[RESULT_AGES],
                    uint64_t eligible[RESULT_AGES]);

void retrieval_due(struct retrieval *r, bool on_time);

#endif
