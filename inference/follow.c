/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/follow.h"

#define MS_NS 1000000
#define CENSORED_NS (1500 * (int64_t)MS_NS) /* a first map with more: it was here before */
#define BLIND_MAPS 4u
#define SURE_NS (300 * (int64_t)MS_NS)
#define FAR_CHUNKS OBS_MAX_WIDTH
#define TRAIL_CHUNKS 2u /* a map may tell a position that just passed */

/* One chunk less to come, for the curve. What no map showed was played all the same,
 * between two of them, unless it was told as skipped. */
static void
settle(struct session *s, struct channel_view *c, bool held)
{
	struct arrival *a = &s->arrival;
	struct retrieval_chunk is = { 0, a->before_ns, a->map_ns };

	if (held) {
		retrieval_came(&is, arrival_when(a, a->next), arrival_sees_copies(a));
	} else if (arrival_sees_copies(a) || s->skips_due > 0) {
		is.hi_ns = RETRIEVAL_NEVER;
		s->skips_due -= s->skips_due > 0;
	}
	if (!s->source && timeline_on(&c->timeline, a->next, c->clock_ns, &is.made_ns))
		retrieval_settle(&c->retrieval, &s->seen, a->next, &is);
}

/* Passes chunks by as far as the one before to: those that viewers were to see count. */
static void
leave_behind(struct session *s, struct channel_view *c, uint64_t to)
{
	struct arrival *a = &s->arrival;

	for (; a->any && a->next < to; arrival_take(a)) {
		bool held = arrival_has(a, a->next);

		if (a->next < s->seen.first)
			continue; /* the window reaches farther back than its play */
		s->passed++;
		settle(s, c, held);
		if (!held && !arrival_sees_copies(a))
			continue; /* it may have come and gone between two maps */
		s->missed += !held;
		if (!held)
			position_missed(&s->position, a->next);
		if (s->source || s->left_censored)
			continue;
		retrieval_due(&c->retrieval, &s->seen, held && a->next != s->viewer.waited);
	}
}

void
follow_room(struct session *s, struct channel_view *c, uint64_t newest)
{
	struct arrival *a = &s->arrival;
	uint64_t low;

	if (!a->any || newest < a->next || newest - a->next < ARRIVAL_CHUNKS)
		return;
	low = newest - ARRIVAL_CHUNKS + 1;
	if (newest - a->next < 2 * ARRIVAL_CHUNKS) {
		leave_behind(s, c, low);
	} else {
		arrival_reset(a, a->base_ns);
		a->any = a->by_copy = true;
		a->next = a->newest = low;
		s->seen.first = low;
	}
	if (s->begun && s->viewer.pos < low)
		s->viewer.pos = low;
}

void
follow_asked(struct session *s, const struct observation *o)
{
	struct position *p = &s->position;
	uint64_t first, last;

	if ((s->begun && s->viewer.started) || o->action != OBS_ASKED ||
	    !obs_next_run(o, o->offset, &first, &last))
		return;
	if (!p->first_seen || first < p->first)
		p->first = first;
	p->first_known = p->first_seen = true;
}

static void
note_played(struct session *s, const struct channel_view *c, int64_t t_ns)
{
	const struct viewer *v = &s->viewer;
	int64_t born_ns;

	if (v->state != VIEWER_PLAY)
		return;
	s->buffer_sum_ms += (int64_t)viewer_run(v, &s->arrival) * c->rules.chunk_ns / MS_NS;
	s->buffer_n++;
	if (!s->left_censored && timeline_on(&c->timeline, v->pos, c->clock_ns, &born_ns))
		session_lag(s, v->from_ns - born_ns, t_ns);
}

/* When play began that was first seen under way: nobody saw with which chunk. */
static void
unsure(struct session *s, const struct viewer_rules *r)
{
	int64_t usual_ns = s->first_ns + viewer_usual_ns(r);

	viewer_unsure(&s->viewer, s->first_ns, usual_ns < s->begun_ns ? usual_ns : s->begun_ns,
	              s->begun_ns);
}

/* Surely: what lies before a map's offset is only presumed to have come. */
static bool
came_before(const struct arrival *a, uint64_t chunk, int64_t t_ns)
{
	return arrival_has(a, chunk) && arrival_when(a, chunk).best < t_ns - SURE_NS;
}

/* The offset is not there where media begins any more: what does that mean? A start
 * that the chunks alone told may be wrong. */
static void
watch_move(struct session *s, const struct channel_view *c, const struct observation *o)
{
	const struct viewer_rules *r = &c->rules;
	struct position *p = &s->position;
	struct viewer *v = &s->viewer;
	int64_t moved_ns, started_ns = INT64_MAX;

	if (v->started && v->began_ns == 0)
		return; /* it begins anew: when, is not known yet */
	if (p->mode != POSITION_UNKNOWN || o->offset > p->first + FAR_CHUNKS ||
	    !position_runs(p, o->offset, o->t_ns, r->chunk_ns) ||
	    (p->first >= s->arrival.next && !came_before(&s->arrival, p->first, o->t_ns)))
		return;
	moved_ns = o->t_ns - (int64_t)(o->offset - p->first) * r->chunk_ns - r->chunk_ns / 2;
	if (v->started)
		started_ns = v->began_ns + v->stalled_ns - (int64_t)v->skipped * r->chunk_ns;
	position_moved(p, moved_ns, started_ns, r->chunk_ns);
	if (p->mode != POSITION_PLAY || (v->started && !(v->pending && !v->pending_stall)) ||
	    viewer_fits(v, r, o->t_ns, o->offset))
		return;
	viewer_restart(v, r, p->first, o->offset, o->t_ns);
	if (!p->first_seen && moved_ns < s->begun_ns)
		unsure(s, r);
}

/* What this map tells of the position. */
static enum viewer_trust
told(struct session *s, const struct observation *o, uint64_t *pos)
{
	const struct position *p = &s->position;

	*pos = o->offset;
	if (o->flags & OBS_HAS_PLAY) {
		s->explicit = true;
		*pos = o->u.map.play;
		return VIEWER_TOLD;
	}
	if (s->explicit || p->mode == POSITION_UNKNOWN)
		return VIEWER_UNTOLD;
	if (p->mode == POSITION_PLAY)
		return VIEWER_TOLD;
	*pos += p->behind;
	return o->offset > p->first && !position_after_hole(p, o->offset) ? VIEWER_TOLD
	                                                                  : VIEWER_UNTOLD;
}

/* Neither requests nor copies were seen and the offset means nobody knows what: whoever
 * plays already began with a chunk that no map showed. A few maps more will tell. */
static bool
blind(struct session *s, const struct observation *o)
{
	const struct position *p = &s->position;

	return p->mode == POSITION_UNKNOWN && !p->first_seen && !s->explicit &&
	       !(o->flags & OBS_HAS_PLAY) && !s->left_censored &&
	       !arrival_sees_copies(&s->arrival) && s->blind_maps < BLIND_MAPS &&
	       (s->blind_maps++ == 0 || o->offset > p->first);
}

/* Where media begins: at what was asked for first, else at the lowest chunk held. Who
 * was here before has no beginning: it is taken up where it plays. */
static bool
begin(struct session *s, struct channel_view *c, const struct observation *o)
{
	struct position *p = &s->position;
	uint64_t first, last;

	if (c->rules.chunk_ns <= 0 || !obs_next_run(o, o->offset, &first, &last))
		return false;
	if (!s->fresh && !p->first_seen && s->first_shown * c->rules.chunk_ns > CENSORED_NS) {
		s->left_censored = true;
		if (!(o->flags & OBS_HAS_PLAY) && !p->varies)
			return false; /* not known yet what the offset means */
		p->mode = POSITION_PLAY;
		first = o->flags & OBS_HAS_PLAY ? o->u.map.play : o->offset;
		viewer_found(&s->viewer, &c->rules, first, o->t_ns);
	} else {
		if (p->first_seen)
			first = p->first;
		if (s->viewer.rebooted)
			viewer_refill(&s->viewer, first);
		else
			viewer_fill(&s->viewer, first, s->first_ns);
	}
	p->first = first;
	p->first_known = true;
	arrival_begin(&s->arrival, first > TRAIL_CHUNKS ? first - TRAIL_CHUNKS : 0);
	s->begun = true;
	s->begun_ns = o->t_ns;
	retrieval_begin(&s->seen, first, s->reboots > 0 ? s->seen.from_ns : s->first_ns,
	                &s->peer);
	if (o->flags & OBS_HAS_PLAY && !s->left_censored && !p->first_seen) {
		viewer_restart(&s->viewer, &c->rules, o->u.map.play, o->u.map.play, o->t_ns);
		unsure(s, &c->rules);
	}
	return true;
}

/* Nobody's play goes so far between two maps: another stream, or a lie. */
static bool
is_far(const struct viewer *v, uint64_t pos)
{
	return pos > v->pos ? pos - v->pos > FAR_CHUNKS : v->pos - pos > FAR_CHUNKS;
}

/* Takes it up there; what lies between was never played. */
static void
begin_far(struct session *s, const struct channel_view *c, uint64_t pos, int64_t t_ns)
{
	struct estimate playing = s->viewer.playing;

	viewer_found(&s->viewer, &c->rules, pos, t_ns);
	s->viewer.playing = playing;
	arrival_reset(&s->arrival, t_ns);
	s->arrival.any = s->arrival.by_copy = true;
	s->arrival.next = s->arrival.newest = pos > TRAIL_CHUNKS ? pos - TRAIL_CHUNKS : 0;
	s->seen.first = pos; /* what lies before was not waited for */
}

void
follow_map(struct session *s, struct channel_view *c, const struct observation *o,
           const struct player_listener *to)
{
	struct viewer *v = &s->viewer;
	struct viewer_sign m = { .t_ns = o->t_ns, .hidden = o->offset };
	uint64_t newest;

	if (o->kind != OBS_BUFFER_MAP || c->rules.chunk_ns <= 0)
		return;
	if (obs_newest(o, &newest))
		position_map(&s->position, o->offset, newest);
	else if (o->offset == 0)
		return;
	if (!s->begun && !begin(s, c, o))
		return;
	if (!(o->flags & OBS_HAS_PLAY) && !s->explicit && !s->left_censored)
		watch_move(s, c, o);
	if (blind(s, o))
		return;
	m.trust = told(s, o, &m.pos);
	if (m.trust != VIEWER_UNTOLD && is_far(v, m.pos))
		begin_far(s, c, m.pos, o->t_ns);
	viewer_map(v, &c->rules, &s->arrival, &m, to);
	note_played(s, c, o->t_ns);
	if (v->state != VIEWER_FILL && v->pos > TRAIL_CHUNKS)
		leave_behind(s, c, v->pos - TRAIL_CHUNKS);
}

void
follow_end(struct session *s, struct channel_view *c, int64_t left_ns,
           const struct player_listener *to)
{
	viewer_end(&s->viewer, left_ns, to);
	if (s->viewer.state != VIEWER_FILL)
		leave_behind(s, c, s->viewer.pos);
}

int64_t
follow_played_ns(const struct session *s, const struct channel_view *c)
{
	uint64_t chunks = s->passed - s->missed;

	return (int64_t)chunks * c->rules.chunk_ns;
}
