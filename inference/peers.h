/*
 * peers - stage 2: the sessions of each address, one shard of them.
 *
 * Takes what stage 1 hands on; knows of channels only what CHANNEL and MARK tell,
 * so shards by address never need each other. Sessions, their events and additive
 * channel counts come out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_PEERS_H
#define INFERENCE_PEERS_H

#include "inference/expect.h"
#include "inference/inference.h"

struct peers;

/* Which of opt->shards shards an address belongs to. */
uint32_t peers_shard(const struct inference_options *opt, const struct endpoint *who);

size_t peers_size(const struct inference_options *opt);
struct peers *peers_init(void *mem, const struct inference_options *opt, uint32_t shard,
                         struct result_sink *out);

/* Results go there from now on. */
void peers_results(struct peers *s, struct result_sink *out);

/* It will be put soon. */
void peers_expect(const struct peers *s, const struct observation *o, enum expect_stage stage);

/* Takes what stage 1 puts. A LEAVE of nobody: the channel made room for another; at
 * most opt->max_channels are there at a time (asserted). */
void peers_put(struct peers *s, const struct observation *o);

/* What is known by now_ns of who was heard since since_ns, and with curves of the channels'
 * retrieval: not final. */
void peers_tell(struct peers *s, int64_t now_ns, int64_t since_ns, bool curves);

/* The input ended at now_ns: every open session and every channel is written as final. */
void peers_end(struct peers *s, int64_t now_ns);

uint64_t peers_evicted(const struct peers *s);

#endif
