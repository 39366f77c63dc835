/*
 * members - the part of the swarm that a peer has heard of, with leases.
 *
 * A bounded cache: an entry lives until its lease ends, and gossip renews it, so
 * departed peers fade. Only contacts that were spoken to (verified) are passed
 * on. When full, a random unverified entry makes room, else a random one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_MEMBERS_H
#define PEER_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "peer/rng.h"
#include "proto/mesh.h"

#define MEMBERS_MAX 64u

struct member {
	struct endpoint at;
	uint64_t peer;
	int64_t until_ns;  /* end of its lease */
	int64_t wait_ns;   /* not to be asked before */
	uint8_t partners;
	bool verified;
};

struct members {
	struct member list[MEMBERS_MAX];
	uint32_t n;
};

/* Adds or renews for lease_s from now, at most max_lease_s. */
void members_heard(struct members *m, const struct mesh_contact *c, int64_t now,
                   uint16_t max_lease_s, struct rng *rng);

struct member *members_find(struct members *m, const struct endpoint *at); /* or NULL */
void members_forget(struct members *m, const struct endpoint *at);
void members_expire(struct members *m, int64_t now);

/* A random one that may be asked now; NULL if there is none. */
struct member *members_pick(struct members *m, int64_t now, struct rng *rng);

/* Up to max random verified ones as contacts; answers how many. */
unsigned members_sample(const struct members *m, int64_t now, unsigned max,
                        struct mesh_contact *out, struct rng *rng);

#endif
