/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/player.h"

#include <string.h>

#include "base/int64.h"

void
player_init(struct player *p)
{
	memset(p, 0, sizeof *p);
	p->playing = ESTIMATE_UNKNOWN;
	p->stalled = ESTIMATE_UNKNOWN;
}

/* Integer square root, so that results do not depend on a libm. */
static int64_t
root(uint64_t v)
{
	uint64_t r = 0;

	for (uint64_t bit = 1ull << 62; bit > 0; bit >>= 2) {
		if (v >= r + bit) {
			v -= r + bit;
			r = (r >> 1) + bit;
		} else {
			r >>= 1;
		}
	}
	return (int64_t)r;
}

/* Two independent errors together, in microseconds to stay inside 64 bits. */
static int64_t
both(int64_t a_ns, int64_t b_ns)
{
	uint64_t a = (uint64_t)(a_ns < 0 ? 0 : a_ns) / 1000,
		 b = (uint64_t)(b_ns < 0 ? 0 : b_ns) / 1000;

	if (a > 1000000000u || b > 1000000000u)
		return max64(a_ns, b_ns);
	return root(a * a + b * b) * 1000;
}

static void
tell(const struct player_listener *to, enum player_event what, const struct estimate *at,
     const struct estimate *duration, uint64_t chunks)
{
	to->event(to->ctx, what, at, duration, chunks);
}

static void
started(struct player *p, const struct player_listener *to)
{
	struct estimate none = ESTIMATE_UNKNOWN;

	if (p->playing_hi)
		return;
	p->playing_hi = true;
	tell(to, PLAYER_STARTED, &p->playing, &none, 0);
}

/* FILL, and PLAY until hi is known: has enough media come? */
static void
watch_start(struct player *p, const struct player_limits *lim, const struct player_listener *to)
{
	struct estimate *e = &p->playing;

	if (e->lo_ns == ESTIMATE_OPEN_LO && p->media_ns >= lim->start_lo)
		e->lo_ns = p->joined.lo + lim->latency_lo;
	if (p->state == PLAYER_FILL && p->media_ns >= lim->start) {
		e->best_ns = p->joined.best + lim->latency;
		e->reasons = ESTIMATE_PLAYHEAD | ESTIMATE_MAP_PERIOD;
		p->origin_ns = e->best_ns;
		p->state = PLAYER_PLAY;
	}
	if (p->media_ns >= lim->start_hi) {
		e->hi_ns = max64(p->joined.hi + lim->latency_hi, e->best_ns);
		started(p, to);
	}
}

/* When the media there now runs down to the margin. */
static int64_t
dry_ns(const struct player *p, const struct player_limits *lim)
{
	return max64(p->origin_ns + p->media_ns - lim->margin, p->playing.best_ns);
}

static void
stall(struct player *p, const struct player_limits *lim, int64_t at_ns)
{
	int64_t early = p->playing.lo_ns == ESTIMATE_OPEN_LO ? 0 :
	                p->playing.best_ns - p->playing.lo_ns;
	int64_t late = p->playing.hi_ns == ESTIMATE_OPEN_HI ? early :
	               p->playing.hi_ns - p->playing.best_ns;

	p->state = PLAYER_STALL;
	p->stall_media_ns = p->media_ns;
	p->resume_lo_ns = 0;
	p->stalled = estimate_of(at_ns - both(lim->margin_hi - lim->margin, early), at_ns,
	                         at_ns + both(lim->margin - lim->margin_lo, late),
	                         ESTIMATE_PLAYHEAD | ESTIMATE_MAP_PERIOD);
}

/* The stall is over at best; its end lies in [resume_lo, hi]. */
static void
resume(struct player *p, int64_t best_ns, int64_t hi_ns, const struct player_listener *to)
{
	int64_t lo_ns = p->resume_lo_ns ? p->resume_lo_ns : best_ns;
	struct estimate end =
	    estimate_of(lo_ns, best_ns, hi_ns, ESTIMATE_PLAYHEAD | ESTIMATE_MAP_PERIOD);
	struct estimate duration = estimate_minus(&end, &p->stalled);

	duration.lo_ns = max64(duration.lo_ns, 0);
	duration.best_ns = max64(duration.best_ns, 0);
	started(p, to);
	tell(to, PLAYER_STALLED, &p->stalled, &duration, 0);
	p->stall_total_ns += duration.best_ns;
	p->origin_ns += duration.best_ns;
	p->resumed_ns = best_ns;
	p->state = PLAYER_PLAY;
}

static void
watch_resume(struct player *p, const struct player_limits *lim, const struct player_listener *to)
{
	int64_t more = p->media_ns - p->stall_media_ns;

	if (p->resume_lo_ns == 0 && more >= lim->rebuffer_lo)
		p->resume_lo_ns = max64(p->joined.lo, p->stalled.best_ns);
	if (more >= lim->rebuffer)
		resume(p, max64(p->joined.best, p->stalled.best_ns),
		       p->joined.hi + lim->latency_hi - lim->latency, to);
}

/* The chunks given up become one skip once media follows them and the start, which
 * comes first, has been told. */
static void
close_hole(struct player *p, const struct player_listener *to)
{
	struct estimate at = ESTIMATE_UNKNOWN, none = ESTIMATE_UNKNOWN;
	int64_t due_ns = p->origin_ns + p->hole_media_ns;

	if (p->hole_chunks == 0 || (estimate_known(&p->playing) && !p->playing_hi))
		return;
	if (estimate_known(&p->playing))
		at = estimate_of(max64(p->joined.lo, due_ns - 1000000000),
		                 max64(p->joined.best, due_ns),
		                 max64(p->joined.hi, due_ns + 1000000000), ESTIMATE_PLAYHEAD);
	if (estimate_known(&at))
		tell(to, PLAYER_SKIPPED, &at, &none, p->hole_chunks);
	p->hole_chunks = 0;
}

static void
advance(struct moment *to, struct moment when)
{
	to->lo = max64(to->lo, when.lo);
	to->best = max64(to->best, when.best);
	to->hi = max64(to->hi, when.hi);
}

bool
player_join(struct player *p, const struct player_limits *lim, struct moment when,
            int64_t step_ns, bool held, const struct player_listener *to)
{
	bool due;

	advance(&p->joined, when);
	if (p->state == PLAYER_PLAY && p->joined.lo > dry_ns(p, lim))
		stall(p, lim, dry_ns(p, lim));
	due = p->state == PLAYER_STALL ||
	      (p->state == PLAYER_PLAY && p->joined.lo > p->origin_ns + p->media_ns);
	p->passed++;
	if (!held) {
		p->missed++;
		if (p->hole_chunks++ == 0)
			p->hole_media_ns = p->media_ns;
		return false;
	}
	p->media_ns += step_ns;
	p->on_time += !due;
	if (!p->playing_hi)
		watch_start(p, lim, to);
	if (p->state == PLAYER_STALL)
		watch_resume(p, lim, to);
	close_hole(p, to);
	return !due;
}

void
player_end(struct player *p, const struct player_limits *lim, int64_t last_map_ns,
           int64_t left_ns, const struct player_listener *to)
{
	if (p->state == PLAYER_FILL)
		return;
	started(p, to);
	if (p->media_ns > p->hole_media_ns)
		close_hole(p, to);
	if (p->state == PLAYER_PLAY &&
	    last_map_ns > dry_ns(p, lim) + (lim->margin - lim->margin_lo))
		stall(p, lim, dry_ns(p, lim));
	if (p->state == PLAYER_STALL && left_ns > p->stalled.best_ns)
		resume(p, left_ns, left_ns, to);
}

int64_t
player_played(const struct player *p, int64_t t_ns)
{
	int64_t played;

	if (p->state == PLAYER_FILL)
		return 0;
	if (p->state == PLAYER_STALL && t_ns > p->stalled.best_ns)
		t_ns = p->stalled.best_ns;
	played = t_ns - p->origin_ns;
	return played < 0 ? 0 : played > p->media_ns ? p->media_ns : played;
}
