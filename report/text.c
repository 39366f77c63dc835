/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/figures.h"
#include "report/grow.h"
#include "report/stats.h"
#include "report/values.h"

#define BAR              50 /* columns of a full bar */
#define PEER_WIDTH       21 /* of an address in the table; a longer one gets a line */
#define GOOD_REBUFFERING 0.01
#define POOR_REBUFFERING 0.03

struct page {
	FILE *out;
	const struct report *r;
	unsigned *numbers; /* of the channels, by their place in the collection */
	bool color;
};

static const char *
on(const struct page *p, const char *code)
{
	return p->color ? code : "";
}

#define BOLD  "\033[1m"
#define RED   "\033[31m"
#define PLAIN "\033[0m"

static void
heading(const struct page *p, const char *text)
{
	fprintf(p->out, "\n%s%s%s\n", on(p, BOLD), text, on(p, PLAIN));
}

/* A number in so many columns; "-" if it is not known. */
static const char *
number(char text[24], double v, int decimals)
{
	if (isfinite(v))
		snprintf(text, 24, "%.*f", decimals, v);
	else
		snprintf(text, 24, "-");
	return text;
}

static const char *
pair(char text[24], double a, double b, int decimals)
{
	char x[24], y[24];

	snprintf(text, 24, "%.10s/%.10s", number(x, a, decimals), number(y, b, decimals));
	return text;
}

/* --- input ------------------------------------------------------------------------ */

static uint64_t
malformed(const struct report_input *in)
{
	uint64_t n = 0;

	for (size_t i = 0; i < in->n_malformed; i++)
		n += in->malformed[i].n;
	return n;
}

/* Traffic that could not be looked into, if there was any. */
static void
put_unread(const struct page *p)
{
	static const char *const names[] = { "not-ip", "cut", "undecodable" };
	const struct report_input *in = p->r->input;
	const char *before = "not looked into: ";

	for (size_t i = 0; i < in->n_by_protocol; i++) {
		const struct report_traffic *t = &in->by_protocol[i];

		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
			if (strcmp(t->name, names[k]) != 0)
				continue;
			fprintf(p->out, "%s%" PRIu64 " bytes %s", before, t->bytes, names[k]);
			before = ", ";
		}
	}
	if (before[0] == ',')
		fputc('\n', p->out);
}

#define MOST_APPS 15

/* All traffic by what it carries, if that was asked for. */
static void
put_apps(const struct page *p)
{
	const struct report_input *in = p->r->input;

	if (in->apps == NULL)
		return;
	fprintf(p->out, "\n%-24s %-10s %10s %12s %15s\n", "all traffic", "known by", "flows",
	        "packets", "bytes");
	for (size_t i = 0; i < in->n_apps && i < MOST_APPS; i++)
		fprintf(p->out, "%-24s %-10s %10" PRIu64 " %12" PRIu64 " %15" PRIu64 "\n",
		        in->apps[i].name, in->apps[i].confidence, in->apps[i].flows,
		        in->apps[i].packets, in->apps[i].bytes);
	if (in->n_apps > MOST_APPS)
		fprintf(p->out, "and %zu more (see --json)\n", in->n_apps - MOST_APPS);
	for (size_t i = 0; i < in->n_by_locality; i++)
		fprintf(p->out, "%s%s %" PRIu64 " bytes", i == 0 ? "by place: " : ", ",
		        in->by_locality[i].name, in->by_locality[i].bytes);
	fputc('\n', p->out);
}

static void
put_input(const struct page *p)
{
	const struct report_input *in = p->r->input;
	char from[VALUES_TIME_MAX];

	fprintf(p->out, "%sSwarm report%s", on(p, BOLD), on(p, PLAIN));
	for (size_t i = 0; i < in->n_files; i++)
		fprintf(p->out, "%s%s", i ? ", " : "  ", in->files[i]);
	fputc('\n', p->out);
	if (in->first_ns != INT64_MIN) {
		values_time(from, in->first_ns);
		fprintf(p->out, "%.1f s from %.19sZ\n", (double)(in->last_ns - in->first_ns) / 1e9,
		        from);
	}
	fprintf(p->out,
	        "%" PRIu64 " packets, %" PRIu64 " bytes (%" PRIu64 " of no swarm), %" PRIu64
	        " observations\n%" PRIu64 " messages malformed, %" PRIu64 " packets cut, %" PRIu64
	        " gaps\n",
	        in->packets, in->bytes, in->not_swarm_bytes, in->observations, malformed(in),
	        in->cut, in->gaps);
	put_unread(p);
	put_apps(p);
}

/* --- channels ----------------------------------------------------------------------- */

static const char *
judged(double rebuffering)
{
	if (!isfinite(rebuffering))
		return "unknown";
	return rebuffering < GOOD_REBUFFERING  ? "good" :
	       rebuffering <= POOR_REBUFFERING ? "fair" :
	                                         "poor";
}

static void
put_channel(const struct page *p, unsigned id, const struct figures *f)
{
	char start[24], hour[24], share[24], lag[24], got[24], mos[24];
	bool poor = f->rebuffering_ratio > POOR_REBUFFERING;

	fprintf(p->out,
	        "%2u %5" PRIu32 " %5" PRIu32 " %12s %4" PRIu64 " %6" PRIu64 " %8s %8s %6" PRIu64
	        " %12s %8s %4s %s%s%s\n",
	        id, f->peers, f->sessions, pair(start, f->startup.p50, f->startup.p95, 2),
	        f->startup.n, f->stalls, number(hour, f->stalls_per_hour, 1),
	        number(share, 100 * f->rebuffering_ratio, 2), f->skips,
	        pair(lag, f->lag_p50, f->lag_p95, 2), number(got, 100 * f->at_deadline, 2),
	        number(mos, f->mos[FIGURES_BOTH], 2), on(p, poor ? RED : ""),
	        judged(f->rebuffering_ratio), on(p, poor ? PLAIN : ""));
}

/* A name came over the wire: no control character of it may reach the terminal. */
static void
put_quoted(FILE *out, const char *name, size_t len)
{
	fputs(" \"", out);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];
		unsigned char last = i ? (unsigned char)name[i - 1] : 0;
		bool control = c < 0x20 || c == 0x7f || (last == 0xc2 && c >= 0x80 && c < 0xa0);

		putc(control ? '?' : c, out);
	}
	putc('"', out);
}

static void
put_channel_name(const struct page *p, size_t i)
{
	const struct collect_channel *c = &p->r->results->channels[i];
	char id[VALUES_CHANNEL_MAX], chunk[24], lo[24], hi[24];

	values_channel(id, p->r->protocol_name(c->protocol), c->c.id, c->c.id_len, c->key);
	fprintf(p->out, "%2u = %s", p->numbers[i], id);
	if (c->c.name_len > 0)
		put_quoted(p->out, c->c.name, c->c.name_len);
	fputc('\n', p->out);
	if (estimate_known(&c->c.chunk))
		fprintf(p->out, "     chunks of %s s (%s to %s)\n",
		        number(chunk, stats_seconds(c->c.chunk.best_ns), 4),
		        number(lo, stats_seconds(c->c.chunk.lo_ns), 4),
		        number(hi, stats_seconds(c->c.chunk.hi_ns), 4));
}

/* How much of the swarm this rests on. */
static void
put_coverage(const struct page *p, const struct figures *f)
{
	char in[24], out[24], share[24], lo[24], hi[24], buffer[24], length[24];

	fprintf(p->out,
	        "     %s joins and %s leaves a minute; stalls p50/95 %s s, buffers p50/95 %s "
	        "s\n",
	        number(in, f->joins_per_min, 1), number(out, f->leaves_per_min, 1),
	        pair(length, f->stall_length.p50, f->stall_length.p95, 2),
	        pair(buffer, f->buffer.p50, f->buffer.p95, 2));
	fprintf(p->out,
	        "     heard %" PRIu32 " of %" PRIu32 " peers known (%s %%)", f->heard, f->known,
	        number(share, 100 * f->heard_ratio, 0));
	if (f->heard < f->known)
		fprintf(p->out, "; on time in the whole swarm: %s to %s %%",
		        number(lo, 100 * f->deadline_of.lo, 2),
		        number(hi, 100 * f->deadline_of.hi, 2));
	fputc('\n', p->out);
}

/* What has no column. */
static void
put_more(const struct page *p, const struct figures *f)
{
	char kept[24], skew[24], mean[24];

	fprintf(p->out, "     start-up mean %s s; continuity %s; skew %s s (n %" PRIu64 ")\n",
	        number(mean, f->startup.mean, 2), number(kept, f->continuity_index, 3),
	        number(skew, f->skew_s, 2), f->skew_n);
	fprintf(p->out,
	        "     %" PRIu64 " left before it played, %" PRIu32 " were there already, %" PRIu64
	        " reboots\n",
	        f->exits_before_start, f->left_censored, f->reboots);
	put_coverage(p, f);
	if (f->switching.n > 0)
		fprintf(p->out, "     switched to: %" PRIu64 " times, delay p50/95 %s s\n",
		        f->switching.n, pair(mean, f->switching.p50, f->switching.p95, 2));
}

static void
put_channels(const struct page *p)
{
	const struct collect *c = p->r->results;
	struct figures f;

	heading(p, "Channels");
	if (c->n_channels == 0) {
		fputs("none: no swarm was found\n", p->out);
		return;
	}
	fputs(
	    " # peers sess. start p50/95    n stalls per hour  stall %  skips   lag p50/95 on time"
	    "%  MOS state\n",
	    p->out);
	for (size_t i = 0; i < c->n_channels; i++) {
		if (!collect_is_root(c, i))
			continue;
		figures_of(&f, c, i);
		put_channel(p, p->numbers[i], &f);
	}
	for (size_t i = 0; i < c->n_channels; i++) {
		if (!collect_is_root(c, i))
			continue;
		put_channel_name(p, i);
		figures_of(&f, c, i);
		put_more(p, &f);
	}
}

/* --- sessions ----------------------------------------------------------------------- */

static bool
left_early(const struct collect *c, const struct collect_session *s)
{
	for (uint32_t i = 0; i < s->events; i++)
		if (c->events[s->first + i].e.event == EVENT_EXIT_BEFORE_START)
			return true;
	return false;
}

static void
startup_text(char text[40], const struct collect *c, const struct collect_session *of)
{
	const struct result_session *s = &of->s;
	char best[24], lo[24], hi[24];

	if (s->source)
		snprintf(text, 40, "source");
	else if (s->left_censored)
		snprintf(text, 40, "was there already");
	else if (!estimate_known(&s->startup))
		snprintf(text, 40, left_early(c, of) ? "left before it" : "-");
	else
		snprintf(text, 40, "%.8s (%.8s to %.8s)",
		         number(best, stats_seconds(s->startup.best_ns), 2),
		         number(lo, stats_seconds(s->startup.lo_ns), 2),
		         number(hi, stats_seconds(s->startup.hi_ns), 2));
}

static void
offset_text(char text[24], int64_t ns, int64_t first_ns)
{
	int64_t s;

	if (ns == INT64_MIN || first_ns == INT64_MIN) {
		snprintf(text, 24, "-");
		return;
	}
	s = (ns - first_ns) / 1000000000;
	snprintf(text, 24, "%02" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
}

static void
put_session(const struct page *p, const struct collect_session *s)
{
	char peer[ENDPOINT_TEXT_MAX], joined[24], start[40], stalled[24], kept[24], mos[24];
	const char *end = result_end_name(s->s.end);

	if (endpoint_format(&s->peer, peer) > PEER_WIDTH) {
		fprintf(p->out, "%s\n", peer);
		peer[0] = '\0';
	}
	offset_text(joined, s->s.joined.best_ns, p->r->input->first_ns);
	startup_text(start, p->r->results, s);
	fprintf(p->out, "%-*s %2u %8s  %-22s %6" PRIu32 " %7s %5" PRIu32 " %6s %4s  %s\n",
	        PEER_WIDTH, peer, p->numbers[s->in], joined, start, s->s.stalls,
	        number(stalled,
	               s->s.source || !estimate_known(&s->s.stall_time) ?
	                   NAN :
	                   stats_seconds(s->s.stall_time.best_ns),
	               2),
	        s->s.skips, number(kept, figures_continuity(&s->s), 3),
	        number(mos, (double)s->s.mos, 2), end ? end : "-");
}

static void
put_sessions(const struct page *p)
{
	const struct collect *c = p->r->results;

	if (c->n_sessions == 0)
		return;
	heading(p, "Sessions (seconds; joined is hours:minutes:seconds from the beginning)");
	fprintf(p->out, "%-*s ch   joined  %-22s stalls stall s skips  cont.  MOS  end\n",
	        PEER_WIDTH, "peer", "start-up (lo to hi)");
	for (size_t i = 0; i < c->n_sessions; i++)
		put_session(p, &c->sessions[i]);
}

/* --- retrieval ---------------------------------------------------------------------- */

static void
put_bar(const struct page *p, double age_s, double ratio, uint64_t n)
{
	char bar[BAR + 1];
	int full = (int)(ratio * BAR + 0.5);

	memset(bar, ' ', BAR);
	memset(bar, '#', (size_t)full);
	bar[BAR] = '\0';
	fprintf(p->out, "%8.2f s |%s| %6.2f %%  n %" PRIu64 "\n", age_s, bar, 100 * ratio, n);
}

/* Ages at which the share has changed by a point; and the last. */
static void
put_curve(const struct page *p, const struct figures *f)
{
	double shown = 0;

	for (uint32_t i = 0; i < f->ages; i++) {
		bool changed = fabs(f->ratio[i] - shown) >= 0.01;

		if (isnan(f->ratio[i]) || (!changed && i + 1 < f->ages))
			continue;
		put_bar(p, f->age_s[i], f->ratio[i], f->age_n[i]);
		shown = f->ratio[i];
	}
}

static void
put_retrieval(const struct page *p)
{
	const struct collect *c = p->r->results;
	char t50[24], t90[24], t95[24], t99[24];
	struct figures f;

	for (size_t i = 0; i < c->n_channels; i++) {
		if (!collect_is_root(c, i))
			continue;
		figures_of(&f, c, i);
		if (f.ages == 0)
			continue;
		heading(p,
		        "Chunk retrieval: share of viewers that hold a chunk this long after its "
		        "birth");
		fprintf(p->out, "channel %u: half after %s s, 90 %% %s s, 95 %% %s s, 99 %% %s s\n",
		        p->numbers[i], number(t50, f.t50_s, 2), number(t90, f.t90_s, 2),
		        number(t95, f.t95_s, 2), number(t99, f.t99_s, 2));
		put_curve(p, &f);
	}
}

/* --- what it rests on, warnings -------------------------------------------------------- */

static void
put_assumptions(const struct page *p)
{
	const struct player_model *m = p->r->player;
	const struct collect *c = p->r->results;
	const char *from = p->r->player_from ? p->r->player_from : "assumed";

	if (c->n_channels == 0)
		return;
	heading(p, "Rests on");
	for (size_t i = 0; i < c->n_channels; i++)
		if (collect_is_root(c, i) && c->channels[i].told)
			fprintf(p->out, "channel %u: playhead model \"%s\"\n", p->numbers[i],
			        playhead_model_name(c->channels[i].c.playhead.model));
	if (m == NULL)
		return;
	fprintf(p->out,
	        "player pre-buffer %.1f s (%s), +- %.2f s with its waits for key frame and "
	        "probing\n",
	        (double)m->prebuffer_ns / 1e9, from, (double)m->prebuffer_err_ns / 1e9);
	fprintf(p->out,
	        "first frame %.2f +- %.2f s after that; stops %.2f +- %.2f s before it is empty\n"
	        "goes on with %.2f +- %.2f s more\n",
	        (double)m->latency_ns / 1e9, (double)m->latency_err_ns / 1e9,
	        (double)m->margin_ns / 1e9, (double)m->margin_err_ns / 1e9,
	        (double)m->rebuffer_ns / 1e9, (double)m->rebuffer_err_ns / 1e9);
	fputs("none of these is on the wire; their errors are in the bounds\n", p->out);
}

static void
put_warnings(const struct page *p)
{
	const struct collect *c = p->r->results;

	if (c->n_warnings == 0)
		return;
	heading(p, "Warnings");
	for (size_t i = 0; i < c->n_warnings; i++)
		fprintf(p->out, "- %s\n", c->warnings[i]);
}

void
text_write(FILE *out, const struct report *r, bool color)
{
	const struct collect *c = r->results;
	struct page p = { out, r, grow_new(c->n_channels * sizeof *p.numbers), color };
	unsigned roots = 0;

	for (size_t i = 0; i < c->n_channels; i++)
		p.numbers[i] = collect_is_root(c, i) ? ++roots : 0;
	put_input(&p);
	put_channels(&p);
	put_sessions(&p);
	put_retrieval(&p);
	put_assumptions(&p);
	put_warnings(&p);
	free(p.numbers);
}
