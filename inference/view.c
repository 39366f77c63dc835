/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/view.h"

#include <string.h>

/* Of a system that shows its media itself and looks some times a second. */
#define OWN_START_ERR_NS 500000000
#define OWN_LATENCY_NS 150000000
#define OWN_STOP_ERR_NS 300000000
#define LEAST_NS 10000000 /* of a chunk: nobody cuts finer */

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
	if (chunk_ns < LEAST_NS || chunk_ns > TIMELINE_MOST_NS)
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

/* Media in so many bytes. */
static int64_t
read_ns(const struct channel_view *c, int64_t bytes)
{
	return c->told.bitrate_kbps ? bytes * 8000000 / c->told.bitrate_kbps : 0;
}

/* The player's thresholds in a channel of this bit rate. */
static void
set_limits(const struct inference_options *opt, struct channel_view *c)
{
	const struct player_model *p = &opt->player;
	const struct playhead *h = &c->playhead;
	int64_t start_ns = p->prebuffer_ns + p->key_wait_ns + h->prebuffer_ns +
	                   read_ns(c, (int64_t)p->probe_bytes +
	                              (h->beyond_ns ? 0 : h->prebuffer_bytes));
	int64_t held_ns = read_ns(c, h->prebuffer_bytes) + h->beyond_ns;

	if (c->playhead.model == PLAYHEAD_EXPLICIT || c->playhead.model == PLAYHEAD_OFFSET) {
		set_rules(c);
		return;
	}
	if (h->own_player) {
		SET_LIMIT(&c->limits, start, h->prebuffer_ns, OWN_START_ERR_NS);
		SET_LIMIT(&c->limits, latency, OWN_LATENCY_NS, OWN_LATENCY_NS);
		SET_LIMIT(&c->limits, margin, 0, OWN_STOP_ERR_NS);
		SET_LIMIT(&c->limits, rebuffer, h->rebuffer_ns, h->rebuffer_ns);
		return;
	}
	SET_LIMIT(&c->limits, start, held_ns > start_ns ? held_ns : start_ns,
	          p->prebuffer_err_ns);
	SET_LIMIT(&c->limits, latency, p->latency_ns, p->latency_err_ns);
	SET_LIMIT(&c->limits, margin, p->margin_ns + p->key_wait_ns, p->margin_err_ns);
	SET_LIMIT(&c->limits, rebuffer, p->rebuffer_ns, p->rebuffer_err_ns);
}

void
view_put(const struct channel_view *c, uint32_t shard, bool final, struct result_sink *out)
{
	struct result r = { 0 };

	if (shard != 0)
		return; /* all shards know the same */
	r.t_ns = c->told_ns;
	r.channel = c->key;
	r.kind = RESULT_CHANNEL;
	r.protocol = c->protocol;
	r.final = final;
	r.u.channel = c->told;
	out->put(out, &r);
}

static void
put_came(const struct channel_view *c, uint32_t shard, bool final, struct result_sink *out)
{
	struct result r = { .t_ns = c->told_ns, .channel = c->key, .kind = RESULT_CAME,
		.shard = (uint8_t)shard, .protocol = c->protocol, .final = final };

	for (unsigned i = 0; i < RESULT_CELLS; i++)
		for (unsigned j = i; j < RESULT_CELLS; j++) {
			if (c->retrieval.came[i][j] == 0)
				continue;
			r.u.came = (struct result_came){ c->retrieval.came[i][j], (uint8_t)i,
				(uint8_t)j };
			out->put(out, &r);
		}
}

static void
put_groups(const struct channel_view *c, uint32_t shard, bool final, struct result_sink *out)
{
	struct result r = { .t_ns = c->told_ns, .channel = c->key, .kind = RESULT_GROUP,
		.shard = (uint8_t)shard, .protocol = c->protocol, .final = final };

	for (unsigned g = 0; g < RESULT_GROUPS; g++) {
		int64_t here = 0, has = 0;

		for (unsigned i = 0; i < RESULT_AGES; i++) {
			here += c->retrieval.group[g].here[i];
			has += c->retrieval.group[g].has[i];
			if (here <= 0)
				continue;
			r.u.group = (struct result_group){
				has <= 0 ? 0 : (uint64_t)(has < here ? has : here),
				(uint64_t)here, (uint8_t)g, (uint8_t)i };
			out->put(out, &r);
		}
		r.u.group = (struct result_group){ c->retrieval.group[g].on_time,
			c->retrieval.group[g].due, (uint8_t)g, RESULT_AGES };
		if (r.u.group.eligible > 0)
			out->put(out, &r);
	}
}

void
view_put_retrieval(const struct channel_view *c, uint32_t shard, bool final,
                   struct result_sink *out)
{
	uint64_t held[RESULT_AGES], eligible[RESULT_AGES];
	struct result r = { 0 };

	retrieval_read(&c->retrieval, held, eligible);
	r.t_ns = c->told_ns;
	r.channel = c->key;
	r.kind = RESULT_RETRIEVAL;
	r.shard = (uint8_t)shard;
	r.protocol = c->protocol;
	r.final = final;
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		r.u.retrieval.age_ns = retrieval_age_ns(i);
		r.u.retrieval.held = held[i];
		r.u.retrieval.eligible = eligible[i];
		r.u.retrieval.bucket = (uint8_t)i;
		out->put(out, &r);
	}
	put_came(c, shard, final, out);
	put_groups(c, shard, final, out);
	r.u.retrieval.age_ns = 0;
	r.u.retrieval.held = c->retrieval.on_time;
	r.u.retrieval.eligible = c->retrieval.due;
	r.u.retrieval.bucket = RESULT_AGES;
	out->put(out, &r);
}

void
view_init(struct channel_view *c, const struct inference_options *opt, const struct observation *o)
{
	memset(c, 0, offsetof(struct channel_view, timeline));
	c->key = o->channel;
	c->protocol = o->protocol;
	c->playhead = opt->playhead[o->protocol % INFERENCE_PROTOCOLS];
	c->told.playhead = c->playhead;
	c->told.chunk = ESTIMATE_UNKNOWN;
	timeline_init(&c->timeline);
	set_limits(opt, c);
}

void
view_told(struct channel_view *c, const struct inference_options *opt, const struct observation *o)
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
	t->known = o->u.channel.known;
	t->alias_of = o->u.channel.alias_of;
	t->id_len = o->u.channel.id_len;
	t->name_len = o->u.channel.name_len;
	memcpy(t->id, o->tail, t->id_len);
	memcpy(t->name, o->tail + t->id_len, t->name_len);
	set_limits(opt, c);
}
