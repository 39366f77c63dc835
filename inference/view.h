/*
 * view - what the peer stage knows of a channel: from stage 1's CHANNEL and MARK, and the
 * player's thresholds that follow from it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_VIEW_H
#define INFERENCE_VIEW_H

#include "inference/inference.h"
#include "inference/session.h"

/* Of o's channel, of which nothing else is known yet. */
void view_init(struct channel_view *c, const struct inference_options *opt,
               const struct observation *o);

/* A CHANNEL. */
void view_told(struct channel_view *c, const struct inference_options *opt,
               const struct observation *o);

/* Writes the channel's result: shard 0's, since all shards know the same. */
void view_put(const struct channel_view *c, uint32_t shard, bool final, struct result_sink *out);

/* Writes its retrieval counts as final. */
void view_put_retrieval(const struct channel_view *c, uint32_t shard, bool final,
                        struct result_sink *out);

#endif
