/* SPDX-License-Identifier: Apache-2.0 */
#include "report/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/grow.h"
#include "report/stats.h"

/* Room for one channel's sessions, used again for each figure. */
struct scratch {
	double *lo, *best, *hi;
	size_t n;
};

static void
scratch_init(struct scratch *x, size_t n)
{
	x->lo = grow_new(3 * n * sizeof *x->lo);
	x->best = x->lo + n;
	x->hi = x->best + n;
	x->n = 0;
}

static void
scratch_put(struct scratch *x, const struct estimate *e)
{
	if (!estimate_known(e))
		return;
	x->lo[x->n] = stats_seconds(e->lo_ns);
	x->best[x->n] = stats_seconds(e->best_ns);
	x->hi[x->n++] = stats_seconds(e->hi_ns);
}

/* Summarizes and empties it. */
static struct figures_delay
scratch_delay(struct scratch *x)
{
	struct figures_delay d = { .n = x->n, .mean = stats_mean(x->best, x->n) };

	stats_sort(x->lo, x->n);
	stats_sort(x->best, x->n);
	stats_sort(x->hi, x->n);
	d.p50 = stats_quantile(x->best, x->n, 0.50);
	d.p95 = stats_quantile(x->best, x->n, 0.95);
	d.p50_lo = stats_quantile(x->lo, x->n, 0.50);
	d.p50_hi = stats_quantile(x->hi, x->n, 0.50);
	d.p95_lo = stats_quantile(x->lo, x->n, 0.95);
	d.p95_hi = stats_quantile(x->hi, x->n, 0.95);
	d.p50_of = interval_quantile(x->best, x->n, 0.50);
	d.p95_of = interval_quantile(x->best, x->n, 0.95);
	x->n = 0;
	return d;
}

static const struct collect_session *
session_at(const struct collect *c, const struct collect_channel *channel, size_t i)
{
	return &c->sessions[c->by_channel[channel->first + i]];
}

double
figures_continuity(const struct result_session *s)
{
	return 1 - stats_ratio((double)s->chunks_missed, (double)s->chunks_passed);
}

static uint64_t
exits_of(const struct collect *c, const struct collect_session *s)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < s->events; i++)
		n += c->events[s->first + i].e.event == EVENT_EXIT_BEFORE_START;
	return n;
}

const char *
figures_score_model(enum figures_score score)
{
	static const char *const names[FIGURES_SCORES] = {
		"hossfeld2013-rate \xc3\x97 initial-delay",
		"hossfeld2012-initial-delay",
		"hossfeld2013-rate",
		"hossfeld2013-count",
	};

	return names[score];
}

static void
add_score(struct figures *f, enum figures_score score, float mos)
{
	if (isnan(mos))
		return;
	f->mos[score] += (double)mos;
	f->mos_n[score]++;
}

static void
add_session(struct figures *f, const struct result_session *s)
{
	f->viewers++;
	f->left_censored += s->left_censored;
	f->stalls += s->stalls;
	f->pauses += s->pauses;
	f->skips += s->skips;
	f->skipped_chunks += s->skipped_chunks;
	f->reboots += s->reboots;
	f->chunks_passed += s->chunks_passed;
	f->viewing_s += (double)s->played_ns / 1e9;
	if (estimate_known(&s->stall_time)) {
		f->stall_s += stats_seconds(s->stall_time.best_ns);
		f->viewing_s += stats_seconds(s->stall_time.best_ns);
	}
	f->joins += !s->left_censored;
	f->leaves += s->end != END_OPEN;
	add_score(f, FIGURES_BOTH, s->mos);
	add_score(f, FIGURES_DELAY, s->mos_delay);
	add_score(f, FIGURES_RATE, s->mos_rate);
	add_score(f, FIGURES_COUNT, s->mos_count);
}

/* From the first that anybody was there to the last. */
static double
observed_s(const struct collect *c, const struct collect_channel *channel)
{
	int64_t from_ns = INT64_MAX, to_ns = INT64_MIN;

	for (size_t i = 0; i < channel->sessions; i++) {
		const struct result_session *s = &session_at(c, channel, i)->s;

		if (estimate_known(&s->joined) && s->joined.best_ns < from_ns)
			from_ns = s->joined.best_ns;
		if (estimate_known(&s->left) && s->left.best_ns > to_ns)
			to_ns = s->left.best_ns;
	}
	return from_ns < to_ns ? stats_seconds(to_ns - from_ns) : NAN;
}

static void
add_sums(struct figures *f, const struct collect *c, const struct collect_channel *channel)
{
	uint64_t missed = 0;

	f->observed_s = observed_s(c, channel);
	for (size_t i = 0; i < channel->sessions; i++) {
		const struct collect_session *s = session_at(c, channel, i);

		if (s->s.source)
			continue;
		add_session(f, &s->s);
		missed += s->s.chunks_missed;
		f->exits_before_start += exits_of(c, s);
	}
	f->stalls_per_hour = stats_ratio((double)f->stalls, f->viewing_s / 3600);
	f->rebuffering_ratio = stats_ratio(f->stall_s, f->viewing_s);
	f->continuity_index = 1 - stats_ratio((double)missed, (double)f->chunks_passed);
	for (int i = 0; i < FIGURES_SCORES; i++)
		f->mos[i] = stats_ratio(f->mos[i], (double)f->mos_n[i]);
	f->joins_per_min = stats_ratio((double)f->joins, f->observed_s / 60);
	f->leaves_per_min = stats_ratio((double)f->leaves, f->observed_s / 60);
}

static void
add_delays(struct figures *f, const struct collect *c, const struct collect_channel *channel,
           struct scratch *x)
{
	for (size_t i = 0; i < channel->sessions; i++) {
		const struct result_session *s = &session_at(c, channel, i)->s;

		if (!s->source && !s->left_censored)
			scratch_put(x, &s->startup);
	}
	f->startup = scratch_delay(x);
	for (size_t i = 0; i < channel->sessions; i++) {
		const struct result_session *s = &session_at(c, channel, i)->s;

		if (!s->source)
			scratch_put(x, &s->switch_delay);
	}
	f->switching = scratch_delay(x);
}

static struct figures_spread
spread_of(const struct sketch *s)
{
	struct figures_spread f = { s->n, NAN, NAN };
	int64_t ns;

	if (sketch_quantile(s, 500000, &ns))
		f.p50 = stats_seconds(ns);
	if (sketch_quantile(s, 950000, &ns))
		f.p95 = stats_seconds(ns);
	return f;
}

static void
sketch_known(struct sketch *s, const struct estimate *e)
{
	if (estimate_known(e))
		sketch_put(s, e->best_ns);
}

static void
add_sketches(struct figures *f, const struct collect *c, const struct collect_channel *channel)
{
	for (size_t i = 0; i < channel->sessions; i++) {
		const struct collect_session *s = session_at(c, channel, i);

		if (s->s.source)
			continue;
		if (!s->s.left_censored)
			sketch_known(&f->sketch[FIGURES_STARTUP], &s->s.startup);
		sketch_known(&f->sketch[FIGURES_SWITCH], &s->s.switch_delay);
		if (s->s.buffer_ns != INT64_MIN)
			sketch_put(&f->sketch[FIGURES_BUFFER], s->s.buffer_ns);
		for (uint32_t k = 0; k < s->events; k++)
			if (c->events[s->first + k].e.event == EVENT_STALL)
				sketch_known(&f->sketch[FIGURES_STALL],
				             &c->events[s->first + k].e.duration);
	}
	f->buffer = spread_of(&f->sketch[FIGURES_BUFFER]);
	f->stall_length = spread_of(&f->sketch[FIGURES_STALL]);
}

static void
add_lag(struct figures *f, const struct collect *c, const struct collect_channel *channel,
        struct scratch *x)
{
	struct figures_spread lag;

	f->sketch[FIGURES_LAG] = channel->lag;
	lag = spread_of(&channel->lag);
	f->lag_n = lag.n;
	f->lag_p50 = lag.p50;
	f->lag_p95 = lag.p95;
	for (size_t i = 0; i < channel->sessions; i++) {
		const struct result_session *s = &session_at(c, channel, i)->s;

		if (!s->source && s->lag_ns != INT64_MIN)
			x->best[x->n++] = stats_seconds(s->lag_ns);
	}
	stats_sort(x->best, x->n);
	f->skew_n = x->n;
	f->skew_s = stats_quantile(x->best, x->n, 0.95) - stats_quantile(x->best, x->n, 0.05);
	x->n = 0;
}

static double
age_reaching(const struct figures *f, double ratio)
{
	double last_age = NAN, last_ratio = NAN;

	for (uint32_t i = 0; i < f->ages; i++) {
		if (isnan(f->ratio[i]))
			continue;
		if (f->ratio[i] >= ratio) {
			if (isnan(last_ratio))
				return f->age_s[i];
			return last_age + (f->age_s[i] - last_age) * (ratio - last_ratio) /
			                      (f->ratio[i] - last_ratio);
		}
		last_age = f->age_s[i];
		last_ratio = f->ratio[i];
	}
	return NAN;
}

/* How far the curve of those heard may be from the swarm's. */
static void
add_sampling(struct figures *f, const struct curve *c)
{
	double shift;

	for (uint32_t i = 0; i <= RESULT_AGES; i++) {
		struct interval of = interval_groups(c->held[i], c->eligible[i], RESULT_GROUPS,
		                                     f->heard_ratio);
		double ratio = i < RESULT_AGES ? f->ratio[i] : f->at_deadline, held = 0, all = 0;

		for (uint32_t g = 0; g < RESULT_GROUPS; g++) {
			held += c->held[i][g];
			all += c->eligible[i][g];
		}
		shift = ratio - stats_ratio(held, all);
		of.lo = fmax(of.lo + shift, 0);
		of.hi = fmin(of.hi + shift, 1);
		*(i < RESULT_AGES ? &f->ratio_of[i] : &f->deadline_of) = of;
	}
}

static void
add_retrieval(struct figures *f, const struct collect_channel *channel)
{
	const struct result_retrieval *due = &channel->ages[RESULT_AGES];
	const struct interval unknown = { NAN, NAN };
	double more[RESULT_AGES] = { 0 };
	int64_t age_ns[RESULT_AGES];

	for (uint32_t i = 0; i < RESULT_AGES; i++)
		age_ns[i] = channel->ages[i].age_ns;
	if (channel->curve != NULL)
		curve_spread(channel->curve, age_ns, more);
	for (uint32_t i = 0; i < RESULT_AGES; i++) {
		const struct result_retrieval *r = &channel->ages[i];

		f->age_s[i] = stats_seconds(r->age_ns);
		f->age_n[i] = r->eligible;
		f->ratio[i] = stats_ratio(fmin((double)r->held + more[i], (double)r->eligible),
		                          (double)r->eligible);
		if (r->eligible > 0)
			f->ages = i + 1;
	}
	f->t50_s = age_reaching(f, 0.50);
	f->t90_s = age_reaching(f, 0.90);
	f->t95_s = age_reaching(f, 0.95);
	f->t99_s = age_reaching(f, 0.99);
	f->at_deadline = stats_ratio((double)due->held, (double)due->eligible);
	f->deadline_n = due->eligible;
	for (uint32_t i = 0; i < RESULT_AGES; i++)
		f->ratio_of[i] = unknown;
	f->deadline_of = unknown;
	if (channel->curve != NULL)
		add_sampling(f, channel->curve);
}

/* --- addresses ------------------------------------------------------------------- */

enum { HEARD = 1, INFERRED = 2 };

struct address {
	struct endpoint peer;
	unsigned what;
};

static int
by_endpoint(const void *a, const void *b)
{
	const struct address *x = a, *y = b;
	int d = memcmp(x->peer.addr, y->peer.addr, sizeof x->peer.addr);

	return d ? d : (x->peer.port > y->peer.port) - (x->peer.port < y->peer.port);
}

static unsigned
what_is_known(const struct collect *c, const struct collect_session *s)
{
	bool inferred = s->s.source || s->s.played_ns > 0 || estimate_known(&s->s.playing) ||
	                exits_of(c, s) > 0;

	return (s->s.maps > 0 ? HEARD : 0u) | (inferred ? INFERRED : 0u);
}

static void
add_addresses(struct figures *f, const struct collect *c, const struct collect_channel *channel)
{
	size_t n = channel->sessions;
	struct address *all = grow_new(n * sizeof *all);

	for (size_t i = 0; i < n; i++) {
		const struct collect_session *s = session_at(c, channel, i);

		all[i] = (struct address){ s->peer, what_is_known(c, s) };
	}
	if (n > 1)
		qsort(all, n, sizeof *all, by_endpoint);
	for (size_t i = 0; i < n;) {
		unsigned what = 0;
		size_t same = i;

		for (; i < n && by_endpoint(&all[same], &all[i]) == 0; i++)
			what |= all[i].what;
		f->known++;
		f->heard += (what & HEARD) != 0;
		f->inferred += (what & INFERRED) != 0;
	}
	f->peers = f->known;
	if (channel->c.known > f->known)
		f->known = channel->c.known;
	f->heard_ratio = stats_ratio(f->heard, f->known);
	f->heard_share = interval_wilson(f->heard, f->known, 1.96);
	f->inferred_share = interval_wilson(f->inferred, f->known, 1.96);
	free(all);
}

void
figures_of(struct figures *f, const struct collect *c, size_t channel)
{
	const struct collect_channel *of = &c->channels[channel];
	struct scratch x;

	*f = (struct figures){ .sessions = of->sessions };
	scratch_init(&x, of->sessions);
	add_addresses(f, c, of);
	add_sums(f, c, of);
	add_delays(f, c, of, &x);
	add_lag(f, c, of, &x);
	add_sketches(f, c, of);
	add_retrieval(f, of);
	free(x.lo);
}
