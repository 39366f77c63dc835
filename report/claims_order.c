/* SPDX-License-Identifier: Apache-2.0 */
#include "report/claims_order.h"

#include <stdlib.h>
#include <string.h>

#include "record/result.h"
#include "report/grow.h"

static int
compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
by_join(const void *a, const void *b)
{
	const struct claims_session *x = a, *y = b;
	int d = compare(x->from_ns, y->from_ns);

	if (d == 0)
		d = memcmp(x->peer.addr, y->peer.addr, sizeof x->peer.addr);
	if (d == 0)
		d = compare(x->peer.port, y->peer.port);
	if (d == 0)
		d = strcmp(x->channel, y->channel);
	return d ? d : (x->run > y->run) - (x->run < y->run);
}

static int
by_time(const void *a, const void *b)
{
	const struct claims_event *x = a, *y = b;
	int d = compare(x->session, y->session);

	if (d == 0)
		d = compare(x->at.best_ns, y->at.best_ns);
	if (d == 0)
		d = compare(x->event, y->event);
	if (d == 0)
		d = compare(x->ordinal, y->ordinal);
	return d ? d : compare(x->duration.best_ns, y->duration.best_ns);
}

static void
order_sessions(struct claims *c)
{
	uint32_t *place = grow_new(c->n_sessions * sizeof *place);

	for (uint32_t i = 0; i < c->n_sessions; i++) {
		struct claims_session *s = &c->sessions[i];

		s->from_ns = s->joined.best_ns;
		s->to_ns = estimate_known(&s->left) ? s->left.best_ns : INT64_MAX;
		s->first = i;
	}
	if (c->n_sessions > 1)
		qsort(c->sessions, c->n_sessions, sizeof *c->sessions, by_join);
	for (uint32_t i = 0; i < c->n_sessions; i++) {
		place[c->sessions[i].first] = i;
		c->sessions[i].first = c->sessions[i].events = 0;
	}
	for (size_t i = 0; i < c->n_events; i++)
		c->events[i].session = place[c->events[i].session];
	free(place);
}

static bool
is_again(const struct claims_event *a, const struct claims_event *b)
{
	return a->session == b->session && a->event == b->event && a->at.best_ns == b->at.best_ns &&
	       a->duration.best_ns == b->duration.best_ns;
}

/* Sorts events; one that was told twice stays once. */
static void
order_events(struct claims *c)
{
	size_t n = 0;

	if (c->n_events > 1)
		qsort(c->events, c->n_events, sizeof *c->events, by_time);
	for (size_t i = 0; i < c->n_events; i++)
		if (n == 0 || !is_again(&c->events[n - 1], &c->events[i]))
			c->events[n++] = c->events[i];
	c->n_events = n;
	for (uint32_t i = 0; i < n; i++) {
		struct claims_event *e = &c->events[i];
		struct claims_session *s = &c->sessions[e->session];

		e->from_ns = e->to_ns = e->at.best_ns;
		if (estimate_known(&e->duration))
			e->to_ns += e->duration.best_ns;
		else if (e->event == EVENT_STALL)
			e->to_ns = s->to_ns;
		if (e->to_ns < e->from_ns)
			e->to_ns = e->from_ns;
		if (s->events++ == 0)
			s->first = i;
	}
}

void
claims_order(struct claims *c)
{
	order_sessions(c);
	order_events(c);
}
