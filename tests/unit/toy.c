/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/toy.h"

#include <string.h>

#include "record/observation.h"

struct toy_state {
	uint32_t datagrams;
	uint8_t unused[60];
};

static void
observe(const struct toy_state *s, const struct packet_meta *m, struct reader *in,
        struct obs_sink *out, enum proto_id id)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_HAVE, m->t_ns);

	o->peer = m->src;
	o->to = m->dst;
	o->protocol = (uint8_t)id;
	o->offset = s->datagrams;
	o->width = m->reply ? 2 : 1;
	o->flags = OBS_ALL;
	if (reader_left(in) + 4 < m->wire_len)
		o->flags |= OBS_CUT;
	out->put(out, o);
}

static enum proto_verdict
decode(const char *name, enum proto_id id, struct toy_state *s, const struct packet_meta *m,
       struct reader *in, struct obs_sink *out)
{
	uint8_t code;

	for (; *name != '\0'; name++) {
		uint8_t c = reader_u8(in);

		if (in->failed)
			return PROTO_SHORT;
		if (c != (uint8_t)*name)
			return PROTO_NOT_MINE;
	}
	code = reader_u8(in);
	if (in->failed)
		return PROTO_SHORT;
	if (code == TOY_NOT_MINE)
		return PROTO_NOT_MINE;
	s->datagrams++;
	memset(s->unused, 0xff, sizeof s->unused);
	switch ((enum toy_code)code) {
	case TOY_OBSERVED:
		observe(s, m, in, out, id);
		return PROTO_OBSERVED;
	case TOY_OTHER:
		return PROTO_OTHER;
	case TOY_SHORT:
		return PROTO_SHORT;
	case TOY_MALFORMED:
		return PROTO_MALFORMED;
	case TOY_NOT_MINE:
		break;
	}
	return PROTO_NOT_MINE;
}

static enum proto_verdict
toy_decode(void *state, const struct packet_meta *m, struct reader *in, struct obs_sink *out)
{
	return decode("TOY", PROTO_GRAPES, state, m, in, out);
}

static enum proto_verdict
two_decode(void *state, const struct packet_meta *m, struct reader *in, struct obs_sink *out)
{
	return decode("TWO", PROTO_NONE, state, m, in, out);
}

const struct proto toy = {
	.name = "toy",
	.id = PROTO_GRAPES,
	.transports = PROTO_UDP,
	.id_bits = 32,
	.state_size = sizeof(struct toy_state),
	.decode = toy_decode,
};

const struct proto two = {
	.name = "two",
	.id = PROTO_NONE,
	.transports = PROTO_UDP | PROTO_TCP,
	.id_bits = 32,
	.state_size = sizeof(struct toy_state),
	.decode = two_decode,
};

const struct proto *const toy_table[] = { &toy, &two, NULL };
