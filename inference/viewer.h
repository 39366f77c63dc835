/*
 * viewer - where a viewer plays whose maps betray its play position.
 *
 *   FILL --(start chunks in a row)--> PLAY --(next chunk not there)--> STALL
 *                                      ^-----(resume chunks in a row)----'
 *
 * Two witnesses. The rules of the system's own player, run over the chunks' arrival
 * times, propose what happened since the last map, to the millisecond. The map's
 * position, good to a chunk, accepts a proposal or refutes all of them; then the
 * positions alone explain the time between the two maps: too little advance is a
 * stall, too much a skip. Maps without a position accept the first proposal.
 *
 * In play the position is a line of slope one chunk a chunk's duration: every map
 * narrows the interval in which the line must lie, and with it the start or the
 * resumption that the line began with. Such an event is told when the line has
 * settled. Pure; plain value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_VIEWER_H
#define INFERENCE_VIEWER_H

#include "inference/arrival.h"
#include "inference/player.h"

enum viewer_state { VIEWER_FILL, VIEWER_PLAY, VIEWER_STALL };

/* What the system's own player does. */
struct viewer_rules {
	int64_t chunk_ns;     /* > 0 */
	uint32_t start, resume; /* chunks in a row wanted, > 0 */
	uint32_t skip;        /* at its deadline a hole this wide at most is skipped */
	int64_t give_up_ns;   /* waited so long, a hole is passed over */
	int64_t reboot_ns;    /* stalled so long, it begins anew */
};

struct viewer {
	enum viewer_state state;
	uint64_t pos;          /* chunk played, or waited for */
	int64_t from_ns;       /* PLAY: when it began ... */
	int64_t early_ns, late_ns; /* ... give or take */
	int64_t since_ns;      /* FILL, STALL: since when */
	int64_t seen_ns;       /* the last map */
	int64_t told_ns;       /* the last that told a position: it stood as it stands here */
	bool started;          /* its first frame was shown (or is taken to have been) */
	bool pending;          /* the event that the line began with is not told yet */
	bool pending_stall;    /* it is the end of a stall, else the start */
	uint32_t settled;      /* maps since it began */
	uint64_t start;        /* the chunk that it began with */
	int64_t began_ns;      /* its start, as first proposed */
	int64_t event_ns;      /* when it was; moves with from_ns */
	int64_t least_ns, most_ns; /* and cannot have been before, after; open */
	bool paused;           /* STALL, or its end pending: nothing was missing */
	bool rebooted;         /* FILL: the stall that led to it goes on */
	bool unsure;           /* anywhere between these two */
	uint64_t waited;       /* the chunk that the last stall waited for */
	struct estimate onset; /* STALL: when it began */
	struct estimate playing; /* as told; unknown */
	int64_t stalled_ns;    /* of the stalls that are over */
	uint64_t skipped;      /* chunks told as skipped */
};

/* Waits for chunk pos from now on. */
void viewer_fill(struct viewer *v, uint64_t pos, int64_t now_ns);

/* Was playing already when first seen, at chunk pos. */
void viewer_found(struct viewer *v, const struct viewer_rules *r, uint64_t pos, int64_t now_ns);

/* How much a map's position is worth. */
enum viewer_trust { VIEWER_UNTOLD, VIEWER_TOLD };

/* What a map tells besides its chunks. */
struct viewer_sign {
	int64_t t_ns;
	enum viewer_trust trust;
	uint64_t pos;    /* TOLD: the position */
	uint64_t hidden; /* chunks below it may have come unseen */
};

/* The peer's map went into arrival. */
void viewer_map(struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
                const struct viewer_sign *m, const struct player_listener *to);

/* Does its state agree with a map of t_ns that tells pos? */
bool viewer_fits(const struct viewer *v, const struct viewer_rules *r, int64_t t_ns,
                 uint64_t pos);

/* The first map that tells a position: it began with chunk start on the line through
 * pos. */
void viewer_restart(struct viewer *v, const struct viewer_rules *r, uint64_t start,
                    uint64_t pos, int64_t t_ns);

/* Nobody saw with which chunk it began: the start was at best_ns, between the others. */
void viewer_unsure(struct viewer *v, int64_t lo_ns, int64_t best_ns, int64_t hi_ns);

/* It began anew, its buffer empty: known at at_ns, and happened at *when. */
void viewer_reboot(struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
                   int64_t at_ns, struct estimate *when, const struct player_listener *to);
void viewer_refill(struct viewer *v, uint64_t pos); /* waits for that chunk now */

/* Seen no more after left_ns: what is open closes. */
void viewer_end(struct viewer *v, int64_t left_ns, const struct player_listener *to);

/* What a start takes that nobody saw: who joins fills faster than it plays, twice as fast
 * say, once it has met its first partners. */
int64_t viewer_usual_ns(const struct viewer_rules *r);

/* When chunk is or was to be played, while playing. */
int64_t viewer_due(const struct viewer *v, const struct viewer_rules *r, uint64_t chunk);

/* Chunks in a row from pos on. */
uint32_t viewer_run(const struct viewer *v, const struct arrival *a);

#endif
