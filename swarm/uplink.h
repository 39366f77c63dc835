/*
 * uplink - how fast a peer may send in all: its upload as promised, or what its line can carry.
 *
 *   chunks sent, answers to probes  -->  rate
 *
 * Behind a chunk a probe goes to the same partner. What its round trip takes beyond the least
 * one of late waits in queues on the way. A queue that all partners' probes meet is the own
 * line's: so of each UPLINK_LOOK_NS the least wait counts. Where a probe was lost, or that wait
 * is over UPLINK_WAIT_NS, the rate is cut; else it grows, as far as it is used. (Additive
 * increase and multiplicative decrease, for a host instead of a connection. To stay below
 * 0.1 s, as RFC 6817 wants, was tried and cost a swarm of slow lines a twentieth of what it
 * plays: a chunk alone takes longer on them.) Pure; plain value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_UPLINK_H
#define SWARM_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "record/endpoint.h"

#define UPLINK_WAYS 48u
#define UPLINK_WAIT_NS INT64_C(700000000)
#define UPLINK_LOOK_NS INT64_C(500000000)
#define UPLINK_LEAST_KBPS 50u

struct uplink_way {
	struct endpoint at;
	int64_t used_ns;
	int64_t least_ns[2]; /* round trips of this minute and the one before; INT64_MAX none */
	int64_t minute_ns;   /* when this one began */
	uint64_t nonce;      /* of the probe under way; 0: none is */
	int64_t asked_ns;
};

struct uplink {
	uint32_t most_kbps;
	double kbps;
	struct uplink_way way[UPLINK_WAYS];
	int64_t looked_ns;
	uint32_t chunk;      /* bytes of the last one */
	uint64_t bytes;      /* sent since */
	int64_t waits_ns;    /* the least since; INT64_MAX none */
	unsigned lost;       /* probes since */
};

struct uplink uplink_begin(uint32_t most_kbps, int64_t now);
void uplink_set_most(struct uplink *u, uint32_t kbps); /* the rate begins there anew */

/* A chunk of so many bytes goes to a partner. True: a probe with this nonce (not 0) belongs
 * behind it. */
bool uplink_sent(struct uplink *u, const struct endpoint *to, uint32_t bytes, uint64_t nonce,
                 int64_t now);

/* The answer to a probe; true if it is one. */
bool uplink_answer(struct uplink *u, const struct endpoint *from, uint64_t nonce, int64_t now);

/* Now and then; true: kbps may have changed. */
bool uplink_look(struct uplink *u, int64_t now);

#endif
