/*
 * tally - runs a scenario and measures what its viewers got, from the truth alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SIM_TALLY_H
#define TESTS_SIM_TALLY_H

#include "peer/sim.h"

#define TALLY_VIEWERS 70000u

struct tally_viewer {
	int64_t asked_ns;    /* joined or switched; 0: playing or gone */
	int64_t stalled_ns;  /* when a stall began; 0 none */
	bool switching;
};

/* Sums over all viewers, departed and present. */
struct tally_sums {
	uint64_t played, skipped, received;
	int64_t stalled_ns, watched_ns;
};

/* What they make of the stream: shares of it, of what passed, of the time. */
struct tally_shares {
	double received, played; /* media / time watched */
	double continuity;       /* chunks played / (played + skipped) */
	double rebuffering;      /* stalled / (stalled + played) */
};

struct tally {
	struct sim_out out;
	struct sim *sim;
	/* Called once a second of virtual time, if set. */
	void (*look)(struct sim *sim, void *ctx);
	void (*event)(void *ctx, const struct sim_viewer *who, const struct truth_event *ev);
	void *ctx;
	struct tally_viewer viewers[TALLY_VIEWERS];
	int64_t *startups, *switchings, *skews, *lags; /* sorted by tally_run */
	uint32_t n_startups, n_switchings, n_skews, n_lags;
	uint64_t events[TRUTH_KINDS];
	uint64_t digest;       /* of every truth event */
	int64_t stall_ns;
	double seconds;        /* processor time that it took */
	struct sim_counts counts;
	struct engine_counts origin; /* of the first channel */
	int64_t watched_ns;
	struct tally_sums at_rest; /* when half the time was over */
	struct tally_shares whole, settled; /* of the whole run; since at_rest */
};

/* A built-in scenario by name; there must be one. */
void tally_scenario(struct scenario *s, const char *name);

/* n viewers of three kinds of lines, whose upload and the origin's together are
 * supply times what they want; they come within ramp_s and, if mean_s is not 0, stay
 * that long on average and are replaced. */
void tally_swarm(struct scenario *s, uint32_t n, double supply, uint32_t ramp_s,
                 uint32_t mean_s);

/* Runs the whole scenario; signer and tap as in sim_init. */
struct tally *tally_run(const struct scenario *s, uint64_t seed, const struct signer *signer,
                        struct tap *tap);
struct tally *tally_watch(const struct scenario *s, uint64_t seed, const struct signer *signer,
                          struct tap *tap, void (*look)(struct sim *sim, void *ctx),
                          void (*event)(void *ctx, const struct sim_viewer *who,
                                        const struct truth_event *ev),
                          void *ctx);
void tally_free(struct tally *t);

/* The value at this percentile of sorted values, in seconds; 0 if there are none. */
double tally_at(const int64_t *sorted, uint32_t n, unsigned percent);

#endif
