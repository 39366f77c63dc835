/* SPDX-License-Identifier: Apache-2.0 */
#include "report/score_text.h"

#include <inttypes.h>
#include <math.h>

#include "report/stats.h"
#include "report/values.h"

#define COMPARED 1 /* of score.stalls: those of 0.5 s at least */

struct page {
	FILE *out;
	const struct score *s;
	const struct score_source *of;
	bool color;
};

static void
heading(const struct page *p, const char *text)
{
	fprintf(p->out, "\n%s%s%s\n", p->color ? "\033[1m" : "", text, p->color ? "\033[0m" : "");
}

/* Right-aligned in a column; "-" if it is not known, "open" if it has no end. */
static void
put_number(const struct page *p, int width, double v, int decimals)
{
	if (isnan(v))
		fprintf(p->out, " %*s", width, "-");
	else if (isinf(v))
		fprintf(p->out, " %*s", width, "open");
	else
		fprintf(p->out, " %*.*f", width, decimals, v);
}

static void
put_peer(const struct page *p, const struct endpoint *peer)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(peer, text);
	fprintf(p->out, "%-21s", text);
}

/* --- run by run ------------------------------------------------------------------------- */

static void
put_row(const struct page *p, const struct score_row *row)
{
	const struct truth_run *run = &p->of->truth->runs[row->run];
	const struct claims_session *session;

	put_peer(p, &run->peer);
	fprintf(p->out, " %-8.8s", run->label);
	put_number(p, 6, row->true_packet_s, 2);
	if (row->session == MATCH_NONE) {
		fprintf(p->out, " %-28s", "  no session");
	} else {
		session = &p->of->claims->sessions[row->session];
		if (session->left_censored) {
			fprintf(p->out, " %-20s", "  was there already");
		} else if (!estimate_known(&session->startup)) {
			fprintf(p->out, " %-20s", "  -");
		} else {
			put_number(p, 6, stats_seconds(session->startup.best_ns), 2);
			put_number(p, 6, stats_seconds(session->startup.lo_ns), 2);
			put_number(p, 6, stats_seconds(session->startup.hi_ns), 2);
		}
		put_number(p, 7, row->error_playing_s, 2);
	}
	fprintf(p->out, " %5" PRIu64 " %5" PRIu64 " %5" PRIu64, row->stalls, row->found,
	        row->wrong);
	put_number(p, 7, row->true_s, 2);
	put_number(p, 7, row->inferred_s, 2);
	fputc('\n', p->out);
}

static void
put_rows(const struct page *p)
{
	heading(p, "Runs (start-up from the first packet; stalls of 0.5 s at least; seconds)");
	fprintf(p->out, "%-21s %-8s %6s %6s %6s %6s %7s %5s %5s %5s %7s %7s\n", "peer", "run",
	        "true", "infer.", "lo", "hi", "play", "stall", "found", "false", "true s",
	        "inf. s");
	for (size_t i = 0; i < p->s->n_rows; i++)
		put_row(p, &p->s->rows[i]);
}

/* --- measures --------------------------------------------------------------------------- */

static void
put_errors(const struct page *p)
{
	static const char *const names[SCORE_MEASURES] = {
		"playing",
		"start-up from first packet",
		"start-up from join",
		"stall onset",
		"stall end",
		"stall duration",
		"switching delay",
		"lag",
		"continuity (a share)",
	};

	heading(p, "Errors, inferred minus true (seconds)");
	fprintf(p->out, "%-27s %5s %8s %8s %8s %8s %8s %8s %8s\n", "measure", "n", "mean", "median",
	        "med |e|", "p95 |e|", "max |e|", "spread", "range");
	for (int i = 0; i < SCORE_MEASURES; i++) {
		const struct score_error *e = &p->s->errors[i];

		fprintf(p->out, "%-27s %5zu", names[i], e->n);
		put_number(p, 8, e->mean, 3);
		put_number(p, 8, e->median, 3);
		put_number(p, 8, e->median_abs, 3);
		put_number(p, 8, e->p95_abs, 3);
		put_number(p, 8, e->max_abs, 3);
		put_number(p, 8, e->spread_max, 3);
		put_number(p, 8, e->range, 3);
		fputc('\n', p->out);
	}
	fputs(
	    "spread: largest distance from the median error; range: largest minus smallest error\n",
	    p->out);
}

static void
put_intervals(const struct page *p)
{
	static const char *const names[SCORE_BOUNDS] = {
		"playing",
		"start-up from first packet",
		"stall onset",
		"stall duration",
		"switching delay",
	};

	heading(p, "Intervals lo..hi");
	fprintf(p->out, "%-27s %5s %8s %10s %14s %6s\n", "of", "n", "true", "coverage %",
	        "median width s", "open");
	for (int i = 0; i < SCORE_BOUNDS; i++) {
		const struct score_interval *v = &p->s->bounds[i];

		fprintf(p->out, "%-27s %5zu %8zu", names[i], v->n, v->held);
		put_number(p, 10, 100 * v->coverage, 1);
		put_number(p, 14, v->width_s, 3);
		fprintf(p->out, " %6zu\n", v->open);
	}
}

static void
put_count(const struct page *p, const char *name, const struct score_count *c)
{
	fprintf(p->out, "%-27s %5" PRIu64 " %5" PRIu64, name, c->truth, c->found);
	put_number(p, 7, c->recall, 3);
	fprintf(p->out, " %6" PRIu64 " %5" PRIu64, c->inferred, c->wrong);
	put_number(p, 9, c->precision, 3);
	put_number(p, 6, c->f1, 3);
}

static void
put_counts(const struct page *p)
{
	const struct score *s = p->s;
	char name[40];

	heading(p, "Events");
	fprintf(p->out, "%-27s %5s %5s %7s %6s %5s %9s %6s %8s %8s\n", "of", "true", "found",
	        "recall", "infer.", "false", "precision", "F1", "true s", "infer. s");
	for (int i = 0; i < SCORE_LENGTHS; i++) {
		const struct score_stalls *v = &s->stalls[i];

		if (v->least_maps > 0)
			snprintf(name, sizeof name, "stalls >= %.1f s, %.0f maps", v->least_s,
			         v->least_maps);
		else if (v->least_s > 0)
			snprintf(name, sizeof name, "stalls >= %.1f s", v->least_s);
		else
			snprintf(name, sizeof name, "stalls");
		put_count(p, name, &v->count);
		put_number(p, 8, v->true_s, 2);
		put_number(p, 8, v->inferred_s, 2);
		fputc('\n', p->out);
	}
	put_count(p, "reboots", &s->reboots);
	put_count(p, "\nskips", &s->skips);
	put_count(p, "\nswitches", &s->switches);
	put_count(p, "\nexits before start", &s->exits);
	fprintf(p->out, "\nskipped chunks: true %" PRIu64 ", inferred %" PRIu64 "\n",
	        s->true_skipped, s->inferred_skipped);
	if (s->skips.truth == 0 && s->skips.inferred > 0)
		fputs("the truth tells of no skip; not every log does\n", p->out);
	if (s->deadline_n > 0) {
		fprintf(p->out, "chunks in time (%%), of %" PRIu64 ": true", s->deadline_n);
		put_number(p, 1, 100 * s->true_deadline, 2);
		fputs(", inferred", p->out);
		put_number(p, 1, 100 * s->inferred_deadline, 2);
		fputc('\n', p->out);
	}
}

static void
put_curve(const struct page *p)
{
	const struct score_curve *c = &p->s->curve;

	if (isnan(c->mean_abs))
		return;
	fprintf(p->out, "retrieval curve from %.2f to %.2f s: mean error", c->age_s[c->first],
	        c->age_s[c->last < c->ages ? c->last : c->ages - 1]);
	put_number(p, 1, 100 * c->mean_abs, 2);
	fputs(" points, largest", p->out);
	put_number(p, 1, 100 * c->max_abs, 2);
	fputc('\n', p->out);
}

static void
put_comparable(const struct page *p)
{
	const struct score_error *e = &p->s->errors[SCORE_STARTUP_JOIN];
	const struct score_stalls *v = &p->s->stalls[COMPARED];

	heading(p, "In short (start-up from the join; stalls of 0.5 s at least)");
	fprintf(p->out, "runs %zu, startup_median_abs", e->n);
	put_number(p, 1, e->median_abs, 2);
	fputs(", startup_spread_max", p->out);
	put_number(p, 1, e->spread_max, 2);
	fputs(", startup_range", p->out);
	put_number(p, 1, e->range, 2);
	fprintf(p->out,
	        "\nstalls_true %" PRIu64 ", stalls_found %" PRIu64 ", stalls_false %" PRIu64
	        ", stall_s_true %.1f, stall_s_inferred %.1f\n",
	        v->count.truth, v->count.found, v->count.wrong, v->true_s, v->inferred_s);
}

/* --- what has no counterpart --------------------------------------------------------------- */

static void
put_session(const struct page *p, size_t i)
{
	const struct claims_session *session = &p->of->claims->sessions[i];
	char from[VALUES_TIME_MAX] = "unknown", to[VALUES_TIME_MAX] = "unknown";

	if (session->from_ns != INT64_MIN)
		values_time(from, session->from_ns);
	if (session->to_ns != INT64_MAX)
		values_time(to, session->to_ns);
	put_peer(p, &session->peer);
	fprintf(p->out, " %.19s to %.19s%s\n", from, to,
	        session->source ? "  the source" :
	        p->s->rival[i]  ? "  beside a run's own session: its events count as false" :
	                          "");
}

static void
put_unmatched(const struct page *p)
{
	const struct score *s = p->s;

	if (s->matched < p->of->claims->n_sessions) {
		heading(p, "Sessions without a run");
		for (size_t i = 0; i < p->of->claims->n_sessions; i++)
			if (s->run_of[i] == MATCH_NONE)
				put_session(p, i);
	}
	if (s->matched < s->n_rows) {
		heading(p, "Runs without a session");
		for (size_t i = 0; i < s->n_rows; i++) {
			if (s->rows[i].session != MATCH_NONE)
				continue;
			put_peer(p, &p->of->truth->runs[s->rows[i].run].peer);
			fprintf(p->out, " %s\n", p->of->truth->runs[s->rows[i].run].label);
		}
	}
	if (p->of->truth->unknown > 0)
		fprintf(p->out,
		        "\n%" PRIu64 " events of the truth have unknown names and were not used\n",
		        p->of->truth->unknown);
}

void
score_text_write(FILE *out, const struct score *s, const struct score_source *of, bool color)
{
	const struct page p = { out, s, of, color };

	fprintf(out, "%s against %s\n%zu runs, %zu sessions, %zu matched", of->report_path,
	        of->truth_path, s->n_rows, of->claims->n_sessions, s->matched);
	fprintf(out, "; of these %zu taken for there already, %zu without a start\n", s->censored,
	        s->silent);
	put_rows(&p);
	put_errors(&p);
	put_intervals(&p);
	put_counts(&p);
	put_curve(&p);
	put_comparable(&p);
	put_unmatched(&p);
}
