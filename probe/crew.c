/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/crew.h"

#include <assert.h>
#include <unistd.h>

#include "probe/pages.h"
#include "record/observation.h"

struct crew {
	struct worker *worker[CREW_WORKERS]; /* owned */
	unsigned n;
	struct worker *chosen; /* whose observation crew_next gave */
	const char *why;
	unsigned interfaces;
};

struct crew *
crew_new(const struct worker_options *opt, unsigned workers)
{
	struct crew *c = pages_new(1, sizeof *c);
	struct worker_options o = *opt;

	assert(workers >= 1 && workers <= CREW_WORKERS);
	o.live.fanout = workers > 1 ? (uint16_t)(getpid() | 1) : 0;
	c->n = workers;
	c->interfaces = opt->n;
	c->why = "";
	for (unsigned i = 0; i < workers; i++)
		c->worker[i] = worker_new(&o);
	return c;
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	crew_end(c);
	for (unsigned i = 0; i < c->n; i++)
		worker_free(c->worker[i]);
	pages_free(c, 1, sizeof *c);
}

static int
each(struct crew *c, int (*what)(struct worker *w))
{
	for (unsigned i = 0; i < c->n; i++) {
		int rc = what(c->worker[i]);

		if (rc == 0)
			continue;
		c->why = worker_text(c->worker[i]);
		return rc;
	}
	return 0;
}

int
crew_open(struct crew *c)
{
	return each(c, worker_open);
}

int
crew_start(struct crew *c)
{
	return each(c, worker_start);
}

const struct observation *
crew_next(struct crew *c)
{
	const struct observation *first = NULL;
	int64_t settled_ns = INT64_MAX;

	c->chosen = NULL;
	for (unsigned i = 0; i < c->n; i++) {
		bool over = worker_over(c->worker[i]); /* before the look: what came last is seen */
		int64_t seen_ns = worker_seen(c->worker[i]);
		const struct observation *o = worker_next(c->worker[i]);

		if (o == NULL && !over && seen_ns < settled_ns)
			settled_ns = seen_ns;
		if (o == NULL || (first != NULL && o->t_ns >= first->t_ns))
			continue;
		first = o;
		c->chosen = c->worker[i];
	}
	return c->n == 1 || (first != NULL && first->t_ns < settled_ns) ? first : NULL;
}

void
crew_release(struct crew *c)
{
	worker_release(c->chosen);
}

bool
crew_over(struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (!worker_over(c->worker[i]))
			return false;
	return true;
}

struct worker_status
crew_status(struct crew *c)
{
	struct worker_status all = worker_status(c->worker[0]);

	for (unsigned i = 1; i < c->n; i++) {
		struct worker_status one = worker_status(c->worker[i]);

		counts_add(&all.decoded, &one.decoded);
		for (unsigned k = 0; k < c->interfaces; k++)
			live_counts_add(&all.live[k], &one.live[k]);
		all.observations += one.observations;
		all.lost += one.lost;
		all.seen_ns = one.seen_ns < all.seen_ns ? one.seen_ns : all.seen_ns;
	}
	return all;
}

void
crew_tend(struct crew *c, void (*say)(void *ctx, const char *text), void *ctx)
{
	for (unsigned i = 0; i < c->n; i++)
		worker_tend(c->worker[i], say, ctx);
}

void
crew_end(struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++)
		worker_end(c->worker[i]);
}

const char *
crew_text(const struct crew *c)
{
	return c->why;
}
