/*
 * truth - what a peer itself knows of its viewer: what inference is scored against.
 *
 * Written by the engine as it happens, in the order of events. t_ns is exact.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_TRUTH_H
#define PEER_TRUTH_H

#include <stdint.h>

enum truth_kind {
	TRUTH_JOIN = 1,     /* the viewer asked for the channel */
	TRUTH_FIRST_PACKET, /* its first packet on the wire */
	TRUTH_PLAY,         /* first frame; chunk is the position */
	TRUTH_STALL,        /* the picture froze, waiting for chunk */
	TRUTH_RESUME,
	TRUTH_SKIP,         /* chunks from chunk on were passed over */
	TRUTH_REBOOT,       /* all began anew after a long stall */
	TRUTH_SWITCH,       /* the viewer asked for another channel */
	TRUTH_LEAVE,
	TRUTH_CHUNK,        /* chunk arrived and is genuine */
	TRUTH_MISSED,       /* chunk was never played */
	TRUTH_IMPAIR,       /* something was done to the peer; note says what */
	TRUTH_KINDS
};

struct truth_event {
	int64_t t_ns; /* UTC */
	uint64_t chunk, chunks;
	uint64_t channel;  /* id on the wire */
	int64_t behind_ns; /* after the source had that chunk: of CHUNK its age; of PLAY, RESUME
	                    * and SKIP, the lag of what plays next; INT64_MIN not told */
	const char *note;  /* static text, or NULL */
	uint8_t kind;      /* enum truth_kind */
};

const char *truth_name(unsigned kind); /* "join", "first_packet", ...; NULL past it */

#endif
