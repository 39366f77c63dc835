/*
 * arrival - when each chunk reached one peer, from its maps and what was sent to it.
 *
 *   next                        newest
 *    |                            |
 *    1 1 0 1 1 1 0 0 0 1 1 1 1 1 1    chunks from next on: held or not yet
 *
 * A chunk arrived between the last map without it (and the first copy that went
 * by on the wire) and the first map with it. Of an engine's acknowledgement, which
 * leaves out the chunk that it acknowledges, what it shows first arrived by the
 * acknowledgement before. While copies are seen to get lost on the peer's way
 * down, the map's time is the best guess; while nothing is lost, a late map is a
 * map that was late itself, and the copy's time is.
 *
 * Keeps ARRIVAL_CHUNKS chunks; older holes must be given up. Times are kept as
 * 100 us ticks since base_ns, which follows a long session. Plain value but for its
 * window's places, which arrival_fini gives back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_ARRIVAL_H
#define INFERENCE_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "inference/player.h"
#include "inference/queue.h"
#include "inference/timeline.h"
#include "inference/places.h"
#include "record/observation.h"

#define ARRIVAL_CHUNKS (PLACES_MOST - PLACES_WORD)

struct arrival {
	int64_t base_ns;
	uint32_t copies, strays; /* chunks held whose copy was seen; not seen */
	uint64_t next;         /* oldest chunk not yet taken */
	uint64_t newest;       /* newest held */
	bool any;              /* next and newest are valid */
	bool by_copy;          /* maps come seldom: a copy's time is the better one */
	int64_t map_ns;        /* last whole map ... */
	int64_t before_ns;     /* ... and the one before it */
	int64_t acked_ns;      /* last map of the kind that leaves out a chunk */
	int64_t lossy_until_ns;
	int64_t shown_ns;      /* newest copy of all that maps showed to have come */
	int64_t queue_ns, queued_ns; /* copies wait so long on the way down: at the last map;
	                              * at the one before */
	int64_t late_ns;       /* by so much the peer's own packets are late now */
	struct queue queue;    /* the way down, where maps come seldom */
	struct places places; /* of chunks from next on */
};

void arrival_init(struct arrival *a, struct places_pool *pool, int64_t base_ns);
void arrival_fini(struct arrival *a);
void arrival_reset(struct arrival *a, int64_t base_ns); /* as if new */

/* A copy of the chunk went by, towards this peer. */
void arrival_sent(struct arrival *a, uint64_t chunk, int64_t t_ns);

/* The chunk came with a copy at t_ns that cannot have been lost. */
void arrival_came(struct arrival *a, uint64_t chunk, int64_t t_ns);

/* The peer was alive at t_ns, but no map tells any more what it held: copies sent until
 * then had come. */
void arrival_presume(struct arrival *a, int64_t t_ns);

/* The peer's map (whole) or gain (HAVE), chunk numbers unwrapped. No chunk arrived
 * before it was made: t tells when, clock_ns turns that into our clock. Chunks
 * beyond the window are passed over: the caller makes room first. Answers how many
 * are new. */
uint32_t arrival_told(struct arrival *a, const struct observation *o,
                      const struct timeline *t, int64_t clock_ns);

/* Media begins at this chunk: older ones are never played. */
void arrival_begin(struct arrival *a, uint64_t chunk);

/* First chunk received: of those held whose copy was seen, the one sent first
 * (*dated), else the lowest held. Only before arrival_begin; false if nothing is
 * held. */
bool arrival_first(const struct arrival *a, uint64_t *chunk, bool *dated);

bool arrival_has(const struct arrival *a, uint64_t chunk);
uint32_t arrival_run(const struct arrival *a, uint64_t chunk); /* held in a row from it on */
struct moment arrival_when(const struct arrival *a, uint64_t chunk); /* of a held one */

/* Are copies seen of nearly all that comes? Then what no copy was seen of is missing. */
bool arrival_sees_copies(const struct arrival *a);

/* It will be told soon: brings its places nearer. */
void arrival_expect(const struct arrival *a);

/* Were copies waiting on their way down at the last map? Then what came when is less
 * sure. */
bool arrival_queues(const struct arrival *a);

/* Takes chunk next: moves on by one. */
void arrival_take(struct arrival *a);

#endif
