/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/channel.h"

#include <string.h>

#include "base/writer.h"
#include "inference/channel_state.h"

#define S_NS 1000000000
#define NAMED_AFTER_MARKS 10u  /* marks before the epoch is believed */
#define TELL_EVERY_NS S_NS
#define RATE_HOLD_MARKS 64u    /* mean chunk size over about so many */

static size_t
channels_head(const struct inference_options *opt)
{
	size_t n = sizeof(struct channels) + opt->max_channels * sizeof(struct channel);

	return (n + 15) / 16 * 16;
}

size_t
channels_size(const struct inference_options *opt)
{
	return channels_head(opt) +
	       map_size(opt->max_peers, sizeof(struct endpoint), sizeof(struct member));
}

struct channels *
channels_init(void *mem, const struct inference_options *opt, struct obs_sink *out)
{
	struct channels *s = mem;

	s->opt = opt;
	s->out = out;
	s->members = map_init((uint8_t *)mem + channels_head(opt), opt->max_peers,
	                      sizeof(struct endpoint), sizeof(struct member), opt->hash_seed,
	                      NULL, NULL);
	return s;
}

/* Source's address and port, epoch in whole seconds. */
static void
name_channel(struct channel *c)
{
	struct writer w = writer_over(c->id, sizeof c->id);

	if (endpoint_is_ipv4(&c->source))
		writer_bytes(&w, c->source.addr + 12, 4);
	else
		writer_bytes(&w, c->source.addr, 16);
	writer_be16(&w, c->source.port);
	writer_be32(&w, (uint32_t)(c->epoch_ns / S_NS));
	c->id_len = (uint8_t)writer_len(&w);
	c->named = true;
}

static void
find_epoch(struct channel *c)
{
	int64_t at_ns = 0, back_ns;

	if (!timeline_known(&c->timeline, c->timeline.oldest, &at_ns) ||
	    __builtin_mul_overflow((int64_t)c->timeline.oldest, c->timeline.chunk.best_ns,
				   &back_ns) ||
	    __builtin_sub_overflow(at_ns, back_ns, &back_ns) || back_ns < 0)
		back_ns = at_ns < 0 ? 0 : at_ns;
	c->epoch_ns = back_ns;
}

static void
measure_rate(struct channel *c)
{
	double kbps;

	if (c->sized == 0 || !estimate_known(&c->timeline.chunk))
		return;
	kbps = (double)c->chunk_bytes / 256 * 8e6 / (double)c->timeline.chunk.best_ns;
	c->bitrate_kbps = kbps < UINT32_MAX ? (uint32_t)kbps : UINT32_MAX;
}

/* A chunk's duration at the rate that the user gave. */
static struct estimate
given_chunk(double per_s)
{
	double ns = S_NS / per_s;

	return estimate_at(ns < TIMELINE_LEAST_NS ? TIMELINE_LEAST_NS :
	                   ns < TIMELINE_MOST_NS ? (int64_t)ns : TIMELINE_MOST_NS);
}

/* last: nothing more will be known, so an only channel's few marks must do. */
static void
tell_channel(struct channels *s, struct channel *c, int64_t t_ns, bool last)
{
	struct observation *o = obs_begin(&s->buf, OBS_CHANNEL, t_ns);

	timeline_estimate(&c->timeline);
	if (s->opt->chunk_rate > 0)
		c->timeline.chunk = given_chunk(s->opt->chunk_rate);
	measure_rate(c);
	if (!c->named && !c->wire && estimate_known(&c->timeline.chunk) &&
	    (c->timeline.marks >= NAMED_AFTER_MARKS || (last && channel_is_alone(s, c)))) {
		find_epoch(c);
		name_channel(c);
	}
	o->channel = c->key;
	o->protocol = c->protocol;
	o->peer = c->source;
	o->flags = c->exact ? 0 : OBS_ESTIMATED;
	if (estimate_known(&c->timeline.chunk)) {
		o->u.channel.chunk_lo_ns = c->timeline.chunk.lo_ns;
		o->u.channel.chunk_ns = c->timeline.chunk.best_ns;
		o->u.channel.chunk_hi_ns = c->timeline.chunk.hi_ns;
	}
	o->u.channel.head = c->timeline.newest;
	o->u.channel.known = known_count(&c->known);
	o->u.channel.clock_ns = c->clock_ns == INT64_MAX ? 0 : c->clock_ns;
	o->u.channel.bitrate_kbps = c->bitrate_kbps;
	o->u.channel.id_len = c->id_len;
	o->u.channel.name_len = c->name_len;
	memcpy(o->tail, c->id, c->id_len);
	memcpy(o->tail + c->id_len, c->name, c->name_len);
	o->tail_len = (uint32_t)c->id_len + c->name_len;
	c->told_ns = t_ns;
	s->out->put(s->out, o);
}

/* The source is who sends most chunks before anybody else does (majority vote in
 * one pass, Boyer and Moore 1981), unless a peer says that it is. */
static void
vote_source(struct channel *c, const struct endpoint *sender)
{
	if (c->source_votes == UINT32_MAX)
		return;
	if (c->source_votes == 0)
		c->source = *sender;
	if (endpoint_same(&c->source, sender))
		c->source_votes += c->source_votes < UINT32_MAX - 1;
	else
		c->source_votes--;
}

/* A chunk's time is new: everybody hears of it once. */
static void
mark(struct channels *s, struct channel *c, const struct observation *from, uint64_t chunk,
     int64_t source_ns, bool exact)
{
	struct observation *o;
	int64_t delay_ns;

	if (exact && !c->exact && c->timeline.marks > 0) /* better than the maps' */
		timeline_init(&c->timeline);
	if (timeline_mark(&c->timeline, chunk, source_ns) != TIMELINE_NEW)
		return;
	c->exact = exact;
	if (exact || c->wire) /* of a named swarm, who shows chunks first sends them, too */
		vote_source(c, &from->peer);
	if (!__builtin_sub_overflow(from->t_ns, source_ns, &delay_ns) && delay_ns < c->clock_ns)
		c->clock_ns = delay_ns;
	if (c->timeline.marks == NAMED_AFTER_MARKS || from->t_ns - c->told_ns >= TELL_EVERY_NS)
		tell_channel(s, c, from->t_ns, false);
	else if (c->timeline.marks < NAMED_AFTER_MARKS)
		timeline_estimate(&c->timeline);
	o = obs_begin(&s->buf, OBS_MARK, from->t_ns);
	o->channel = c->key;
	o->protocol = c->protocol;
	o->peer = from->peer;
	o->offset = chunk;
	o->width = 1;
	o->flags = exact ? 0 : OBS_ESTIMATED;
	o->u.mark.source_ns = source_ns;
	s->out->put(s->out, o);
}

/* Without source times: the swarm's newest chunk tells the time of all up to it. */
static void
mark_by_maps(struct channels *s, struct channel *c, const struct observation *o)
{
	uint64_t newest;

	if (c->exact || (o->kind != OBS_BUFFER_MAP && o->kind != OBS_HAVE) ||
	    !obs_newest(o, &newest))
		return;
	newest = channel_unwrap(s, c, o->offset) + (newest - o->offset);
	if (c->timeline.marks == 0 || newest > c->timeline.newest)
		mark(s, c, o, newest, o->t_ns, false);
}

static void
weigh(struct channel *c, const struct observation *o)
{
	int64_t size = (int64_t)o->u.transfer.bytes * 256;

	if (o->kind != OBS_TRANSFER || o->u.transfer.bytes == 0)
		return;
	if (c->sized < RATE_HOLD_MARKS)
		c->sized++;
	c->chunk_bytes += (size - c->chunk_bytes) / (int64_t)c->sized;
}

static void
learn(struct channel *c, const struct observation *o)
{
	if (o->flags & OBS_SOURCE && !c->named) {
		c->source = o->peer;
		c->source_votes = UINT32_MAX;
	}
	weigh(c, o);
	if (o->kind != OBS_CHANNEL)
		return;
	if (o->u.channel.id_len > 0 && o->u.channel.id_len <= OBS_MAX_CHANNEL_ID) {
		c->id_len = o->u.channel.id_len;
		memcpy(c->id, o->tail, c->id_len);
		c->name_len = o->u.channel.name_len;
		memcpy(c->name, o->tail + c->id_len, c->name_len);
		c->named = true;
	}
}

static void
hand_on(struct channels *s, const struct channel *c, const struct observation *o)
{
	memcpy(&s->buf, o, obs_size(o));
	s->buf.o.channel = c ? c->key : 0;
	if (c != NULL && (channel_has_chunks(o) || o->kind == OBS_BUFFER_MAP))
		s->buf.o.offset = channel_unwrap(s, c, o->offset);
	s->out->put(s->out, &s->buf.o);
}

void
channels_put(struct channels *s, const struct observation *o)
{
	struct channel *c;

	if (o->kind == OBS_FLOW || o->kind == OBS_GAP) {
		hand_on(s, NULL, o);
		return;
	}
	if (o->kind == OBS_JOIN && o->channel == 0)
		channel_enrol(s, &o->peer, channel_member_of(s, &o->to));
	c = channel_assign(s, o);
	if (c == NULL && o->kind == OBS_CHANNEL)
		return;
	if (c == NULL) {
		hand_on(s, NULL, o);
		return;
	}
	learn(c, o);
	known_note(&c->known, o);
	if (o->kind == OBS_MARK)
		mark(s, c, o, channel_unwrap(s, c, o->offset), o->u.mark.source_ns, true);
	mark_by_maps(s, c, o);
	if (o->kind != OBS_MARK && o->kind != OBS_CHANNEL)
		hand_on(s, c, o);
}

/* The channel founded next after serial; NULL at the end. */
static struct channel *
founded_after(struct channels *s, uint64_t serial)
{
	struct channel *next = NULL;

	for (uint32_t i = 0; i < s->opt->max_channels; i++)
		if (s->channel[i].used && s->channel[i].serial > serial &&
		    (next == NULL || s->channel[i].serial < next->serial))
			next = &s->channel[i];
	return next;
}

void
channels_end(struct channels *s)
{
	for (struct channel *c = founded_after(s, 0); c != NULL; c = founded_after(s, c->serial))
		tell_channel(s, c, c->heard_ns, true);
}

uint64_t
channels_evicted(const struct channels *s)
{
	return s->evicted;
}

uint64_t
channels_unassigned(const struct channels *s)
{
	return s->unassigned;
}

void
channels_expect(const struct channels *s, const struct observation *o, enum expect_stage stage)
{
	if (o->channel == 0 && stage != EXPECT_NEXT)
		map_expect(s->members, &o->peer, stage == EXPECT_NEAR, 0, 1);
}
