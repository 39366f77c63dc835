/*
 * tracker - who is watching which channel: registrations in, contacts out.
 *
 * A pure part: bounded table in the caller's memory, a lease for each
 * registration, the answer written to a buffer. The first peer of a channel gets
 * the origin alone; everybody gets the origin as long as it is registered. When
 * the table is full the entry nearest to its end makes room. Where near is set, up to half
 * of an answer are peers of the asker's own network: the same first 16 bits of an IPv4
 * address, 32 of an IPv6 one. The others keep the swarm in one piece.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_TRACKER_H
#define PEER_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer/rng.h"
#include "proto/mesh.h"

struct tracker_entry {
	struct endpoint at;
	uint64_t channel, peer;
	int64_t until_ns;
	bool source;
};

struct tracker {
	struct tracker_entry *list; /* the caller's, max entries */
	uint32_t n, max;
	uint16_t lease_s;
	uint32_t answer; /* contacts told at most, <= MESH_MAX_CONTACTS */
	uint64_t peer_id;
	bool near;
	struct rng rng;
	uint64_t told_near, told_far; /* contacts */
	uint64_t registered, left, expired, evicted, dropped;
};

/* A frame came from `from`. Answers the bytes of reply written (0: none). */
size_t tracker_frame(struct tracker *t, const struct endpoint *from, const uint8_t *frame,
                     size_t len, int64_t now, uint8_t *reply, size_t room);

/* Peers of a channel whose lease has not ended, the origin not counted. */
uint32_t tracker_peers(const struct tracker *t, uint64_t channel, int64_t now);

#endif
