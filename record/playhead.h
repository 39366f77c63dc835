/*
 * playhead - how a protocol's maps relate to what its viewer sees, and the
 * constants that no map shows. A row of proto_table gives them; options may
 * replace them; every result says which model and whose constants it rests on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_PLAYHEAD_H
#define RECORD_PLAYHEAD_H

#include <stdbool.h>
#include <stdint.h>

enum playhead_model {
	PLAYHEAD_EXPLICIT,       /* the map carries the play position */
	PLAYHEAD_OFFSET,         /* map offset + constant */
	PLAYHEAD_HEAD,           /* channel head - constant */
	PLAYHEAD_FIRST_RECEIVED, /* play begins at the first chunk received */
};

struct playhead {
	enum playhead_model model;
	uint32_t skip_window_chunks; /* a hole this far behind the newest chunk is
	                              * given up and played over; 0 = never */
	uint32_t prebuffer_bytes;    /* held back by the system before the player
	                              * gets the first byte; 0 none */
	int64_t prebuffer_ns;        /* media the system itself waits for */
	int64_t beyond_ns;           /* media beyond prebuffer_bytes at the first frame; the
	                              * player, which gets them at once, waits within it */

	bool reliable;               /* over TCP: what was sent arrives */
	bool own_player;             /* shows its media itself: it starts with prebuffer_ns,
	                              * stops with nothing left, goes on with rebuffer_ns */

	/* Of a system whose own player plays (EXPLICIT, OFFSET): */
	int64_t rebuffer_ns;         /* media wanted after a stall */
	int64_t give_up_ns;          /* waited so long, it passes over a hole */
	int64_t reboot_ns;           /* stalled so long, it begins anew; 0 never */
	uint32_t skip_chunks;        /* a hole this wide at most is skipped when it is due */
};

/*
 * What a player does with the media it gets; --player-* options. Each constant
 * has an error (+-): none of them is on the wire, so their uncertainty goes into
 * the bounds of every start and stall.
 */
struct player_model {
	int64_t prebuffer_ns;      /* media wanted before the first frame */
	int64_t key_wait_ns;       /* media before the first key frame: never shown */
	uint32_t probe_bytes;      /* bytes read to learn the streams */
	int64_t prebuffer_err_ns;  /* of the three together */
	int64_t latency_ns;        /* enough media is there -> first frame */
	int64_t latency_err_ns;
	int64_t margin_ns;         /* media read but not shown when it stops to refill */
	int64_t margin_err_ns;
	int64_t rebuffer_ns;       /* media wanted on top of that to resume */
	int64_t rebuffer_err_ns;
};

/* "explicit", "offset + constant", ... as in the JSON report. */
const char *playhead_model_name(enum playhead_model model);

#endif
