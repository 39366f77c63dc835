/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/peers.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "inference/session.h"

#define S_NS 1000000000
#define RESTART_SILENCE_NS (3 * (int64_t)S_NS) /* + a newcomer's sign = a new session */
#define RESTART_PERIODS_X2 5                   /* or 2.5 map periods */
#define TRAILING_NS (3 * (int64_t)S_NS)        /* packets after a goodbye still belong to it */
#define LOST_FACTOR 3     /* silences longer than that times T_gone end a session, */
#define LOST_FACTOR_ID 6  /* that if its own id would tell that it is back */
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

size_t
peers_size(const struct inference_options *opt)
{
	return peers_head(opt) + sessions_size(opt) +
	       map_size(shard_peers(opt), sizeof(struct endpoint), sizeof(struct last_seen));
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
	                       sizeof(struct session), 0, on_evict, s);
	s->addresses = map_init(at + sessions_size(opt), shard_peers(opt),
	                        sizeof(struct endpoint), sizeof(struct last_seen), 0, NULL, NULL);
	return s;
}

static void
set_limit(int64_t *lo, int64_t *best, int64_t *hi, int64_t best_ns, int64_t err_ns)
{
	*lo = best_ns - err_ns;
	*best = best_ns;
	*hi = best_ns + err_ns;
}

#define SET_LIMIT(l, name, best_ns, err_ns) \
	set_limit(&(l)->name##_lo, &(l)->name, &(l)->name##_hi, best_ns, err_ns)

static uint32_t
in_chunks(int64_t ns, int64_t chunk_ns)
{
	return ns <= chunk_ns ? 1 : (uint32_t)((ns + chunk_ns - 1) / chunk_ns);
}

/* A system whose own player plays: media is counted in chunks, nothing is probed. */
static void
set_rules(struct channel_view *c)
{
	const struct playhead *p = &c->playhead;
	int64_t chunk_ns = estimate_known(&c->told.chunk) ? c->told.chunk.best_ns : 0;

	c->tells = true;
	if (chunk_ns <= 0)
		return;
	c->rules = (struct viewer_rules){
		.chunk_ns = chunk_ns,
		.start = in_chunks(p->prebuffer_ns, chunk_ns),
		.resume = in_chunks(p->rebuffer_ns, chunk_ns),
		.skip = p->skip_chunks,
		.give_up_ns = p->give_up_ns,
		.reboot_ns = p->reboot_ns,
	};
}

/* The player's thresholds in a channel of this bit rate. */
static void
set_limits(const struct peers *s, struct channel_view *c)
{
	const struct player_model *p = &s->opt->player;
	int64_t bytes = (int64_t)p->probe_bytes + c->playhead.prebuffer_bytes;
	int64_t read_ns = c->told.bitrate_kbps ? bytes * 8000000 / c->told.bitrate_kbps : 0;

	if (c->playhead.model == PLAYHEAD_EXPLICIT || c->playhead.model == PLAYHEAD_OFFSET) {
		set_rules(c);
		return;
	}
	SET_LIMIT(&c->limits, start,
	          p->prebuffer_ns + p->key_wait_ns + c->playhead.prebuffer_ns + read_ns,
	          p->prebuffer_err_ns);
	SET_LIMIT(&c->limits, latency, p->latency_ns, p->latency_err_ns);
	SET_LIMIT(&c->limits, margin, p->margin_ns + p->key_wait_ns, p->margin_err_ns);
	SET_LIMIT(&c->limits, rebuffer, p->rebuffer_ns, p->rebuffer_err_ns);
}

static void
put_channel(struct peers *s, const struct channel_view *c, bool final)
{
	struct result r = { 0 };

	if (s->shard != 0)
		return; /* all shards know the same */
	r.t_ns = c->told_ns;
	r.channel = c->key;
	r.kind = RESULT_CHANNEL;
	r.protocol = c->protocol;
	r.final = final;
	r.u.channel = c->told;
	s->out->put(s->out, &r);
}

static void
put_retrieval(struct peers *s, const struct channel_view *c)
{
	uint64_t held[RESULT_AGES], eligible[RESULT_AGES];
	struct result r = { 0 };

	retrieval_read(&c->retrieval, held, eligible);
	r.t_ns = c->told_ns;
	r.channel = c->key;
	r.kind = RESULT_RETRIEVAL;
	r.shard = (uint8_t)s->shard;
	r.protocol = c->protocol;
	r.final = true;
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		r.u.retrieval.age_ns = retrieval_age_ns(i);
		r.u.retrieval.held = held[i];
		r.u.retrieval.eligible = eligible[i];
		r.u.retrieval.bucket = (uint8_t)i;
		s->out->put(s->out, &r);
	}
	r.u.retrieval.age_ns = 0;
	r.u.retrieval.held = c->retrieval.on_time;
	r.u.retrieval.eligible = c->retrieval.due;
	r.u.retrieval.bucket = RESULT_AGES;
	s->out->put(s->out, &r);
}

/* The channel made room for another. Its sessions keep its key and are closed
 * without a clock; of one that never got an id nothing is worth telling. */
static void
drop_view(struct peers *s, struct channel_view *c)
{
	if (c->told.id_len > 0) {
		put_channel(s, c, true);
		put_retrieval(s, c);
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
	memset(c, 0, offsetof(struct channel_view, timeline));
	c->key = o->channel;
	c->protocol = o->protocol;
	c->playhead = s->opt->playhead[o->protocol % INFERENCE_PROTOCOLS];
	c->told.playhead = c->playhead;
	c->told.chunk = ESTIMATE_UNKNOWN;
	timeline_init(&c->timeline);
	set_limits(s, c);
	return c;
}

static void
on_channel(struct peers *s, struct channel_view *c, const struct observation *o)
{
	struct result_channel *t = &c->told;

	if (o->u.channel.chunk_ns > 0)
		t->chunk = estimate_of(o->u.channel.chunk_lo_ns, o->u.channel.chunk_ns,
		                       o->u.channel.chunk_hi_ns, 0);
	c->timeline.chunk = t->chunk;
	c->clock_ns = o->u.channel.clock_ns;
	c->told_ns = o->t_ns;
	t->source = o->peer;
	t->bitrate_kbps = o->u.channel.bitrate_kbps;
	t->head = o->u.channel.head;
	t->alias_of = o->u.channel.alias_of;
	t->id_len = o->u.channel.id_len;
	t->name_len = o->u.channel.name_len;
	memcpy(t->id, o->tail, t->id_len);
	memcpy(t->name, o->tail + t->id_len, t->name_len);
	set_limits(s, c);
	if (t->id_len > 0)
		put_channel(s, c, false);
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
		session_open(session, who, o->t_ns, session->run + 1, s->out);
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
	session_open(session, &who, o->t_ns, session->run + 1, s->out);
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

/* A late word in the channel that the viewer has just left. */
static bool
is_trailing(const struct session *session, const struct observation *o)
{
	return o->channel != 0 && o->channel == session->from_channel &&
	       o->channel != session->channel && o->kind != OBS_JOIN &&
	       o->t_ns - session->from_ns < TRAILING_NS;
}

static bool
is_ours(const struct peers *s, const struct endpoint *who)
{
	return !endpoint_is_none(who) && peers_shard(s->opt, who) == s->shard;
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
	session->last_ns = o->t_ns;
	if (o->kind == OBS_JOIN)
		session->fresh = true;
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
	else if (o->kind == OBS_LEAVE)
		close_goodbye(s, session, o->t_ns);
}

/* A chunk goes to a peer: its sender speaks, and the receiver may soon hold it. */
static void
on_transfer(struct peers *s, const struct observation *o)
{
	struct channel_view *c = view_of(s, o->channel);
	struct session *to;

	on_words(s, &o->to, o);
	if (!is_ours(s, &o->peer))
		return;
	to = map_peek(s->sessions, &o->peer); /* unless the sender has taken its place */
	if (c != NULL && to != NULL && to->open && (to->channel == 0 || to->channel == o->channel))
		session_sent(to, c, o);
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
		on_channel(s, c, o);
		break;
	case OBS_MARK:
		timeline_mark(&c->timeline, o->offset, o->u.mark.source_ns);
		break;
	case OBS_TRANSFER:
		on_transfer(s, o);
		break;
	case OBS_FLOW:
	case OBS_GAP:
	case OBS_VERIFY:
		break;
	default:
		on_words(s, &o->peer, o);
	}
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
		put_channel(s, &s->view[i], true);
		put_retrieval(s, &s->view[i]);
	}
}

uint64_t
peers_evicted(const struct peers *s)
{
	return map_evicted(s->sessions);
}
