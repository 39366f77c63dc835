/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/writer.h"
#include "inference/channel_state.h"

#define AHEAD_CHUNKS 256u      /* a map may show so much more than the newest mark */
#define SETTLED_MARKS 16u      /* a channel with fewer makes room first */

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

uint64_t
channel_unwrap(const struct channels *s, const struct channel *c, uint64_t chunk)
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
	uint64_t chunk = channel_unwrap(s, c, o->offset);

	if (!timeline_known(&c->timeline, chunk, &known_ns) && is_ahead(c, source_ns, o->t_ns))
		return INT64_MAX;
	return timeline_off(&c->timeline, chunk, source_ns);
}

struct channel *
channel_member_of(struct channels *s, const struct endpoint *who)
{
	struct member *m = map_get(s->members, who);

	return m != NULL ? by_key(s, m->key) : NULL;
}

void
channel_enrol(struct channels *s, const struct endpoint *who, const struct channel *c)
{
	if (!endpoint_is_none(who))
		((struct member *)map_put(s->members, who, NULL))->key = c ? c->key : 0;
}

/* Who sends or takes a chunk is a member; but no chunk of a channel that may be
 * forged takes a member from a settled one. */
static void
enrol_by_chunk(struct channels *s, const struct endpoint *who, const struct channel *c)
{
	const struct channel *before = channel_member_of(s, who);

	if (before == NULL || !settled(before) || settled(c))
		channel_enrol(s, who, c);
}

bool
channel_is_alone(const struct channels *s, const struct channel *c)
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
	        channel_is_alone(s, c));
}

/* The channel on whose clock a chunk with a source time lies: one that has marked it
 * so, else the sender's own, else the one whose line is nearest. */
static struct channel *
of_mark(struct channels *s, const struct observation *o)
{
	struct channel *best = NULL, *peer = channel_member_of(s, &o->peer);
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
	uint64_t first = channel_unwrap(s, c, o->offset), newest_ahead = AHEAD_CHUNKS;
	int64_t at_ns;

	if (t->marks == 0)
		return true;
	if (estimate_known(&t->chunk) && timeline_known(t, t->newest, &at_ns) &&
	    c->clock_ns != INT64_MAX && o->t_ns - c->clock_ns > at_ns)
		newest_ahead += (uint64_t)((o->t_ns - c->clock_ns - at_ns) / t->chunk.best_ns);
	return first + o->width <= t->newest + 1 + newest_ahead &&
	       first + o->width + TIMELINE_CHUNKS > t->newest;
}

bool
channel_has_chunks(const struct observation *o)
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
	struct channel *peer = channel_member_of(s, &o->peer);
	struct channel *to = channel_member_of(s, &o->to), *only = NULL;

	if (!channel_has_chunks(o))
		return peer ? peer : to;
	if (peer != NULL && fits(s, peer, o))
		return peer;
	if (to != NULL && fits(s, to, o)) {
		channel_enrol(s, &o->peer, to);
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
		channel_enrol(s, &o->peer, only);
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

struct channel *
channel_assign(struct channels *s, const struct observation *o)
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
