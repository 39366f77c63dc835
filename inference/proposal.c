/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/proposal.h"

#include "base/int64.h"

/* When n chunks from pos on were all there; false if one is not. One below hidden may
 * have come at any time. */
static bool
run_at(const struct arrival *a, uint64_t pos, uint32_t n, uint64_t hidden, struct moment *at)
{
	*at = (struct moment){ INT64_MIN, INT64_MIN, INT64_MIN };
	for (uint32_t i = 0; i < n; i++) {
		struct moment when;

		if (!arrival_has(a, pos + i)) {
			if (pos + i < hidden)
				continue;
			return false;
		}
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
	if (p->n == PROPOSAL_STEPS) {
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
	/* Nothing is known outside the window, and anybody may claim any number. */
	uint64_t c = pos > a->next ? pos : a->next, end = a->next + ARRIVAL_CHUNKS;
	bool found = false;

	for (; a->any && c <= a->newest && c < end; c++) {
		struct moment run;

		if (arrival_run(a, c) < n || !run_at(a, c, n, 0, &run))
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

/* It still waited when the last map told its position. */
static int64_t
waits_since(const struct viewer *v)
{
	return v->told_ns > v->since_ns ? v->told_ns : v->since_ns;
}

/* How sure is the moment when at which n chunks from pos on were there? A start that no
 * arrival dates closely takes what one usually takes; a viewer may go on with less than
 * the rules want. */
static void
blur(const struct viewer *v, const struct viewer_rules *r, const struct arrival *a, int64_t until,
     enum step_kind kind, struct moment *when)
{
	struct moment first;

	if (kind == STEP_RESUME && run_at(a, v->pos, 1, 0, &first))
		when->lo = min64(when->lo, first.lo);
	if (when->best == INT64_MIN)
		*when = (struct moment){ v->since_ns, v->since_ns, until };
	if (kind == STEP_START && when->hi - when->lo > r->start * r->chunk_ns)
		when->best = max64(when->lo, min64(when->hi, v->since_ns + viewer_usual_ns(r)));
	when->lo = max64(when->lo, waits_since(v));
	when->best = max64(when->best, waits_since(v));
	when->hi = max64(when->hi, when->best);
}

/* Waiting for n chunks in a row: true if they came by until, maybe past a hole. */
static bool
wait_for(struct proposal *p, const struct viewer_rules *r, const struct arrival *a, uint32_t n,
         uint64_t hidden, int64_t until, enum step_kind kind)
{
	struct viewer *v = &p->v;
	uint64_t at = v->pos, passed;
	struct moment when;

	if (!run_at(a, v->pos, n, hidden, &when) &&
	    (until < v->since_ns + r->give_up_ns ||
	     !next_run(a, v->pos, n, max64(v->since_ns + r->give_up_ns, waits_since(v)), &at,
	               &when)))
		return false;
	passed = at - v->pos;
	v->pos = at;
	blur(v, r, a, until, kind, &when);
	if (when.best > until) {
		v->pos = at - passed;
		return false;
	}
	if (passed > 0 && kind == STEP_RESUME)
		step(p, STEP_SKIP, when, passed);
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
	if (g->skips && next - v->pos - 1 <= r->skip && run_at(a, next, r->resume, 0, &run) &&
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

void
proposal_make(struct proposal *p, const struct viewer *v, const struct viewer_rules *r,
              const struct arrival *a, const struct guess *g, uint64_t hidden, int64_t until)
{
	p->v = *v;
	p->n = 0;
	p->too_many = false;
	while (!p->too_many) {
		struct viewer *w = &p->v;
		int64_t over_ns = w->from_ns + r->chunk_ns;

		if (w->state == VIEWER_FILL) {
			if (!wait_for(p, r, a, r->start, g->hopes ? hidden : 0, until,
			              STEP_START))
				return;
		} else if (w->state == VIEWER_STALL) {
			if (!wait_for(p, r, a, g->hurries ? 1 : r->resume, 0, until,
			              STEP_RESUME))
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
