/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/viewer.h"

#include <string.h>

#define MS_NS 1000000
#define JITTER_NS (60 * MS_NS) /* network, both ways; a map's position may be so old */
#define SETTLED_MAPS 4
#define STEPS 8                /* events between two maps that a proposal may have */
#define STALL_LEAST_NS (250 * MS_NS) /* shorter ones are not told: jitter looks like that */

enum step_kind { STEP_START, STEP_STALL, STEP_RESUME, STEP_SKIP };

struct step {
	enum step_kind kind;
	int64_t at_ns, lo_ns, hi_ns;
	uint64_t chunks;
};

struct proposal {
	struct viewer v;
	struct step step[STEPS];
	uint32_t n;
	bool too_many;
};

/* What a proposal supposes of the rules and of arrival times. */
struct guess {
	bool hopes;       /* a chunk came as early as it can have, seen or not */
	int64_t slack_ns; /* so late after its deadline a chunk is in time */
	bool skips;
	bool hurries;     /* goes on after a stall with a single chunk */
};

static int64_t
max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

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
	return v->from_ns + (int64_t)(chunk - v->pos) * r->chunk_ns;
}

uint32_t
viewer_run(const struct viewer *v, const struct arrival *a)
{
	uint32_t n = 0;

	while (n < ARRIVAL_CHUNKS && arrival_has(a, v->pos + n))
		n++;
	return n;
}

/* --- a proposal: the rules over the arrival times ------------------------------------------ */

/* When n chunks from pos on were all there; false if one is not. */
static bool
run_at(const struct arrival *a, uint64_t pos, uint32_t n, struct moment *at)
{
	*at = (struct moment){ INT64_MIN, INT64_MIN, INT64_MIN };
	for (uint32_t i = 0; i < n; i++) {
		struct moment when;

		if (!arrival_has(a, pos + i))
			return false;
		when = arrival_when(a, pos + i);
		at->lo = max64(at->lo, when.lo);
		at->best = max64(at->best, when.best);
		at->hi = max64(at->hi, when.hi);
	}
	return true;
}

static void
step(struct proposal *p, enum step_kind kind, struct moment at, uint64_t chunks)
{
	if (p->n == STEPS) {
		p->too_many = true;
		return;
	}
	p->step[p->n++] = (struct step){ kind, at.best, at.lo, at.hi, chunks };
}

static void
show(struct viewer *v, int64_t from_ns)
{
	v->state = VIEWER_PLAY;
	v->from_ns = from_ns;
}

/* The first place at or past pos with n chunks in a row at the earliest moment not
 * before least. */
static bool
next_run(const struct arrival *a, uint64_t pos, uint32_t n, int64_t least_ns, uint64_t *at,
         struct moment *when)
{
	bool found = false;

	for (uint64_t c = pos; a->any && c <= a->newest; c++) {
		struct moment run;

		if (!arrival_has(a, c) || !run_at(a, c, n, &run))
			continue;
		run.best = max64(run.best, least_ns);
		run.lo = max64(run.lo, least_ns);
		run.hi = max64(run.hi, least_ns);
		if (found && run.best >= when->best)
			continue;
		*at = c;
		*when = run;
		found = true;
	}
	return found;
}

/* Waiting for n chunks in a row: true if they came by until, maybe past a hole. */
static bool
wait_for(struct proposal *p, const struct viewer_rules *r, const struct arrival *a, uint32_t n,
         int64_t until, enum step_kind kind)
{
	struct viewer *v = &p->v;
	uint64_t at = v->pos;
	struct moment when;

	if (!run_at(a, v->pos, n, &when) &&
	    (until < v->since_ns + r->give_up_ns ||
	     !next_run(a, v->pos, n, v->since_ns + r->give_up_ns, &at, &when)))
		return false;
	if (kind == STEP_START && when.hi - when.lo > n * r->chunk_ns)
		when.best = max64(when.lo, min64(when.hi, v->since_ns + n * r->chunk_ns));
	when.best = max64(when.best, v->since_ns);
	if (when.best > until)
		return false;
	if (at > v->pos && kind == STEP_RESUME)
		step(p, STEP_SKIP, when, at - v->pos);
	v->pos = at;
	if (kind == STEP_START)
		v->start = at;
	show(v, when.best);
	step(p, kind, when, 0);
	return true;
}

static bool
in_time(const struct arrival *a, uint64_t chunk, int64_t due_ns, const struct guess *g,
        uint64_t hidden)
{
	struct moment when;

	if (!arrival_has(a, chunk))
		return g->hopes && chunk < hidden;
	when = arrival_when(a, chunk);
	return (g->hopes ? when.lo : when.best) <= due_ns + g->slack_ns;
}

/* pos is over and the next chunk is not there: a small hole is skipped, if as much as
 * resumption wants is there behind it. */
static void
miss(struct proposal *p, const struct viewer_rules *r, const struct arrival *a,
     const struct guess *g, uint64_t hidden, int64_t over_ns)
{
	struct viewer *v = &p->v;
	struct moment at = { over_ns - v->early_ns, over_ns, over_ns + v->late_ns }, run;
	uint64_t next = v->pos + 2;

	while (g->skips && next - v->pos - 1 <= r->skip && !in_time(a, next, over_ns, g, hidden))
		next++;
	if (g->skips && next - v->pos - 1 <= r->skip && run_at(a, next, r->resume, &run) &&
	    run.best <= over_ns) {
		step(p, STEP_SKIP, at, next - v->pos - 1);
		v->pos = next;
		show(v, over_ns);
		return;
	}
	v->pos++;
	v->state = VIEWER_STALL;
	v->waited = v->pos;
	v->since_ns = over_ns;
	step(p, STEP_STALL, at, 0);
}

static void
propose(struct proposal *p, const struct viewer *v, const struct viewer_rules *r,
        const struct arrival *a, const struct guess *g, uint64_t hidden, int64_t until)
{
	p->v = *v;
	p->n = 0;
	p->too_many = false;
	while (!p->too_many) {
		struct viewer *w = &p->v;
		int64_t over_ns = w->from_ns + r->chunk_ns;

		if (w->state == VIEWER_FILL) {
			if (!wait_for(p, r, a, r->start, until, STEP_START))
				return;
		} else if (w->state == VIEWER_STALL) {
			if (!wait_for(p, r, a, g->hurries ? 1 : r->resume, until, STEP_RESUME))
				return;
		} else if (over_ns > until) {
			return;
		} else if (in_time(a, w->pos + 1, over_ns, g, hidden)) {
			w->pos++;
			w->from_ns = over_ns;
		} else {
			miss(p, r, a, g, hidden, over_ns);
		}
	}
}

/* --- telling ---------------------------------------------------------------------------- */

static struct estimate
around(const struct viewer *v, int64_t at_ns)
{
	struct estimate e = estimate_of(at_ns - v->early_ns, at_ns, at_ns + v->late_ns,
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
	v->pending = false;
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
		to->event(to->ctx, PLAYER_STALLED, &v->onset, &lasted, 0);
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

static void
accept(struct viewer *v, const struct viewer_rules *r, const struct proposal *p,
       const struct player_listener *to)
{
	struct estimate none = ESTIMATE_UNKNOWN, at;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct step *s = &p->step[i];
		int64_t early = s->at_ns - min64(s->lo_ns, s->at_ns) + r->chunk_ns / 2;
		int64_t late = max64(s->hi_ns, s->at_ns) - s->at_ns + r->chunk_ns / 2;

		switch (s->kind) {
		case STEP_START:
		case STEP_RESUME:
			line_begins(v, s->kind == STEP_RESUME, s->at_ns, early, late);
			v->state = VIEWER_PLAY;
			break;
		case STEP_STALL:
			flush(v, to);
			v->onset = around(v, s->at_ns);
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

/* Where play goes on that cannot have gone on before the last map: chunks passed over
 * so that what was played since fits the time. */
static uint64_t
goes_on(const struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
        int64_t t_ns, uint64_t pos)
{
	uint64_t at = v->pos, most = (uint64_t)((t_ns - v->seen_ns) / r->chunk_ns) + 1;

	while (at < pos && !arrival_has(a, at) && arrival_has(a, at + 1))
		at++;
	return pos - at > most ? pos - most : at;
}

/* FILL or STALL, and the position has moved. */
static void
moved_on(struct viewer *v, const struct viewer_rules *r, const struct arrival *a, int64_t t_ns,
         uint64_t pos, const struct player_listener *to)
{
	bool stall = v->state == VIEWER_STALL;
	uint64_t at = goes_on(v, r, a, t_ns, pos);
	int64_t least_ns = max64(v->seen_ns - JITTER_NS, v->since_ns);

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

/* PLAY, and the position is behind its line: it stood still for by_ns. */
static void
fell_behind(struct viewer *v, const struct viewer_rules *r, const struct arrival *a,
            int64_t t_ns, uint64_t pos, const struct player_listener *to)
{
	uint64_t at = late_chunk(v, r, a, pos);
	int64_t due_ns = viewer_due(v, r, at);

	flush(v, to);
	v->onset = around(v, due_ns);
	v->waited = at;
	if (at == pos && (!arrival_has(a, pos) || pos == v->pos)) {
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

/* --- maps -------------------------------------------------------------------------------------- */

static const struct guess guesses[] = {
	{ true, 20 * MS_NS, true, false }, { false, 20 * MS_NS, true, false },
	{ false, 20 * MS_NS, true, true }, { false, 60 * MS_NS, true, false },
	{ false, -20 * MS_NS, true, false }, { false, 20 * MS_NS, false, false },
	{ false, 20 * MS_NS, false, true },
};

/* The proposal that is nearest to what the map tells; false: none agrees. */
static bool
best_proposal(struct proposal *best, const struct viewer *v, const struct viewer_rules *r,
              const struct arrival *a, const struct viewer_sign *m)
{
	uint64_t hidden = arrival_sees_copies(a) ? 0 : m->hidden;
	int64_t least_ns = INT64_MAX;
	struct proposal p;

	for (unsigned i = 0; least_ns > 0 && i < sizeof guesses / sizeof *guesses; i++) {
		int64_t off_ns;

		propose(&p, v, r, a, &guesses[i], hidden, m->t_ns);
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
		accept(v, r, &p, to);
		if (m->trust != VIEWER_UNTOLD)
			settle(v, r, m->t_ns, m->pos, to);
	} else if (m->trust != VIEWER_UNTOLD) {
		explain(v, r, a, m->t_ns, m->pos, to);
	}
	v->seen_ns = m->t_ns;
}

void
viewer_restart(struct viewer *v, const struct viewer_rules *r, uint64_t start, uint64_t pos,
               int64_t t_ns)
{
	int64_t least_ns = v->since_ns;

	line_at(v, r, t_ns, pos);
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
		propose(&p, v, r, a, &guesses[1], 0, at_ns);
		if (!p.too_many)
			accept(v, r, &p, to);
	}
	if (v->state == VIEWER_PLAY)
		v->onset = estimate_of(v->seen_ns, at_ns, at_ns, ESTIMATE_MAP_PERIOD);
	flush(v, to);
	onset = v->onset;
	playing = v->playing;
	*when = estimate_of(max64(onset.best_ns, v->seen_ns),
	                    max64(onset.best_ns + r->reboot_ns, v->seen_ns), at_ns,
	                    ESTIMATE_MAP_PERIOD | ESTIMATE_PLAYHEAD);
	if (when->best_ns > at_ns)
		when->best_ns = at_ns;
	viewer_fill(v, 0, at_ns);
	v->playing = playing;
	v->onset = onset;
	v->rebooted = v->started = true;
}

/* Waits for chunk pos after a reboot. */
void
viewer_refill(struct viewer *v, uint64_t pos, int64_t now_ns)
{
	v->pos = pos;
	v->since_ns = v->seen_ns = now_ns;
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
