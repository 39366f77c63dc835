/*
 * heap - what will happen, earliest first; equal times in the order of their making.
 *
 * A bounded four-way heap in the caller's memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_HEAP_H
#define PEER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct happening {
	int64_t t_ns;
	uint32_t seq;   /* heap_push's */
	uint32_t node;
	uint32_t frame; /* or another argument of the kind */
	uint32_t kind;
};

struct heap {
	struct happening *list; /* the caller's, max entries */
	uint32_t n, max, seq;
};

bool heap_push(struct heap *h, struct happening what); /* false: full */
bool heap_pop(struct heap *h, struct happening *what); /* false: empty */

#endif
