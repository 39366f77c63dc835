/*
 * fragment - puts IPv4 and IPv6 fragments together again.
 *
 * A table of datagrams under way, FRAGMENT_MAX_BYTES each; when it is full the
 * one begun first makes room. Where fragments overlap the bytes that came first
 * stay. A datagram under way is given up when a fragment of its identity comes
 * more than FRAGMENT_TIMEOUT_NS of event time after (or before) its first.
 *
 * Fragments may be cut by the capture: a datagram is complete when all of it was
 * seen by length, and what is handed on are the captured bytes from its start up
 * to the first hole.
 *
 *   wire      |==== 1 ====|==== 2 ====|== 3 ==|      wire_len
 *   captured  |==== 1 ====|== 2 =.....|== 3 ==|
 *   given     |==================|                   bytes
 *
 * Sources: RFC 791 (3.2), 815, 8200 (4.5).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_FRAGMENT_H
#define PROBE_FRAGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/counts.h"
#include "probe/ip.h"

#define FRAGMENT_MAX_BYTES  65535u
#define FRAGMENT_TIMEOUT_NS INT64_C(30000000000)
#define FRAGMENT_SLOTS                                                                             \
	256u /* datagrams under way unless told otherwise: 18 MiB                                  \
	      * when all of them are of the largest size */

enum fragment_verdict {
	FRAGMENT_WAITING,  /* kept; the datagram lacks others */
	FRAGMENT_COMPLETE, /* *done is the datagram */
	FRAGMENT_BAD,      /* empty, too long, or contradicts the others; not kept */
};

struct fragment_counts {
	uint64_t seen;             /* fragments */
	uint64_t completed;        /* datagrams */
	uint64_t overlaps;         /* fragments of which some had come before */
	uint64_t evicted;          /* datagrams given up: no room */
	uint64_t expired;          /* datagrams given up: too late */
	uint64_t incomplete;       /* datagrams given up: the input ended */
	struct counts_sum waiting; /* in datagrams under way */
	struct counts_sum lost;    /* in datagrams given up */
};

struct fragment_done {
	struct part payload;   /* valid until the next fragment_add */
	uint8_t protocol;      /* as the first fragment says */
	struct counts_sum sum; /* of all its frames */
};

struct fragments;

struct fragments *fragments_new(uint32_t slots);
void fragments_free(struct fragments *f); /* takes NULL */

/* One fragment, of these frames: one, or all those of the datagram it was wrapped
 * in; that may be the *done of the call before. */
enum fragment_verdict fragments_add(struct fragments *f, const struct ip_packet *ip, int64_t t_ns,
                                    const struct counts_sum *sum, struct fragment_done *done);

/* No more will come: gives up all datagrams under way. */
void fragments_end(struct fragments *f);

const struct fragment_counts *fragments_counts(const struct fragments *f);

#endif
