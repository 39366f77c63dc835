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

/* Runs up to this time since the start; false once the scenario has ended, when
 * every viewer's truth has been closed. */
bool sim_run(struct sim *sim, int64_t until_ns);

int64_t sim_now(const struct sim *sim); /* UTC */

/* Viewers present: i-th of so many slots; false if that slot is free. */
uint32_t sim_slots(const struct sim *sim);
bool sim_viewer(const struct sim *sim, uint32_t i, struct sim_viewer *v);

/* The channel's newest chunk and the origin's counts. */
uint64_t sim_head(const struct sim *sim, uint32_t channel);
struct engine_counts sim_origin(const struct sim *sim, uint32_t channel);

struct sim_counts sim_counts(const struct sim *sim);

#endif
