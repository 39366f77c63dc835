/*
 * grapes_message - one whole GRAPES message to observations.
 *
 * GRAPES is the library under PeerStreamer; its programs speak dialects that
 * differ in how a node is named, in the sizes of metadata and attributes, and in
 * whether an ACK counts the chunk it acknowledges. How a message travels in
 * datagrams is the business of grapes.c; here it is whole, or its head is.
 *
 * A message is read to its end and found sound before anything is put. Nothing
 * here keeps state.  Source: doc/protocols/grapes.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_GRAPES_MESSAGE_H
#define PROTO_GRAPES_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "proto/proto.h"
#include "record/sink.h"

enum grapes_dialect {
	GRAPES_UNKNOWN, /* nothing of this flow has been understood yet */
	GRAPES_ENGINE,  /* PeerStreamer engine: nodes are text, "10.77.0.5:6000-" */
	GRAPES_CLASSIC, /* PeerStreamer classic: nodes are 128 bytes of sockaddr */
	GRAPES_NAPA,    /* the same over NAPA: nodes are text that ends with a zero byte,
	                 * "inside:port-outside:port" */
};

enum grapes_type {
	GRAPES_TOPOLOGY = 0x10,
	GRAPES_CHUNK = 0x11,
	GRAPES_SIGNALLING = 0x12,
	GRAPES_TMAN = 0x13,
	GRAPES_NEIGHBOURHOOD = 0x22,
};

struct grapes_message {
	const struct packet_meta *m; /* of the datagram that completed it */
	enum grapes_dialect dialect;
	bool known;          /* of a recognised flow: the benefit of the doubt */
	uint32_t len;        /* bytes of the message on the wire */
	struct reader bytes; /* those that the capture has, from the first on */
};

#define GRAPES_CHUNK_HEAD 23u /* bytes of a chunk message before its data */
#define GRAPES_HOPS_UNKNOWN UINT16_MAX

struct grapes_chunk {
	uint64_t source_us; /* since 1970, when the source made it */
	uint32_t id;
	uint32_t size;       /* bytes of data */
	uint32_t attributes; /* bytes of attributes behind the data */
};

/* Reads the message and puts what it says. SHORT: it claims more bytes than
 * len, or the capture cut what is needed. */
enum proto_verdict grapes_message_read(const struct grapes_message *g, struct obs_sink *out);

/* Reads a chunk message's head, its type byte included. OTHER: it is sound;
 * else SHORT or MALFORMED, and *chunk is undefined. */
enum proto_verdict grapes_message_chunk_head(const struct grapes_message *g,
                                             struct grapes_chunk *chunk);

/* Bytes of the whole chunk message. */
uint64_t grapes_message_chunk_len(const struct grapes_chunk *chunk);

/* The source's distance, from the last two bytes of the message; the attributes
 * must be of the size that the dialect gives them. */
uint16_t grapes_message_hops(enum grapes_dialect dialect, const struct grapes_chunk *chunk,
                             const uint8_t last[2]);

/* Puts its MARK, then its TRANSFER. */
void grapes_message_put_chunk(const struct packet_meta *m, const struct grapes_chunk *chunk,
                              uint16_t hops, bool cut, struct obs_sink *out);

#endif
