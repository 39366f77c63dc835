/*
 * inferring - options of the inference that several commands take.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_INFERRING_H
#define CMD_INFERRING_H

#include "base/options.h"
#include "inference/inference.h"

struct inferring {
	double channel_rate;
	int64_t gone_ns, switch_ns, prebuffer_ns, max_peers;
};

/* Rows for the member `infer` of struct S. */
#define INFERRING_ROWS(S)                                                                          \
	{ .name = "channel-rate", .type = OPTION_NUMBER, .arg = "RATE", .min = 0.001, .max = 1e6,  \
	  .group = "Inference",                                                                    \
	  .text = "chunks a second of the channels, where it is known; else it is estimated",      \
	  .offset = offsetof(S, infer.channel_rate) },                                             \
	{ .name = "player-prebuffer", .type = OPTION_DURATION, .arg = "TIME", .min = 0,            \
	  .max = 3600, .preset = "2s", .group = "Inference",                                       \
	  .text = "media that the viewers' players wait for before they start or resume",          \
	  .offset = offsetof(S, infer.prebuffer_ns) },                                             \
	{ .name = "gone-after", .type = OPTION_DURATION, .arg = "TIME", .min = 1, .max = 86400,    \
	  .preset = "10s", .group = "Inference",                                                   \
	  .text = "least silence that ends a session; five map periods if that is longer",         \
	  .offset = offsetof(S, infer.gone_ns) },                                                  \
	{ .name = "switch-within", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 86400, \
	  .preset = "10s", .group = "Inference",                                                   \
	  .text = "longest gap between two channels that still is a switch",                       \
	  .offset = offsetof(S, infer.switch_ns) },                                                \
	{ .name = "max-peers", .type = OPTION_INT, .arg = "N", .min = 16, .max = 10000000,         \
	  .preset = "16384", .group = "Inference",                                                 \
	  .text = "addresses followed at a time; the one silent for longest makes room",           \
	  .offset = offsetof(S, infer.max_peers) }

/* Everything, with what the protocols' table knows; one shard. */
void inferring_set(struct inference_options *o, const struct inferring *opt);

#endif
