/*
 * decode - packets in memory to observations: link, IP, fragments, UDP, flows
 * and the protocol decoders, with every byte accounted for (counts.h).
 *
 * A datagram of a flow that a decoder has recognised goes to that decoder; any
 * other is offered to each row of the table in turn. A flow counts as recognised
 * once a decoder has understood a datagram of it (OBSERVED or OTHER); after
 * DECODE_MAX_BAD bad datagrams in a row it is forgotten and may be recognised
 * anew. A datagram that the capture cut short is not bad.
 *
 * All memory is taken at the start. The same packets give the same observations
 * and counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_DECODE_H
#define PROBE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "probe/account.h"
#include "probe/counts.h"
#include "probe/link.h"
#include "proto/proto.h"
#include "record/observation.h"
#include "record/sink.h"

#define DECODE_MAX_BAD 8
/* No capture pauses for a day, nor goes its clock back by one: then there are
 * several in one, or their times are wrong. */
#define DECODE_JUMP_NS INT64_C(86400000000000)
/* Times are kept within 1970..2106, so that differences never overflow. */
#define DECODE_MAX_TIME_NS (INT64_C(4294967296) * 1000000000 - 1)

struct decode_options {
	const struct proto *const *protocols; /* NULL-terminated; NULL = proto_table */
	const struct proto *only;             /* the one row to use; NULL = all */
	uint32_t flow_slots;                  /* 0 = FLOW_SLOTS */
	uint32_t fragment_slots;              /* 0 = FRAGMENT_SLOTS */
	uint64_t hash_seed;                   /* secret where senders may choose ports to collide */
	uint16_t vantage;                     /* written into observations */
	uint8_t origin;                       /* enum obs_origin, likewise */
	const struct account_options *account; /* all flows are told too; NULL: only swarms */
};

struct decode;

/* options NULL = all defaults. The sink must outlive the decode. */
struct decode *decode_new(const struct decode_options *options, struct obs_sink *out);
void decode_free(struct decode *d); /* takes NULL */

/* One packet: captured bytes of wire_len. Any bytes, any lengths. */
void decode_packet(struct decode *d, enum link_type link, int64_t t_ns, const void *bytes,
                   size_t captured, uint32_t wire_len);

/* Puts a GAP: between this time and the last packet's, or behind it, the input lost so many
 * packets; 0: nobody knows how many. Without a packet there is no time to put it at, and none
 * is put. */
void decode_gap(struct decode *d, enum obs_gap_cause cause, int64_t from_ns, uint64_t packets);

/* No more packets: datagrams under way are given up. */
void decode_end(struct decode *d);

/* Up to date at each call; valid until decode_free. */
const struct counts *decode_counts(struct decode *d);

#endif
