/*
 * position - what the offset of one peer's maps says of its play position.
 *
 *   head - constant   the offset follows the newest chunk, never nearer or farther: it
 *                     says nothing. Never told from a play point that holds its
 *                     distance, until that changes
 *   play point        the offset stays at the first chunk until play begins
 *   oldest kept       it stays there until the buffer of played chunks is full, long
 *                     after play began, then it moves like the play point, so many
 *                     chunks behind it
 *
 * Which of them is found from the maps themselves, a session at a time. Pure; plain
 * value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_POSITION_H
#define INFERENCE_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#define POSITION_HOLES 16u

enum position_mode { POSITION_UNKNOWN, POSITION_PLAY, POSITION_OLDEST };

struct position_hole {
	uint64_t first, last;
};

struct position {
	enum position_mode mode;
	uint64_t newest, gap; /* of the last map: newest - offset */
	bool varies;          /* that gap is not always the same */
	uint64_t moved;       /* offset of the last map that had left the first chunk; 0 none */
	int64_t moved_ns;
	uint64_t behind;      /* OLDEST: the play position is so many chunks ahead */
	uint64_t first;       /* FILL: where media begins, once first_known */
	bool first_known;
	bool first_seen;      /* ... from requests */
	uint32_t holes;       /* so far; the newest are kept */
	struct position_hole hole[POSITION_HOLES]; /* chunks that play passed over */
};

/* A map that shows chunks. */
void position_map(struct position *p, uint64_t offset, uint64_t newest);

/* Play passed a chunk that never came; in order. Is the offset just past such a one?
 * Then the oldest chunk kept is not the oldest that would be kept. */
void position_missed(struct position *p, uint64_t chunk);
bool position_after_hole(const struct position *p, uint64_t offset);

/* Has the offset left the first chunk and goes on at the playback rate? Then two maps
 * say so; one alone may show that the first chunk was lost. */
bool position_runs(struct position *p, uint64_t offset, int64_t t_ns, int64_t chunk_ns);

/* The offset has left the first chunk, at moved_ns if it is the play point, while play
 * began at started_ns by the chunks that came, later stalls added (INT64_MAX: not yet).
 * Settles the mode. */
void position_moved(struct position *p, int64_t moved_ns, int64_t started_ns, int64_t chunk_ns);

#endif
