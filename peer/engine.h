/*
 * engine - one peer of a mesh-pull swarm as a state machine.
 *
 *   frames, time, viewer's wishes  -->  engine  -->  frames, chunks, truth
 *
 * No input or output, clock, allocation or randomness of its own: time comes with
 * each call, signer and seed with the options, and what it wants done goes out
 * through struct engine_out during the call. Everything inside is bounded; whatever
 * a frame says, sizeof(struct engine) is all the memory there is. An origin is an
 * engine that makes chunks instead of asking for them.
 *
 * Times are UTC nanoseconds since 1970; calls must not go back in time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_ENGINE_H
#define PEER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer/player.h"
#include "peer/signer.h"
#include "peer/truth.h"
#include "proto/mesh.h"

/* What the offset of the engine's maps means; the wire does not say. */
enum engine_offset {
	ENGINE_OFFSET_PLAY,   /* the play position: the protocol's rule */
	ENGINE_OFFSET_OLDEST, /* the oldest chunk it keeps */
	ENGINE_OFFSET_HEAD,   /* a fixed distance behind its newest chunk */
};

struct engine_channel {
	uint64_t id;
	int64_t chunk_ns;
	uint32_t bitrate_kbps;
	struct endpoint tracker;
};

struct engine_options {
	struct engine_channel channel;
	struct endpoint self;
	uint64_t peer_id, seed;
	const struct signer *signer;
	uint32_t up_kbps, down_kbps;     /* its share of the access line */
	uint32_t partners, max_partners; /* wanted; accepted at most (<= ENGINE_PARTNERS) */
	uint32_t past_chunks;            /* kept behind the play position */
	uint32_t lag_chunks;             /* start this far behind the newest chunk when no
	                                  * partner plays yet */
	uint32_t behind_chunks;          /* stalled so far behind its partners it skips to
	                                  * where they are; 0: never */
	int64_t map_ns, gossip_ns;       /* periods */
	uint16_t lease_s;
	struct player_options player;
	enum engine_offset offset;
	bool source;
	bool hide_play;                  /* maps don't carry the play position */
};

struct engine_out {
	/* Sends a frame; media is NULL, or the CHUNK whose media_len bytes of media
	 * the driver appends. */
	void (*send)(struct engine_out *self, const struct endpoint *to, const uint8_t *frame,
	             size_t len, const struct mesh_chunk *media);
	/* A chunk arrived and is genuine: to be cached until it is past_chunks old. */
	void (*chunk)(struct engine_out *self, const struct mesh_chunk *c);
	void (*truth)(struct engine_out *self, const struct truth_event *ev);
};

/* Why frames were dropped; counts, never logged. */
enum engine_drop {
	ENGINE_MALFORMED,  /* breaks the protocol */
	ENGINE_FOREIGN,    /* of another channel or another protocol */
	ENGINE_STRANGER,   /* only partners may say that */
	ENGINE_UNASKED,    /* a chunk that was not asked for there */
	ENGINE_POLLUTED,   /* signature wrong */
	ENGINE_TOO_MANY,   /* over a limit of requests or frames */
	ENGINE_UNSUPPORTED, /* fragments, sub-streams */
	ENGINE_DROPS
};

struct engine_counts {
	uint64_t dropped[ENGINE_DROPS];
	uint64_t partners_dropped; /* for what they sent */
	uint64_t chunks_in, chunks_out, late, expired, refused;
	uint64_t diffusion_ns;     /* sum over chunks_in of arrival - source time */
	uint64_t hops;             /* likewise */
};

#define ENGINE_PARTNERS 32u /* ceiling of max_partners */
#define ENGINE_REQUESTS 64u /* in flight at once */
#define ENGINE_QUEUE 64u    /* chunks to be sent */
#define ENGINE_BANNED 16u

struct engine;

/* Options that make a working peer; channel, self, ids, signer and rates are the
 * caller's. */
void engine_defaults(struct engine_options *opt);

/* Once the channel is set: what is counted in chunks becomes as long as it is by default. */
void engine_scale(struct engine_options *opt);

size_t engine_size(void);

/* Builds it in mem (aligned for any type), which must outlive it. Option values out
 * of range are the caller's error (asserted). */
struct engine *engine_init(void *mem, const struct engine_options *opt,
                           struct engine_out *out);

void engine_join(struct engine *e, int64_t now);
void engine_switch(struct engine *e, const struct engine_channel *to, int64_t now);
void engine_set_upload(struct engine *e, uint32_t kbps); /* from now on */
void engine_leave(struct engine *e, int64_t now); /* it says goodbye; may join again */

/* A datagram came: len of its wire_len bytes are here. */
void engine_frame(struct engine *e, const struct endpoint *from, const uint8_t *frame,
                  size_t len, size_t wire_len, int64_t now);

/* The origin's chunk is complete; its signature and hops are made here. */
void engine_media(struct engine *e, const struct mesh_chunk *c, int64_t now);

/* Does what is due; engine_due says when to call again (INT64_MAX: never). */
void engine_timer(struct engine *e, int64_t now);
int64_t engine_due(const struct engine *e);

const struct player *engine_player(const struct engine *e);
struct engine_counts engine_counts(const struct engine *e);
unsigned engine_partners(const struct engine *e);
/* While it plays: the last of the chunks that lie in a row from the one that is shown on. What
 * comes behind a hole waits until play has passed it. 0: it does not play. */
uint64_t engine_ready(const struct engine *e);
const struct window *engine_held(const struct engine *e); /* its cache */
bool engine_has(const struct engine *e, uint64_t chunk);

#endif
