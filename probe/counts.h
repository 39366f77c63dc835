/*
 * counts - where every captured byte went, and what was met on the way.
 *
 * Bytes are those of the wire, link header included, as the capture gives them
 * for each packet, however much of it was kept. A packet is in exactly one
 * class, so the classes add up to total, in packets and in bytes, at any moment;
 * at the end of the input COUNTS_WAITING is empty. The fragments of a datagram
 * are all in the datagram's class.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_COUNTS_H
#define PROBE_COUNTS_H

#include <stdint.h>

#include "probe/wrap.h"
#include "proto/proto.h"

enum counts_class {
	COUNTS_SWARM,     /* of a recognised flow; by protocol below */
	COUNTS_NOT_SWARM, /* IP, but of no decoder */
	COUNTS_NOT_IP, /* on the outermost level; in an IP tunnel it is NOT_SWARM */
	COUNTS_CUT,         /* so little captured that it cannot be told */
	COUNTS_UNDECODABLE, /* headers that contradict themselves, or fragments
	                     * whose datagram never became whole */
	COUNTS_WAITING,     /* fragments of a datagram that may still become whole */
	COUNTS_CLASSES
};

/* Why a datagram in a recognised flow did not say what its protocol says. */
enum counts_reason {
	COUNTS_BROKEN,  /* breaks the protocol's rules */
	COUNTS_SHORT,   /* complete on the wire, but ends too early */
	COUNTS_FOREIGN, /* is not of the protocol at all */
	COUNTS_REASONS
};

/* Which header could not be read; packets in COUNTS_UNDECODABLE. */
enum counts_bad {
	COUNTS_BAD_LINK,
	COUNTS_BAD_TUNNEL,
	COUNTS_TOO_DEEP, /* more headers in one another than WRAPS_MAX */
	COUNTS_BAD_IP,
	COUNTS_BAD_UDP,
	COUNTS_BAD_TCP,
	COUNTS_BAD_FRAGMENT,  /* contradicts other fragments of its datagram */
	COUNTS_LOST_FRAGMENT, /* its datagram never became whole */
	COUNTS_BADS
};

#define COUNTS_SET_BACK_NS INT64_C(1000000000)

struct counts_sum {
	uint64_t packets, bytes;
};

struct counts_protocol {
	struct counts_sum sum;        /* of COUNTS_SWARM */
	uint64_t datagrams;           /* given to the decoder in recognised flows */
	uint64_t observed;            /* datagrams that told something */
	uint64_t other;               /* datagrams with nothing to report */
	uint64_t cut;                 /* datagrams cut before the decoder was through */
	uint64_t bad[COUNTS_REASONS]; /* the other datagrams, by reason */
	uint64_t doubtful;            /* datagrams outside recognised flows that began
	                               * like the protocol and then broke its rules;
	                               * their bytes are not the protocol's */
	uint64_t flows;               /* recognised, again after each time forgotten */
	uint64_t forgotten;           /* given up after too many bad datagrams in a row */
};

struct counts {
	struct counts_sum total;
	struct counts_sum class[COUNTS_CLASSES];
	struct counts_sum snapped; /* packets of which the capture kept less than the
	                            * wire had, and the bytes it left out */
	struct counts_protocol protocol[PROTO_IDS]; /* by enum proto_id */
	int64_t first_ns, last_ns; /* least and greatest time; no packets: both 0 */
	uint64_t observations;
	uint64_t backwards; /* packets earlier than the one before */
	uint64_t set_back;  /* of these, by more than COUNTS_SET_BACK_NS: no reordering */
	uint64_t jumps;     /* packets more than DECODE_JUMP_NS from the one before */
	uint64_t bad_times; /* packets whose time was out of range: clamped */
	uint64_t bad[COUNTS_BADS];
	uint64_t wraps[WRAPS]; /* headers taken off between a link and its last IP header */
	uint64_t fragments;   /* fragments of what may be UDP */
	uint64_t reassembled; /* datagrams put together */
	uint64_t fragment_overlaps;
	uint64_t fragments_evicted, fragments_expired, fragments_incomplete; /* datagrams */
	uint64_t flows_evicted;     /* recognised flows that had to make room */
	uint64_t streams_evicted;   /* the same, over TCP */
	uint64_t stream_gaps;       /* holes in TCP streams that were given up */
	uint64_t stream_duplicates; /* bytes that came again */
	uint64_t strangers_evicted; /* other flows whose opener was forgotten */
	uint64_t account_flows, account_evicted; /* of all flows; that made room too early */
};

/* A packet and its time; answers the time to go by. *last_ns: that of the one before. */
int64_t counts_packet(struct counts *c, int64_t *last_ns, int64_t t_ns, uint32_t wire_len);
void counts_snapped(struct counts *c, uint64_t bytes); /* of which so many were left out */

/* Of two captures together. */
void counts_add(struct counts *to, const struct counts *what);

#endif
