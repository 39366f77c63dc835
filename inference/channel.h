/*
 * channel - stage 1: which swarm an observation belongs to, and that swarm's clock.
 *
 * Gives every observation its channel's key and unwrapped chunk numbers and hands
 * it on. Adds two kinds of its own: one MARK for each chunk of a channel (from the
 * wire, or, where the wire has no source time, the moment at which the swarm first
 * showed the chunk: OBS_ESTIMATED), and CHANNEL whenever the channel's constants
 * are known better. When all places are taken, the channel that makes room is told by
 * a LEAVE of nobody.
 *
 * Where the wire names the channel, that is the key. Where it does not (GRAPES),
 * a chunk message tells: the same chunk with the same source time is the same
 * swarm, a chunk that lies on a swarm's clock belongs to it, any other founds a
 * new one; peers are members of the swarm whose chunks they last sent or took, and
 * their maps must lie in its range. Such a channel's id is the source's address and
 * port and the epoch of its clock: source time - chunk * duration, in seconds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_CHANNEL_H
#define INFERENCE_CHANNEL_H

#include "inference/expect.h"
#include "inference/inference.h"

struct channels;

size_t channels_size(const struct inference_options *opt);
struct channels *channels_init(void *mem, const struct inference_options *opt,
                               struct obs_sink *out);
void channels_put(struct channels *s, const struct observation *o);

/* It will be put soon. */
void channels_expect(const struct channels *s, const struct observation *o,
                     enum expect_stage stage);

/* The input ended: each channel's CHANNEL is written once more. */
void channels_end(struct channels *s);

uint64_t channels_evicted(const struct channels *s);
uint64_t channels_unassigned(const struct channels *s); /* of no known swarm */

#endif
