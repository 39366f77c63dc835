/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/account.h"

#include <string.h>

#include "base/map.h"
#include "probe/flow.h"
#include "probe/pages.h"
#include "record/observation.h"

#define SWEEP_NS INT64_C(1000000000)
#define SWEEP_MOST 4096u /* flows closed at a time, so that packets need not wait for long */

struct key {
	struct flow_key ends;
	uint64_t transport;
};

struct entry {
	uint64_t bytes[2];     /* since it was last told, from low and from high */
	uint32_t packets[2];
	int64_t first_ns, last_ns; /* first: since it was last told */
	struct dpi_flow *dpi;  /* owned; NULL: settled, or no library */
	struct dpi_verdict verdict;
	uint8_t own;
	bool high_opened, settled, new_flow;
};

struct account {
	struct account_options opt;
	struct obs_sink *out;
	struct map *map; /* key -> entry; owned */
	size_t map_bytes;
	struct dpi *dpi;  /* NULL: none */
	bool owns_dpi;
	int64_t now_ns, swept_ns;
	struct account_counts counts;
};

_Static_assert(sizeof(struct key) == 48, "keys have no padding");

/* --- telling ------------------------------------------------------------------------------ */

static void
tell(struct account *a, const struct key *k, struct entry *e)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_FLOW, e->last_ns);
	bool high = e->high_opened;

	if (e->packets[0] + e->packets[1] == 0)
		return;
	o->vantage = a->opt.vantage;
	o->origin = a->opt.origin;
	o->protocol = e->own;
	o->peer = high ? flow_high(&k->ends) : flow_low(&k->ends);
	o->to = high ? flow_low(&k->ends) : flow_high(&k->ends);
	o->u.flow.packets = e->packets[high];
	o->u.flow.bytes = e->bytes[high];
	o->u.flow.reply_packets = e->packets[!high];
	o->u.flow.reply_bytes = e->bytes[!high];
	o->u.flow.first_ns = e->first_ns;
	o->u.flow.app = e->verdict.app;
	o->u.flow.master = e->verdict.master;
	o->u.flow.confidence = e->own != 0 ? DPI_OWN : e->verdict.confidence;
	o->u.flow.transport = (uint8_t)k->transport;
	o->u.flow.began = e->new_flow;
	a->out->put(a->out, o);
	memset(e->bytes, 0, sizeof e->bytes);
	memset(e->packets, 0, sizeof e->packets);
	e->new_flow = false;
}

static void
settle(struct account *a, struct entry *e)
{
	if (e->dpi != NULL)
		dpi_give_up(a->dpi, &e->dpi, &e->verdict);
	e->settled = true;
}

static void
finish(struct account *a, const struct key *k, struct entry *e)
{
	settle(a, e);
	tell(a, k, e);
}

static void
on_evict(void *ctx, const void *key, void *value)
{
	struct account *a = ctx;

	a->counts.evicted++;
	finish(a, key, value);
}

/* --- its life ----------------------------------------------------------------------------- */

struct account *
account_new(const struct account_options *opt, struct obs_sink *out)
{
	struct account *a = pages_new(1, sizeof *a);
	uint32_t slots = opt->slots > 0 ? opt->slots : ACCOUNT_SLOTS;

	a->opt = *opt;
	a->out = out;
	a->swept_ns = INT64_MIN;
	a->map_bytes = map_size(slots, sizeof(struct key), sizeof(struct entry));
	a->map = map_init(pages_new(1, a->map_bytes), slots, sizeof(struct key),
	                  sizeof(struct entry), opt->seed, on_evict, a);
	a->owns_dpi = !opt->no_dpi && opt->dpi == NULL;
	a->dpi = a->owns_dpi ? dpi_new() : opt->dpi;
	return a;
}

void
account_free(struct account *a)
{
	const void *key;

	if (a == NULL)
		return;
	for (struct entry *e = map_oldest(a->map, &key); e != NULL; e = map_newer(a->map, e, &key))
		settle(a, e);
	if (a->owns_dpi)
		dpi_free(a->dpi);
	pages_free(a->map, 1, a->map_bytes);
	pages_free(a, 1, sizeof *a);
}

/* Flows silent for so long that they are over. */
static void
sweep(struct account *a)
{
	const void *key;
	struct entry *e;

	if (a->swept_ns != INT64_MIN && a->now_ns - a->swept_ns < SWEEP_NS)
		return;
	a->swept_ns = a->now_ns;
	for (unsigned n = 0; n < SWEEP_MOST; n++) {
		e = map_oldest(a->map, &key);
		if (e == NULL || a->now_ns - e->last_ns < ACCOUNT_IDLE_NS)
			return;
		finish(a, key, e);
		map_del(a->map, key);
	}
}

void
account_end(struct account *a)
{
	const void *key;

	for (struct entry *e = map_oldest(a->map, &key); e != NULL; e = map_newer(a->map, e, &key))
		finish(a, key, e);
}

struct account_counts
account_counts(const struct account *a)
{
	struct account_counts c = a->counts;

	c.open = map_count(a->map);
	return c;
}

/* --- packets ------------------------------------------------------------------------------ */

static void
begin(struct account *a, struct entry *e, const struct account_packet *p, bool from_high)
{
	a->counts.flows++;
	e->high_opened = from_high;
	e->new_flow = true;
	if (a->opt.rules != NULL &&
	    rules_find(a->opt.rules, p->transport, p->src, p->dst, &e->verdict.app)) {
		e->verdict.confidence = DPI_RULE;
		e->settled = true;
	}
	e->settled |= a->dpi == NULL;
}

/* A decoder of ours has the last word; else the rules' and the library's is asked for. */
static void
classify(struct account *a, struct entry *e, const struct account_packet *p)
{
	if (p->own != 0 && e->own == 0) {
		e->own = p->own;
		settle(a, e);
	} else if (!e->settled && p->ip != NULL) {
		e->settled = dpi_packet(a->dpi, &e->dpi, p->ip, p->len, p->t_ns, &e->verdict);
	}
}

void
account_packet(struct account *a, const struct account_packet *p)
{
	bool from_high, fresh;
	const struct key k = { flow_key(p->src, p->dst, &from_high), p->transport };
	struct entry *e;

	a->now_ns = p->t_ns;
	sweep(a);
	e = map_put(a->map, &k, &fresh);
	if (fresh)
		begin(a, e, p, from_high);
	else if (p->t_ns - e->first_ns >= ACCOUNT_ACTIVE_NS && e->settled)
		tell(a, &k, e);
	if (e->packets[0] + e->packets[1] == 0)
		e->first_ns = p->t_ns;
	e->last_ns = p->t_ns;
	e->packets[from_high] += (uint32_t)p->sum.packets;
	e->bytes[from_high] += p->sum.bytes;
	classify(a, e, p);
}
