/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/inferring.h"

#include "proto/proto.h"

void
inferring_set(struct inference_options *o, const struct inferring *opt)
{
	inference_defaults(o);
	o->gone_ns = opt->gone_ns;
	o->switch_ns = opt->switch_ns;
	o->max_peers = (uint32_t)opt->max_peers;
	o->chunk_rate = opt->channel_rate;
	o->player.prebuffer_ns = opt->prebuffer_ns;
	o->player.rebuffer_ns = opt->prebuffer_ns;
	for (const struct proto *const *p = proto_table; *p != NULL; p++) {
		o->playhead[(*p)->id] = (*p)->playhead;
		o->id_bits[(*p)->id] = (uint8_t)(*p)->id_bits;
	}
}
