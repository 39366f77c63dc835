/*
 * stage2 - the peer stage with a channel, its viewers and what is said of them, for
 * the tests of peers and sessions.
 *
 * Chunk c of the channels here is made at c * 100 ms, on our clock. Tests run one at
 * a time: there is one stage, and its results lie in stage2.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_STAGE2_H
#define TESTS_UNIT_STAGE2_H

#include "inference/peers.h"
#include "record/result.h"
#include "tests/unit/words.h"

#define STAGE2_CHANNEL 7u
#define STAGE2_OTHER 8u
#define STAGE2_SOURCE 1u /* host of the first one's source */
#define STAGE2_RESULTS 256

struct stage2 {
	struct inference_options opt;
	struct peers *peers;
	void *memory;
	uint32_t stray; /* results of no channel */
	struct result session[STAGE2_RESULTS], event[STAGE2_RESULTS], channel[STAGE2_RESULTS];
	unsigned n_sessions, n_events, n_channels, n_retrieval;
	uint64_t eligible; /* at any age */
	uint64_t due;      /* at the play deadline */
};

extern struct stage2 stage2;
extern const struct endpoint stage2_nobody;

/* An empty stage with so much room. */
void stage2_begin(uint32_t max_channels, uint32_t max_peers);

/* Set up and torn down: a stage with the channel open. */
int stage2_fresh(void **state);
int stage2_done(void **state);

void stage2_put(struct observation *o, uint64_t key);

/* Tells the channel's constants and when its chunks from..to-1 are made. */
void stage2_channel(uint64_t key, unsigned source, uint64_t from, uint64_t to);

void stage2_join(int64_t ms, unsigned host);
void stage2_leave(int64_t ms, unsigned host);

/* The host holds from..to-1. */
void stage2_map(uint64_t key, int64_t ms, unsigned host, uint64_t from, uint64_t to);

/* A map every 100 ms that shows all chunks, 50 at most, from first on that were made
 * 50 ms before. */
void stage2_watch(int64_t from_ms, int64_t to_ms, unsigned host, uint64_t first);

/* The first event of a kind; NULL if there is none. */
const struct result *stage2_find(enum result_event_kind what);

#endif
