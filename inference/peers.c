/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/peers.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "inference/view.h"

#define S_NS 1000000000
#define RESTART_SILENCE_NS (3 * (int64_t)S_NS) /* + a newcomer's sign = a new session */
#define RESTART_PERIODS_X2 5                   /* or 2.5 map periods */
#define TRAILING_NS (3 * (int64_t)S_NS)        /* packets after a goodbye still belong to it */
#define LOST_FACTOR 3    /* silences longer than that times T_gone end a session, */
#define LOST_FACTOR_ID 6 /* that if its own id would tell that it is back */
#define SILENCE_NS (2 * (int64_t)S_NS) /* words farther apart: something was wrong */
#define SWEEP_NS S_NS
#define SHARD_SEED 0x73686172 /* not the maps' own */

struct last_seen {
	uint64_t channel; /* where the address was last heard in a channel */
	int64_t map_ns;
	uint16_t port;    /* of that session */
};

struct peers {
	const struct inference_options *opt;
	struct result_sink *out;
	struct map *sessions;  /* endpoint -> struct session */
	struct map *addresses; /* endpoint with port 0 -> struct last_seen */
	struct places_pool *pool;
	struct session_gap gap; /* of the whole capture, the last */
	int64_t now_ns, swept_ns;
	uint32_t shard, views;
	struct channel_view view[]; /* opt->max_channels */
};

static size_t
peers_head(const struct inference_options *opt)
{
	size_t n = sizeof(struct peers) + opt->max_channels * sizeof(struct channel_view);

	return (n + 15) / 16 * 16;
}

uint32_t
peers_shard(const struct inference_options *opt, const struct endpoint *who)
{
	if (opt->shards <= 1)
		return 0;
	return (uint32_t)(hash_bytes(who->addr, sizeof who->addr, SHARD_SEED) % opt->shards);
}

/* Addresses that a shard has room for. */
static uint32_t
shard_peers(const struct inference_options *opt)
{
	return opt->shards <= 1 ? opt->max_peers : opt->max_peers / opt->shards + 1;
}

static size_t
sessions_size(const struct inference_options *opt)
{
	size_t n = map_size(shard_peers(opt), sizeof(struct endpoint), sizeof(struct session));

	return (n + 15) / 16 * 16;
}

static size_t
addresses_size(const struct inference_options *opt)
{
	size_t n = map_size(shard_peers(opt), sizeof(struct endpoint), sizeof(struct last_seen));

	return (n + 15) / 16 * 16;
}

size_t
peers_size(const struct inference_options *opt)
{
	return peers_head(opt) + sessions_size(opt) + addresses_size(opt) +
	       places_pool_size(shard_peers(opt));
}

static struct channel_view *
view_of(struct peers *s, uint64_t key)
{
	for (uint32_t i = 0; key != 0 && i < s->views; i++)
		if (s->view[i].key == key)
			return &s->view[i];
	return NULL;
}

static struct last_seen *
address_of(struct peers *s, const struct endpoint *who)
{
	struct endpoint address = *who;

	address.port = 0;
	return map_put(s->addresses, &address, NULL);
}

/* What a later session of the address wants to know of this one. */
static void
remember(struct peers *s, const struct session *session)
{
	struct last_seen *seen;

	if (session->words_ns == 0)
		return;
	seen = address_of(s, &session->peer);
	if (seen->map_ns <= session->words_ns)
		*seen = (struct last_seen){ session->channel, session->words_ns,
			                    session->peer.port };
}

static void
close_silent(struct peers *s, struct session *session, enum result_end end)
{
	int64_t left_ns = session->last_ns - session->arrival.late_ns;
	int64_t hi_ns = session->last_ns +
	                (session->map_period_ns ? session->map_period_ns : S_NS);

	if (end == END_OPEN)
		hi_ns = ESTIMATE_OPEN_HI;
	if (end == END_SWITCH) /* heard in the other channel now */
		hi_ns = s->now_ns;
	remember(s, session);
	session_close(session, view_of(s, session->channel), end,
	              estimate_of(left_ns, left_ns, hi_ns, ESTIMATE_MAP_PERIOD));
}

static void
close_goodbye(struct peers *s, struct session *session, int64_t t_ns)
{
	remember(s, session);
	session_close(session, view_of(s, session->channel), END_GOODBYE, estimate_at(t_ns));
}

static void
on_evict(void *ctx, const void *key, void *value)
{
	struct session *session = value;

	(void)key;
	if (session->open)
		close_silent(ctx, session, END_SILENCE);
}

struct peers *
peers_init(void *mem, const struct inference_options *opt, uint32_t shard,
           struct result_sink *out)
{
	struct peers *s = mem;
	uint8_t *at = (uint8_t *)mem + peers_head(opt);

	s->opt = opt;
	s->shard = shard;
	s->out = out;
	s->now_ns = s->swept_ns = INT64_MIN;
	s->sessions = map_init(at, shard_peers(opt), sizeof(struct endpoint),
	                       sizeof(struct session), opt->hash_seed, on_evict, s);
	s->pool = places_pool_init(at + sessions_size(opt) + addresses_size(opt),
	                           shard_peers(opt));
	s->addresses = map_init(at + sessions_size(opt), shard_peers(opt),
	                        sizeof(struct endpoint), sizeof(struct last_seen),
	                        opt->hash_seed, NULL, NULL);
	return s;
}

/* The channel made room for another. Its sessions keep its key and are closed
 * without a clock; of one that never got an id nothing is worth telling. */
static void
drop_view(struct peers *s, struct channel_view *c)
{
	if (c->told.id_len > 0) {
		view_put(c, s->shard, true, s->out);
		view_put_retrieval(c, s->shard, true, s->out);
	}
	c->key = 0;
}

/* The place of a channel. Stage 1 keeps as many as there are places and says which of
 * them makes room. */
static struct channel_view *
new_view(struct peers *s, const struct observation *o)
{
	struct channel_view *c = s->view;

	while (c < s->view + s->views && c->key != 0)
		c++;
	assert(c < s->view + s->opt->max_channels);
	if (c == s->view + s->views)
		s->views++;
	view_init(c, s->opt, o);
	return c;
}

/* A map or gain whose chunks can be read: heads of sub-streams show no holes. */
static bool
is_chunks(const struct observation *o)
{
	return (o->kind == OBS_BUFFER_MAP && o->u.map.substreams == 0) || o->kind == OBS_HAVE;
}

/* Is this a newcomer's sign? */
static bool
is_fresh(const struct observation *o)
{
	return o->kind == OBS_JOIN || (o->kind == OBS_BUFFER_MAP && is_chunks(o) &&
	                               o->width == 0 && !(o->flags & OBS_SOURCE));
}

/* The protocol's own peer id says that it is still there: mesh draws one for each run. */
static bool
same_run(const struct session *session, const struct observation *o)
{
	return o->peer_id != 0 && o->peer_id == session->peer_id &&
	       o->channel == session->channel;
}

static int64_t
lost_ns(const struct peers *s, const struct session *session)
{
	return (session->peer_id != 0 ? LOST_FACTOR_ID : LOST_FACTOR) *
	       session_gone_ns(session, s->opt->gone_ns);
}

/* Should what is heard now begin a new session instead of going on with this one? */
static bool
is_over(const struct peers *s, const struct session *session, const struct observation *o)
{
	int64_t silent_ns = o->t_ns - session->last_ns;
	int64_t restart_ns = session->map_period_ns * RESTART_PERIODS_X2 / 2;

	if (restart_ns < RESTART_SILENCE_NS)
		restart_ns = RESTART_SILENCE_NS;
	if (is_fresh(o) && session->begun && silent_ns > restart_ns && !same_run(session, o))
		return true;
	return silent_ns > lost_ns(s, session);
}

/* The session that the peer's words belong to; NULL: a trailing packet. */
static struct session *
session_of(struct peers *s, const struct endpoint *who, const struct observation *o)
{
	struct session *session = map_put(s->sessions, who, NULL);

	if (session->open && is_over(s, session, o))
		close_silent(s, session, is_fresh(o) ? END_RESTART : END_SILENCE);
	if (!session->open) {
		if (session->run > 0 && !is_fresh(o) && o->t_ns - session->last_ns < TRAILING_NS)
			return NULL;
		session_open(session, who, o->t_ns, session->run + 1, s->pool, s->out);
		session->gap_of_all = &s->gap;
		session->protocol = o->protocol;
	}
	return session;
}

/* The peer is heard in another channel than the session's. */
static struct session *
elsewhere(struct peers *s, struct session *session, const struct observation *o)
{
	struct endpoint who = session->peer;

	close_silent(s, session, END_SWITCH);
	session_open(session, &who, o->t_ns, session->run + 1, s->pool, s->out);
	session->gap_of_all = &s->gap;
	session->protocol = o->protocol;
	session->fresh = true;
	return session;
}

/* A viewer that registers in another channel leaves this one, whether it is heard there
 * or not. */
static struct session *
registered(struct peers *s, struct session *session, const struct observation *o)
{
	return session->channel != 0 && session->channel != o->channel ?
	           elsewhere(s, session, o) : session;
}

/* When the address was last heard in the channel that seen tells: its session there may
 * be open yet. */
static int64_t
last_there(struct peers *s, const struct session *session, const struct last_seen *seen)
{
	struct endpoint who = session->peer;
	const struct session *there;

	who.port = seen->port;
	there = map_peek(s->sessions, &who);
	return there != NULL && there != session && there->channel == seen->channel &&
	               there->words_ns > seen->map_ns ? there->words_ns : seen->map_ns;
}

/* The session has found its channel: did its viewer come from another? */
static void
settle_channel(struct peers *s, struct session *session, uint64_t channel)
{
	struct last_seen *seen = address_of(s, &session->peer);

	session->channel = channel;
	if (seen->channel != 0 && seen->channel != channel) {
		int64_t from_ns = last_there(s, session, seen);

		if (session->first_ns - from_ns < s->opt->switch_ns) {
			session->from_channel = seen->channel;
			session->from_ns = from_ns;
		}
	}
}

/* The peer is heard in a channel: settles the session's, or switches. */
static struct session *
in_channel(struct peers *s, struct session *session, const struct observation *o)
{
	if (session->channel != 0 && session->channel != o->channel)
		session = elsewhere(s, session, o);
	if (session->channel == 0)
		settle_channel(s, session, o->channel);
	if (!is_chunks(o))
		return session;
	if (session->words_ns == 0)
		*address_of(s, &session->peer) =
		    (struct last_seen){ o->channel, o->t_ns, session->peer.port };
	session->words_ns = o->t_ns;
	return session;
}

static bool
is_ours(const struct peers *s, const struct endpoint *who)
{
	return !endpoint_is_none(who) && peers_shard(s->opt, who) == s->shard;
}

/* A late word in the channel that the viewer has just left. */
static bool
is_trailing(const struct session *session, const struct observation *o)
{
	return o->channel != 0 && o->channel == session->from_channel &&
	       o->channel != session->channel && o->kind != OBS_JOIN &&
	       o->t_ns - session->from_ns < TRAILING_NS;
}

/* A map a second is enough to look at. */
static void
show_map(struct peers *s, struct session *session, const struct observation *o)
{
	if (o->kind != OBS_BUFFER_MAP || o->t_ns / S_NS == session->shown_s)
		return;
	session->shown_s = o->t_ns / S_NS;
	s->opt->maps->put(s->opt->maps, o);
}

static void
on_words(struct peers *s, const struct endpoint *who, const struct observation *o)
{
	struct channel_view *c = view_of(s, o->channel);
	struct session *session = is_ours(s, who) ? session_of(s, who, o) : NULL;

	if (session == NULL || is_trailing(session, o))
		return;
	if (o->peer_id != 0 && who == &o->peer)
		session->peer_id = o->peer_id;
	if (c != NULL && o->kind == OBS_JOIN)
		session = registered(s, session, o);
	if (c != NULL && (is_chunks(o) || o->kind == OBS_TRANSFER ||
	                  (o->kind == OBS_JOIN && c->tells)))
		session = in_channel(s, session, o);
	if (o->t_ns - session->last_ns > SILENCE_NS)
		session->silent_ns = session->last_ns;
	session->last_ns = o->t_ns;
	if (o->kind == OBS_JOIN)
		session->fresh = true;
	if (is_chunks(o) && c != NULL && s->opt->maps != NULL)
		show_map(s, session, o);
	if (is_chunks(o) && c != NULL)
		session_map(session, c, o);
	else if (is_fresh(o) && !session->begun)
		session->fresh = true;
	if (o->kind == OBS_REQUEST && c != NULL && c->tells &&
	    (session->channel == 0 || session->channel == o->channel))
		session_asked(session, o);
	if (o->kind == OBS_LEAVE && session->words_ns != 0)
		session->words_ns = o->t_ns; /* of a switch, the moment it was wished */
	if (o->kind == OBS_LEAVE && o->action == OBS_REBOOTS)
		session_reboot(session, view_of(s, session->channel), o->t_ns);
	else if (o->kind == OBS_LEAVE && o->action != OBS_CLOSED) /* a partner less */
		close_goodbye(s, session, o->t_ns);
}

/* A chunk goes to a peer: its sender speaks, and the receiver may soon hold it. One that
 * surely comes is played, even if the receiver has not said yet where it is. */
static void
on_transfer(struct peers *s, const struct observation *o)
{
	struct channel_view *c = view_of(s, o->channel);
	struct session *to;

	on_words(s, &o->to, o);
	if (!is_ours(s, &o->peer))
		return;
	to = map_peek(s->sessions, &o->peer); /* unless the sender has taken its place */
	if (c == NULL || to == NULL || !to->open)
		return;
	if (to->channel == 0 && c->playhead.reliable)
		settle_channel(s, to, o->channel);
	if (to->channel == 0 || to->channel == o->channel)
		session_sent(to, c, o);
}

static void
lose(struct peers *s, const struct endpoint *who, const struct observation *o)
{
	struct session *session = is_ours(s, who) ? map_peek(s->sessions, who) : NULL;

	if (session != NULL && session->open)
		session_lost(session, o->u.gap.from_ns, o->t_ns);
}

/* What was lost is one connection's, or anybody's. */
static void
on_gap(struct peers *s, const struct observation *o)
{
	if (o->u.gap.cause == OBS_GAP_EVICTED)
		return; /* whose it was is not known, and it was one of thousands */
	if (endpoint_is_none(&o->peer) && endpoint_is_none(&o->to)) {
		s->gap = (struct session_gap){ o->u.gap.from_ns, o->t_ns };
		return;
	}
	lose(s, &o->peer, o);
	lose(s, &o->to, o);
}

/* Closes sessions silent for so long that nothing can belong to them any more. */
static void
sweep(struct peers *s)
{
	struct session *session = map_oldest(s->sessions, NULL);

	if (s->swept_ns != INT64_MIN && s->now_ns - s->swept_ns < SWEEP_NS)
		return;
	s->swept_ns = s->now_ns;
	for (; session != NULL; session = map_newer(s->sessions, session, NULL)) {
		if (s->now_ns - session->last_ns <= s->opt->gone_ns)
			break;
		if (session->open && s->now_ns - session->last_ns > lost_ns(s, session))
			close_silent(s, session, END_SILENCE);
	}
}

void
peers_results(struct peers *s, struct result_sink *out)
{
	s->out = out;
}

void
peers_expect(const struct peers *s, const struct observation *o, enum expect_stage stage)
{
	bool near = stage != EXPECT_FAR;

	if (stage == EXPECT_NEXT) {
		const struct session *session = map_peek(s->sessions, &o->peer);

		if (session != NULL)
			arrival_expect(&session->arrival);
		return;
	}
	map_expect(s->sessions, &o->peer, near, 0, offsetof(struct session, viewer));
	if (near)
		map_expect(s->sessions, &o->peer, near, offsetof(struct session, arrival),
		           sizeof(struct session));
}

void
peers_put(struct peers *s, const struct observation *o)
{
	struct channel_view *c = view_of(s, o->channel);

	if (o->t_ns > s->now_ns)
		s->now_ns = o->t_ns;
	sweep(s);
	if (o->kind == OBS_LEAVE && endpoint_is_none(&o->peer)) {
		if (c != NULL)
			drop_view(s, c);
		return;
	}
	if (o->channel != 0 && c == NULL)
		c = new_view(s, o);
	switch (o->kind) {
	case OBS_CHANNEL:
		view_told(c, s->opt, o);
		if (c->told.id_len > 0)
			view_put(c, s->shard, false, s->out);
		break;
	case OBS_MARK:
		timeline_mark(&c->timeline, o->offset, o->u.mark.source_ns);
		break;
	case OBS_TRANSFER:
		on_transfer(s, o);
		break;
	case OBS_GAP:
		on_gap(s, o);
		break;
	case OBS_FLOW:
	case OBS_VERIFY:
		break;
	default:
		on_words(s, &o->peer, o);
	}
}

void
peers_tell(struct peers *s, int64_t now_ns, int64_t since_ns, bool curves)
{
	struct session *session;

	if (now_ns > s->now_ns)
		s->now_ns = now_ns;
	sweep(s);
	session = map_oldest(s->sessions, NULL);
	for (; session != NULL; session = map_newer(s->sessions, session, NULL))
		if (session->open && session->last_ns >= since_ns)
			session_tell(session, view_of(s, session->channel));
	for (uint32_t i = 0; curves && i < s->views; i++)
		if (s->view[i].key != 0 && s->view[i].told.id_len > 0)
			view_put_retrieval(&s->view[i], s->shard, false, s->out);
}

void
peers_end(struct peers *s, int64_t now_ns)
{
	struct session *session = map_oldest(s->sessions, NULL);

	if (now_ns > s->now_ns)
		s->now_ns = now_ns;
	for (; session != NULL; session = map_newer(s->sessions, session, NULL)) {
		if (!session->open)
			continue;
		close_silent(s, session,
			     s->now_ns - session->last_ns >
				     session_gone_ns(session, s->opt->gone_ns)
				 ? END_SILENCE
				 : END_OPEN);
	}
	for (uint32_t i = 0; i < s->views; i++) {
		if (s->view[i].key == 0)
			continue;
		view_put(&s->view[i], s->shard, true, s->out);
		view_put_retrieval(&s->view[i], s->shard, true, s->out);
	}
}

uint64_t
peers_evicted(const struct peers *s)
{
	return map_evicted(s->sessions);
}
