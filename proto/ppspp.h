/*
 * ppspp - what the files of PPSPP share: a flow's channels and a datagram on its
 * way. RFC 7574 and draft-10; doc/protocols/ppspp.md has the wire form.
 *
 * A datagram names the channel that its receiver chose in a handshake; a flow
 * (pair of endpoints) keeps up to PPSPP_CHANNELS of them, the oldest makes room.
 * A tap that starts late knows no handshake: it reads with the commonest options
 * and cannot tell the swarm. Plain values.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_PPSPP_H
#define PROTO_PPSPP_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/proto.h"
#include "record/observation.h"

#define PPSPP_CHANNELS 8u
#define PPSPP_MAX_SWARM_ID OBS_MAX_CHANNEL_ID
#define PPSPP_CHUNK_BYTES 1024u /* unless a handshake says otherwise */
#define PPSPP_FRAME_HEAD 4u     /* over TCP: the datagram's length */
#define PPSPP_MAX_FRAME 65536u  /* over TCP, a longer one is not believed */

/* Chunk addressing methods, RFC 7574 section 7.9, and the legacy dialect's bins. */
enum ppspp_addressing {
	PPSPP_BINS_32, PPSPP_BYTES_64, PPSPP_CHUNKS_32, PPSPP_BINS_64, PPSPP_CHUNKS_64,
	PPSPP_ADDRESSINGS
};

struct ppspp_channel {
	uint64_t swarm;       /* obs_id_hash of the swarm's id; 0 not told */
	uint32_t id[2];       /* chosen by each direction (packet_meta.reply); 0 not yet */
	uint32_t chunk_bytes;
	uint16_t signature_len, hash_len;
	uint8_t addressing;   /* enum ppspp_addressing */
	bool legacy;          /* no options, no times in DATA */
	bool used;
};

struct ppspp_flow {
	struct ppspp_channel channel[PPSPP_CHANNELS];
	uint8_t next;  /* the place that makes room */
	bool known;    /* a datagram was understood */
	bool tracker;  /* a stream of JSON */
};

/* One datagram. */
struct ppspp_read {
	struct ppspp_flow *flow;
	struct ppspp_channel *channel;
	const struct packet_meta *m;
	struct ppspp_channel seen; /* by a look at a handshake */
	struct obs_sink *out; /* NULL: only look whether it is sound */
	struct endpoint src, dst; /* as peers are named */
	struct reader in;
	const uint8_t *start; /* of its bytes */
	uint32_t wire_len;    /* its bytes, cut ones too */
	uint32_t proofs;      /* messages that chance would hardly make */
	uint32_t puts;
	bool whole;           /* HAVEs are the complete map */
};

/* Bytes of the datagram that are still to be read, cut ones too. */
uint32_t ppspp_wire_left(const struct ppspp_read *r);

/* Starts an observation by the datagram's sender to its receiver. */
struct observation *ppspp_begin(const struct ppspp_read *r, union obs_buf *buf,
                                enum obs_kind kind);
void ppspp_put(struct ppspp_read *r, const struct observation *o);

/* The messages behind the channel id, to the end. With out, the datagram was found
 * sound before. */
enum proto_verdict ppspp_messages(struct ppspp_read *r);

/* The body of a HANDSHAKE; to is the channel id that the datagram names. Sets the
 * flow's channel only with r->out. */
enum proto_verdict ppspp_handshake(struct ppspp_read *r, uint32_t to);

/* The channel that a datagram to this id is of; NULL if no handshake told. */
struct ppspp_channel *ppspp_channel_to(struct ppspp_flow *flow, uint32_t id, bool reply);
/* A place for one more, with the options that are usual. */
struct ppspp_channel *ppspp_channel_new(struct ppspp_flow *flow);
void ppspp_channel_usual(struct ppspp_channel *c);

/* One message of the JSON tracker. */
enum proto_verdict ppspp_tracker(struct ppspp_read *r);

#endif
