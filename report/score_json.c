/* SPDX-License-Identifier: Apache-2.0 */
#include "report/score_json.h"

#include <math.h>

#include "base/json.h"
#include "record/result.h"
#include "report/values.h"

#define COMPARED 1 /* of score.stalls: those of 0.5 s at least */

/* --- measures -------------------------------------------------------------------------- */

static void
put_errors(struct json_writer *w, const struct score *s)
{
	static const char *const keys[SCORE_MEASURES] = {
		"playing_s",           "startup_from_first_packet_s",
		"startup_from_join_s", "stall_onset_s",
		"stall_resume_s",      "stall_duration_s",
		"switch_delay_s",      "lag_s",
		"continuity",
	};

	json_key(w, "errors");
	json_object(w);
	for (int i = 0; i < SCORE_MEASURES; i++) {
		const struct score_error *e = &s->errors[i];

		json_key(w, keys[i]);
		json_object(w);
		json_put_uint(w, "n", e->n);
		json_put_number(w, "mean", e->mean, 6);
		json_put_number(w, "median", e->median, 6);
		json_put_number(w, "median_abs", e->median_abs, 6);
		json_put_number(w, "p95_abs", e->p95_abs, 6);
		json_put_number(w, "max_abs", e->max_abs, 6);
		json_put_number(w, "spread_max", e->spread_max, 6);
		json_put_number(w, "range", e->range, 6);
		json_object_end(w);
	}
	json_object_end(w);
}

static void
put_intervals(struct json_writer *w, const struct score *s)
{
	static const char *const keys[SCORE_BOUNDS] = {
		"playing",
		"startup",
		"stall_onset",
		"stall_duration",
		"switch_delay",
	};

	json_key(w, "intervals");
	json_object(w);
	for (int i = 0; i < SCORE_BOUNDS; i++) {
		const struct score_interval *v = &s->bounds[i];

		json_key(w, keys[i]);
		json_object(w);
		json_put_uint(w, "n", v->n);
		json_put_uint(w, "held", v->held);
		json_put_uint(w, "open", v->open);
		json_put_number(w, "coverage", v->coverage, 6);
		json_put_number(w, "median_width_s", v->width_s, 6);
		json_object_end(w);
	}
	json_object_end(w);
}

static void
put_count(struct json_writer *w, const struct score_count *c)
{
	json_put_uint(w, "true", c->truth);
	json_put_uint(w, "found", c->found);
	json_put_uint(w, "inferred", c->inferred);
	json_put_uint(w, "false", c->wrong);
	json_put_number(w, "recall", c->recall, 6);
	json_put_number(w, "precision", c->precision, 6);
	json_put_number(w, "f1", c->f1, 6);
}

static void
put_stalls(struct json_writer *w, const struct score *s)
{
	json_key(w, "stalls");
	json_array(w);
	for (int i = 0; i < SCORE_LENGTHS; i++) {
		const struct score_stalls *v = &s->stalls[i];

		json_object(w);
		json_put_number(w, "least_s", v->least_s, 3);
		json_put_number(w, "least_map_periods", v->least_maps, 3);
		put_count(w, &v->count);
		json_put_number(w, "true_s", v->true_s, 6);
		json_put_number(w, "inferred_s", v->inferred_s, 6);
		json_put_number(w, "shared_s", v->shared_s, 6);
		json_put_number(w, "total_error_ratio",
		                v->true_s > 0 ? (v->inferred_s - v->true_s) / v->true_s : NAN, 6);
		json_object_end(w);
	}
	json_array_end(w);
}

static void
put_named_count(struct json_writer *w, const char *key, const struct score_count *c)
{
	json_key(w, key);
	json_object(w);
	put_count(w, c);
	json_object_end(w);
}

static void
put_numbers(struct json_writer *w, const char *key, const double *v, size_t n, int digits)
{
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < n; i++)
		json_number(w, v[i], digits);
	json_array_end(w);
}

static void
put_curve(struct json_writer *w, const struct score_curve *c)
{
	json_put_number(w, "curve_mean_abs_error", c->mean_abs, 6);
	json_put_number(w, "curve_max_abs_error", c->max_abs, 6);
	json_put_uint(w, "curve_first", c->first);
	json_put_uint(w, "curve_last", c->last);
	json_key(w, "curve");
	json_object(w);
	put_numbers(w, "age_s", c->age_s, c->ages, 6);
	put_numbers(w, "true", c->truth, c->ages, 6);
	put_numbers(w, "inferred", c->inferred, c->ages, 6);
	put_numbers(w, "true_n", c->truth_n, c->ages, 0);
	put_numbers(w, "inferred_n", c->inferred_n, c->ages, 0);
	json_object_end(w);
}

static void
put_events(struct json_writer *w, const struct score *s)
{
	put_stalls(w, s);
	put_named_count(w, "reboots", &s->reboots);
	json_key(w, "skips");
	json_object(w);
	put_count(w, &s->skips);
	json_put_uint(w, "true_chunks", s->true_skipped);
	json_put_uint(w, "inferred_chunks", s->inferred_skipped);
	json_object_end(w);
	put_named_count(w, "switches", &s->switches);
	put_named_count(w, "exits_before_start", &s->exits);
	json_key(w, "retrieval");
	json_object(w);
	json_put_uint(w, "n", s->deadline_n);
	json_put_number(w, "true_at_deadline", s->true_deadline, 6);
	json_put_number(w, "inferred_at_deadline", s->inferred_deadline, 6);
	json_put_number(w, "error", s->inferred_deadline - s->true_deadline, 6);
	put_curve(w, &s->curve);
	json_object_end(w);
}

/* The few figures that a plain reading of the maps is known by. */
static void
put_comparable(struct json_writer *w, const struct score *s)
{
	const struct score_error *e = &s->errors[SCORE_STARTUP_JOIN];
	const struct score_stalls *v = &s->stalls[COMPARED];

	json_key(w, "comparable");
	json_object(w);
	json_put_uint(w, "runs", e->n);
	json_put_number(w, "startup_median_abs", e->median_abs, 6);
	json_put_number(w, "startup_spread_max", e->spread_max, 6);
	json_put_number(w, "startup_range", e->range, 6);
	json_put_uint(w, "stalls_true", v->count.truth);
	json_put_uint(w, "stalls_found", v->count.found);
	json_put_uint(w, "stalls_false", v->count.wrong);
	json_put_number(w, "stall_s_true", v->true_s, 6);
	json_put_number(w, "stall_s_inferred", v->inferred_s, 6);
	json_object_end(w);
}

/* --- one by one -------------------------------------------------------------------------- */

static void
put_run(struct json_writer *w, const struct truth_run *run)
{
	values_peer(w, "peer", &run->peer);
	json_put_string(w, "run", run->label);
}

static void
put_session(struct json_writer *w, const struct claims_session *session)
{
	values_peer(w, "peer", &session->peer);
	json_put_string(w, "channel", session->channel);
	json_put_uint(w, "run", session->run);
}

static void
put_row(struct json_writer *w, const struct score_source *of, const struct score_row *row)
{
	const struct estimate unknown = ESTIMATE_UNKNOWN;
	const struct claims_session *session = row->session == MATCH_NONE ?
	                                           NULL :
	                                           &of->claims->sessions[row->session];

	json_object(w);
	put_run(w, &of->truth->runs[row->run]);
	json_key(w, "session");
	if (session != NULL) {
		json_object(w);
		put_session(w, session);
		json_object_end(w);
	} else {
		json_null(w);
	}
	json_put_number(w, "startup_true_s", row->true_packet_s, 6);
	json_put_number(w, "startup_true_from_join_s", row->true_join_s, 6);
	values_estimate(w, "startup_inferred_s", session ? &session->startup : &unknown);
	json_put_number(w, "playing_error_s", row->error_playing_s, 6);
	json_put_number(w, "switch_true_s", row->true_switch_s, 6);
	values_estimate(w, "switch_inferred_s", session ? &session->switch_delay : &unknown);
	json_put_number(w, "lag_true_s", row->true_lag_s, 6);
	json_put_number(w, "lag_inferred_s",
	                session != NULL && session->lag_ns != INT64_MIN ?
	                    (double)session->lag_ns / 1e9 :
	                    NAN, 6);
	json_put_uint(w, "maps", session ? session->maps : 0);
	json_put_number(w, "map_period_s", row->map_period_s, 6);
	json_put_bool(w, "left_censored", session != NULL && session->left_censored);
	json_put_uint(w, "stalls_true", row->stalls);
	json_put_uint(w, "stalls_found", row->found);
	json_put_uint(w, "stalls_inferred", row->inferred);
	json_put_uint(w, "stalls_false", row->wrong);
	json_put_number(w, "stall_s_true", row->true_s, 6);
	json_put_number(w, "stall_s_inferred", row->inferred_s, 6);
	json_object_end(w);
}

static void
put_pair(struct json_writer *w, const struct score_source *of, const struct score_pair *pair)
{
	const struct truth_span *t = &of->truth->spans[pair->span];
	const struct claims_event *e = &of->claims->events[pair->event];

	json_object(w);
	put_run(w, &of->truth->runs[t->run]);
	json_put_seconds(w, "true_at", t->from_ns);
	json_put_seconds(w, "true_s", t->to_ns - t->from_ns);
	values_estimate(w, "at", &e->at);
	values_estimate(w, "duration_s", &e->duration);
	json_put_seconds(w, "onset_error_s", e->from_ns - t->from_ns);
	json_put_seconds(w, "duration_error_s", (e->to_ns - e->from_ns) - (t->to_ns - t->from_ns));
	json_object_end(w);
}

static uint64_t
stalls_of(const struct claims *c, const struct claims_session *session)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < session->events; i++)
		n += c->events[session->first + i].event == EVENT_STALL;
	return n;
}

static void
put_unmatched(struct json_writer *w, const struct score *s, const struct score_source *of)
{
	json_key(w, "unmatched_runs");
	json_array(w);
	for (size_t i = 0; i < s->n_rows; i++) {
		if (s->rows[i].session != MATCH_NONE)
			continue;
		json_object(w);
		put_run(w, &of->truth->runs[s->rows[i].run]);
		json_put_seconds(w, "from", of->truth->runs[s->rows[i].run].from_ns);
		json_put_seconds(w, "to", of->truth->runs[s->rows[i].run].to_ns);
		json_object_end(w);
	}
	json_array_end(w);
	json_key(w, "unmatched_sessions");
	json_array(w);
	for (size_t i = 0; i < of->claims->n_sessions; i++) {
		const struct claims_session *session = &of->claims->sessions[i];

		if (s->run_of[i] != MATCH_NONE)
			continue;
		json_object(w);
		put_session(w, session);
		json_put_bool(w, "source", session->source);
		json_put_bool(w, "shares_time_with_a_run", s->rival[i]);
		json_put_seconds(w, "from", session->from_ns);
		json_put_seconds(w, "to", session->to_ns);
		json_put_uint(w, "stalls", stalls_of(of->claims, session));
		json_object_end(w);
	}
	json_array_end(w);
}

void
score_json_write(FILE *out, const struct score *s, const struct score_source *of)
{
	struct json_writer w = json_writer_to(out, true);

	json_object(&w);
	json_put_string(&w, "schema", SCORE_SCHEMA);
	json_put_string(&w, "truth", of->truth_path);
	json_put_string(&w, "report", of->report_path);
	json_put_seconds(&w, "tolerance_s", of->tolerance_ns);
	json_put_uint(&w, "runs", s->n_rows);
	json_put_uint(&w, "sessions", of->claims->n_sessions);
	json_put_uint(&w, "matched", s->matched);
	json_put_uint(&w, "left_censored", s->censored);
	json_put_uint(&w, "without_playing", s->silent);
	json_put_uint(&w, "unknown_events", of->truth->unknown);
	put_errors(&w, s);
	put_intervals(&w, s);
	put_events(&w, s);
	put_comparable(&w, s);
	json_key(&w, "rows");
	json_array(&w);
	for (size_t i = 0; i < s->n_rows; i++)
		put_row(&w, of, &s->rows[i]);
	json_array_end(&w);
	json_key(&w, "stall_pairs");
	json_array(&w);
	for (size_t i = 0; i < s->n_pairs; i++)
		put_pair(&w, of, &s->pairs[i]);
	json_array_end(&w);
	put_unmatched(&w, s, of);
	json_object_end(&w);
	putc('\n', out);
}
