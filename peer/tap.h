/*
 * tap - a capture point of the simulated network.
 *
 * It sees a packet as it arrives at the receiver's line. What it lets through goes
 * out twice: decoded by the protocol's own decoder, and as an IPv4 packet whose
 * media bytes the capture cut; so a capture file says what the observations say.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_TAP_H
#define PEER_TAP_H

#include <stddef.h>
#include <stdint.h>

#include "peer/rng.h"
#include "peer/scenario.h"
#include "record/sink.h"

struct tap_packet {
	int64_t t_ns;
	struct endpoint from, to; /* IPv4 */
	const uint8_t *frame;
	size_t len, wire_len;     /* here; on the wire */
};

struct tap {
	struct scenario_view view;
	struct rng rng;
	struct obs_sink *obs;     /* NULL: not wanted */
	/* A captured packet of IPv4: len of its wire_len bytes. NULL: not wanted. */
	void (*packet)(struct tap *self, int64_t t_ns, const uint8_t *bytes, size_t len,
	               size_t wire_len);
	uint64_t seen, hidden, lost;
};

/* last_map_ns: of this sender, kept by the caller, INT64_MIN at first. */
void tap_see(struct tap *t, const struct tap_packet *p, int64_t *last_map_ns);

#endif
