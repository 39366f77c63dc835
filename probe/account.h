/*
 * account - all flows that a probe sees, ours or not: how much, and what they carry.
 *
 *   packet -> flow -> FLOW observation  when it ends (silent for ACCOUNT_IDLE_NS), when it has
 *                                       lasted ACCOUNT_ACTIVE_NS, when it makes room, at the end
 *
 * An observation tells what came since the flow's one before, so bytes of all of them add up to
 * those of counts.h's classes SWARM and NOT_SWARM, to the byte. What carries our protocols is
 * known by the decoders, the rest by the user's rules and by dpi.h. A bounded table; when it is
 * full the flow not heard for longest makes room. All memory but the library's is taken at the
 * start.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_ACCOUNT_H
#define PROBE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/counts.h"
#include "probe/dpi.h"
#include "probe/rules.h"
#include "record/endpoint.h"
#include "record/sink.h"

#define ACCOUNT_SLOTS 131072u
#define ACCOUNT_IDLE_NS INT64_C(120000000000)
#define ACCOUNT_ACTIVE_NS INT64_C(20000000000)

struct account_options {
	uint32_t slots;            /* 0 = ACCOUNT_SLOTS */
	const struct rules *rules; /* borrowed; NULL: none */
	bool no_dpi;
	struct dpi *dpi;           /* borrowed; NULL: one of its own, unless no_dpi */
	uint64_t seed;             /* of the hash; this and what follows: as the decoder's */
	uint16_t vantage;
	uint8_t origin;
};

/* One packet, or all frames of a datagram. */
struct account_packet {
	const struct endpoint *src, *dst; /* port 0 where there are none */
	uint8_t transport;                /* IP protocol */
	uint8_t own;                      /* enum proto_id of the decoder that knows it; 0: none */
	struct counts_sum sum;
	const uint8_t *ip; /* from its header on; NULL: was put together from fragments */
	size_t len;
	int64_t t_ns;
};

struct account_counts {
	uint64_t flows, evicted;
	uint32_t open; /* now */
};

struct account;

/* The sink must outlive it. */
struct account *account_new(const struct account_options *opt, struct obs_sink *out);
void account_free(struct account *a); /* takes NULL; untold flows stay untold */

void account_packet(struct account *a, const struct account_packet *p);
void account_end(struct account *a); /* tells all */

struct account_counts account_counts(const struct account *a);

#endif
