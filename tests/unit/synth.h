/*
 * synth - synthetic swarms whose truth is known, as observations in time order.
 *
 * Each swarm's source makes a chunk about every 100 ms; each reaches a viewer after
 * its delay and some jitter, unless the viewer is cut off for a while or loses it.
 * Viewers tell their maps from time to time and play as real players do: stepped by
 * the millisecond, independently of what is tested. Everything hangs on the seed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_SYNTH_H
#define TESTS_UNIT_SYNTH_H

#include "inference/inference.h"
#include "record/observation.h"

#define SYNTH_T0_NS INT64_C(1700000000000000000)
#define SYNTH_SWARMS 2
#define SYNTH_VIEWERS 12
#define SYNTH_CHUNKS 1400 /* a chunk each 100 ms, from 10 s before T0 on */
#define SYNTH_STALLS 8
#define SYNTH_COPY_MS 5   /* copy on the wire -> held */
#define SYNTH_PROTOCOL 1

enum synth_exit { SYNTH_STAYS, SYNTH_SAYS_GOODBYE, SYNTH_GOES_SILENT };

struct synth_viewer {
	unsigned host, swarm;
	int64_t join_ms, leave_ms;   /* after T0; leave: if it does not stay */
	enum synth_exit exit;
	int64_t delay_ms;            /* chunk made -> here, at least */
	int64_t cut_ms, cut_until_ms; /* nothing arrives in between */
	int64_t lost_ms, lost_until_ms; /* chunks made then never arrive */

	/* truth, of the player; -1: never */
	int64_t playing_ms, stall_ms[SYNTH_STALLS], stalled_ms[SYNTH_STALLS];
	unsigned stalls, skipped;
	int32_t came_ms[SYNTH_CHUNKS]; /* -1: never */
};

struct synth {
	uint64_t seed;
	int64_t end_ms;        /* of the input */
	int64_t from_ms;       /* what was before is not seen */
	int64_t map_ms;        /* between maps, +- a tenth */
	bool copies;           /* chunks on their way are seen; else the first viewer's only */
	struct player_model player; /* what the viewers' players really do */
	unsigned window_chunks; /* a hole so far behind the newest is given up */
	unsigned swarms, viewers;
	uint64_t first_chunk[SYNTH_SWARMS];
	int32_t made_ms[SYNTH_SWARMS][SYNTH_CHUNKS];
	struct synth_viewer viewer[SYNTH_VIEWERS];
	uint64_t random;
};

/* One swarm, everything seen, a map each 200 ms, 60 s, no viewers. */
void synth_init(struct synth *w, uint64_t seed);

/* A viewer that comes at join_ms and stays. */
struct synth_viewer *synth_add(struct synth *w, unsigned swarm, int64_t join_ms);

/* The options that go with it: protocol 1 names no channel. */
void synth_options(const struct synth *w, struct inference_options *opt);

/* Makes the truth, then puts every observation. */
void synth_run(struct synth *w, void (*put)(void *ctx, const struct observation *o), void *ctx);

uint64_t synth_draw(struct synth *w, uint64_t below);

struct endpoint synth_source(unsigned swarm);
struct endpoint synth_host(unsigned host);

#endif
