/*
 * swarm - a whole swarm on loopback in one process: tracker, origins, viewers, each on an
 * address of its own.
 *
 *   127.N.0.1:7000   tracker        127.N.0.2:7000, .3, ...   origins, one a channel
 *   127.N.0.65:7000  first viewer, its player's port 127.N.0.65:8000/live.ts, and so on
 *
 * The crowd, its comings and goings and its access lines are the simulator's (peer/sim): a
 * scenario plays here in real time, over real sockets and with real media. So what is
 * learned of one holds for the other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_SWARM_H
#define SWARM_SWARM_H

#include "peer/sim.h"
#include "swarm/wire.h"

#define SWARM_PEERS 2000u
#define SWARM_WHY 256

struct swarm_options {
	const struct scenario *scenario; /* outlives the swarm */
	uint32_t network;                /* N of 127.N.0.0/16; 0: the first that is free */
	uint64_t seed;
	const char *source;              /* of the first channel, see source.h; NULL: made */
	enum wire_kind wire;
};

struct swarm_counts {
	struct sim_counts sim;
	uint32_t started;    /* waits for a first picture that ended with one */
	uint32_t switched;   /* the same after a switch */
	uint64_t unsent, pieces;
	double startup_p50_s, startup_p95_s;   /* NAN: none */
	double switching_p50_s, switching_p95_s;
	double skew_s; /* at the end, of the first channel: from the 5th to the 95th in a hundred
	                * of its viewers; NAN: fewer than 20 play */
};

/* What the viewers live through, with the viewer's endpoint and number. */
typedef void swarm_truth(void *ctx, const struct endpoint *at, uint32_t number,
                         const struct truth_event *ev);

struct swarm;

/* Opens the sockets of tracker and origins, and the source. 0; or an err, and why. */
int swarm_open(const struct swarm_options *opt, swarm_truth *truth, void *ctx, struct swarm **s,
               char why[SWARM_WHY]);

/* What runs where; viewer i is the i-th to come. */
struct endpoint swarm_viewer(const struct swarm *s, uint32_t i);
struct endpoint swarm_tracker(const struct swarm *s);
struct endpoint swarm_origin(const struct swarm *s, uint32_t channel);
uint64_t swarm_channel_id(const struct swarm *s, uint32_t channel);

/* Runs it to its end, or until SIGINT or SIGTERM. */
void swarm_run(struct swarm *s);
struct swarm_counts swarm_counts(const struct swarm *s);
void swarm_close(struct swarm *s); /* takes NULL */

#endif
