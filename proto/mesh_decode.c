/*
 * What the frames of the reference mesh-pull system say of a swarm: the row of
 * the table. Nothing is remembered of a flow, since each frame names its channel
 * and its sender.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "proto/mesh.h"

#include <string.h>

static uint64_t
id_hash(uint64_t id)
{
	uint8_t bytes[MESH_ID];
	struct writer w = writer_over(bytes, sizeof bytes);

	writer_be64(&w, id);
	return obs_id_hash(bytes, sizeof bytes);
}

/* An observation of the sender, or of the receiver about the sender. */
static struct observation *
begin(union obs_buf *buf, enum obs_kind kind, const struct packet_meta *m,
      const struct mesh_frame *f, bool of_receiver)
{
	struct observation *o = obs_begin(buf, kind, m->t_ns);

	o->channel = id_hash(f->channel);
	o->peer = of_receiver ? m->dst : m->src;
	o->to = of_receiver ? m->src : m->dst;
	o->peer_id = of_receiver ? 0 : id_hash(f->peer);
	o->protocol = PROTO_MESH;
	o->origin = m->origin;
	o->vantage = m->vantage;
	return o;
}

static void
put_set(struct observation *o, const struct mesh_set *set, struct obs_sink *out)
{
	if (!obs_set_range(o, set->offset, set->width))
		return;
	if (o->tail_len > 0)
		memcpy(o->tail, set->bits, (set->width + 7) / 8);
	out->put(out, o);
}

static void
put_channel(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	const struct mesh_hello *h = &f->u.hello;
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_CHANNEL, m, f, false);
	struct writer w = writer_over(o->tail, MESH_ID);

	if ((h->flags & MESH_IS_SOURCE) == 0) {
		o->peer = o->to = (struct endpoint){ .port = 0 };
		o->peer_id = 0;
	}
	o->u.channel.chunk_ns = o->u.channel.chunk_lo_ns = o->u.channel.chunk_hi_ns =
	    h->chunk_us * (int64_t)1000;
	o->u.channel.bitrate_kbps = h->bitrate_kbps;
	o->u.channel.head = h->head;
	o->u.channel.id_bits = 64;
	o->u.channel.id_len = MESH_ID;
	writer_be64(&w, f->channel);
	o->tail_len = MESH_ID;
	out->put(out, o);
}

static enum proto_verdict
tell_hello(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	uint32_t flags = f->u.hello.flags;
	bool opens = (flags & MESH_ANSWER) == 0;
	union obs_buf buf;
	struct observation *o;

	if (opens) {
		o = begin(&buf, OBS_JOIN, m, f, false);
		o->action = flags & MESH_REGISTER ? OBS_REGISTERED : OBS_HANDSHAKE;
		o->flags = flags & MESH_IS_SOURCE ? OBS_SOURCE : 0;
		out->put(out, o);
	}
	if (f->u.hello.chunk_us == 0)
		return opens ? PROTO_OBSERVED : PROTO_OTHER;
	put_channel(m, f, out);
	return PROTO_OBSERVED;
}

static enum proto_verdict
tell_map(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_BUFFER_MAP, m, f, false);

	o->u.map.window = f->u.map.window;
	if (f->u.map.play != MESH_NO_PLAY) {
		o->u.map.play = f->u.map.play;
		o->flags |= OBS_HAS_PLAY;
	}
	put_set(o, &f->u.map.set, out);
	return PROTO_OBSERVED;
}

static enum proto_verdict
tell_substreams(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	const struct mesh_substreams *s = &f->u.substreams;
	struct reader heads = reader_over(s->heads, s->k * (size_t)8);
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_BUFFER_MAP, m, f, false);
	struct writer w = writer_over(o->tail, OBS_MAX_TAIL);

	o->u.map.substreams = s->k;
	for (unsigned i = 0; i < s->k; i++)
		writer_le64(&w, reader_be64(&heads));
	writer_bytes(&w, s->subscribed, (s->k + 7u) / 8);
	o->tail_len = (uint32_t)writer_len(&w);
	out->put(out, o);
	return PROTO_OBSERVED;
}

static enum proto_verdict
tell_request(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	bool declined = f->type == MESH_CANCEL;
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_REQUEST, m, f, declined);

	if (declined && f->u.cancel.reason == MESH_WITHDRAWN)
		return PROTO_OTHER;
	o->action = declined ? OBS_REFUSED : OBS_ASKED;
	put_set(o, declined ? &f->u.cancel.set : &f->u.request.set, out);
	return PROTO_OBSERVED;
}

static enum proto_verdict
tell_chunk(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	const struct mesh_chunk *c = &f->u.chunk;
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_TRANSFER, m, f, true);

	o->offset = c->chunk;
	o->width = 1;
	o->u.transfer.bytes = c->media_len;
	o->u.transfer.hops = c->hops;
	out->put(out, o);
	if (c->fragment != 0)
		return PROTO_OBSERVED;
	o = begin(&buf, OBS_MARK, m, f, false);
	o->offset = c->chunk;
	o->width = 1;
	o->u.mark.source_ns = c->source_ns;
	out->put(out, o);
	return PROTO_OBSERVED;
}

static void
put_contacts(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_CONTACTS, m, f, false);
	struct mesh_contact c;

	for (unsigned i = 0; i < f->contacts.n; i++) {
		c = mesh_contact_at(&f->contacts, i);
		obs_add_contact(o, &c.at);
	}
	out->put(out, o);
}

static enum proto_verdict
tell_partner(const struct packet_meta *m, const struct mesh_frame *f, enum obs_action action,
             struct obs_sink *out)
{
	union obs_buf buf;
	struct observation *o = begin(&buf, OBS_PARTNER, m, f, false);

	o->action = (uint8_t)action;
	out->put(out, o);
	if (f->contacts.n > 0)
		put_contacts(m, f, out);
	return PROTO_OBSERVED;
}

static enum proto_verdict
tell_goodbye(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	union obs_buf buf;
	struct observation *o;

	if (f->code == MESH_PARTING)
		return tell_partner(m, f, OBS_REMOVED, out);
	o = begin(&buf, OBS_LEAVE, m, f, false);
	o->action = f->code == MESH_REBOOTING ? OBS_REBOOTS : OBS_GOODBYE;
	out->put(out, o);
	return PROTO_OBSERVED;
}

static enum proto_verdict
tell(const struct packet_meta *m, const struct mesh_frame *f, struct obs_sink *out)
{
	switch ((enum mesh_type)f->type) {
	case MESH_HELLO:
		return tell_hello(m, f, out);
	case MESH_BUFFER_MAP:
		return tell_map(m, f, out);
	case MESH_SUBSTREAM_MAP:
		return tell_substreams(m, f, out);
	case MESH_CHUNK_REQUEST:
	case MESH_CANCEL:
		return tell_request(m, f, out);
	case MESH_CHUNK:
		return tell_chunk(m, f, out);
	case MESH_GOSSIP:
		put_contacts(m, f, out);
		return PROTO_OBSERVED;
	case MESH_PARTNER_ACCEPT:
		return tell_partner(m, f, OBS_ADDED, out);
	case MESH_PARTNER_REFUSE:
		return tell_partner(m, f, OBS_DECLINED, out);
	case MESH_GOODBYE:
		return tell_goodbye(m, f, out);
	case MESH_MAP_REQUEST:
	case MESH_SUBSCRIBE:
	case MESH_UNSUBSCRIBE:
	case MESH_PARTNER_OFFER:
	case MESH_PING:
	case MESH_TYPES:
		break;
	}
	return PROTO_OTHER;
}

static enum proto_verdict
mesh_decode(void *state, const struct packet_meta *m, struct reader *in, struct obs_sink *out)
{
	struct mesh_frame f;
	enum proto_verdict verdict = mesh_read(in, &f);

	(void)state;
	if (verdict != PROTO_OBSERVED)
		return verdict;
	if (m->wire_len != MESH_HEAD + (uint32_t)f.len)
		return PROTO_MALFORMED;
	return tell(m, &f, out);
}

static int64_t
mesh_frame(const void *state, struct reader head)
{
	(void)state;
	return mesh_length(head);
}

static bool
mesh_sync(const void *state, struct reader at)
{
	(void)state;
	return mesh_length(at) > 0;
}

const struct proto proto_mesh = {
	.name = "mesh",
	.id = PROTO_MESH,
	.transports = PROTO_UDP | PROTO_TCP,
	.id_bits = 64,
	.state_size = 0,
	.playhead = { .model = PLAYHEAD_EXPLICIT, .prebuffer_ns = 1000000000,
	              .rebuffer_ns = 1000000000, .give_up_ns = 2000000000,
	              .reboot_ns = 10000000000, .skip_chunks = 4 },
	.decode = mesh_decode,
	.frame = mesh_frame,
	.sync = mesh_sync,
	.sync_byte = 0xe7,
};
