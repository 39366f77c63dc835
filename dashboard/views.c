/* SPDX-License-Identifier: Apache-2.0 */
#include "dashboard/views.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "proto/proto.h"

#define SHARE 10 /* reading takes no more than a tenth of the time */

struct held {
	struct collect results;
	struct store_vantage about;
	struct views *of;
	struct store_said *said;
	struct player_model player;
};

struct views {
	struct store *store;
	int64_t state;
	int64_t read_ns, took_ns; /* when it was read, and for how long */
	bool read;
	struct api_view *view;
	struct held **held;
	size_t n;
};

struct views *
views_new(struct store *s)
{
	struct views *v = calloc(1, sizeof *v);

	if (v == NULL)
		abort();
	v->store = s;
	return v;
}

static void
drop(struct held *h)
{
	if (h == NULL)
		return;
	collect_fini(&h->results);
	free(h->said);
	free(h);
}

static void
drop_all(struct views *v)
{
	for (size_t i = 0; i < v->n; i++)
		drop(v->held[i]);
	free(v->held);
	free(v->view);
	v->held = NULL;
	v->view = NULL;
	v->n = 0;
}

void
views_free(struct views *v)
{
	if (v == NULL)
		return;
	drop_all(v);
	free(v);
}

static const char *
protocol_name(unsigned id)
{
	const struct proto *p = proto_by_id(id);

	return p ? p->name : NULL;
}

static bool
maps(void *ctx, uint64_t channel, int64_t t_ns, int64_t back_ns, struct obs_sink *to)
{
	struct held *h = ctx;

	return store_maps(h->of->store, h->about.id, channel, t_ns, back_ns, to) == 0;
}

static bool
maps_of(void *ctx, uint64_t channel, const struct endpoint *peer, struct obs_sink *to)
{
	struct held *h = ctx;

	return store_maps_of(h->of->store, h->about.id, channel, peer, to) == 0;
}

/* What was read before, if nobody wrote it since. */
static struct held *
find(const struct views *v, const struct store_vantage *about)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->held[i] != NULL && v->held[i]->about.id == about->id &&
		    v->held[i]->about.written != 0 &&
		    v->held[i]->about.written == about->written)
			return v->held[i];
	return NULL;
}

static int
load(struct views *v, const struct store_vantage *about, struct held **out)
{
	struct held *h = calloc(1, sizeof *h);
	int rc;

	if (h == NULL)
		abort();
	h->of = v;
	h->about = *about;
	collect_init(&h->results);
	rc = store_replay(v->store, about->id, &h->results.sink);
	collect_finish(&h->results);
	if (rc == 0)
		rc = store_said(v->store, about->id, &h->said);
	if (rc != 0) {
		drop(h);
		h = NULL;
	}
	*out = h;
	return rc;
}

static void
show(struct api_view *view, struct held *h)
{
	bool player = h->said != NULL && h->said->prebuffer_ns != INT64_MIN;

	h->player.prebuffer_ns = player ? h->said->prebuffer_ns : 0;
	*view = (struct api_view){
		.vantage = h->about.name,
		.first_ns = h->about.first_ns,
		.last_ns = h->about.last_ns,
		.report = { .results = &h->results, .protocol_name = protocol_name,
			.player = player ? &h->player : NULL,
			.player_from = player ? h->said->prebuffer_from : NULL },
		.head = h->said ? h->said->report : NULL,
		.maps = maps, .maps_of = maps_of, .ctx = h,
	};
}

/* What both have is no longer from's. */
static void
leave(struct views *from, const struct views *to)
{
	for (size_t i = 0; i < from->n; i++)
		for (size_t k = 0; k < to->n; k++)
			if (from->held[i] == to->held[k])
				from->held[i] = NULL;
}

static int
read_all(struct views *v)
{
	struct store_vantage *about;
	struct views next = { .store = v->store };
	size_t n;
	int rc = store_vantages(v->store, &about, &n);

	next.held = calloc(n + 1, sizeof *next.held);
	next.view = calloc(n + 1, sizeof *next.view);
	if (next.held == NULL || next.view == NULL)
		abort();
	for (; rc == 0 && next.n < n; next.n++) {
		next.held[next.n] = find(v, &about[next.n]);
		if (next.held[next.n] == NULL)
			rc = load(v, &about[next.n], &next.held[next.n]);
	}
	free(about);
	leave(rc == 0 ? v : &next, rc == 0 ? &next : v);
	if (rc != 0) {
		drop_all(&next);
		return rc;
	}
	for (size_t i = 0; i < n; i++)
		show(&next.view[i], next.held[i]);
	drop_all(v);
	v->held = next.held;
	v->view = next.view;
	v->n = next.n;
	return 0;
}

int
views_refresh(struct views *v)
{
	int64_t state, now_ns = clock_monotonic_ns();
	int rc = store_state(v->store, &state);

	if (rc != 0 || (v->read && (state == v->state ||
	                            now_ns - v->read_ns < SHARE * v->took_ns)))
		return rc;
	rc = read_all(v);
	v->read |= rc == 0;
	v->read_ns = clock_monotonic_ns();
	v->took_ns = v->read_ns - now_ns;
	if (rc == 0)
		v->state = state;
	return rc;
}

const struct api_view *
views_all(const struct views *v, size_t *n)
{
	*n = v->n;
	return v->view;
}

int64_t
views_id(const struct views *v, size_t i)
{
	return v->held[i]->about.id;
}
