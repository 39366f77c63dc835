/*
 * queue - the way down to one peer as a line: copies come through it one behind the other,
 * each so long after the one before as the line needs for it.
 *
 *   sent    |  |||     |  |          |
 *   came      |   |   |   |   |   |     each_ns apart while they wait
 *             ^ map           ^ map
 *
 * A map tells which copies came since the map before; that bounds how long the line needs
 * for one, and the times of those between follow. What bounds it narrows as long as copies
 * wait without a break. Pure; plain value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_QUEUE_H
#define INFERENCE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "inference/player.h"

#define QUEUE_MOST 96u /* copies between two maps; of more, each is dated by itself */

struct queue {
	int64_t anchor_ns;      /* since then copies wait without a break ... */
	uint32_t n;             /* ... and so many came; 0: none waits */
	int64_t lo_ns, hi_ns;   /* what the line needs for a copy lies between */
	bool loose;             /* the anchor itself is a guess */
};

struct queue_copy {
	uint64_t chunk;
	int64_t sent_ns;
	struct moment came;
};

/* Copies that came after from_ns and by to_ns, in any order; next_ns: when the first that is
 * still on its way was sent, INT64_MAX if none is. Orders them by when they were sent and
 * tells when each came. */
void queue_serve(struct queue *q, struct queue_copy *copy, uint32_t n, int64_t next_ns,
                 int64_t from_ns, int64_t to_ns);

#endif
