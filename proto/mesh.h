/*
 * mesh - the wire form of the reference mesh-pull system, both directions.
 *
 *   0      4 5 6   8        16       24
 *   |magic |v|t|len|channel |sender  | body, len bytes
 *
 * One frame is one datagram over UDP; over TCP frames follow one another, len is
 * the prefix. Numbers are big-endian, bit sets lowest bit of the first byte first.
 * A frame read points into the bytes it was read from and owns nothing. Every
 * limit that mesh_read checks stands here. Source: doc/protocols/mesh.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_MESH_H
#define PROTO_MESH_H

#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"
#include "proto/proto.h"
#include "record/endpoint.h"
#include "record/observation.h"

#define MESH_VERSION 1u
#define MESH_HEAD 24u           /* bytes before the body */
#define MESH_ID 8u              /* bytes of a channel's or peer's id */
#define MESH_KEY 32u            /* bytes of an Ed25519 public key */
#define MESH_SIGNATURE 64u      /* bytes */
#define MESH_MAX_TICKET 256u    /* bytes */
#define MESH_MAX_CONTACTS 32u   /* in one frame */
#define MESH_CONTACT 29u        /* bytes */
#define MESH_CHUNK_FIXED 90u    /* bytes of a CHUNK's body before its media */
#define MESH_NO_PLAY UINT64_MAX /* play: nothing is being played */

enum mesh_type {
	MESH_HELLO = 1,
	MESH_BUFFER_MAP,
	MESH_SUBSTREAM_MAP,
	MESH_MAP_REQUEST,
	MESH_CHUNK_REQUEST,
	MESH_CHUNK,
	MESH_CANCEL,
	MESH_SUBSCRIBE,
	MESH_UNSUBSCRIBE,
	MESH_GOSSIP,
	MESH_PARTNER_OFFER,
	MESH_PARTNER_ACCEPT,
	MESH_PARTNER_REFUSE,
	MESH_PING,
	MESH_GOODBYE,
	MESH_TYPES /* one past the last */
};

enum mesh_hello_flag {
	MESH_IS_SOURCE = 1u << 0, /* the sender is the channel's origin */
	MESH_REGISTER = 1u << 1,  /* told to a tracker: here I am, whom can I ask? */
	MESH_ANSWER = 1u << 2,    /* answers a HELLO */
	MESH_HELLO_FLAGS = 7u
};

enum mesh_cancel { MESH_WITHDRAWN, MESH_NOT_HELD, MESH_BUSY, MESH_CANCELS };
enum mesh_refuse { MESH_FULL, MESH_UNWANTED, MESH_REFUSES };
enum mesh_goodbye {
	MESH_LEAVING,   /* the channel, for good */
	MESH_SWITCHING, /* to another channel */
	MESH_REBOOTING, /* and will be back */
	MESH_PARTING,   /* ends this partnership only */
	MESH_GOODBYES
};

struct mesh_contact {
	struct endpoint at;
	uint64_t peer;
	uint16_t lease_s;  /* how long it may be believed */
	uint8_t partners;  /* it has */
};

/* A set of chunks: bit i is chunk offset + i; bits past width are zero. */
struct mesh_set {
	uint64_t offset;
	uint32_t width;      /* <= OBS_MAX_WIDTH */
	const uint8_t *bits; /* (width + 7) / 8 bytes */
};

struct mesh_hello {
	uint32_t flags; /* enum mesh_hello_flag */
	uint32_t chunk_us, bitrate_kbps;
	uint64_t head;  /* newest chunk the sender knows of; 0 none */
	const uint8_t *key, *ticket;
	uint16_t ticket_len;
};

struct mesh_map {
	struct mesh_set set;
	uint64_t play;     /* chunk being played, or MESH_NO_PLAY */
	uint32_t up_kbps;  /* upload the sender offers to all its partners */
	uint16_t window;   /* chunks it keeps, the played ones included */
	uint16_t busy_ms;  /* wait that a request made now would have */
};

struct mesh_substreams {
	uint8_t k;            /* 1..OBS_MAX_SUBSTREAMS */
	const uint8_t *heads; /* k times u64: newest chunk of each */
	const uint8_t *subscribed; /* (k + 7) / 8 bytes */
};

struct mesh_request {
	struct mesh_set set;
	uint16_t deadline_ms; /* until the first of them is played */
};

struct mesh_cancelled {
	struct mesh_set set;
	uint8_t reason; /* enum mesh_cancel */
};

struct mesh_chunk {
	uint64_t chunk;
	int64_t source_ns;       /* UTC when the origin made it */
	uint16_t hops;           /* from the origin to the sender */
	uint16_t fragment, fragments;
	uint32_t total;          /* bytes of media in the whole chunk */
	const uint8_t *signature;
	const uint8_t *media;    /* this fragment's */
	uint32_t media_len;      /* on the wire */
	uint32_t media_here;     /* of these, in memory: fewer when a capture cut it */
};

struct mesh_subscription {
	uint8_t substream, k;
	uint64_t from; /* first chunk wanted */
};

struct mesh_offer {
	bool split;            /* take me in even if a partnership must make room */
	uint8_t partners;      /* the sender has */
};

/* Contacts of GOSSIP, PARTNER_ACCEPT, PARTNER_REFUSE and GOODBYE. */
struct mesh_contacts {
	uint8_t n;
	const uint8_t *list; /* n times MESH_CONTACT bytes; mesh_contact_at */
};

struct mesh_frame {
	uint8_t type;        /* enum mesh_type */
	uint8_t code;        /* reason of a refusal or goodbye, 1 in an answering PING,
	                      * partners of an accepting peer */
	uint16_t len;        /* of the body */
	uint64_t channel, peer;
	struct mesh_contacts contacts;
	union {
		struct mesh_hello hello;
		struct mesh_map map;
		struct mesh_substreams substreams;
		struct mesh_request request;
		struct mesh_cancelled cancel;
		struct mesh_chunk chunk;
		struct mesh_subscription subscription;
		struct mesh_offer offer;
		uint64_t nonce; /* PING */
	} u;
};

/* Of a stream: how long the frame is that begins here, head included; 0: more bytes are needed
 * to tell; -1: none begins here. */
int64_t mesh_length(struct reader head);

/* Reads one frame. OBSERVED: *f holds it and in stands behind it. NOT_MINE, SHORT
 * and MALFORMED as in proto.h; *f is then unspecified. Media that is not there is
 * no reason for SHORT as long as the rest of a CHUNK is: see media_here. */
enum proto_verdict mesh_read(struct reader *in, struct mesh_frame *f);

struct mesh_contact mesh_contact_at(const struct mesh_contacts *c, unsigned i);

/* Writes a frame with its length; what does not fit fails w. A CHUNK's media is
 * written as far as media_here goes, while the length counts media_len. */
void mesh_write(struct writer *w, const struct mesh_frame *f);

/* Puts one contact at w, as mesh_contacts.list wants it. */
void mesh_write_contact(struct writer *w, const struct mesh_contact *c);

/* What is signed of a chunk: 28 bytes that stand before its media. */
#define MESH_STATEMENT 28u
void mesh_statement(uint8_t out[MESH_STATEMENT], uint64_t channel,
                    const struct mesh_chunk *c);

#endif
