/*
 * sim - a whole swarm in virtual time: engines, the network between them, viewers.
 *
 *   scenario, seed --> sim --> tap: observations, packets
 *                          --> truth of every viewer
 *
 * Same scenario and seed, same output to the byte: whole numbers only, one queue of
 * events, random streams of its own. It lives in one block of memory that the
 * caller gives; tables are sized from the scenario, what does not fit is dropped and
 * counted, as a network would.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_SIM_H
#define PEER_SIM_H

#include <stddef.h>
#include <stdint.h>

#include "peer/engine.h"
#include "peer/scenario.h"
#include "peer/tap.h"
#include "peer/truth.h"

#define SIM_PORT 7000u /* of every node */

struct sim_viewer {
	struct endpoint at;
	uint32_t number;  /* of its arrival: names its run */
	uint32_t channel, peer_class;
	int64_t joined_ns;
	const struct engine *engine;
};

struct sim_out {
	/* NULL if the truth is not wanted. */
	void (*truth)(struct sim_out *self, const struct sim_viewer *v,
	              const struct truth_event *ev);
};

/* A frame on its last way, between sockets. */
struct sim_hop {
	uint32_t from, to;  /* numbers */
	const uint8_t *frame;
	size_t len;
	size_t media;       /* bytes of the chunk's that belong behind it */
};

/*
 * A real network at the end of the simulated lines, and real time. A frame that has passed
 * both lines is carried from one node's socket to the other's and given back with
 * sim_arrived; chunks are made outside and given with sim_media. Node N has the address
 * base + N, port 7000; the tracker is number 0.
 */
struct sim_net {
	uint32_t base;
	int64_t start_ns; /* UTC, instead of the scenario's */
	void (*carry)(struct sim_net *self, const struct sim_hop *hop);
	void (*present)(struct sim_net *self, uint32_t number, bool here); /* comes; has gone */
};

struct sim_counts {
	uint64_t events, frames, bytes;
	uint64_t lost;       /* by the lines' loss */
	uint64_t overflowed; /* a line's or the network's queue was full */
	uint64_t unreachable; /* nobody there, or behind a NAT */
	uint64_t arrivals, turned_away; /* no slot was free */
	uint64_t departures, crashes, switches;
	uint64_t played, skipped, stalls, stalled_ns; /* of departed viewers too */
	struct engine_counts engines;                 /* likewise */
};

struct sim;

/* Bytes for this scenario, which scenario_check has passed. */
size_t sim_size(const struct scenario *s);

/* Builds it in mem, zeroed and aligned for any type. signer vouches for chunks; NULL:
 * a keyed digest. tap and out outlive it; either may be NULL. */
struct sim *sim_init(void *mem, const struct scenario *s, uint64_t seed,
                     const struct signer *signer, struct tap *tap, struct sim_out *out);

/* The same on a real network; sim_run is called with the time that it is. */
struct sim *sim_init_net(void *mem, const struct scenario *s, uint64_t seed,
                         const struct signer *signer, struct sim_net *net,
                         struct sim_out *out);
void sim_arrived(struct sim *sim, uint32_t number, const struct endpoint *from,
                 const uint8_t *frame, size_t len, int64_t now);
/* The next chunk of a channel; answers its number. */
uint64_t sim_media(struct sim *sim, uint32_t channel, const uint8_t *media, uint32_t len,
                   int64_t now);
int64_t sim_due(const struct sim *sim);           /* UTC; when something happens next */
void sim_leave_all(struct sim *sim, int64_t now); /* viewers say goodbye; nobody comes */

/* Runs up to this time since the start; false once the scenario has ended, when
 * every viewer's truth has been closed. */
bool sim_run(struct sim *sim, int64_t until_ns);

int64_t sim_now(const struct sim *sim); /* UTC */

/* Viewers present: i-th of so many slots; false if that slot is free. */
uint32_t sim_slots(const struct sim *sim);
bool sim_viewer(const struct sim *sim, uint32_t i, struct sim_viewer *v);

/* A channel as its viewers know it; its newest chunk and the origin's counts. */
const struct engine_channel *sim_channel(const struct sim *sim, uint32_t channel);
uint64_t sim_head(const struct sim *sim, uint32_t channel);
struct engine_counts sim_origin(const struct sim *sim, uint32_t channel);

struct sim_counts sim_counts(const struct sim *sim);

#endif
