/*
 * tcp - one direction of a TCP connection: segments in any order in, its bytes in
 * order out, each once.
 *
 *   taken    hole      held          held
 *   ------->|. . . . .|======|. . . |====|     sequence numbers, modulo 2^32
 *           next
 *
 * Bytes that come twice are taken as they came first, also where copies differ. A
 * stream may begin in its middle. What is behind a hole waits in blocks of a shared
 * pool until the hole is filled, or until it is given up: when it waited TCP_WAIT_NS,
 * when the receiver has acknowledged what lies behind it (then only the capture lacks
 * it), or when TCP_HELD blocks wait or the pool is empty. A hole given up is told, with
 * its length. Segments farther ahead than TCP_AHEAD are passed over; after TCP_STRAYS
 * of them in a row the stream goes on there, behind a hole of unknown length.
 *
 * Bytes that the capture cut are part of the stream: told by their number. Pure but for
 * the memory that the caller gives. Source: RFC 9293.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_TCP_H
#define PROBE_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCP_BLOCK_BYTES 2036u /* of a segment, in one block */
#define TCP_HELD 64u          /* blocks of one direction */
#define TCP_AHEAD (1u << 20)  /* bytes */
#define TCP_STRAYS 8u
#define TCP_WAIT_NS INT64_C(2000000000)
#define TCP_ACKED_NS INT64_C(100000000) /* packets may overtake each other for so long */

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

struct tcp_block {
	uint32_t next;     /* index + 1 of the one behind it, in its list; 0 none */
	uint32_t seq;
	uint16_t wire_len, captured;
	uint8_t bytes[TCP_BLOCK_BYTES];
};

struct tcp_counts {
	uint64_t duplicates; /* bytes that came again */
	uint64_t gaps, gap_bytes; /* holes given up, where the length is known */
	uint64_t strays;     /* segments too far ahead */
	uint64_t full;       /* times that a hole was given up for want of blocks */
};

/* The blocks that all directions share. */
struct tcp_pool {
	struct tcp_block *block; /* n of them, the caller's */
	uint32_t n, used, free;  /* used: ever; free: list of index + 1 */
	struct tcp_counts counts;
};

struct tcp_half {
	uint32_t next;      /* sequence number of the next byte to be taken */
	uint32_t held;      /* list of index + 1, by sequence number */
	uint32_t blocks;    /* in it */
	uint32_t fin;       /* with ending: number behind the last byte */
	int64_t waits_ns;   /* since then there is a hole; with held only */
	uint32_t first;     /* with syn: number of the first byte */
	uint8_t strays;
	bool syn, started, ending, ended;
};

struct tcp_segment {
	int64_t t_ns;
	const uint8_t *bytes;
	uint32_t captured, wire_len; /* payload */
	uint32_t seq;
	uint8_t flags;
};

/* Told in order. bytes is NULL where captured is 0. */
struct tcp_sink {
	/* The next wire_len bytes, the first captured of them given. */
	void (*bytes)(struct tcp_sink *self, const uint8_t *bytes, uint32_t captured,
	              uint32_t wire_len);
	/* Bytes are missing here; how many, or 0 if that is unknown. */
	void (*gap)(struct tcp_sink *self, uint32_t bytes);
};

/* Blocks: n, zeroed or not; they must outlive the pool. */
void tcp_pool_init(struct tcp_pool *p, struct tcp_block *block, uint32_t n);

void tcp_segment(struct tcp_half *h, struct tcp_pool *p, const struct tcp_segment *s,
                 struct tcp_sink *out);

/* The other side says that it has everything before ack: holes older than that are
 * the capture's. Also gives up what has waited too long. */
void tcp_acked(struct tcp_half *h, struct tcp_pool *p, int64_t t_ns, bool has_ack, uint32_t ack,
               struct tcp_sink *out);

/* Nothing more will come: what is held is told, holes as gaps. */
void tcp_end(struct tcp_half *h, struct tcp_pool *p, struct tcp_sink *out);

/* Forgets everything, untold. */
void tcp_drop(struct tcp_half *h, struct tcp_pool *p);

#endif
