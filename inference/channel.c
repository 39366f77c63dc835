/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/channel.h"

#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "base/writer.h"
#include "inference/timeline.h"

#define S_NS 1000000000
#define AHEAD_CHUNKS 256u      /* a map may show so much more than the newest mark */
#define NAMED_AFTER_MARKS 10u  /* marks before the epoch is believed */
#define TELL_EVERY_NS S_NS
#define SETTLED_MARKS 16u      /* a channel with fewer makes room first */
#define RATE_HOLD_MARKS 64u    /* mean chunk size over about so many */

struct channel {
	uint64_t key;
	uint64_t serial;         /* order of founding */
	uint8_t protocol;
	bool used, named, wire;  /* wire: the protocol names the channel */
	bool exact;              /* marks come from the wire */
	struct endpoint source;
	uint32_t source_votes;   /* majority vote on who sends chunks first */
	int64_t heard_ns, told_ns, epoch_ns;
	int64_t clock_ns;        /* source's clock + this = ours; lowest delay seen */
	int64_t chunk_bytes;     /* mean size of a chunk, 1/256 bytes */
	uint64_t sized;          /* chunks behind that mean */
	uint32_t bitrate_kbps;
	uint8_t id_len, name_len;
	uint8_t id[OBS_MAX_CHANNEL_ID];
	char name[OBS_MAX_NAME];
	struct timeline timeline; /* last: large, and set up by timeline_init */
};

struct member {
	uint64_t key; /* channel; 0 none */
};

struct channels {
	const struct inference_options *opt;
	struct obs_sink *out;
	struct map *members; /* endpoint -> struct member */
	uint64_t founded, evicted, unassigned;
	union obs_buf buf;
	struct channel channel[]; /* opt->max_channels */
};

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
	                      sizeof(struct endpoint), sizeof(struct member), 0, NULL, NULL);
	return s;
}

static struct channel *
by_key(struct channels *s, uint64_t key)
{
	for (uint32_t i = 0; key != 0 && i < s->opt->max_channels; i++)
		if (s->channel[i].used && s->channel[i].key == key)
			return &s->channel[i];
	return NULL;
}

static bool
settled(const struct channel *c)
{
	return c->timeline.marks >= SETTLED_MARKS;
}

/* Stage 2 keeps as many channels as this one and learns which of them made room:
 * a LEAVE of nobody. */
static void
evict(struct channels *s, const struct channel *c)
{
	struct observation *o = obs_begin(&s->buf, OBS_LEAVE, c->heard_ns);

	o->channel = c->key;
	o->protocol = c->protocol;
	s->evicted++;
	s->out->put(s->out, o);
}

/* A free place; else the one least recently heard, those without a settled clock
 * first, so that forged chunks cannot push out a swarm that is watched. */
static struct channel *
place(struct channels *s)
{
	struct channel *worst = NULL;

	for (uint32_t i = 0; i < s->opt->max_channels; i++) {
		struct channel *c = &s->channel[i];

		if (!c->used)
			return c;
		if (worst == NULL || settled(c) < settled(worst) ||
		    (settled(c) == settled(worst) && c->heard_ns < worst->heard_ns))
			worst = c;
	}
	assert(worst != NULL); /* max_channels is at least 1 */
	evict(s, worst);
	return worst;
}

static struct channel *
found(struct channels *s, const struct observation *o, uint64_t key)
{
	struct channel *c = by_key(s, key);

	if (c != NULL) /* its first chunk again, forgotten since */
		return c;
	c = place(s);
	memset(c, 0, offsetof(struct channel, timeline));
	c->used = true;
	c->serial = ++s->founded;
	c->key = key;
	c->protocol = o->protocol;
	c->heard_ns = o->t_ns;
	c->clock_ns = INT64_MAX;
	timeline_init(&c->timeline);
	return c;
}

/* The 64-bit chunk number nearest the newest one that ends in the wire's bits. */
static uint64_t
unwrap(const struct channels *s, const struct channel *c, uint64_t chunk)
{
	unsigned bits = s->opt->id_bits[c->protocol % INFERENCE_PROTOCOLS];
	uint64_t head = c->timeline.newest, span, ahead;

	if (bits == 0 || bits >= 64 || c->timeline.marks == 0)
		return chunk;
	span = 1ull << bits;
	ahead = (chunk - head) & (span - 1);
	if (ahead < span / 2)
		return head + ahead;
	return head + ahead >= span ? head + ahead - span : chunk;
}

/* Was the chunk seen so long before its time that the clock cannot be this one? */
static bool
is_ahead(const struct channel *c, int64_t source_ns, int64_t t_ns)
{
	return settled(c) && t_ns - source_ns < c->clock_ns - TIMELINE_OFF_NS;
}

/* How far the chunk is from the channel's line; INT64_MAX: not on it. */
static int64_t
off_line(const struct channels *s, const struct channel *c, const struct observation *o)
{
	int64_t source_ns = o->u.mark.source_ns, known_ns;
	uint64_t chunk = unwrap(s, c, o->offset);

	if (!timeline_known(&c->timeline, chunk, &known_ns) && is_ahead(c, source_ns, o->t_ns))
		return INT64_MAX;
	return timeline_off(&c->timeline, chunk, source_ns);
}

static struct channel *
member_of(struct channels *s, const struct endpoint *who)
{
	struct member *m = map_get(s->members, who);

	return m != NULL ? by_key(s, m->key) : NULL;
}

static void
enrol(struct channels *s, const struct endpoint *who, const struct channel *c)
{
	if (!endpoint_is_none(who))
		((struct member *)map_put(s->members, who, NULL))->key = c ? c->key : 0;
}

/* Who sends or takes a chunk is a member; but no chunk of a channel that may be
 * forged takes a member from a settled one. */
static void
enrol_by_chunk(struct channels *s, const struct endpoint *who, const struct channel *c)
{
	const struct channel *before = member_of(s, who);

	if (before == NULL || !settled(before) || settled(c))
		enrol(s, who, c);
}

/* Is it the only channel of its protocol? */
static bool
is_alone(const struct channels *s, const struct channel *c)
{
	for (uint32_t i = 0; i < s->opt->max_channels; i++)
		if (&s->channel[i] != c && s->channel[i].used &&
		    s->channel[i].protocol == c->protocol)
			return false;
	return true;
}

/* May a channel without a name take the chunk? Among several, one whose duration is
 * not known yet takes its source's chunks only: any slope would do for it. */
static bool
may_take(const struct channels *s, const struct channel *c, const struct observation *o)
{
	return c->used && !c->wire && c->protocol == o->protocol &&
	       (estimate_known(&c->timeline.chunk) || endpoint_same(&c->source, &o->peer) ||
	        is_alone(s, c));
}

/* The channel on whose clock a chunk with a source time lies: one that has marked it
 * so, else the sender's own, else the one whose line is nearest. */
static struct channel *
of_mark(struct channels *s, const struct observation *o)
{
	struct channel *best = NULL, *peer = member_of(s, &o->peer);
	int64_t best_ns = INT64_MAX, off_ns;

	for (uint32_t i = 0; i < s->opt->max_channels; i++) {
		struct channel *c = &s->channel[i];

		if (c != peer && !may_take(s, c, o))
			continue;
		if (c->protocol != o->protocol || (off_ns = off_line(s, c, o)) == INT64_MAX)
			continue;
		if (off_ns > 0 && c == peer)
			off_ns = 1;
		if (off_ns < best_ns || (off_ns == best_ns && settled(c) > settled(best))) {
			best_ns = off_ns;
			best = c;
		}
	}
	return best;
}

/* Could this set of chunks be one of the channel's at this time? */
static bool
fits(const struct channels *s, const struct channel *c, const struct observation *o)
{
	const struct timeline *t = &c->timeline;
	uint64_t first = unwrap(s, c, o->offset), newest_ahead = AHEAD_CHUNKS;
	int64_t at_ns;

	if (t->marks == 0)
		return true;
	if (estimate_known(&t->chunk) && timeline_known(t, t->newest, &at_ns) &&
	    c->clock_ns != INT64_MAX && o->t_ns - c->clock_ns > at_ns)
		newest_ahead += (uint64_t)((o->t_ns - c->clock_ns - at_ns) / t->chunk.best_ns);
	return first + o->width <= t->newest + 1 + newest_ahead &&
	       first + o->width + TIMELINE_CHUNKS > t->newest;
}

static bool
has_chunks(const struct observation *o)
{
	switch (o->kind) {
	case OBS_BUFFER_MAP:
	case OBS_HAVE:
	case OBS_REQUEST:
	case OBS_TRANSFER:
	case OBS_VERIFY:
		return o->width > 0;
	default:
		return false;
	}
}

/* The channel of anything else: of who says it, else of who hears it, if the
 * chunks lie in its range; else the only one in whose range they lie. */
static struct channel *
of_members(struct channels *s, const struct observation *o)
{
	struct channel *peer = member_of(s, &o->peer), *to = member_of(s, &o->to), *only = NULL;

	if (!has_chunks(o))
		return peer ? peer : to;
	if (peer != NULL && fits(s, peer, o))
		return peer;
	if (to != NULL && fits(s, to, o)) {
		enrol(s, &o->peer, to);
		return to;
	}
	for (uint32_t i = 0; i < s->opt->max_channels; i++) {
		struct channel *c = &s->channel[i];

		if (!c->used || c->wire || c->protocol != o->protocol || !fits(s, c, o))
			continue;
		if (only != NULL)
			return NULL;
		only = c;
	}
	if (only != NULL)
		enrol(s, &o->peer, only);
	return only;
}

/* Key of a channel that the wire does not name: its first chunk's maker and time. */
static uint64_t
made_key(const struct observation *o)
{
	uint8_t bytes[18 + 8 + 8];
	struct writer w = writer_over(bytes, sizeof bytes);

	writer_bytes(&w, o->peer.addr, sizeof o->peer.addr);
	writer_be16(&w, o->peer.port);
	writer_be64(&w, o->offset);
	writer_be64(&w, (uint64_t)o->u.mark.source_ns);
	return obs_id_hash(bytes, sizeof bytes);
}

static struct channel *
assign(struct channels *s, const struct observation *o)
{
	struct channel *c;

	if (o->channel != 0) {
		c = by_key(s, o->channel);
		if (c == NULL)
			c = found(s, o, o->channel);
		c->wire = true;
	} else if (o->kind == OBS_MARK) {
		c = of_mark(s, o);
		if (c == NULL)
			c = found(s, o, made_key(o));
		enrol_by_chunk(s, &o->peer, c);
		enrol_by_chunk(s, &o->to, c);
	} else {
		c = of_members(s, o);
	}
	if (c != NULL)
		c->heard_ns = o->t_ns;
	else
		s->unassigned++;
	return c;
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
	    (c->timeline.marks >= NAMED_AFTER_MARKS || (last && is_alone(s, c)))) {
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

	if (timeline_mark(&c->timeline, chunk, source_ns) != TIMELINE_NEW)
		return;
	c->exact = exact;
	if (exact)
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
	newest = unwrap(s, c, o->offset) + (newest - o->offset);
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
	if (c != NULL && (has_chunks(o) || o->kind == OBS_BUFFER_MAP))
		s->buf.o.offset = unwrap(s, c, o->offset);
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
		enrol(s, &o->peer, member_of(s, &o->to));
	c = assign(s, o);
	if (c == NULL && o->kind == OBS_CHANNEL)
		return;
	if (c == NULL) {
		hand_on(s, NULL, o);
		return;
	}
	learn(c, o);
	if (o->kind == OBS_MARK)
		mark(s, c, o, unwrap(s, c, o->offset), o->u.mark.source_ns, true);
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
