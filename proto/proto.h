/*
 * proto - the table of protocols we can read. One file and one row each.
 *
 * decode() reads one message (datagram, or stream bytes from a message's start)
 * and puts what it says into out: no allocation, no logging, no clock. What it
 * must remember of a flow (handshakes, fragments) is state_size bytes, zeroed
 * before the first call, kept in the caller's bounded table, one per pair of
 * endpoints and shared by both directions; m->reply tells which one this is.
 *
 * A decoder may see any bytes: it answers NOT_MINE unless the content itself
 * says that it is this protocol; ports prove nothing. NOT_MINE leaves the state of
 * a flow that it does not know as it was: zeros.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_PROTO_H
#define PROTO_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "record/endpoint.h"
#include "record/playhead.h"
#include "record/sink.h"

enum proto_id { PROTO_NONE, PROTO_GRAPES, PROTO_MESH, PROTO_PPSPP, PROTO_PYPPSPP, PROTO_IDS };

enum proto_verdict {
	PROTO_OBSERVED,  /* something was put into out */
	PROTO_OTHER,     /* ours, but nothing to report (a fragment, a keep-alive) */
	PROTO_NOT_MINE,  /* try the next row */
	PROTO_SHORT,     /* ours so far; ran out of bytes. The caller knows why: cut by
	                  * the capture (m->wire_len > bytes given), a malformed
	                  * datagram, or a stream that must wait. */
	PROTO_MALFORMED, /* ours; breaks the protocol's rules */
};

enum proto_transport { PROTO_UDP = 1u << 0, PROTO_TCP = 1u << 1 };

struct packet_meta {
	int64_t t_ns;             /* UTC, of the last byte given */
	struct endpoint src, dst;
	uint32_t wire_len;        /* payload bytes on the wire; more than were given
	                           * when the capture cut them */
	uint16_t vantage;
	uint8_t origin;           /* enum obs_origin */
	uint8_t transport;        /* enum proto_transport */
	bool reply;               /* false: from the endpoint whose packet opened the
	                           * flow; true: the other direction */
};

struct proto {
	const char *name;      /* in options, JSON and channel keys */
	enum proto_id id;
	unsigned transports;   /* enum proto_transport, or-ed */
	unsigned id_bits;      /* width of chunk numbers on the wire: 31, 32, 64 */
	size_t state_size;     /* bytes a flow, <= PROTO_MAX_STATE */
	struct playhead playhead;
	enum proto_verdict (*decode)(void *state, const struct packet_meta *m,
	                             struct reader *in, struct obs_sink *out);
	/* Over TCP: length of the message that starts here, its head included; 0: more
	 * bytes are needed to tell (at most PROTO_FRAME_HEAD); < 0: none starts here.
	 * decode gets one whole message a call, as if it were a datagram. */
	int64_t (*frame)(const void *state, struct reader head);
	/* Over TCP, where a message's start is not known: could one begin here? More
	 * sceptical than frame; NULL: such a stream is not read. */
	bool (*sync)(const void *state, struct reader at);
	uint8_t sync_byte; /* ... where it says so, this byte stands first */
};

#define PROTO_FRAME_HEAD 16u

#define PROTO_MAX_STATE 4096

extern const struct proto proto_grapes;
extern const struct proto proto_mesh;
extern const struct proto proto_ppspp;   /* UDP: libswift */
extern const struct proto proto_pyppspp; /* TCP: PyPPSPP and its tracker */
extern const struct proto *const proto_table[]; /* NULL-terminated */

/* Over TCP: the first of the places 0..end-1 in len bytes where a message may begin; end:
 * none. */
uint32_t proto_sync(const struct proto *p, const void *state, const uint8_t *bytes,
                    uint32_t end, uint32_t len);

const struct proto *proto_by_id(unsigned id);          /* NULL if there is none */
const struct proto *proto_by_name(const char *name);   /* NULL if there is none */

#endif
