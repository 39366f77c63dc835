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

#include "inference/inference.h"

struct peers;

size_t peers_size(const struct inference_options *opt);
struct peers *peers_init(void *mem, const struct inference_options *opt,
                         struct result_sink *out);

/* Takes what stage 1 puts. A LEAVE of nobody: the channel made room for another; at
 * most opt->max_channels are there at a time (asserted). */
void peers_put(struct peers *s, const struct observation *o);

/* Every open session and every channel is written as final. */
void peers_end(struct peers *s);

uint64_t peers_evicted(const struct peers *s);

#endif
