/*
 * inference - observations in, results out; event time only.
 *
 * Two stages. The channel stage says which swarm an observation belongs to,
 * unwraps chunk numbers and keeps each channel's clock, head and constants; the
 * peer stage follows each address's sessions. Both live in memory that the
 * caller gives once, sized from the options: nothing is allocated later, and a
 * full table evicts by a counted rule. Same observations, same results, whatever
 * the batching.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_INFERENCE_H
#define INFERENCE_INFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inference/expect.h"
#include "record/observation.h"
#include "record/playhead.h"
#include "record/sink.h"

#define INFERENCE_PROTOCOLS 16
#define INFERENCE_SHARDS 32

struct inference_options {
	uint32_t max_channels;      /* ceiling; the longest unheard is evicted */
	uint32_t max_peers;         /* ceiling; likewise, of all shards together */
	uint32_t shards;            /* parts of the peer stage, at most INFERENCE_SHARDS */
	uint64_t hash_seed;         /* of tables; results do not hang on it. Secret where peers may
	                             * choose their addresses to collide */
	int64_t gone_ns;            /* least silence that ends a session */
	int64_t switch_ns;          /* longest gap of a switch */
	struct obs_sink *maps;      /* gets a map a second of each peer, its chunk numbers
	                             * and channel settled; NULL: nobody wants them */
	double chunk_rate;          /* chunks/s given by the user; 0 = estimate */
	struct player_model player;
	struct playhead playhead[INFERENCE_PROTOCOLS]; /* by protocol id */
	uint8_t id_bits[INFERENCE_PROTOCOLS]; /* width of chunk numbers; 0 = 64 */
};

struct inference_counts {
	uint64_t observations, late, duplicate, unassigned;
	uint64_t unbelievable; /* times or chunk numbers that no swarm has: passed over */
	uint64_t channels_evicted, peers_evicted;
};

struct inference;

/* The defaults of doc, without the protocols' playheads: the caller fills these
 * from proto_table. */
void inference_defaults(struct inference_options *opt);

/* Bytes that inference_init wants for these options. */
size_t inference_size(const struct inference_options *opt);

/* Builds it in mem (zeroed, aligned for any type), which must outlive it. */
struct inference *inference_init(void *mem, const struct inference_options *opt,
                                 struct result_sink *out);

/* For a thread each: what stage 1 puts for shard i goes to to[i] from now on, in order,
 * and the thread that owns the shard hands it to inference_shard_put; its results go to
 * out[i]. Once inference_end has returned and all of it was handed on, each owner
 * calls inference_shard_end. Arrays are borrowed. */
void inference_spread(struct inference *inf, struct obs_sink *const to[],
                      struct result_sink *const out[]);
void inference_shard_put(struct inference *inf, uint32_t shard, const struct observation *o);
void inference_shard_end(struct inference *inf, uint32_t shard);

/* It will be put soon: once for each stage, in their order, a few observations apart. */
void inference_expect(const struct inference *inf, const struct observation *o,
                      enum expect_stage stage);

void inference_put(struct inference *inf, const struct observation *o);

/* The input was read as far as t_ns, with nothing more of a swarm in it: who is not heard
 * until then is silent. */
void inference_seen(struct inference *inf, int64_t t_ns);

/* What is known now of every open session that was heard since since_ns, and with curves of the
 * channels' retrieval, not final: told again it replaces what was told. Only where the shards are
 * called here (no inference_spread). */
void inference_tell(struct inference *inf, int64_t since_ns, bool curves);

/* The input ended: every open session and channel is written as final. */
void inference_end(struct inference *inf);

struct inference_counts inference_counts(const struct inference *inf);

#endif
