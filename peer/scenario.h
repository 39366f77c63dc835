/*
 * scenario - what a simulated swarm is made of and what happens to it.
 *
 * A flat value: whole numbers with their units, bounded lists. Times count from the
 * scenario's start. scenario_defaults gives a small sound one, scenario_set changes
 * a value of it, scenario_check says what is impossible.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_SCENARIO_H
#define PEER_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer/engine.h"

#define SCENARIO_CHANNELS 16u
#define SCENARIO_CLASSES 8u
#define SCENARIO_STEPS 64u
#define SCENARIO_NAME 32u      /* bytes, with the final NUL */
#define SCENARIO_PEERS 20000u  /* at once */
#define SCENARIO_MILLION 1000000u

enum scenario_signing { SIGNING_DIGEST, SIGNING_ED25519 };
enum scenario_attack { ATTACK_NONE, ATTACK_POLLUTER, ATTACK_LIAR };

struct scenario_class {
	char name[SCENARIO_NAME];
	uint32_t share;          /* of all arrivals, against the other classes' */
	uint32_t up_kbps, down_kbps;
	uint32_t latency_ms;     /* from the peer to the middle of the network */
	uint32_t loss_ppm;       /* of its packets, each way */
	uint32_t nat_ppm;        /* of its peers that nobody can call first */
	enum scenario_attack attack;
};

struct scenario_channel {
	char name[SCENARIO_NAME];
	uint32_t bitrate_kbps, chunk_ms;
	uint32_t origin_up_kbps, origin_partners;
};

/* Session lengths. IMPATIENT mixes two exponentials: many short visits among the
 * long ones, as Vu et al. (TOMCCAP 6(4), 2010) found in PPLive. */
enum scenario_sessions { SESSIONS_STAY, SESSIONS_EXPONENTIAL, SESSIONS_IMPATIENT };

enum scenario_what {
	STEP_JOIN,       /* n more viewers arrive within for_ms */
	STEP_LEAVE, STEP_CRASH, STEP_SWITCH,
	STEP_LIMIT_DOWN, STEP_LIMIT_UP, /* to kbps for for_ms */
	STEP_OUTAGE,     /* no packet in or out for for_ms */
	STEP_ORIGIN_UP,  /* of every channel */
	STEP_WHATS
};

struct scenario_step {
	enum scenario_what what;
	uint32_t at_ms, for_ms, n, kbps;
};

/* What the offset of the maps that the tap sees means (peer/shown.h). */
enum scenario_map_offset {
	MAP_OFFSET_PLAY,    /* the play point: as they were sent */
	MAP_OFFSET_OLDEST,  /* the oldest chunk kept */
	MAP_OFFSET_HEAD,    /* the newest chunk less a constant */
	MAP_OFFSET_BY_SEED, /* one of these, drawn by seed */
};

struct scenario_view {
	uint32_t fraction_ppm;  /* of the peers whose packets the tap sees */
	uint32_t map_period_ms; /* at most one map of a peer in so long; 0: all */
	uint32_t loss_ppm;      /* packets that the capture drops */
	enum scenario_map_offset map_offset;
	bool chunks;            /* requests and chunks too, not maps and talk only */
};

struct scenario {
	char name[SCENARIO_NAME];
	char about[128];
	uint64_t start_s;       /* UTC of the start, seconds since 1970 */
	uint32_t duration_ms;
	uint32_t n_channels, n_classes, n_steps;
	struct scenario_channel channels[SCENARIO_CHANNELS];
	struct scenario_class classes[SCENARIO_CLASSES];
	struct scenario_step steps[SCENARIO_STEPS];
	uint32_t max_peers;     /* at once; 0: reckoned from the arrivals */
	uint32_t peers, first_join_ms, ramp_ms; /* arrive evenly from first_join on */
	uint32_t arrivals_per_min; /* after the ramp, at random */
	enum scenario_sessions sessions;
	uint32_t mean_s, short_mean_s, short_ppm;
	uint32_t crash_ppm;     /* of departures without a goodbye */
	uint32_t zap_mean_s;    /* between a viewer's switches; 0 never */
	uint32_t partners, max_partners, map_period_ms, lag_ms;
	uint32_t prebuffer_ms, resume_ms, give_up_ms, reboot_ms, behind_ms;
	enum player_policy policy;
	enum engine_offset offset;
	bool hide_play;
	enum scenario_signing signing;
	struct scenario_view view;
};

void scenario_defaults(struct scenario *s);

/* Sets one value by its name, "viewers.count" or "classes[0].up" (doc/simulator.md has
 * them all); elements of lists come in their order. NULL, or what is wrong with it in
 * a few words, and nothing was changed. */
const char *scenario_set(struct scenario *s, const char *path, const char *text);

/* NULL, or what is impossible, in a few words. */
const char *scenario_check(const struct scenario *s);

/* Upper bounds that memory is sized by. */
uint32_t scenario_arrivals(const struct scenario *s);
uint32_t scenario_peers(const struct scenario *s);

const char *scenario_step_name(unsigned what); /* "join", "limit_down", ... */

#endif
