/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/viewer.h"

#include <string.h>

#include "base/int64.h"
#include "inference/proposal.h"

#define MS_NS 1000000
#define FAR_CHUNKS 65536 /* anybody may claim any number; later than that is as late */
#define JITTER_NS (60 * MS_NS) /* network, both ways; a map's position may be so old */
#define FEW_STEPS 2            /* more events between two maps: no telling when each was */
#define JOIN_NS (200 * MS_NS)  /* to meet its first partners */
#define FLOOR_NS (60 * MS_NS)  /* nothing is known better: the network's own delays */
#define SETTLED_MAPS 4
#define DOUBT_NS (550 * MS_NS) /* where copies wait: so far off are nine arrivals in ten */
#define SILENT_NS INT64_C(2500000000)
#define MOST_PLAYED 64u /* chunks between two maps */
#define STALL_LEAST_NS (250 * MS_NS) /* shorter ones are not told: jitter looks like that */

void
viewer_fill(struct viewer *v, uint64_t pos, int64_t now_ns)
{
	memset(v, 0, sizeof *v);
	v->pos = pos;
	v->since_ns = v->seen_ns = now_ns;
	v->least_ns = INT64_MIN;
	v->most_ns = INT64_MAX;
	v->onset = v->playing = ESTIMATE_UNKNOWN;
}

void
viewer_found(struct viewer *v, const struct viewer_rules *r, uint64_t pos, int64_t now_ns)
{
	viewer_fill(v, pos, now_ns);
	v->state = VIEWER_PLAY;
	v->started = true;
	v->from_ns = now_ns - r->chunk_ns / 2;
	v->early_ns = v->late_ns = r->chunk_ns / 2 + JITTER_NS;
}

int64_t
viewer_due(const struct viewer *v, const struct viewer_rules *r, uint64_t chunk)
{
	int64_t ahead = (int64_t)(chunk - v->pos);

	ahead = ahead > FAR_CHUNKS ? FAR_CHUNKS : ahead < -FAR_CHUNKS ? -FAR_CHUNKS : ahead;
	return v->from_ns + ahead * r->chunk_ns;
}

uint32_t
viewer_run(const struct viewer *v, const struct arrival *a)
{
	return arrival_run(a, v->pos);
}

int64_t
viewer_usual_ns(const struct viewer_rules *r)
{
	return r->start * r->chunk_ns / 2 + JOIN_NS;
}

/* --- telling ---------------------------------------------------------------------------- */

static struct estimate
around(const struct viewer *v, int64_t at_ns)
{
	int64_t early_ns = max64(v->early_ns, FLOOR_NS), late_ns = max64(v->late_ns, FLOOR_NS);
	struct estimate e = estimate_of(at_ns - early_ns, at_ns, at_ns + late_ns,
	                                ESTIMATE_MAP_PERIOD | ESTIMATE_PLAYHEAD);

	if (v->unsure)
		return estimate_of(v->least_ns, at_ns, v->most_ns, ESTIMATE_MAP_PERIOD);
	if (v->least_ns != INT64_MIN && e.lo_ns < v->least_ns)
		e.lo_ns = min64(v->least_ns, e.best_ns);
	if (v->most_ns != INT64_MAX && e.hi_ns > v->most_ns)
		e.hi_ns = max64(v->most_ns, e.best_ns);
	return e;
}

static void
flush(struct viewer *v, const struct player_listener *to)
{
	struct estimate at = around(v, v->event_ns), none = ESTIMATE_UNKNOWN, lasted;

	if (!v->pending)
		return;
	v->pending = v->unsure = false;
	v->least_ns = INT64_MIN;
	v->most_ns = INT64_MAX;
	if (!v->pending_stall) {
		v->playing = at;
		to->event(to->ctx, PLAYER_STARTED, &at, &none, 0);
		return;
	}
	lasted = estimate_minus(&at, &v->onset);
	lasted.lo_ns = max64(lasted.lo_ns, 0);
	lasted.best_ns = max64(lasted.best_ns, 0);
	v->stalled_ns += lasted.best_ns;
	if (lasted.best_ns >= STALL_LEAST_NS)
		to->event(to->ctx, v->paused ? PLAYER_PAUSED : PLAYER_STALLED, &v->onset, &lasted,
		          0);
	v->paused = false;
}

/* A line begins at at: the event that began it waits until it has settled. */
static void
line_begins(struct viewer *v, bool stall, int64_t at_ns, int64_t early_ns, int64_t late_ns)
{
	v->pending = v->started = true;
	v->pending_stall = stall || v->rebooted;
	v->rebooted = false;
	v->event_ns = at_ns;
	if (!v->pending_stall)
		v->began_ns = at_ns;
	v->early_ns = early_ns;
	v->late_ns = late_ns;
	v->settled = 0;
	v->unsure = false;
	v->least_ns = INT64_MIN;
	v->most_ns = INT64_MAX;
}

/* Only the maps bound it: it lies anywhere between the last two. */
static void
widen(struct estimate *e, int64_t lo_ns, int64_t hi_ns)
{
	e->lo_ns = min64(e->lo_ns, lo_ns);
	e->hi_ns = max64(e->hi_ns, hi_ns);
}

/* What came when is less sure while copies wait on their way down; and in a silence, a
 * chunk or two more or less may have come. */
static int64_t
doubt(const struct viewer *v, const struct viewer_rules *r, const struct arrival *a, int64_t t_ns)
{
	return (arrival_queues(a) ? DOUBT_NS : 0) +
	       (t_ns - v->seen_ns > SILENT_NS ? 2 * r->chunk_ns : 0);
}

static void
accept(struct viewer *v, const struct viewer_rules *r, const struct proposal *p, int64_t t_ns,
       bool loose, int64_t doubt_ns, const struct player_listener *to)
{
	struct estimate none = ESTIMATE_UNKNOWN, at;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct step *s = &p->step[i];
		int64_t early = s->at_ns - min64(s->lo_ns, s->at_ns) + r->chunk_ns / 2;
		int64_t late = max64(s->hi_ns, s->at_ns) - s->at_ns + r->chunk_ns / 2;

		switch (s->kind) {
		case STEP_START:
		case STEP_RESUME:
			flush(v, to);
			if (s->kind == STEP_RESUME) {
				early += doubt_ns;
				late += doubt_ns;
			}
			line_begins(v, s->kind == STEP_RESUME, s->at_ns, early, late);
			v->state = VIEWER_PLAY;
			break;
		case STEP_STALL:
			flush(v, to);
			v->onset = around(v, s->at_ns);
			widen(&v->onset, v->onset.lo_ns - doubt_ns, v->onset.hi_ns + doubt_ns);
			if (loose)
				widen(&v->onset, v->seen_ns, t_ns);
			v->state = VIEWER_STALL;
			break;
		case STEP_SKIP:
			if (v->state != VIEWER_STALL)
				flush(v, to);
			at = estimate_of(s->lo_ns, s->at_ns, s->hi_ns, ESTIMATE_PLAYHEAD);
			to->event(to->ctx, PLAYER_SKIPPED, &at, &none, s->chunks);
			v->skipped += s->chunks;
			break;
		}
	}
	v->state = p->v.state;
	v->start = p->v.start;
	v->pos = p->v.pos;
	v->from_ns = p->v.from_ns;
	v->since_ns = p->v.since_ns;
	v->waited = p->v.waited;
}

/* --- what a position says ------------------------------------------------------------------ */

/* pos began in (t - chunk, t]: narrows the line, and moves what it began with. */
static void
narrow(struct viewer *v, const struct viewer_rules *r, int64_t t_ns)
{
	int64_t lo = max64(v->from_ns - v->early_ns, t_ns - r->chunk_ns - JITTER_NS);
	int64_t hi = min64(v->from_ns + v->late_ns, t_ns);
	int64_t best = v->from_ns;

	if (lo > hi)
		lo = hi = best = lo > t_ns ? t_ns : max64(hi, t_ns - r->chunk_ns - JITTER_NS);
	best = best < lo ? lo : best > hi ? hi : best;
	v->event_ns += best - v->from_ns;
	v->from_ns = best;
	v->early_ns = best - lo;
	v->late_ns = hi - best;
}

/* How far a state is from a map of t that tells pos; INT64_MAX: they do not agree. */
static int64_t
distance(const struct viewer *v, const struct viewer_rules *r, int64_t t_ns, uint64_t pos)
{
	int64_t begins_ns, off_ns;

	if (v->state != VIEWER_PLAY)
		return pos == v->pos ? 0 : INT64_MAX;
	if (pos + 1 < v->pos || pos > v->pos + 1)
		return INT64_MAX;
	begins_ns = viewer_due(v, r, pos);
	off_ns = max64(begins_ns - t_ns, t_ns - r->chunk_ns - begins_ns);
	if (off_ns > JITTER_NS + (begins_ns > t_ns ? v->early_ns : v->late_ns))
		return INT64_MAX;
	return max64(off_ns, 0);
}

bool
viewer_fits(const struct viewer *v, const struct viewer_rules *r, int64_t t_ns, uint64_t pos)
{
	return distance(v, r, t_ns, pos) != INT64_MAX;
}

static void
settle(struct viewer *v, const struct viewer_rules *r, int64_t t_ns, uint64_t pos,
       const struct player_listener *to)
{
	if (v->state == VIEWER_PLAY) {
		v->from_ns = viewer_due(v, r, pos);
		v->pos = pos;
		narrow(v, r, t_ns);
		if (v->settled++ == SETTLED_MAPS)
			flush(v, to);
	}
}

/* The line through a map alone. */
static void
line_at(struct viewer *v, const struct viewer_rules *r, int64_t t_ns, uint64_t pos)
{
	v->state = VIEWER_PLAY;
	v->pos = pos;
	v->from_ns = t_ns - r->chunk_ns / 2;
	v->early_ns = r->chunk_ns / 2 + JITTER_NS;
	v->late_ns = r->chunk_ns / 2;
}

/* --- positions alone ------------------------------------------------------------------------- */

static void
tell_skip(struct viewer *v, int64_t lo_ns, int64_t at_ns, int64_t hi_ns, uint64_t chunks,
          const struct player_listener *to)
{
	struct estimate at = estimate_of(lo_ns, at_ns, hi_ns, ESTIMATE_MAP_PERIOD), none =
	    ESTIMATE_UNKNOWN;

	if (chunks == 0)
		return;
	v->skipped += chunks;
	to->event(to->ctx, PLAYER_SKIPPED, &at, &none, chunks);
}

/* Had all chunks from at to pos come when they were played, pos being so at t? */
static bool
came_in_time(const struct viewer_rules *r, const struct arrival *a, int64_t t_ns, uint64_t at,
             uint64_t pos)
{
	for (uint64_t c = at; c <= pos; c++) {
		int64_t latest_ns = t_ns - (int64_t)(pos - c) * r->chunk_ns;

		if (!arrival_has(a, c) || arrival_when(a, c).best > latest_ns)
			return false;
	}
	return true;
}

/* Where play goes on that cannot have gone on before the last map: chunks passed over
 * so that what was played since fits the time, and was there. */
static uint64_t
goes_on(const struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
        int64_t t_ns, uint64_t pos)
{
	uint64_t at = v->pos, most = (uint64_t)((t_ns - v->seen_ns) / r->chunk_ns) + 1;

	while (at < pos && !arrival_has(a, at) && arrival_has(a, at + 1))
		at++;
	at = pos - at > most ? pos - most : at;
	while (at < pos && !came_in_time(r, a, t_ns, at, pos))
		at++;
	return at;
}

/* It stands at pos and has not got it, but what lies before came since it stood there: it
 * went on, played that, and stands again. */
static bool
stands_again(struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
             int64_t t_ns, uint64_t pos, const struct player_listener *to)
{
	int64_t lo_ns = max64(v->seen_ns - JITTER_NS, v->since_ns), hi_ns, best_ns = lo_ns;
	int64_t off_ns = doubt(v, r, a, t_ns);
	uint32_t played = 0;

	for (uint64_t c = v->pos; c < pos && c - v->pos < MOST_PLAYED; c++) {
		if (!arrival_has(a, c))
			continue;
		if (played++ == 0)
			best_ns = arrival_when(a, c).best;
	}
	hi_ns = t_ns - played * r->chunk_ns;
	if (played == 0 || hi_ns < lo_ns)
		return false;
	best_ns = min64(max64(best_ns, lo_ns), hi_ns);
	tell_skip(v, lo_ns, best_ns, hi_ns, pos - v->pos - played, to);
	line_begins(v, true, best_ns, best_ns - lo_ns + off_ns, hi_ns - best_ns + off_ns);
	flush(v, to);
	v->pos = v->waited = pos;
	v->since_ns = best_ns + played * r->chunk_ns;
	v->onset = estimate_of(lo_ns + played * r->chunk_ns - off_ns, v->since_ns, t_ns,
	                       ESTIMATE_MAP_PERIOD | ESTIMATE_PLAYHEAD);
	return true;
}

/* FILL or STALL, and the position has moved. */
static void
moved_on(struct viewer *v, const struct viewer_rules *r, const struct arrival *a, int64_t t_ns,
         uint64_t pos, const struct player_listener *to)
{
	bool stall = v->state == VIEWER_STALL;
	uint64_t at = goes_on(v, r, a, t_ns, pos);
	int64_t least_ns = max64(v->seen_ns - JITTER_NS, v->since_ns);

	if (!arrival_has(a, pos) && stall && stands_again(v, r, a, t_ns, pos, to))
		return;
	if (!arrival_has(a, pos)) { /* it waits there now */
		if (stall)
			tell_skip(v, v->seen_ns, t_ns, t_ns, pos - v->pos, to);
		v->pos = pos;
		return;
	}
	if (stall)
		tell_skip(v, v->seen_ns, (v->seen_ns + t_ns) / 2, t_ns, at - v->pos, to);
	line_at(v, r, t_ns, pos);
	line_begins(v, stall, viewer_due(v, r, at), v->early_ns, v->late_ns);
	v->least_ns = least_ns;
	v->most_ns = t_ns;
	if (v->event_ns < least_ns)
		v->event_ns = min64(least_ns, t_ns);
}

/* First chunk after pos and up to last that cannot have come in time; last if none. */
static uint64_t
late_chunk(const struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
           uint64_t last)
{
	for (uint64_t c = v->pos + 1; c < last; c++) {
		int64_t due_ns = viewer_due(v, r, c);

		if (due_ns < v->seen_ns - r->chunk_ns)
			continue;
		if (!arrival_has(a, c) || arrival_when(a, c).best > due_ns)
			return c;
	}
	return last;
}

/* Were the chunks at and after pos all there in time? */
static bool
nothing_missing(const struct viewer_rules *r, const struct arrival *a, uint64_t pos,
                int64_t due_ns)
{
	for (uint32_t i = 0; i < r->resume; i++)
		if (!arrival_has(a, pos + i) || arrival_when(a, pos + i).hi > due_ns)
			return false;
	return true;
}

/* PLAY, and the position is behind its line: it stood still. */
static void
fell_behind(struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
            int64_t t_ns, uint64_t pos, const struct player_listener *to)
{
	uint64_t at = late_chunk(v, r, a, pos);
	int64_t due_ns = viewer_due(v, r, at), off_ns = doubt(v, r, a, t_ns);

	flush(v, to);
	v->onset = around(v, due_ns);
	widen(&v->onset, v->onset.lo_ns - off_ns, v->onset.hi_ns + off_ns);
	if (!arrival_sees_copies(a))
		widen(&v->onset, v->seen_ns, t_ns);
	v->waited = at;
	v->paused = at == pos && nothing_missing(r, a, pos, due_ns);
	if (at == pos) { /* where it stands, or stood until now: the next map tells */
		v->state = VIEWER_STALL;
		v->since_ns = due_ns;
		v->pos = pos;
		return;
	}
	line_at(v, r, t_ns, pos);
	line_begins(v, true, max64(viewer_due(v, r, at), due_ns), v->early_ns, v->late_ns);
	v->least_ns = due_ns;
	v->most_ns = t_ns;
}

/* PLAY, and the position is ahead of its line. */
static void
jumped(struct viewer *v, const struct viewer_rules *r, int64_t t_ns, uint64_t pos,
       const struct player_listener *to)
{
	int64_t by_ns = viewer_due(v, r, pos) - t_ns;
	uint64_t chunks = (uint64_t)((by_ns + r->chunk_ns - 1) / r->chunk_ns);
	int64_t from_ns = viewer_due(v, r, pos) - (int64_t)chunks * r->chunk_ns;

	flush(v, to);
	tell_skip(v, v->seen_ns, (v->seen_ns + t_ns) / 2, t_ns, chunks, to);
	v->pos = pos;
	v->from_ns = from_ns;
	narrow(v, r, t_ns);
}

static void
explain(struct viewer *v, const struct viewer_rules *r, const struct arrival *a, int64_t t_ns,
        uint64_t pos, const struct player_listener *to)
{
	if (v->state != VIEWER_PLAY) {
		if (pos > v->pos)
			moved_on(v, r, a, t_ns, pos, to);
		else if (v->state == VIEWER_FILL)
			v->pos = pos;
		return;
	}
	if (v->pending && !v->pending_stall && v->settled == 0) {
		viewer_restart(v, r, v->start < pos ? v->start : pos, pos, t_ns);
		return;
	}
	if (pos < v->pos)
		pos = v->pos; /* a chunk's jitter; what is further back began anew */
	if (viewer_due(v, r, pos) > t_ns + v->early_ns) {
		jumped(v, r, t_ns, pos, to);
	} else if (viewer_due(v, r, pos) + r->chunk_ns + v->late_ns <= t_ns - JITTER_NS) {
		fell_behind(v, r, a, t_ns, pos, to);
	} else {
		settle(v, r, t_ns, pos, to);
	}
}

/* --- maps -------------------------------------------------------------------------------- */

static const struct guess guesses[] = {
	{ true, 20 * MS_NS, true, false }, { false, 20 * MS_NS, true, false },
	{ false, 20 * MS_NS, true, true }, { false, 60 * MS_NS, true, false },
	{ false, -20 * MS_NS, true, false }, { false, 20 * MS_NS, false, false },
	{ false, 20 * MS_NS, false, true },
};

/* Nothing happened: the position lies where the line has come to. */
static bool
on_line(struct proposal *p, const struct viewer *v, const struct viewer_rules *r,
        const struct viewer_sign *m)
{
	p->v = *v;
	p->n = 0;
	p->too_many = false;
	if (m->trust == VIEWER_UNTOLD || v->state != VIEWER_PLAY || m->pos < v->pos)
		return false;
	p->v.pos = m->pos;
	p->v.from_ns = viewer_due(v, r, m->pos);
	return viewer_fits(&p->v, r, m->t_ns, m->pos);
}

/* The proposal that is nearest to what the map tells; false: none agrees. */
static bool
best_proposal(struct proposal *best, const struct viewer *v, const struct viewer_rules *r,
              const struct arrival *a, const struct viewer_sign *m)
{
	uint64_t hidden = arrival_sees_copies(a) ? 0 : m->hidden;
	unsigned first = m->trust == VIEWER_UNTOLD && arrival_sees_copies(a);
	int64_t least_ns = INT64_MAX;
	struct proposal p;

	if (hidden > 0 && on_line(&p, v, r, m)) {
		*best = p;
		return true;
	}
	for (unsigned i = first; least_ns > 0 && i < sizeof guesses / sizeof *guesses; i++) {
		int64_t off_ns;

		proposal_make(&p, v, r, a, &guesses[i], hidden, m->t_ns);
		off_ns = m->trust == VIEWER_UNTOLD ? 0 : distance(&p.v, r, m->t_ns, m->pos);
		if (p.too_many || off_ns >= least_ns)
			continue;
		least_ns = off_ns;
		*best = p;
	}
	return least_ns != INT64_MAX;
}

void
viewer_map(struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
           const struct viewer_sign *m, const struct player_listener *to)
{
	struct proposal p;

	if (best_proposal(&p, v, r, a, m)) {
		accept(v, r, &p, m->t_ns, !arrival_sees_copies(a) || p.n > FEW_STEPS,
		       doubt(v, r, a, m->t_ns), to);
		if (m->trust != VIEWER_UNTOLD)
			settle(v, r, m->t_ns, m->pos, to);
	} else if (m->trust != VIEWER_UNTOLD) {
		explain(v, r, a, m->t_ns, m->pos, to);
	}
	v->seen_ns = m->t_ns;
	if (m->trust != VIEWER_UNTOLD)
		v->told_ns = m->t_ns;
}

void
viewer_restart(struct viewer *v, const struct viewer_rules *r, uint64_t start, uint64_t pos,
               int64_t t_ns)
{
	int64_t least_ns = v->since_ns, proposed_ns = v->started ? v->began_ns : 0, off_ns;

	line_at(v, r, t_ns, pos);
	off_ns = proposed_ns - viewer_due(v, r, start);
	if (off_ns >= -v->early_ns && off_ns <= v->late_ns) { /* the chunks know better */
		v->from_ns += off_ns;
		v->early_ns += off_ns;
		v->late_ns -= off_ns;
	}
	line_begins(v, false, viewer_due(v, r, start), v->early_ns, v->late_ns);
	if (v->event_ns < least_ns)
		v->event_ns = min64(least_ns, t_ns);
	v->start = start;
	v->least_ns = least_ns;
	v->most_ns = t_ns;
	v->seen_ns = t_ns;
}

void
viewer_unsure(struct viewer *v, int64_t lo_ns, int64_t best_ns, int64_t hi_ns)
{
	v->unsure = v->pending;
	v->least_ns = lo_ns;
	v->event_ns = best_ns;
	v->most_ns = hi_ns;
}

/* Its buffer runs dry first, if nobody saw it: the picture stands still from then on
 * until play begins anew. */
void
viewer_reboot(struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
              int64_t at_ns, struct estimate *when, const struct player_listener *to)
{
	struct estimate onset, playing;
	struct proposal p;

	if (v->state == VIEWER_PLAY) {
		proposal_make(&p, v, r, a, &guesses[1], 0, at_ns);
		if (!p.too_many)
			accept(v, r, &p, at_ns, false, doubt(v, r, a, at_ns), to);
	}
	if (v->state == VIEWER_PLAY)
		v->onset = estimate_of(v->seen_ns, at_ns, at_ns, ESTIMATE_MAP_PERIOD);
	flush(v, to);
	onset = v->onset;
	playing = v->playing;
	*when = estimate_of(min64(max64(onset.best_ns, v->seen_ns), at_ns),
	                    min64(max64(onset.best_ns + r->reboot_ns, v->seen_ns), at_ns), at_ns,
	                    ESTIMATE_MAP_PERIOD | ESTIMATE_PLAYHEAD);
	viewer_fill(v, 0, at_ns);
	v->playing = playing;
	v->onset = onset;
	v->rebooted = v->started = true;
}

void
viewer_refill(struct viewer *v, uint64_t pos)
{
	v->pos = pos;
}

void
viewer_end(struct viewer *v, int64_t left_ns, const struct player_listener *to)
{
	flush(v, to);
	if ((v->state != VIEWER_STALL && !v->rebooted) || left_ns <= v->onset.best_ns)
		return;
	line_begins(v, true, left_ns, 0, 0);
	flush(v, to);
}
