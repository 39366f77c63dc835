/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/player.h"

#define FAR_CHUNKS 1000000 /* a partner may claim any number; later than that is as late */

void
player_fill(struct player *p, uint64_t start, int64_t now)
{
	p->state = PLAYER_FILL;
	p->pos = start;
	p->since_ns = now;
}

static bool
tell(struct player_event *ev, enum player_event_kind kind, int64_t t_ns, uint64_t chunk,
     uint64_t chunks)
{
	*ev = (struct player_event){ t_ns, kind, chunk, chunks };
	return true;
}

static void
show(struct player *p, const struct player_options *opt, int64_t from_ns)
{
	p->state = PLAYER_PLAY;
	p->boundary_ns = from_ns + opt->chunk_ns;
	p->played++;
}

/* A place past the hole at pos with n chunks in a row. */
static bool
find_run(const struct player *p, const struct window *held, uint32_t n, uint64_t *at)
{
	uint64_t c = p->pos;

	while (window_next(held, c, &c)) {
		if (window_run(held, c, n) >= n) {
			*at = c;
			return true;
		}
		c++;
	}
	return false;
}

static bool
step_fill(struct player *p, const struct player_options *opt, const struct window *held,
          int64_t now, struct player_event *ev)
{
	uint32_t n = opt->prebuffer_chunks;

	if (now - p->since_ns >= opt->give_up_ns)
		find_run(p, held, n, &p->pos);
	if (window_run(held, p->pos, n) < n)
		return false;
	show(p, opt, now);
	return tell(ev, PLAYER_STARTED, now, p->pos, 0);
}

/* The boundary of pos has passed and the next chunk is missing. */
static bool
step_missing(struct player *p, const struct player_options *opt, const struct window *held,
             struct player_event *ev)
{
	uint64_t missed = p->pos + 1, next;

	if (opt->policy == PLAYER_SKIPS && window_next(held, missed, &next) &&
	    next - missed <= opt->max_skip_chunks &&
	    window_run(held, next, opt->resume_chunks) >= opt->resume_chunks) {
		p->pos = next;
		p->skipped += next - missed;
		show(p, opt, p->boundary_ns);
		return tell(ev, PLAYER_SKIPPED, p->boundary_ns - opt->chunk_ns, missed,
		            next - missed);
	}
	p->state = PLAYER_STALL;
	p->pos = missed;
	p->since_ns = p->boundary_ns;
	p->hurried = false;
	p->stalls++;
	return tell(ev, PLAYER_STALLED, p->boundary_ns, missed, 0);
}

static bool
step_play(struct player *p, const struct player_options *opt, const struct window *held,
          int64_t now, struct player_event *ev)
{
	while (p->boundary_ns <= now) {
		if (!window_has(held, p->pos + 1))
			return step_missing(p, opt, held, ev);
		p->pos++;
		show(p, opt, p->boundary_ns);
	}
	return false;
}

static bool
step_stall(struct player *p, const struct player_options *opt, const struct window *held,
           int64_t now, struct player_event *ev)
{
	uint32_t n = p->hurried ? 1 : opt->resume_chunks;
	uint64_t at, missed = p->pos;

	if (window_run(held, p->pos, n) >= n) {
		p->stalled_ns += now - p->since_ns;
		p->hurried = false;
		show(p, opt, now);
		return tell(ev, PLAYER_RESUMED, now, p->pos, 0);
	}
	if (now - p->since_ns >= opt->give_up_ns && find_run(p, held, n, &at)) {
		p->pos = at;
		p->skipped += at - missed;
		return tell(ev, PLAYER_SKIPPED, now, missed, at - missed);
	}
	if (opt->reboot_ns > 0 && now - p->since_ns >= opt->reboot_ns) {
		p->stalled_ns += now - p->since_ns;
		p->state = PLAYER_IDLE;
		return tell(ev, PLAYER_REBOOTS, now, p->pos, 0);
	}
	return false;
}

bool
player_catch_up(struct player *p, const struct window *held, uint64_t to, int64_t now,
                struct player_event *ev)
{
	uint64_t missed = p->pos, next;

	if (p->state != PLAYER_STALL || to <= missed)
		return false;
	if (window_next(held, missed, &next) && next < to)
		to = next;
	p->hurried = true;
	if (to == missed)
		return false;
	p->pos = to;
	p->skipped += to - missed;
	return tell(ev, PLAYER_SKIPPED, now, missed, to - missed);
}

bool
player_step(struct player *p, const struct player_options *opt, const struct window *held,
            int64_t now, struct player_event *ev)
{
	switch (p->state) {
	case PLAYER_IDLE:
		return false;
	case PLAYER_FILL:
		return step_fill(p, opt, held, now, ev);
	case PLAYER_PLAY:
		return step_play(p, opt, held, now, ev);
	case PLAYER_STALL:
		return step_stall(p, opt, held, now, ev);
	}
	return false;
}

int64_t
player_due(const struct player *p, const struct player_options *opt)
{
	int64_t reboot = p->since_ns + opt->reboot_ns;

	switch (p->state) {
	case PLAYER_PLAY:
		return p->boundary_ns;
	case PLAYER_STALL:
		return opt->reboot_ns > 0 ? reboot : INT64_MAX;
	case PLAYER_IDLE:
	case PLAYER_FILL:
		break;
	}
	return INT64_MAX;
}

int64_t
player_deadline(const struct player *p, const struct player_options *opt, uint64_t chunk,
                int64_t now)
{
	uint64_t apart = chunk > p->pos ? chunk - p->pos : 0;
	int64_t ahead = apart < FAR_CHUNKS ? (int64_t)apart : FAR_CHUNKS;

	if (p->state == PLAYER_PLAY)
		return p->boundary_ns + (ahead - 1) * opt->chunk_ns;
	return now + ahead * opt->chunk_ns;
}
