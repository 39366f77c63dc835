/*
 * channel_state - what stage 1 keeps, for its two files: channel.c keeps the clocks,
 * channel_assign.c says which swarm an observation belongs to.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_CHANNEL_STATE_H
#define INFERENCE_CHANNEL_STATE_H

#include "base/map.h"
#include "inference/channel.h"
#include "inference/known.h"
#include "inference/timeline.h"

struct channel {
	uint64_t key;
	uint64_t serial;         /* order of founding */
	uint8_t protocol;
	bool used, named, wire;  /* wire: the protocol names the channel */
	bool exact;              /* marks come from the wire */
	struct endpoint source;
	uint32_t source_votes;   /* majority vote on who sends chunks first */
	int64_t heard_ns, told_ns, epoch_ns;
	int64_t clock_ns;        /* source's clock + this = ours; lowest delay seen */
	int64_t chunk_bytes;     /* mean size of a chunk, 1/256 bytes */
	uint64_t sized;          /* chunks behind that mean */
	uint32_t bitrate_kbps;
	uint8_t id_len, name_len;
	uint8_t id[OBS_MAX_CHANNEL_ID];
	char name[OBS_MAX_NAME];
	struct known known;
	struct timeline timeline; /* last: large, and set up by timeline_init */
};

struct member {
	uint64_t key; /* channel; 0 none */
};

struct channels {
	const struct inference_options *opt;
	struct obs_sink *out;
	struct map *members; /* endpoint -> struct member */
	uint64_t founded, evicted, unassigned;
	union obs_buf buf;
	struct channel channel[]; /* opt->max_channels */
};

/* The 64-bit chunk number nearest the newest one that ends in the wire's bits. */
uint64_t channel_unwrap(const struct channels *s, const struct channel *c, uint64_t chunk);

/* The channel whose chunks this address last sent or took; NULL none. */
struct channel *channel_member_of(struct channels *s, const struct endpoint *who);

/* From now on it is of this channel; of none if NULL. */
void channel_enrol(struct channels *s, const struct endpoint *who, const struct channel *c);

/* Is it the only channel of its protocol? */
bool channel_is_alone(const struct channels *s, const struct channel *c);

/* Does the observation speak of chunks? */
bool channel_has_chunks(const struct observation *o);

/* The channel of an observation, founded if need be; NULL: of no known swarm. */
struct channel *channel_assign(struct channels *s, const struct observation *o);

#endif
