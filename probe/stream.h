/*
 * stream - TCP connections to whole messages for the decoders.
 *
 *   segment -> connection -> tcp (order) -> frame of a row -> decode
 *
 * A table of STREAM_SLOTS connections; in each of its rows the one not heard for
 * longest makes room, those of no protocol first. A connection is tried with each row
 * that knows frames; the first whose decoder understands a message has it. Messages
 * are kept up to STREAM_FRAME bytes; what is longer, or was cut by the capture, is
 * given to the decoder as cut. After a hole, or where a connection is seen from its
 * middle on, the row's sync looks for a message's beginning.
 *
 * A hole in a recognised stream is told as a GAP between its endpoints. All memory is
 * taken at the start.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_STREAM_H
#define PROBE_STREAM_H

#include <stdint.h>

#include "probe/counts.h"
#include "probe/part.h"
#include "probe/tcp.h"
#include "proto/proto.h"

#define STREAM_WAYS 4u
#define STREAM_SLOTS 4096u   /* a multiple of STREAM_WAYS */
#define STREAM_BLOCKS 8192u  /* 16 MiB of segments that wait */
#define STREAM_FRAME 4096u

struct streams;

struct stream_packet {
	struct packet_meta meta;
	struct part *payload; /* from the TCP header on */
};

/* rows: NULL-terminated; those without TCP are passed over. What is seen of protocols is
 * added to counts, which must outlive it. */
struct streams *streams_new(const struct proto *const *rows, const struct proto *only,
                            uint64_t seed, struct counts *counts, struct obs_sink *out);
void streams_free(struct streams *s); /* takes NULL */

enum stream_verdict { STREAM_OURS, STREAM_STRANGER, STREAM_CUT, STREAM_BAD };

/* One packet. With OURS, *proto is the protocol of its connection. */
enum stream_verdict streams_packet(struct streams *s, struct stream_packet *p,
                                   const struct proto **proto);

/* The end of the input: what waits is told, holes as gaps. */
void streams_end(struct streams *s);

const struct tcp_counts *streams_counts(const struct streams *s);
uint64_t streams_evicted(const struct streams *s); /* recognised ones that made room */

#endif
