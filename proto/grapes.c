/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/proto.h"

static enum proto_verdict
grapes_decode(void *state, const struct packet_meta *m, struct reader *in,
              struct obs_sink *out)
{
	(void)state, (void)m, (void)in, (void)out;
	return PROTO_NOT_MINE;
}

const struct proto proto_grapes = {
	.name = "grapes",
	.id = PROTO_GRAPES,
	.transports = PROTO_UDP,
	.id_bits = 32,
	.state_size = 16,
	.playhead = { .model = PLAYHEAD_FIRST_RECEIVED, .skip_window_chunks = 80 },
	.decode = grapes_decode,
};
