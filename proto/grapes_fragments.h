/*
 * grapes_fragments - one direction of a flow's messages that came in pieces.
 *
 *   piece 0            piece 1            piece 2 (the last, may be shorter)
 *   |head | data .....|..................|........ | attributes|
 *    0                 unit               2 * unit           length
 *
 * Pieces come in any order, twice, and with other messages' in between; which
 * ones were seen is kept for the GRAPES_PENDING newest messages. A chunk's data
 * is not wanted: of a chunk its head is kept and it is told when its last missing
 * piece comes. The bytes of other messages are held, for one message at a time
 * and up to GRAPES_HOLD bytes: 45 gossip entries or a map of 9,900 chunks. Only
 * they could grow longer, and neither program has such caches or buffers; one
 * that does is passed over, not called malformed.
 *
 * Zeroed is empty. A plain value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_GRAPES_FRAGMENTS_H
#define PROTO_GRAPES_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/grapes_message.h"
#include "proto/proto.h"
#include "record/sink.h"

#define GRAPES_MAX_PIECES 256u /* of a message: 300 kB in the engine's pieces */
#define GRAPES_PENDING 8u
#define GRAPES_HOLD 1280u

struct grapes_piece {
	uint16_t message; /* the sender's number for it */
	uint16_t of;      /* pieces that it has, 2..GRAPES_MAX_PIECES */
	uint16_t index;   /* < of */
	/* the length and what was captured of it come in a struct grapes_message */
};

struct grapes_pending {
	int64_t t_ns; /* of its newest piece */
	struct grapes_chunk chunk; /* if type is GRAPES_CHUNK */
	uint16_t message, of;      /* of 0: nothing here */
	uint16_t missing;          /* pieces; 0: complete, kept to know repetitions */
	uint16_t unit;             /* bytes of each piece but the last; 0 unknown */
	uint16_t last;             /* bytes of the last piece; 0 not seen */
	uint16_t tail;             /* its last two bytes, if has_tail */
	uint8_t type;              /* the message's; 0: its head was not seen */
	bool has_tail;
	bool cut;                  /* the capture cut one of the pieces */
	bool held;                 /* its bytes are in the hold */
	uint8_t seen[GRAPES_MAX_PIECES / 8];
};

struct grapes_fragments {
	struct grapes_pending pending[GRAPES_PENDING];
	uint8_t next;   /* pending to be replaced next */
	uint8_t holder; /* pending whose bytes are held, if it says so */
	uint8_t hold[GRAPES_HOLD];
};

/* Takes a piece: g->bytes and g->len are those of the piece. Answers what the
 * message says if it is complete now; OTHER when nothing is to be told yet;
 * SHORT when the capture cut the head; MALFORMED drops the message. */
enum proto_verdict grapes_fragments_add(struct grapes_fragments *f,
                                        const struct grapes_piece *p,
                                        const struct grapes_message *g, struct obs_sink *out);

#endif
