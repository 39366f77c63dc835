/*
 * player - what a viewer's player does with the chunks its peer gathers.
 *
 * Chunks join the frontier in order: media without a hole from the first chunk
 * received, holes that the system gives up left out. Each joins at a moment known
 * to an interval (lo, best, hi). The model walks over them:
 *
 *   FILL --(media >= start)--> PLAY --(media - played < margin)--> STALL
 *                               ^--------(media >= that + rebuffer)--'
 *
 * A stall is claimed only if the chunk cannot have come in time: its earliest
 * moment lies after the one at which the buffer ran dry.
 *
 * Times come out finer than the map period, since the moment at which a buffer
 * runs dry is computed, not seen. Pure; plain value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_PLAYER_H
#define INFERENCE_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "record/estimate.h"

enum player_state { PLAYER_FILL, PLAYER_PLAY, PLAYER_STALL };

/* The model's thresholds for one channel, nanoseconds of media or time. */
struct player_limits {
	int64_t start_lo, start, start_hi;       /* media wanted before playing */
	int64_t latency_lo, latency, latency_hi; /* enough media -> first frame */
	int64_t margin_lo, margin, margin_hi;    /* media left at which it stops */
	int64_t rebuffer_lo, rebuffer, rebuffer_hi;
};

/* When something happened: an interval with a best guess, UTC ns. */
struct moment {
	int64_t lo, best, hi;
};

struct player {
	enum player_state state;
	struct moment joined;      /* newest chunk's joining; later ones never earlier */
	int64_t media_ns;          /* joined so far, holes left out */
	struct estimate playing;   /* first frame */
	bool playing_hi;           /* ... and its hi is known */
	int64_t origin_ns;         /* while playing, played media = t - origin_ns */
	int64_t stall_media_ns;    /* media there when it stopped */
	struct estimate stalled;   /* when it stopped */
	int64_t resume_lo_ns;      /* earliest end of the stall; 0 not yet known */
	int64_t resumed_ns;        /* best end of the stall just over; 0 none */
	int64_t stall_total_ns;    /* of the stalls that are over */
	uint64_t passed, missed;   /* chunks that joined; of these given up */
	uint64_t on_time;          /* joined before they were due */
	uint32_t hole_chunks;      /* given up since the last chunk that joined */
	int64_t hole_media_ns;     /* media before that hole */
};

enum player_event {
	PLAYER_STARTED,
	PLAYER_STALLED,
	PLAYER_PAUSED, /* stood still though all was there: the viewer wished it */
	PLAYER_SKIPPED,
};

/* Told of each event when all of it is known. at and duration belong to the
 * call; chunks is a skip's. */
struct player_listener {
	void (*event)(void *ctx, enum player_event what, const struct estimate *at,
	              const struct estimate *duration, uint64_t chunks);
	void *ctx;
};

void player_init(struct player *p);

/* The next chunk: held joins with step_ns of media at the moment when; one given
 * up leaves a hole. True if it came before it was due (or nothing was due). */
bool player_join(struct player *p, const struct player_limits *lim, struct moment when,
                 int64_t step_ns, bool held, const struct player_listener *to);

/* The session ended at left_ns, when its last map was seen: what is open closes.
 * A stall counts only if it began before the last map. */
void player_end(struct player *p, const struct player_limits *lim, int64_t last_map_ns,
                int64_t left_ns, const struct player_listener *to);

/* Media played until t_ns. */
int64_t player_played(const struct player *p, int64_t t_ns);

#endif
