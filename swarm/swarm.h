/*
 * swarm - a whole swarm on loopback in one process: tracker, origin, viewers, each on an
 * address of its own.
 *
 *   127.N.0.1:6900  tracker      127.N.0.2:7000  origin
 *   127.N.0.3:7000  first viewer, its player's port 127.N.0.3:8000/live.ts, and so on
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_SWARM_H
#define SWARM_SWARM_H

#include "swarm/node.h"

#define SWARM_PEERS 2000u
#define SWARM_CLASSES 8u
#define SWARM_WHY 256

struct swarm_options {
	uint32_t peers;
	uint32_t network;           /* N of 127.N.0.0/16; 0: the first that is free, from 1 on */
	uint64_t seed;
	int64_t duration_ns;        /* 0: until swarm_stop */
	int64_t over_ns;            /* viewers come within so long */
	int64_t chunk_ns;
	uint32_t bitrate_kbps;      /* of the stream; made, where there is no source */
	uint32_t origin_kbps;       /* its upload */
	uint32_t up_kbps[SWARM_CLASSES]; /* viewers' uploads, in turn */
	uint32_t classes;
	const char *source;         /* a file of MPEG-TS, - standard input, NULL: one is made */
	struct node_out out;
};

struct swarm_counts {
	uint32_t joined, started;
	uint64_t played, skipped, stalls, unsent, pieces;
	int64_t stalled_ns;
	double startup_p50_s, startup_p95_s; /* NAN: nobody began to play */
};

struct swarm;

/* Opens all sockets and the source. 0; or an err, and why. */
int swarm_open(const struct swarm_options *opt, struct swarm **s, char why[SWARM_WHY]);

/* What runs where: a viewer's address, the channel's id. */
struct endpoint swarm_viewer(const struct swarm *s, uint32_t i);
struct endpoint swarm_tracker(const struct swarm *s);
struct endpoint swarm_origin(const struct swarm *s);
uint64_t swarm_channel_id(const struct swarm *s);

/* Runs it to its end, or until SIGINT or SIGTERM. */
void swarm_run(struct swarm *s);
struct swarm_counts swarm_counts(const struct swarm *s);
void swarm_close(struct swarm *s); /* takes NULL */

#endif
