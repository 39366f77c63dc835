/*
 * shown - a buffer map as a system with another meaning of the offset would tell it.
 *
 *   cache    1 1 0 1 1 1 1 | 0 1 1 0 1
 *            ^             ^         ^
 *            oldest        played    newest = head
 *
 * Peers of the swarm talk in the protocol's own way, whose offset is the play point;
 * the tap may be shown the same caches in another way. So one swarm, one truth, and
 * three ways to tell it. The bits are the cache's, the play position stays.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_SHOWN_H
#define PEER_SHOWN_H

#include <stddef.h>
#include <stdint.h>

#include "peer/rng.h"
#include "peer/scenario.h"
#include "peer/window.h"

/* BY_SEED becomes one of the others, with the constant; they stay as they are. */
struct shown {
	enum scenario_map_offset offset;
	uint32_t behind_chunks; /* HEAD: the offset is so far behind the newest chunk */
};

struct shown shown_draw(const struct scenario *s, uint64_t seed);

/* Writes the frame of a map anew into out; 0: it stays as it is (another frame, or an
 * empty map). held is the sender's cache. */
size_t shown_map(const struct shown *how, const struct window *held, const uint8_t *frame,
                 size_t len, uint8_t *out, size_t room);

#endif
