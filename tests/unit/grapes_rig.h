/*
 * grapes_rig - builds GRAPES datagrams by hand and runs them through the decoder.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_GRAPES_RIG_H
#define TESTS_UNIT_GRAPES_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "proto/grapes_message.h"
#include "proto/proto.h"
#include "record/observation.h"

#define RIG_MAX_PUT 256
#define RIG_MAX_BYTES 70000u
#define RIG_CLOCK_NS INT64_C(1795469678000000000)
#define RIG_SOURCE_US UINT64_C(1795469677500000)

/* One flow between 10.77.0.1:6000 (opened it) and 10.77.0.2:6001. */
struct rig {
	struct obs_sink sink;                /* first: put finds the rig back */
	union obs_buf put[RIG_MAX_PUT];      /* what the decoder put since rig_clear */
	size_t puts;
	_Alignas(16) uint8_t state[PROTO_MAX_STATE];
	struct packet_meta m;                /* of the next datagram */
	enum grapes_dialect dialect;         /* of what rig_message frames */
	uint16_t number;                     /* of the next message */
};

struct rig *rig_new(enum grapes_dialect dialect); /* an unknown flow */
void rig_free(struct rig *r);
void rig_clear(struct rig *r);

/* From the opener, or from the other end. */
void rig_direction(struct rig *r, bool reply);

/* Lets the flow be recognised, by a message without effect on later ones. */
void rig_introduce(struct rig *r);

/* A datagram of wire_len bytes, of which the first captured are there. */
enum proto_verdict rig_datagram(struct rig *r, const void *bytes, size_t captured,
                                size_t wire_len);

/* A whole message in one datagram, framed; over NAPA with monitoring headers. */
enum proto_verdict rig_message(struct rig *r, const struct writer *message);

/* Piece index of a message cut into pieces of unit bytes. */
enum proto_verdict rig_piece(struct rig *r, const struct writer *message, uint16_t number,
                             size_t unit, size_t index);

/* i-th observation put since rig_clear; fails the test if there are fewer. */
const struct observation *rig_put(const struct rig *r, size_t i);

/* Messages into w; node NULL leaves it out. */
void rig_node(struct writer *w, enum grapes_dialect dialect, const struct endpoint *node);
void rig_gossip(struct writer *w, enum grapes_dialect dialect, uint8_t sub, uint32_t age,
                const struct endpoint *nodes, size_t n);
void rig_signalling(struct writer *w, enum grapes_dialect dialect, uint8_t what,
                    uint8_t deliver, const struct endpoint *node, uint32_t n, uint32_t coding,
                    const void *set, size_t set_len);
void rig_bitmap(struct writer *w, enum grapes_dialect dialect, uint8_t what, uint32_t base,
                uint32_t n, const void *bits);
void rig_list(struct writer *w, enum grapes_dialect dialect, uint8_t what, const uint32_t *ids,
              uint32_t n);
void rig_neighbour(struct writer *w, enum grapes_dialect dialect, uint8_t sub);
void rig_chunk(struct writer *w, enum grapes_dialect dialect, uint32_t id, uint32_t size,
               uint16_t hops);

extern const struct endpoint rig_opener, rig_other;
#define RIG_DIALECTS 3
extern const enum grapes_dialect rig_dialects[RIG_DIALECTS];

/* What one message comes to, alone in an unknown flow, and in a recognised one. */
enum proto_verdict rig_alone(enum grapes_dialect dialect, const struct writer *message);
enum proto_verdict rig_introduced(enum grapes_dialect dialect, const struct writer *message);

/* A new rig of the next dialect in the place of this one; NULL after the last. */
struct rig *rig_next(struct rig *r);

#define EACH_DIALECT(r) \
	for (struct rig *r = rig_new(rig_dialects[0]); r != NULL; r = rig_next(r))

/* Declares w, a writer over size bytes called w_bytes. */
#define MESSAGE(w, size)         \
	uint8_t w##_bytes[size]; \
	struct writer w = writer_over(w##_bytes, sizeof w##_bytes)

#endif
