/*
 * flow - the UDP flows that a decoder recognised, and what it keeps of them.
 *
 * One entry per unordered pair of endpoints: the protocol's row and its state.
 * The table has a fixed number of slots; when it is full the flow not heard for
 * longest makes room. Flows that no decoder wants are not in it (stranger.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_FLOW_H
#define PROBE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/proto.h"
#include "record/endpoint.h"

#define FLOW_SLOTS                                                                                 \
	16384u /* unless told otherwise; 64 MiB when each keeps the                                \
	        * most that a decoder may (PROTO_MAX_STATE) */

/* Both endpoints, the lower first in an order that only matters here. In words
 * and without padding, so that it is hashed as bytes without being copied. */
struct flow_key {
	uint64_t low[2], high[2]; /* addresses, as their bytes lie */
	uint32_t low_port, high_port;
};

struct flow {
	struct flow_key key;
	const struct proto *proto;
	uint8_t bad;                 /* datagrams in a row that were not the protocol's */
	bool high_opened;            /* the first packet was sent by key.high */
	_Alignas(8) uint8_t state[]; /* proto->state_size bytes */
};

struct flows;

/* state_size: of the largest decoder that will be used. seed keys the hashes. */
struct flows *flows_new(uint32_t slots, size_t state_size, uint64_t seed);
void flows_free(struct flows *f); /* takes NULL */

/* *from_high: src is key.high. A flow from an endpoint to itself is from_low. */
struct flow_key flow_key(const struct endpoint *src, const struct endpoint *dst, bool *from_high);

/* Its ends again. */
struct endpoint flow_low(const struct flow_key *key);
struct endpoint flow_high(const struct flow_key *key);

/* The key's hash, with which a flow is found; strangers are known by it too. */
uint64_t flows_hash(const struct flows *f, const struct flow_key *key);

/* The flow, now the most recently heard, or NULL. It stays valid until the next
 * flows_add or flows_forget. */
struct flow *flows_find(struct flows *f, const struct flow_key *key, uint64_t hash);

/* A new flow with a copy of the state that recognised it. */
struct flow *flows_add(struct flows *f, const struct flow_key *key, const struct proto *proto,
                       const void *state);
void flows_forget(struct flows *f, struct flow *flow);

uint32_t flows_used(const struct flows *f);
uint64_t flows_evicted(const struct flows *f);

#endif
