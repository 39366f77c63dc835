/*
 * grapes_napa - one direction of a flow of GRAPES over the NAPA messaging layer.
 *
 *   offset (4) | message's length (4) | connection (4) | the other's (4)
 *     | message's number (4) | type (1) | d (1) | p (1)
 *     | monitoring of the packet (p) | of the message (d, if offset is 0) | bytes
 *
 * A message's pieces say where they lie, so any lengths, order and repetition will
 * do. Only a chunk is longer than one packet; its data are not wanted: which of
 * them were seen is kept for the NAPA_PENDING newest messages, as NAPA_RANGES runs
 * of bytes, and a chunk in more runs than that is passed over.
 *
 * Zeroed is empty. A plain value.  Source: doc/protocols/grapes.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_GRAPES_NAPA_H
#define PROTO_GRAPES_NAPA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "proto/grapes_message.h"
#include "proto/proto.h"
#include "record/sink.h"

#define NAPA_MAX_LENGTH  (1u << 20) /* bytes of a message */
#define NAPA_MAX_MONITOR 32u        /* bytes of each monitoring header */
#define NAPA_PENDING     8u
#define NAPA_RANGES      8u

struct napa_range {
	uint32_t from, to; /* bytes [from, to) */
};

struct napa_pending {
	int64_t t_ns; /* of its newest piece */
	struct grapes_chunk chunk; /* if has_head */
	uint32_t number;
	uint32_t length; /* of the message; 0: nothing here */
	struct napa_range range[NAPA_RANGES]; /* seen: apart, the first first */
	uint8_t ranges;
	bool has_head, has_tail, cut;
	uint16_t tail; /* the message's last two bytes, if has_tail */
};

struct grapes_napa {
	struct napa_pending pending[NAPA_PENDING];
	uint8_t next; /* to be replaced next */
};

/* One datagram; known says that its flow is of this framing. While it is not, n
 * stays as it is unless the answer is OBSERVED or OTHER. */
enum proto_verdict grapes_napa_decode(struct grapes_napa *n, const struct packet_meta *m,
                                      struct reader in, bool known, struct obs_sink *out);

#endif
