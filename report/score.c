/* SPDX-License-Identifier: Apache-2.0 */
#include "report/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "record/result.h"
#include "report/grow.h"
#include "report/stats.h"

static const struct {
	double least_s, least_maps;
} lengths[SCORE_LENGTHS] = { { 0, 0 }, { 0.5, 0 }, { 1, 0 }, { 0.5, 2 } };

static const struct claims_session no_session; /* of a run that has none */

#define ROW_LENGTH 1 /* of lengths: what rows count */

/* A growing list of numbers. */
struct list {
	double *v;
	size_t n, room;
};

struct work {
	struct score *s;
	const struct truth *t;
	const struct claims *c;
	int64_t tolerance_ns;
	struct match match;
	struct list errors[SCORE_MEASURES], widths[SCORE_BOUNDS];
};

static void
add(struct list *l, double v)
{
	l->v = grow(l->v, l->n, &l->room, sizeof *l->v);
	l->v[l->n++] = v;
}

static double
seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* --- which session is which run ------------------------------------------------------ */

static bool
may_be(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_same_addr(a, b) && (a->port == 0 || b->port == 0 || a->port == b->port);
}

static int
by_address(const void *a, const void *b)
{
	const struct claims_session *const *x = a, *const *y = b;
	int d = memcmp((*x)->peer.addr, (*y)->peer.addr, sizeof(*x)->peer.addr);

	return d ? d : (*x > *y) - (*x < *y);
}

/* First of the sorted sessions with this address, or with a later one. */
static size_t
first_of(const struct claims_session **sorted, size_t n, const struct endpoint *peer)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (memcmp(sorted[mid]->peer.addr, peer->addr, sizeof peer->addr) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static int64_t
shared(const struct truth_run *run, const struct claims_session *session)
{
	return match_overlap(run->from_ns, run->to_ns, session->from_ns, session->to_ns);
}

/* Calls what for each session that may be run i's and shares time with it. */
static void
each_candidate(struct work *w, const struct claims_session **sorted, uint32_t i,
               void (*what)(struct work *w, uint32_t run, uint32_t session, int64_t ns))
{
	const struct truth_run *run = &w->t->runs[i];
	size_t n = w->c->n_sessions;

	for (size_t j = first_of(sorted, n, &run->peer); j < n; j++) {
		if (!endpoint_same_addr(&sorted[j]->peer, &run->peer))
			break;
		if (may_be(&sorted[j]->peer, &run->peer) && shared(run, sorted[j]) >= 0)
			what(w, i, (uint32_t)(sorted[j] - w->c->sessions), shared(run, sorted[j]));
	}
}

static void
propose(struct work *w, uint32_t run, uint32_t session, int64_t ns)
{
	match_add(&w->match, run, session, ns);
}

static void
note_rival(struct work *w, uint32_t run, uint32_t session, int64_t ns)
{
	(void)run;
	if (w->s->run_of[session] == MATCH_NONE && ns > 0)
		w->s->rival[session] = true;
}

static void
match_runs(struct work *w)
{
	const struct claims_session **sorted = grow_new(w->c->n_sessions * sizeof *sorted);
	uint32_t *session_of = match_none(w->t->n_runs);
	struct score *s = w->s;

	s->run_of = match_none(w->c->n_sessions);
	s->rival = grow_new(w->c->n_sessions);
	s->n_rows = w->t->n_runs;
	s->rows = grow_new(s->n_rows * sizeof *s->rows);
	for (size_t i = 0; i < w->c->n_sessions; i++)
		sorted[i] = &w->c->sessions[i];
	if (w->c->n_sessions > 1)
		qsort(sorted, w->c->n_sessions, sizeof *sorted, by_address);
	for (uint32_t i = 0; i < w->t->n_runs; i++)
		each_candidate(w, sorted, i, propose);
	match_decide(&w->match, session_of, s->run_of);
	for (uint32_t i = 0; i < w->t->n_runs; i++) {
		each_candidate(w, sorted, i, note_rival);
		s->rows[i] = (struct score_row){ .run = i, .session = session_of[i] };
		s->matched += session_of[i] != MATCH_NONE;
	}
	free(sorted);
	free(session_of);
}

/* --- errors and bounds ------------------------------------------------------------------ */

static void
check_bounds(struct work *w, enum score_bounds which, const struct estimate *e, int64_t true_ns)
{
	struct score_interval *i = &w->s->bounds[which];
	bool open = e->lo_ns == ESTIMATE_OPEN_LO || e->hi_ns == ESTIMATE_OPEN_HI;

	i->n++;
	i->held += e->lo_ns <= true_ns && true_ns <= e->hi_ns;
	i->open += open;
	add(&w->widths[which], open ? INFINITY : seconds(e->hi_ns - e->lo_ns));
}

/* True start-up since the first packet or the join; NAN if the log lacks either. */
static double
true_startup(const struct truth_run *run, int64_t from_ns)
{
	if (run->play_ns == TRUTH_NEVER || from_ns == TRUTH_NEVER)
		return NAN;
	return seconds(run->play_ns - from_ns);
}

static void
score_startup(struct work *w, struct score_row *row, const struct truth_run *run,
              const struct claims_session *session)
{
	if (run->play_ns == TRUTH_NEVER || session->left_censored ||
	    !estimate_known(&session->playing)) {
		w->s->censored += session->left_censored;
		w->s->silent += run->play_ns != TRUTH_NEVER && !session->left_censored;
		return;
	}
	row->error_playing_s = seconds(session->playing.best_ns - run->play_ns);
	add(&w->errors[SCORE_PLAYING], row->error_playing_s);
	check_bounds(w, SCORE_IN_PLAYING, &session->playing, run->play_ns);
	if (!estimate_known(&session->startup))
		return;
	if (!isnan(row->true_packet_s)) {
		add(&w->errors[SCORE_STARTUP_PACKET],
		    seconds(session->startup.best_ns) - row->true_packet_s);
		check_bounds(w, SCORE_IN_STARTUP, &session->startup,
		             run->play_ns - run->first_packet_ns);
	}
	if (!isnan(row->true_join_s))
		add(&w->errors[SCORE_STARTUP_JOIN],
		    seconds(session->startup.best_ns) - row->true_join_s);
}

/* Mean time between a session's maps; 0 if it is not known. */
static double
map_period_s(const struct claims_session *session)
{
	if (session->maps < 2 || session->from_ns == INT64_MIN || session->to_ns == INT64_MAX)
		return 0;
	return seconds(session->to_ns - session->from_ns) / (double)(session->maps - 1);
}

static void
score_run_errors(struct work *w, struct score_row *row)
{
	const struct truth_run *run = &w->t->runs[row->run];
	const struct claims_session *session;

	row->true_packet_s = true_startup(run, run->first_packet_ns);
	row->true_join_s = true_startup(run, run->joined_ns);
	row->true_switch_s = true_startup(run, run->switched_ns);
	row->true_lag_s = run->lag_s;
	row->error_playing_s = NAN;
	if (row->session == MATCH_NONE)
		return;
	session = &w->c->sessions[row->session];
	score_startup(w, row, run, session);
	row->map_period_s = map_period_s(session);
	if (!isnan(row->true_switch_s) && estimate_known(&session->switch_delay)) {
		add(&w->errors[SCORE_SWITCH],
		    seconds(session->switch_delay.best_ns) - row->true_switch_s);
		check_bounds(w, SCORE_IN_SWITCH, &session->switch_delay,
		             run->play_ns - run->switched_ns);
	}
	if (!isnan(run->lag_s) && session->lag_ns != INT64_MIN)
		add(&w->errors[SCORE_LAG], seconds(session->lag_ns) - run->lag_s);
	if (run->chunks > 0 && !isnan(session->continuity_index))
		add(&w->errors[SCORE_CONTINUITY],
		    session->continuity_index - (1 - (double)run->missed / (double)run->chunks));
}

/* --- stalls ------------------------------------------------------------------------------ */

static bool
is_long(size_t length, double s, double period_s)
{
	return s >= lengths[length].least_s && s >= lengths[length].least_maps * period_s;
}

static void
count_true(struct work *w, struct score_row *row, const struct truth_span *span, bool found,
           double period_s, double shared_s)
{
	double s = seconds(span->to_ns - span->from_ns);

	for (size_t i = 0; i < SCORE_LENGTHS; i++) {
		struct score_stalls *stalls = &w->s->stalls[i];

		if (!is_long(i, s, period_s))
			continue;
		stalls->count.truth++;
		stalls->count.found += found;
		stalls->true_s += s;
		stalls->shared_s += shared_s;
	}
	if (is_long(ROW_LENGTH, s, period_s)) {
		row->stalls++;
		row->found += found;
		row->true_s += s;
	}
}

/* row is NULL for a session without a run. */
static void
count_inferred(struct work *w, struct score_row *row, const struct claims_event *e, bool found,
               double period_s)
{
	double s = seconds(e->to_ns - e->from_ns);

	for (size_t i = 0; i < SCORE_LENGTHS; i++) {
		struct score_stalls *stalls = &w->s->stalls[i];

		if (!is_long(i, s, period_s))
			continue;
		stalls->count.inferred++;
		stalls->count.wrong += !found;
		stalls->inferred_s += s;
	}
	if (row != NULL && is_long(ROW_LENGTH, s, period_s)) {
		row->inferred++;
		row->wrong += !found;
		row->inferred_s += s;
	}
}

/* What one matched stall says of errors and bounds; answers what both share. */
static double
score_stall(struct work *w, uint32_t span, uint32_t event)
{
	const struct truth_span *t = &w->t->spans[span];
	const struct claims_event *e = &w->c->events[event];
	struct score *s = w->s;

	s->pairs = grow(s->pairs, s->n_pairs, &s->room_pairs, sizeof *s->pairs);
	s->pairs[s->n_pairs++] = (struct score_pair){ span, event };
	add(&w->errors[SCORE_STALL_ONSET], seconds(e->from_ns - t->from_ns));
	add(&w->errors[SCORE_STALL_RESUME], seconds(e->to_ns - t->to_ns));
	add(&w->errors[SCORE_STALL_DURATION],
	    seconds(e->to_ns - e->from_ns) - seconds(t->to_ns - t->from_ns));
	check_bounds(w, SCORE_IN_ONSET, &e->at, t->from_ns);
	if (estimate_known(&e->duration))
		check_bounds(w, SCORE_IN_DURATION, &e->duration, t->to_ns - t->from_ns);
	return seconds(match_overlap(t->from_ns, t->to_ns, e->from_ns, e->to_ns));
}

/* Pairs of a run's stalls (a) and its session's (b). */
static void
propose_stalls(struct work *w, const struct truth_run *run, const struct claims_session *session)
{
	for (uint32_t i = 0; i < run->spans; i++) {
		const struct truth_span *t = &w->t->spans[run->first + i];

		for (uint32_t j = 0; t->what == TRUTH_SPAN_STALL && j < session->events; j++) {
			const struct claims_event *e = &w->c->events[session->first + j];
			int64_t ns = match_overlap(t->from_ns, t->to_ns, e->from_ns, e->to_ns);

			if (e->from_ns >= t->to_ns)
				break;
			if (e->event == EVENT_STALL && ns > 0)
				match_add(&w->match, i, j, ns);
		}
	}
}

static void
score_stalls(struct work *w, struct score_row *row)
{
	const struct truth_run *run = &w->t->runs[row->run];
	const struct claims_session *session = row->session == MATCH_NONE ?
	                                           &no_session :
	                                           &w->c->sessions[row->session];
	uint32_t *event_of = match_none(run->spans), *span_of = match_none(session->events);
	double period_s = map_period_s(session);

	propose_stalls(w, run, session);
	match_decide(&w->match, event_of, span_of);
	for (uint32_t i = 0; i < run->spans; i++) {
		const struct truth_span *t = &w->t->spans[run->first + i];
		double shared_s = 0;

		if (t->what != TRUTH_SPAN_STALL)
			continue;
		if (event_of[i] != MATCH_NONE)
			shared_s = score_stall(w, run->first + i, session->first + event_of[i]);
		count_true(w, row, t, event_of[i] != MATCH_NONE, period_s, shared_s);
	}
	for (uint32_t j = 0; j < session->events; j++)
		if (w->c->events[session->first + j].event == EVENT_STALL)
			count_inferred(w, row, &w->c->events[session->first + j],
			               span_of[j] != MATCH_NONE, period_s);
	free(event_of);
	free(span_of);
}

/* --- reboots and skips: moments --------------------------------------------------------- */

static void
propose_moments(struct work *w, const struct truth_run *run, enum truth_what what,
                const struct claims_session *session, enum result_event_kind event)
{
	for (uint32_t i = 0; i < run->spans; i++) {
		const struct truth_span *t = &w->t->spans[run->first + i];

		for (uint32_t j = 0; t->what == what && j < session->events; j++) {
			const struct claims_event *e = &w->c->events[session->first + j];
			int64_t apart = e->from_ns > t->from_ns ? e->from_ns - t->from_ns :
			                                          t->from_ns - e->from_ns;

			if (e->from_ns > t->from_ns && apart > w->tolerance_ns)
				break;
			if (e->event == event && apart <= w->tolerance_ns)
				match_add(&w->match, i, j, -apart);
		}
	}
}

static void
score_moments(struct work *w, const struct score_row *row, enum truth_what what,
              enum result_event_kind event, struct score_count *count)
{
	const struct truth_run *run = &w->t->runs[row->run];
	const struct claims_session *session = row->session == MATCH_NONE ?
	                                           &no_session :
	                                           &w->c->sessions[row->session];
	uint32_t *event_of = match_none(run->spans), *span_of = match_none(session->events);

	propose_moments(w, run, what, session, event);
	match_decide(&w->match, event_of, span_of);
	for (uint32_t i = 0; i < run->spans; i++) {
		count->truth += w->t->spans[run->first + i].what == what;
		count->found += event_of[i] != MATCH_NONE;
	}
	for (uint32_t j = 0; j < session->events; j++) {
		if (w->c->events[session->first + j].event != event)
			continue;
		count->inferred++;
		count->wrong += span_of[j] == MATCH_NONE;
	}
	free(event_of);
	free(span_of);
}

static void
score_skipped_chunks(struct work *w, const struct score_row *row)
{
	const struct truth_run *run = &w->t->runs[row->run];
	const struct claims_session *session = row->session == MATCH_NONE ?
	                                           &no_session :
	                                           &w->c->sessions[row->session];

	for (uint32_t i = 0; i < run->spans; i++)
		if (w->t->spans[run->first + i].what == TRUTH_SPAN_SKIP)
			w->s->true_skipped += w->t->spans[run->first + i].chunks;
	for (uint32_t j = 0; j < session->events; j++)
		if (w->c->events[session->first + j].event == EVENT_SKIP)
			w->s->inferred_skipped += w->c->events[session->first + j].chunks;
}

/* Things that a run has or has not. */
static void
score_fact(struct score_count *count, bool truth, bool inferred)
{
	count->truth += truth;
	count->found += truth && inferred;
	count->inferred += inferred;
	count->wrong += inferred && !truth;
}

static void
score_facts(struct work *w, const struct score_row *row)
{
	const struct truth_run *run = &w->t->runs[row->run];
	bool left_early = run->play_ns == TRUTH_NEVER && run->left_ns != TRUTH_NEVER;
	bool has = row->session != MATCH_NONE;
	const struct claims_session *session = has ? &w->c->sessions[row->session] : &no_session;

	score_fact(&w->s->exits, left_early, has && session->exit_before_start);
	score_fact(&w->s->switches, run->switched_ns != TRUTH_NEVER, has && session->switched);
}

/* --- sessions that say more than there was ------------------------------------------------- */

static void
count_rival_event(struct work *w, const struct claims_session *session,
                  const struct claims_event *e)
{
	struct score_count *count = e->event == EVENT_SKIP ? &w->s->skips : &w->s->reboots;

	if (e->event == EVENT_STALL) {
		count_inferred(w, NULL, e, false, map_period_s(session));
	} else {
		count->inferred++;
		count->wrong++;
	}
}

static void
score_rivals(struct work *w)
{
	for (size_t i = 0; i < w->c->n_sessions; i++) {
		const struct claims_session *session = &w->c->sessions[i];

		for (uint32_t j = 0; w->s->rival[i] && j < session->events; j++)
			count_rival_event(w, session, &w->c->events[session->first + j]);
	}
}

/* --- sums ---------------------------------------------------------------------------------- */

static struct score_error
error_of(struct list *l)
{
	struct score_error e = { .n = l->n, .mean = stats_mean(l->v, l->n) };
	double *away = grow_new(l->n * sizeof *away);

	stats_sort(l->v, l->n);
	e.median = stats_quantile(l->v, l->n, 0.5);
	for (size_t i = 0; i < l->n; i++)
		away[i] = fabs(l->v[i]);
	stats_sort(away, l->n);
	e.median_abs = stats_quantile(away, l->n, 0.5);
	e.p95_abs = stats_quantile(away, l->n, 0.95);
	e.max_abs = stats_quantile(away, l->n, 1);
	e.range = l->n ? l->v[l->n - 1] - l->v[0] : NAN;
	e.spread_max = l->n ? fmax(l->v[l->n - 1] - e.median, e.median - l->v[0]) : NAN;
	free(away);
	return e;
}

static void
finish_count(struct score_count *c)
{
	c->recall = stats_ratio((double)c->found, (double)c->truth);
	c->precision = stats_ratio((double)(c->inferred - c->wrong), (double)c->inferred);
	c->f1 = stats_ratio(2 * c->recall * c->precision, c->recall + c->precision);
	if (c->recall + c->precision == 0)
		c->f1 = 0;
}

static void
score_deadline(struct score *s, const struct truth *t, const struct claims *c)
{
	uint64_t missed = 0;

	for (size_t i = 0; i < s->n_rows; i++) {
		if (s->rows[i].session == MATCH_NONE)
			continue;
		s->deadline_n += t->runs[i].chunks;
		missed += t->runs[i].missed;
	}
	s->true_deadline = 1 - stats_ratio((double)missed, (double)s->deadline_n);
	s->inferred_deadline = stats_ratio(c->deadline_held, (double)c->deadline_n);
}

static void
finish(struct work *w)
{
	struct score *s = w->s;

	for (int i = 0; i < SCORE_MEASURES; i++) {
		s->errors[i] = error_of(&w->errors[i]);
		free(w->errors[i].v);
	}
	for (int i = 0; i < SCORE_BOUNDS; i++) {
		struct list *l = &w->widths[i];

		stats_sort(l->v, l->n);
		s->bounds[i].width_s = stats_quantile(l->v, l->n, 0.5);
		s->bounds[i].coverage = stats_ratio((double)s->bounds[i].held,
		                                    (double)s->bounds[i].n);
		free(l->v);
	}
	for (int i = 0; i < SCORE_LENGTHS; i++)
		finish_count(&s->stalls[i].count);
	finish_count(&s->reboots);
	finish_count(&s->skips);
	finish_count(&s->switches);
	finish_count(&s->exits);
	score_deadline(s, w->t, w->c);
	score_curve(&s->curve, w->t, w->c);
	match_free(&w->match);
}

void
score_compute(struct score *s, const struct truth *t, const struct claims *c, int64_t tolerance_ns)
{
	struct work w = { .s = s, .t = t, .c = c, .tolerance_ns = tolerance_ns };

	*s = (struct score){ 0 };
	for (int i = 0; i < SCORE_LENGTHS; i++) {
		s->stalls[i].least_s = lengths[i].least_s;
		s->stalls[i].least_maps = lengths[i].least_maps;
	}
	match_runs(&w);
	for (size_t i = 0; i < s->n_rows; i++) {
		struct score_row *row = &s->rows[i];

		score_run_errors(&w, row);
		score_stalls(&w, row);
		score_moments(&w, row, TRUTH_SPAN_REBOOT, EVENT_REBOOT, &s->reboots);
		score_moments(&w, row, TRUTH_SPAN_SKIP, EVENT_SKIP, &s->skips);
		score_skipped_chunks(&w, row);
		score_facts(&w, row);
	}
	score_rivals(&w);
	finish(&w);
}

void
score_free(struct score *s)
{
	free(s->rows);
	free(s->pairs);
	free(s->run_of);
	free(s->rival);
	*s = (struct score){ 0 };
}
