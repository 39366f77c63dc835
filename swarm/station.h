/*
 * station - a process of the reference system: one origin or one peer, on a loop of its own.
 *
 *   origin: source --> node --> partners          peer: partners --> node --> player's port
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_STATION_H
#define SWARM_STATION_H

#include "swarm/node.h"

#define STATION_WHY 256

struct station_options {
	struct node_options node;
	const char *source;   /* of an origin, see source.h; NULL: made */
	int64_t duration_ns;  /* 0: until SIGINT or SIGTERM */
	uint64_t first_chunk; /* of an origin: its next chunk's number */
};

struct station_counts {
	struct engine_counts engine;
	struct player player;
	uint64_t pieces, unsent, garbage;
	double startup_s; /* NAN: nothing was shown */
};

struct station;

/* Opens its sockets and source. 0; or an err, and why. */
int station_open(const struct station_options *opt, struct station **s, char why[STATION_WHY]);
void station_run(struct station *s);

/* Its upload from now on; from any thread while it runs. */
void station_upload(struct station *s, uint32_t kbps);

struct station_counts station_counts(const struct station *s);
void station_close(struct station *s); /* takes NULL */

#endif
