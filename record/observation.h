/*
 * observation - one thing that was seen of a swarm: the input everything shares.
 *
 * Capture, crawler, replayed file, simulator and a provider's own telemetry all
 * emit observations; whatever infers, stores or shows knows nothing else. It is
 * a flat value without pointers: a fixed head, then tail_len bytes of its own
 * (bits of a map, contacts, text); memcpy of obs_size() bytes copies it.
 *
 *   head                         | tail: ceil(width / 8) bytes
 *   t, who, kind, offset, width  | 1 1 1 0 1 1 0 0 0 ... 0 1 0
 *                                  ^ chunk offset            ^ offset + width - 1
 *
 * Chunk sets (BUFFER_MAP, HAVE, REQUEST): bit i of the tail is chunk offset + i,
 * lowest bit of the first byte first, whatever order the wire used; bits at or
 * past width are zero. With OBS_ALL no tail is kept and every chunk of the range
 * is in the set. width 0 is the empty set.
 *
 * Who is who: peer is the one whose state is told, to is the other end.
 *   BUFFER_MAP, HAVE  peer holds (and said so to `to`)
 *   REQUEST           peer wants; `to` is asked, or answers
 *   TRANSFER          peer receives; `to` sent it
 *   MARK, VERIFY      peer made or sent the chunk
 *   CONTACTS          peer told them to `to`; the tail holds u.contacts.n endpoints
 *   PARTNER           peer adds, removes or refuses `to`
 *   JOIN, LEAVE       peer comes or goes; `to` is where it registered, if any
 *   CHANNEL           peer is the source or tracker, if known
 *   FLOW              peer is the initiator, `to` the responder
 *   GAP               peer and to are none, or the flow that lost bytes
 *
 * Chunk numbers are the wire's (id_bits wide, see CHANNEL) until the channel
 * stage has unwrapped them. Byte form: record/codec.h, schemas/observation.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_OBSERVATION_H
#define RECORD_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/endpoint.h"

#define OBS_MAX_WIDTH 16384u /* chunks in one set; a wider claim is malformed */
#define OBS_MAX_CONTACTS 100u /* endpoints in one CONTACTS */
#define OBS_MAX_SUBSTREAMS 64u
#define OBS_MAX_CHANNEL_ID 128u /* bytes; PPSPP's live swarm id takes 65 */
#define OBS_MAX_NAME 255u       /* bytes of UTF-8 */
enum obs_kind {
	OBS_BUFFER_MAP = 1, /* the whole map */
	OBS_HAVE,           /* chunks gained */
	OBS_REQUEST,        /* chunks asked for, granted or refused */
	OBS_TRANSFER,       /* chunk data went by */
	OBS_MARK,           /* a chunk's source wall time */
	OBS_VERIFY,         /* a chunk's signature or digest checked */
	OBS_CONTACTS,       /* peers told by a peer or tracker */
	OBS_PARTNER,        /* partnership added, removed, refused */
	OBS_JOIN,
	OBS_LEAVE,
	OBS_CHANNEL,        /* what is known of a channel */
	OBS_FLOW,           /* what a flow had since it was told last */
	OBS_GAP,            /* what the capture lost */
	OBS_KINDS           /* one past the last */
};

enum obs_origin { OBS_PASSIVE, OBS_ACTIVE, OBS_REPORTED, OBS_SIMULATED };

/* What was done; the names that a kind may use stand in its line. BOOTSTRAP: first
 * words of a newcomer (a gossip query that knows nobody but itself). */
enum obs_action {
	OBS_NO_ACTION,
	OBS_ASKED, OBS_GRANTED, OBS_REFUSED,  /* REQUEST */
	OBS_GOOD, OBS_BAD,                    /* VERIFY */
	OBS_ADDED, OBS_REMOVED, OBS_DECLINED, /* PARTNER */
	OBS_REGISTERED, OBS_HANDSHAKE, OBS_BOOTSTRAP, /* JOIN */
	OBS_GOODBYE, OBS_CLOSED, OBS_REBOOTS, /* LEAVE: said so; FIN; and will be back */
	OBS_ACTIONS
};

enum obs_flag {
	OBS_ALL = 1u << 0,         /* every chunk of offset..offset+width-1 */
	OBS_HAS_PLAY = 1u << 1,    /* u.map.play is the peer's play position */
	OBS_MINUS_ACKED = 1u << 2, /* the map leaves out the chunk it acknowledges: what
	                            * it shows first arrived by the message before */
	OBS_RETRANSMISSION = 1u << 3,
	OBS_ESTIMATED = 1u << 4,   /* MARK, CHANNEL: inferred, not told by the wire */
	OBS_CUT = 1u << 5,         /* the capture cut this message */
	OBS_SOURCE = 1u << 6,      /* peer says that it is the source */
	OBS_PROMPT = 1u << 7,      /* HAVE: said at once when the chunks came */
};

enum obs_gap_cause {
	OBS_GAP_DROPPED = 1, /* by kernel, interface or ring */
	OBS_GAP_CUT,         /* by the snap length */
	OBS_GAP_STREAM,      /* a hole in a TCP stream */
	OBS_GAP_EVICTED,     /* a bounded table was full */
	OBS_GAP_FILE,        /* the file ends early or is damaged */
};

struct observation {
	int64_t t_ns;      /* UTC, since 1970: the message's last byte */
	uint64_t channel;  /* hash of the channel's id (obs_id_hash); 0: not told */
	uint64_t peer_id;  /* hash of the protocol's own peer id; 0: none */
	uint64_t offset;   /* first chunk; TRANSFER, MARK, VERIFY: the chunk */
	uint32_t width;    /* chunks from offset on */
	struct endpoint peer, to;
	uint8_t kind, origin; /* enum obs_kind, obs_origin */
	uint8_t protocol;  /* proto_table's id, 0 = none */
	uint8_t action;    /* enum obs_action */
	uint16_t flags;    /* enum obs_flag */
	uint16_t vantage;  /* which probe; 0 in a single input */
	uint32_t tail_len; /* bytes */
	union {
		struct {
			uint64_t play;   /* with OBS_HAS_PLAY */
			uint16_t substreams; /* K: tail = K u64 LE heads, then ceil(K/8)
			                      * bytes of subscriptions; 0: a bitmap */
			uint16_t window; /* chunks the peer says it keeps, 0 unknown */
		} map;
		struct {
			uint32_t bytes; /* of the chunk's data, on the wire */
			uint16_t hops;  /* from the source; UINT16_MAX unknown */
		} transfer;
		struct {
			int64_t source_ns; /* UTC when the source made the chunk */
			int64_t error_ns;  /* +- how well that is known; 0 exact */
		} mark;
		struct { uint32_t n; } contacts; /* tail = n times 16 bytes address, u16 LE port */
		struct {
			int64_t chunk_lo_ns, chunk_ns, chunk_hi_ns; /* 0 unknown */
			int64_t prebuffer_ns;     /* 0 unknown */
			int64_t clock_ns;         /* source's clock + this = ours */
			uint64_t head;            /* newest chunk at t_ns */
			uint64_t alias_of;        /* another channel key; 0 none */
			uint32_t prebuffer_bytes; /* 0 unknown */
			uint32_t bitrate_kbps;    /* 0 unknown */
			uint32_t known;           /* peers spoken of; of stage 1, in no file */
			uint8_t id_bits;          /* 31, 32, 64 */
			uint8_t id_len;           /* tail = the id, then the name */
			uint8_t name_len;
		} channel;
		struct {
			uint64_t packets, bytes, reply_packets, reply_bytes; /* from, to peer */
			int64_t first_ns;
			uint16_t app, master; /* the classifier's protocol numbers */
			uint8_t transport, confidence; /* IP protocol number; 0 = none */
			uint8_t began;        /* 1: the first of this flow */
		} flow;
		struct {
			int64_t from_ns;   /* lost between from_ns and t_ns */
			uint64_t packets, bytes;
			uint8_t cause;     /* enum obs_gap_cause */
		} gap;
	} u;
	_Alignas(8) uint8_t tail[];
};

#define OBS_MAX_TAIL 2048u /* bytes: OBS_MAX_WIDTH bits, the largest tail */
/* Room for the largest observation, for those who build one. */
union obs_buf {
	struct observation o;
	uint8_t space[sizeof(struct observation) + OBS_MAX_TAIL];
};

size_t obs_size(const struct observation *o);

bool obs_has(const struct observation *o, uint64_t chunk); /* false outside the range */
uint32_t obs_held(const struct observation *o); /* chunks in the set, 0..width */

/* Chunks offset + i ... offset + i + 63, the first in the lowest bit. */
uint64_t obs_bits(const struct observation *o, uint64_t i);

/* Newest chunk in the set; false, and *chunk untouched, if empty. */
bool obs_newest(const struct observation *o, uint64_t *chunk);

/* Next run of held chunks at or after from: [*first, *last]. False at the end. */
bool obs_next_run(const struct observation *o, uint64_t from, uint64_t *first,
                  uint64_t *last);

/* Marks chunk offset + i, after obs_set_range; i < width (asserted). */
void obs_set(struct observation *o, uint32_t i);

/* Starts an observation in buf: everything zero but these. */
struct observation *obs_begin(union obs_buf *buf, enum obs_kind kind, int64_t t_ns);

/* Starts its chunk set, empty. False, unchanged: too wide, or past the last number. */
bool obs_set_range(struct observation *o, uint64_t offset, uint32_t width);

/* i-th contact of a CONTACTS, i < u.contacts.n. */
struct endpoint obs_contact(const struct observation *o, uint32_t i);
/* Adds one; false when OBS_MAX_CONTACTS are there. */
bool obs_add_contact(struct observation *o, const struct endpoint *e);

uint64_t obs_id_hash(const void *id, size_t len); /* channel and peer_id carry it; never 0 */

/* "buffer_map", "have", ... as in the JSON of decode; NULL past the last. */
const char *obs_kind_name(unsigned kind);
const char *obs_action_name(unsigned action);

#endif
