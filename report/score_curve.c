/* SPDX-License-Identifier: Apache-2.0 */
#include "report/score_curve.h"

#include <math.h>
#include <stdlib.h>

#include "report/grow.h"
#include "report/stats.h"

#define LOW  0.001 /* where a curve has not begun to rise ... */
#define HIGH 0.999 /* ... and where it has risen */

/* When the chunks of all channels were made. */
struct made {
	uint64_t channel, chunk;
	int64_t ns;
};

struct work {
	const struct truth *t;
	struct made *made; /* by channel, chunk; owned */
	size_t n;
	int64_t age_ns[CLAIMS_AGES];
	uint64_t held[CLAIMS_AGES], eligible[CLAIMS_AGES];
	size_t ages;
};

static int
by_chunk(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	if (x->channel != y->channel)
		return x->channel < y->channel ? -1 : 1;
	if (x->chunk != y->chunk)
		return x->chunk < y->chunk ? -1 : 1;
	return (x->ns > y->ns) - (x->ns < y->ns);
}

static void
list_made(struct work *w)
{
	const struct truth *t = w->t;
	size_t n = 0;

	w->made = grow_new(t->n_copies * sizeof *w->made);
	for (size_t i = 0; i < t->n_runs; i++) {
		const struct truth_run *run = &t->runs[i];

		for (size_t k = run->first_copy; k < run->first_copy + run->copies; k++)
			w->made[n++] = (struct made){ run->channel, t->copies[k].chunk,
				                      t->copies[k].made_ns };
	}
	if (n > 1)
		qsort(w->made, n, sizeof *w->made, by_chunk);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || w->made[i].channel != w->made[w->n - 1].channel ||
		    w->made[i].chunk != w->made[w->n - 1].chunk)
			w->made[w->n++] = w->made[i];
}

static size_t
first_made(const struct work *w, uint64_t channel, uint64_t chunk)
{
	struct made wanted = { channel, chunk, INT64_MIN };
	size_t from = 0, to = w->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (by_chunk(&w->made[mid], &wanted) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static void
count(struct work *w, int64_t made_ns, int64_t arrived_ns, const struct truth_span *view)
{
	for (size_t i = 0; i < w->ages; i++) {
		int64_t at_ns = made_ns + w->age_ns[i];

		if (at_ns < view->from_ns || at_ns > view->to_ns)
			continue;
		w->eligible[i]++;
		w->held[i] += arrived_ns <= at_ns;
	}
}

/* The chunks of a stretch of viewing, with the copies that came within it. */
static void
count_view(struct work *w, const struct truth_run *run, const struct truth_span *view)
{
	const struct truth_copy *copy = w->t->copies + run->first_copy;
	const struct truth_copy *end = copy + run->copies;

	for (size_t i = first_made(w, run->channel, view->chunks); i < w->n; i++) {
		const struct made *m = &w->made[i];
		int64_t arrived_ns = INT64_MAX;

		if (m->channel != run->channel || m->ns > view->to_ns)
			break;
		for (; copy < end && copy->chunk <= m->chunk; copy++)
			if (copy->chunk == m->chunk && copy->at_ns >= view->from_ns &&
			    arrived_ns == INT64_MAX)
				arrived_ns = copy->at_ns;
		count(w, m->ns, arrived_ns, view);
	}
}

static void
count_true(struct work *w)
{
	for (size_t i = 0; i < w->t->n_runs; i++) {
		const struct truth_run *run = &w->t->runs[i];

		for (uint32_t k = 0; k < run->spans; k++)
			if (w->t->spans[run->first + k].what == TRUTH_SPAN_VIEW)
				count_view(w, run, &w->t->spans[run->first + k]);
	}
}

/* Both curves lie on the same side of a limit. */
static bool
both(const struct score_curve *s, size_t i, double limit, bool above)
{
	return (s->truth[i] > limit) == above && (s->inferred[i] > limit) == above;
}

static void
compare(struct score_curve *s)
{
	size_t n = 0;

	s->first = 0;
	while (s->first < s->ages && !(s->truth[s->first] > LOW || s->inferred[s->first] > LOW))
		s->first++;
	s->last = s->first;
	while (s->last < s->ages && !both(s, s->last, HIGH, true))
		s->last++;
	s->mean_abs = s->max_abs = 0;
	for (size_t i = s->first; i < s->last; i++) {
		double error = fabs(s->inferred[i] - s->truth[i]);

		if (isnan(error))
			continue;
		n++;
		s->mean_abs += error;
		s->max_abs = fmax(s->max_abs, error);
	}
	s->mean_abs = stats_ratio(s->mean_abs, (double)n);
	s->max_abs = n > 0 ? s->max_abs : NAN;
}

void
score_curve(struct score_curve *s, const struct truth *t, const struct claims *c)
{
	struct work w = { .t = t };

	*s = (struct score_curve){ .mean_abs = NAN, .max_abs = NAN };
	while (w.ages < CLAIMS_AGES && c->ages[w.ages].eligible > 0) {
		w.age_ns[w.ages] = (int64_t)(c->ages[w.ages].age_s * 1e9);
		w.ages++;
	}
	if (w.ages == 0 || t->n_copies == 0)
		return;
	list_made(&w);
	count_true(&w);
	s->ages = w.ages;
	for (size_t i = 0; i < w.ages; i++) {
		s->age_s[i] = c->ages[i].age_s;
		s->inferred[i] = stats_ratio(c->ages[i].held, c->ages[i].eligible);
		s->inferred_n[i] = c->ages[i].eligible;
		s->truth[i] = stats_ratio((double)w.held[i], (double)w.eligible[i]);
		s->truth_n[i] = (double)w.eligible[i];
	}
	compare(s);
	free(w.made);
}
