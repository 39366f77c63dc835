/*
 * Figures over time and their distribution.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>

#include "base/int64.h"
#include "dashboard/api.h"
#include "report/figures.h"
#include "report/stats.h"

#define S_NS INT64_C(1000000000)
#define STEPS_USUAL 120 /* where no step is asked for */
#define STEPS_MOST 2000
#define BINS_USUAL 30

enum { PRESENT, PLAYING, STALLED, WAITING, JOINS, LEAVES, STALLS, SKIPS, COUNTS };

static const char *const columns[COUNTS] = {
	"viewers", "playing", "stalled", "waiting", "joins", "leaves", "stalls", "skips"
};

struct series {
	int64_t from_ns, step_ns;
	size_t n;
	double *count[COUNTS], *startup;
};

static int64_t
usual_step(int64_t range_ns)
{
	static const int64_t steps_s[] = { 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200,
		21600, 43200, 86400 };
	size_t i = 0;

	while (i + 1 < sizeof steps_s / sizeof *steps_s &&
	       range_ns / STEPS_USUAL > steps_s[i] * S_NS)
		i++;
	return steps_s[i] * S_NS;
}

static void
set_range(struct series *s, const struct api_channel *c, const struct params *p)
{
	int64_t from_ns = p->from_ns != INT64_MIN ? p->from_ns : c->first_ns;
	int64_t to_ns = p->to_ns != INT64_MIN ? p->to_ns : c->last_ns;

	s->n = 0;
	s->from_ns = 0;
	s->step_ns = S_NS;
	if (from_ns == INT64_MIN || to_ns < from_ns)
		return;
	s->step_ns = p->step_ns != INT64_MIN ? p->step_ns : usual_step(to_ns - from_ns);
	if ((to_ns - from_ns) / s->step_ns >= STEPS_MOST)
		s->step_ns = usual_step((to_ns - from_ns) / STEPS_MOST * STEPS_USUAL);
	s->from_ns = from_ns / s->step_ns * s->step_ns;
	s->n = (size_t)((to_ns - s->from_ns) / s->step_ns) + 1;
	s->n = s->n > STEPS_MOST ? STEPS_MOST : s->n;
}

/* Something happened at t. */
static void
once(const struct series *s, int what, int64_t t_ns)
{
	if (t_ns >= s->from_ns && t_ns < s->from_ns + (int64_t)s->n * s->step_ns)
		s->count[what][(t_ns - s->from_ns) / s->step_ns]++;
}

/* Something went on in [from, to): at the beginning of which steps? */
static void
during(const struct series *s, int what, int64_t from_ns, int64_t to_ns)
{
	int64_t first = from_ns <= s->from_ns ?
	                0 : (from_ns - s->from_ns + s->step_ns - 1) / s->step_ns;

	for (int64_t i = first; i < (int64_t)s->n && s->from_ns + i * s->step_ns < to_ns; i++)
		s->count[what][i]++;
}

static void
add_events(const struct series *s, const struct api_channel *c, const struct collect_session *v)
{
	const struct collect *r = c->view->report.results;

	for (uint32_t i = 0; i < v->events; i++) {
		const struct result_event *e = &r->events[v->first + i].e;

		if (e->event == EVENT_SKIP)
			once(s, SKIPS, e->at.best_ns);
		if (e->event != EVENT_STALL)
			continue;
		once(s, STALLS, e->at.best_ns);
		if (estimate_known(&e->duration))
			during(s, STALLED, e->at.best_ns, e->at.best_ns + e->duration.best_ns);
	}
}

static void
add_viewer(const struct series *s, const struct api_channel *c, const struct collect_session *v)
{
	int64_t left_ns = api_left(c, v), joined_ns = v->s.joined.best_ns;
	int64_t playing_ns = estimate_known(&v->s.playing) ? v->s.playing.best_ns :
	                     v->s.left_censored ? joined_ns : left_ns;

	during(s, PRESENT, joined_ns, left_ns);
	during(s, PLAYING, playing_ns, left_ns);
	if (!v->s.left_censored)
		once(s, JOINS, joined_ns);
	if (v->s.end != END_OPEN)
		once(s, LEAVES, left_ns);
	add_events(s, c, v);
}

static void
put_column(struct json_writer *w, const double *v, size_t n)
{
	json_array(w);
	for (size_t i = 0; i < n; i++)
		json_number(w, v[i], 6);
	json_array_end(w);
}

static void
put_rows(struct json_writer *w, const struct series *s)
{
	json_key(w, "data");
	json_array(w);
	json_array(w);
	for (size_t i = 0; i < s->n; i++)
		json_seconds(w, s->from_ns + (int64_t)i * s->step_ns);
	json_array_end(w);
	for (int k = 0; k < COUNTS; k++)
		put_column(w, s->count[k], s->n);
	json_array_end(w);
}

static void
put_names(struct json_writer *w)
{
	json_key(w, "columns");
	json_array(w);
	json_string(w, "ts");
	for (int k = 0; k < COUNTS; k++)
		json_string(w, columns[k]);
	json_array_end(w);
	json_key(w, "units");
	json_array(w);
	json_string(w, "s");
	for (int k = 0; k < COUNTS; k++)
		json_string(w, "1");
	json_array_end(w);
}

void
api_series(struct json_writer *w, const struct api_channel *c, const struct params *p)
{
	struct series s;
	double *all;

	set_range(&s, c, p);
	all = calloc(COUNTS * s.n + 1, sizeof *all);
	if (all == NULL)
		abort();
	for (int k = 0; k < COUNTS; k++)
		s.count[k] = all + (size_t)k * s.n;
	for (uint32_t i = 0; i < api_sessions(c); i++)
		if (!api_session(c, i)->s.source)
			add_viewer(&s, c, api_session(c, i));
	for (size_t i = 0; i < s.n; i++) { /* who plays and stalls does not play */
		s.count[PLAYING][i] -= s.count[STALLED][i];
		s.count[PLAYING][i] = s.count[PLAYING][i] < 0 ? 0 : s.count[PLAYING][i];
		s.count[WAITING][i] = s.count[PRESENT][i] - s.count[PLAYING][i] -
		                      s.count[STALLED][i];
		s.count[WAITING][i] = s.count[WAITING][i] < 0 ? 0 : s.count[WAITING][i];
	}
	json_object(w);
	put_names(w);
	json_put_seconds(w, "step_s", s.step_ns);
	put_rows(w, &s);
	json_object_end(w);
	free(all);
}

/* --- distributions ------------------------------------------------------------------------ */

/* A width of 1, 2 or 5 times a power of ten, so that few bins reach from lo to hi. */
static int64_t
bin_width(int64_t lo_ns, int64_t hi_ns)
{
	static const int64_t steps[3] = { 1, 2, 5 };
	int64_t ten = 1000000;

	for (unsigned i = 0;; i++, ten *= i % 3 == 0 ? 10 : 1)
		if ((hi_ns - lo_ns) / (steps[i % 3] * ten) < BINS_USUAL)
			return steps[i % 3] * ten;
}

/* The sketch's fine bins, by their middles, in equal coarse ones. */
static void
put_bins(struct json_writer *w, const struct sketch *s)
{
	uint64_t count[BINS_USUAL + 2] = { 0 };
	int64_t lo_ns = INT64_MAX, hi_ns = 0, width_ns;
	unsigned n = 0;

	for (uint32_t i = 0; i < SKETCH_BINS; i++)
		if (s->count[i] > 0) {
			lo_ns = min64(lo_ns, sketch_bin_ns(i));
			hi_ns = sketch_bin_ns(i + 1 < SKETCH_BINS ? i + 1 : i);
		}
	width_ns = s->n > 0 ? bin_width(lo_ns, hi_ns) : 1;
	lo_ns = s->n > 0 ? lo_ns / width_ns * width_ns : 0;
	for (uint32_t i = 0; i < SKETCH_BINS; i++)
		if (s->count[i] > 0) {
			int64_t end_ns = sketch_bin_ns(i + 1 < SKETCH_BINS ? i + 1 : i);
			int64_t middle_ns = (sketch_bin_ns(i) + end_ns) / 2;
			unsigned k = (unsigned)((middle_ns - lo_ns) / width_ns);

			count[k] += s->count[i];
			n = k + 1 > n ? k + 1 : n;
		}
	json_key(w, "edges");
	json_array(w);
	for (unsigned i = 0; i <= n && n > 0; i++)
		json_seconds(w, lo_ns + (int64_t)i * width_ns);
	json_array_end(w);
	json_key(w, "counts");
	json_array(w);
	for (unsigned i = 0; i < n; i++)
		json_uint(w, count[i]);
	json_array_end(w);
}

void
api_histogram(struct json_writer *w, const struct api_channel *c, const struct params *p)
{
	static const char *const names[] = { "startup", "switch", "lag", "buffer", "stall" };
	struct figures f;
	const struct sketch *s = &f.sketch[p->metric];
	int64_t p50_ns, p95_ns;
	bool any;

	figures_of(&f, c->view->report.results, c->place);
	any = sketch_quantile(s, 500000, &p50_ns) && sketch_quantile(s, 950000, &p95_ns);
	json_object(w);
	json_put_string(w, "metric", names[p->metric]);
	json_put_string(w, "unit", "s");
	json_put_uint(w, "n", s->n);
	put_bins(w, s);
	json_put_number(w, "p50", any ? (double)p50_ns / 1e9 : (double)NAN, 6);
	json_put_number(w, "p95", any ? (double)p95_ns / 1e9 : (double)NAN, 6);
	json_object_end(w);
}
