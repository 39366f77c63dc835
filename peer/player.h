/*
 * player - what a viewer sees: filling, playing, stalled, skipping.
 *
 *   IDLE -> FILL -> PLAY <-> STALL -> (reboot) IDLE
 *
 * pos is the chunk being played, or the one waited for. Playing, pos changes at
 * boundary_ns exactly, whenever the player is asked; so its events carry the true
 * times. A small hole at its deadline is skipped when the policy says so and enough
 * is there behind it; else the picture freezes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_PLAYER_H
#define PEER_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "peer/window.h"

enum player_policy { PLAYER_SKIPS, PLAYER_FREEZES };
enum player_state { PLAYER_IDLE, PLAYER_FILL, PLAYER_PLAY, PLAYER_STALL };

struct player_options {
	int64_t chunk_ns;
	uint32_t prebuffer_chunks; /* wanted without a hole before the first frame */
	uint32_t resume_chunks;    /* and after a stall */
	uint32_t max_skip_chunks;  /* a wider hole freezes the picture */
	int64_t give_up_ns;        /* stalled or filling so long, a hole is skipped */
	int64_t reboot_ns;         /* stalled so long, all begins anew; 0 never */
	enum player_policy policy;
};

enum player_event_kind {
	PLAYER_STARTED = 1,
	PLAYER_STALLED,
	PLAYER_RESUMED,
	PLAYER_SKIPPED,
	PLAYER_REBOOTS, /* the player is IDLE now */
};

struct player_event {
	int64_t t_ns;
	enum player_event_kind kind;
	uint64_t chunk;  /* position after the event; of a skip, the first one missed */
	uint64_t chunks; /* skipped */
};

struct player {
	enum player_state state;
	uint64_t pos;
	int64_t boundary_ns; /* PLAY: when pos ends */
	int64_t since_ns;    /* FILL, STALL: since when */
	bool hurried;        /* STALL: one chunk is enough to go on */
	uint64_t played, skipped, stalls;
	int64_t stalled_ns;  /* sum of ended stalls */
};

/* Waits from now on for chunk start. */
void player_fill(struct player *p, uint64_t start, int64_t now);

/* Stalled behind others, who play chunk to: passes over what is missing up to what is
 * there, or up to that chunk if nothing is. True, and *ev tells the skip, if so. */
bool player_catch_up(struct player *p, const struct window *held, uint64_t to, int64_t now,
                     struct player_event *ev);

/* Goes on to the next event at or before now; false when there is none. */
bool player_step(struct player *p, const struct player_options *opt,
                 const struct window *held, int64_t now, struct player_event *ev);

/* When to ask again even if no chunk comes; INT64_MAX never. */
int64_t player_due(const struct player *p, const struct player_options *opt);

/* When chunk will be wanted, as things stand. */
int64_t player_deadline(const struct player *p, const struct player_options *opt,
                        uint64_t chunk, int64_t now);

#endif
