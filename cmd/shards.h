/*
 * shards - the inference with a thread for each shard of its peer stage.
 *
 *   caller: stage 1 --ring--> shard 0 --\
 *                   --ring--> shard 1 ---> results, one at a time
 *
 * Same results as in one thread, if no table is full. Results come in another order.
 * A full ring makes the caller wait: input from files loses nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_SHARDS_H
#define CMD_SHARDS_H

#include "inference/inference.h"

struct shards;

/* Starts opt->shards threads; inf and out must outlive it. The program ends with a
 * message if a thread cannot be started. */
struct shards *shards_start(struct inference *inf, uint32_t n, struct result_sink *out);

/* After inference_end: waits until all is inferred, and frees it. */
void shards_finish(struct shards *s);

#endif
