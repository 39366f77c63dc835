/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/session.h"

#include <math.h>
#include <string.h>

#include "base/int64.h"
#include "inference/follow.h"
#include "inference/mos.h"

#define S_NS 1000000000
#define US_NS 1000
#define CENSORED_MEDIA_NS 1500000000 /* a first map with more: it was here before */
#define GONE_PERIODS 5
#define COUNTED_CHUNKS (4 * TIMELINE_CHUNKS) /* of what a viewer left behind */
#define PERIOD_WEIGHT 8
#define PERIOD_MOST_NS (60 * (int64_t)S_NS) /* maps farther apart have no period */
#define SKIP_CHUNKS 256u /* where the protocol tells no skip window */
#define MAKE_ROOM 32u /* chunks: of the window of arrivals, at most so many less wait */
#define NEWCOMER_NS 150000000 /* a chunk made so long before the first packet is back-filled */

void
session_open(struct session *s, const struct endpoint *peer, int64_t t_ns, uint32_t run,
             struct places_pool *pool, struct result_sink *out)
{
	memset(s, 0, sizeof *s);
	s->open = true;
	s->peer = *peer;
	s->first_ns = s->last_ns = t_ns;
	s->run = run;
	s->out = out;
	s->stall_time = estimate_at(0);
	arrival_init(&s->arrival, pool, t_ns);
	player_init(&s->player);
	viewer_fill(&s->viewer, 0, t_ns);
}

int64_t
session_gone_ns(const struct session *s, int64_t least_ns)
{
	int64_t gone_ns = GONE_PERIODS * s->map_period_ns;

	return gone_ns > least_ns ? gone_ns : least_ns;
}

/* Results are told in whole microseconds, as they are written and kept. */
static void
whole(struct estimate *e)
{
	e->lo_ns = round64(e->lo_ns, US_NS);
	e->best_ns = round64(e->best_ns, US_NS);
	e->hi_ns = round64(e->hi_ns, US_NS);
}

static void
put_result(const struct session *s, struct result *r, enum result_kind kind, int64_t t_ns,
	   bool final)
{
	r->t_ns = t_ns;
	r->channel = s->channel;
	r->peer = s->peer;
	r->peer_id = s->peer_id;
	r->run = s->run;
	r->kind = (uint8_t)kind;
	r->protocol = s->protocol;
	r->final = final;
	s->out->put(s->out, r);
}

void
session_lost(struct session *s, int64_t from_ns, int64_t to_ns)
{
	s->gap = (struct session_gap){ from_ns, to_ns };
}

/* What was lost between two maps may have told better: an event so near a gap may have been
 * a map period sooner or later, and so may its end. */
static void
doubt_near(const struct session *s, const struct session_gap *gap, struct estimate *at,
           struct estimate *lasted)
{
	int64_t period_ns = s->map_period_ns > 0 ? s->map_period_ns : S_NS, end_ns = at->best_ns;

	if (gap == NULL || gap->to_ns == 0 || !estimate_known(at))
		return;
	if (estimate_known(lasted))
		end_ns += lasted->best_ns;
	if (end_ns < gap->from_ns - period_ns || at->best_ns > gap->to_ns + period_ns)
		return;
	if (at->lo_ns != ESTIMATE_OPEN_LO)
		at->lo_ns = at->lo_ns - period_ns;
	if (at->hi_ns != ESTIMATE_OPEN_HI)
		at->hi_ns = at->hi_ns + period_ns;
	at->reasons |= ESTIMATE_GAP;
	if (!estimate_known(lasted))
		return;
	lasted->lo_ns = max64(lasted->lo_ns - period_ns, 0);
	if (lasted->hi_ns != ESTIMATE_OPEN_HI)
		lasted->hi_ns += period_ns;
	lasted->reasons |= ESTIMATE_GAP;
}

static void
put_event(struct session *s, enum result_event_kind event, const struct estimate *at,
          const struct estimate *duration, uint64_t chunks)
{
	struct result r = { 0 };

	r.u.event.event = (uint8_t)event;
	r.u.event.ordinal = s->events++;
	r.u.event.at = *at;
	r.u.event.duration = *duration;
	r.u.event.chunks = chunks;
	whole(&r.u.event.at);
	whole(&r.u.event.duration);
	put_result(s, &r, RESULT_EVENT, s->last_ns, true);
}

static struct estimate
joined(const struct session *s)
{
	struct estimate e = estimate_at(s->first_ns);

	if (!s->fresh) {
		e.lo_ns = ESTIMATE_OPEN_LO;
		e.reasons = ESTIMATE_CENSORED;
	}
	return e;
}

static void
on_player(void *ctx, enum player_event what, const struct estimate *told_at,
          const struct estimate *told_duration, uint64_t chunks)
{
	struct session *s = ctx;
	struct estimate none = ESTIMATE_UNKNOWN, from = joined(s), delay;
	struct estimate when = *told_at, lasted = *told_duration;
	const struct estimate *at = &when, *duration = &lasted;

	if (s->source)
		return;
	doubt_near(s, &s->gap, &when, &lasted);
	doubt_near(s, s->gap_of_all, &when, &lasted);
	switch (what) {
	case PLAYER_STARTED:
		if (s->left_censored || s->reboots > 0)
			break;
		delay = estimate_minus(at, &from);
		put_event(s, EVENT_STARTUP, at, &delay, 0);
		break;
	case PLAYER_STALLED:
		s->stalls++;
		s->stall_time = estimate_plus(&s->stall_time, duration);
		put_event(s, EVENT_STALL, at, duration, 0);
		break;
	case PLAYER_PAUSED:
		s->pauses++;
		put_event(s, EVENT_PAUSE, at, duration, 0);
		break;
	case PLAYER_SKIPPED:
		s->skips++;
		s->skipped_chunks += (uint32_t)chunks;
		s->skips_due += chunks;
		put_event(s, EVENT_SKIP, at, &none, chunks);
		break;
	}
}

void
session_lag(struct session *s, int64_t lag_ns, int64_t t_ns)
{
	struct result r = { 0 };

	s->lag_sum_ms += lag_ns / 1000000;
	s->lag_n++;
	if (s->source)
		return; /* nobody watches there */
	r.u.lag.ns = lag_ns;
	r.u.lag.n = 1;
	put_result(s, &r, RESULT_LAG, t_ns, true);
}

/* Lag of what plays when a chunk joins, once a while: newest media made by then
 * less the media that plays. */
static void
note_lag(struct session *s, const struct channel_view *c, uint64_t chunk, int64_t t_ns)
{
	int64_t born_ns;

	if (s->player.state == PLAYER_PLAY && chunk % 8 == 0 &&
	    timeline_on(&c->timeline, chunk, c->clock_ns, &born_ns))
		session_lag(s, t_ns - born_ns + s->player.media_ns -
		            player_played(&s->player, t_ns), t_ns);
}

/* The next chunk, of so much media, goes to the player: held, or given up at the moment
 * when. */
static void
take(struct session *s, struct channel_view *c, bool held, struct moment when, int64_t step_ns)
{
	const struct player_listener to = { on_player, s };
	uint64_t chunk = s->arrival.next;
	struct retrieval_chunk is = { 0, when.best, held ? when.best : RETRIEVAL_NEVER };
	bool on_time;

	s->passed++;
	s->missed += !held;
	on_time = player_join(&s->player, &c->limits, when, step_ns, held, &to);
	if (!s->source) {
		if (timeline_on(&c->timeline, chunk, c->clock_ns, &is.made_ns))
			retrieval_settle(&c->retrieval, &s->seen, chunk, &is);
		if (s->player.state != PLAYER_FILL)
			retrieval_due(&c->retrieval, &s->seen, on_time);
	}
	if (held)
		note_lag(s, c, chunk, s->player.joined.best);
	arrival_take(&s->arrival);
}

/* Moves on as far as the chunks allow: held ones join; a hole is given up once the
 * newest is window_chunks past it. Waits until the media in a chunk is known. */
static void
walk(struct session *s, struct channel_view *c, uint32_t window_chunks)
{
	struct arrival *a = &s->arrival;
	int64_t step_ns;

	while (a->any && a->next <= a->newest &&
	       (step_ns = timeline_step(&c->timeline, a->next)) > 0) {
		if (arrival_has(a, a->next))
			take(s, c, true, arrival_when(a, a->next), step_ns);
		else if (a->newest - a->next >= window_chunks)
			take(s, c, false, arrival_when(a, a->newest), step_ns);
		else
			break;
	}
}

/* Where nothing else tells when a hole is given up, the map's own beginning does:
 * what lies before it and is not held will not come any more. */
static void
pass_below(struct session *s, struct channel_view *c, const struct observation *o)
{
	struct arrival *a = &s->arrival;
	struct moment now = { o->t_ns, o->t_ns, o->t_ns };
	int64_t step_ns;

	if (c->playhead.skip_window_chunks > 0 || o->kind != OBS_BUFFER_MAP || o->width == 0)
		return;
	while (a->any && a->next < o->offset && a->next <= a->newest &&
	       (step_ns = timeline_step(&c->timeline, a->next)) > 0) {
		bool held = arrival_has(a, a->next);

		take(s, c, held, held ? arrival_when(a, a->next) : now, step_ns);
	}
}

static uint32_t
skip_window(const struct channel_view *c)
{
	uint32_t w = c->playhead.skip_window_chunks;

	if (w == 0)
		return SKIP_CHUNKS;
	return w > ARRIVAL_CHUNKS - MAKE_ROOM ? ARRIVAL_CHUNKS - MAKE_ROOM : w;
}

/* The window must reach the newest chunk, seen at t_ns: holes that would fall out are
 * given up. A jump past everything begins anew behind the newest. */
static void
make_room(struct session *s, struct channel_view *c, uint64_t newest, int64_t t_ns)
{
	struct arrival *a = &s->arrival;
	struct moment now = { t_ns, t_ns, t_ns };
	uint64_t keep = ARRIVAL_CHUNKS - 1;

	if (!a->any || newest < a->next || newest - a->next <= keep)
		return;
	for (uint32_t i = 0; i < ARRIVAL_CHUNKS && newest - a->next > keep; i++) {
		bool held = arrival_has(a, a->next);

		if (s->begun)
			take(s, c, held, held ? arrival_when(a, a->next) : now,
			     timeline_step(&c->timeline, a->next));
		else
			arrival_take(a);
	}
	if (newest - a->next > keep) {
		a->next = newest - keep / 2;
		a->newest = a->next;
	}
}

/* Of chunks that no copy dates, the oldest that was made about when the newcomer
 * came, or later: older ones are back-filled. The lowest held if all are older. */
static uint64_t
first_by_age(const struct session *s, const struct channel_view *c, uint64_t lowest)
{
	int64_t born_ns;

	for (uint64_t chunk = lowest; chunk <= s->arrival.newest; chunk++)
		if (arrival_has(&s->arrival, chunk) &&
		    timeline_on(&c->timeline, chunk, c->clock_ns, &born_ns) &&
		    born_ns >= s->first_ns - NEWCOMER_NS)
			return chunk;
	return lowest;
}

/* Lowest chunk of the run that ends with the newest. */
static uint64_t
run_start(const struct arrival *a)
{
	uint64_t first = a->newest;

	while (first > a->next && arrival_has(a, first - 1))
		first--;
	return first;
}

/* The first chunk received: playback begins there. A peer whose first map shows more
 * media than a newcomer can have was here before the view began; how much media that
 * is must be known first. */
static void
begin(struct session *s, struct channel_view *c)
{
	const struct estimate *chunk = &c->timeline.chunk;
	uint64_t first;
	bool dated;

	if (!estimate_known(chunk) || !arrival_first(&s->arrival, &first, &dated))
		return;
	if (!s->fresh && s->first_shown * chunk->best_ns > CENSORED_MEDIA_NS) {
		s->left_censored = true;
		first = run_start(&s->arrival);
	} else if (!dated) {
		first = first_by_age(s, c, first);
	}
	arrival_begin(&s->arrival, first);
	retrieval_begin(&s->seen, first, s->first_ns, &s->peer);
	s->begun = true;
}

static void
room_for(struct session *s, struct channel_view *c, uint64_t newest, int64_t t_ns)
{
	if (c->tells)
		follow_room(s, c, newest);
	else
		make_room(s, c, newest, t_ns);
}

void
session_asked(struct session *s, const struct observation *o)
{
	follow_asked(s, o);
}

void
session_sent(struct session *s, struct channel_view *c, const struct observation *o)
{
	s->arrival.by_copy = c->tells;
	room_for(s, c, o->offset, o->t_ns);
	arrival_sent(&s->arrival, o->offset, o->t_ns);
	if (!c->playhead.reliable || s->source)
		return;
	arrival_came(&s->arrival, o->offset, o->t_ns);
	if (!s->begun)
		begin(s, c);
	if (s->begun)
		walk(s, c, skip_window(c));
}

static void
note_period(struct session *s, int64_t t_ns)
{
	int64_t gap_ns = t_ns - s->last_map_ns;

	if (gap_ns > PERIOD_MOST_NS)
		gap_ns = PERIOD_MOST_NS;
	if (s->maps > 1 && gap_ns >= 0)
		s->map_period_ns += (gap_ns - s->map_period_ns) /
		                    (s->map_period_ns ? PERIOD_WEIGHT : 1);
	s->last_map_ns = t_ns;
}

/* Its chunks count until left_ns: those that play left behind, and those that were still
 * on their way or buffered. */
static void
end_retrieval(struct session *s, struct channel_view *c, int64_t left_ns)
{
	const struct arrival *a = &s->arrival;
	struct retrieval_chunk is;
	uint32_t n = 0; /* forged numbers lie as far apart as they like */

	if (!s->seen.begun || s->source)
		return;
	for (uint64_t chunk = a->next; chunk-- > s->seen.first && n++ < COUNTED_CHUNKS;) {
		if (!timeline_on(&c->timeline, chunk, c->clock_ns, &is.made_ns) ||
		    left_ns - is.made_ns > retrieval_age_ns(RESULT_AGES))
			break;
		retrieval_left(&c->retrieval, &s->seen, chunk, is.made_ns, left_ns);
	}
	n = 0;
	for (uint64_t chunk = a->next;
	     a->any && chunk <= c->timeline.newest && n++ < TIMELINE_CHUNKS; chunk++) {
		if (!timeline_on(&c->timeline, chunk, c->clock_ns, &is.made_ns))
			break;
		is.lo_ns = is.hi_ns = RETRIEVAL_NEVER;
		if (arrival_has(a, chunk))
			retrieval_came(&is, arrival_when(a, chunk), arrival_sees_copies(a));
		retrieval_pending(&c->retrieval, &s->seen, chunk, &is, left_ns);
	}
	s->seen.begun = false;
}

void
session_reboot(struct session *s, struct channel_view *c, int64_t t_ns)
{
	const struct player_listener to = { on_player, s };
	struct estimate at, none = ESTIMATE_UNKNOWN;

	if (c == NULL || !c->tells || c->rules.chunk_ns <= 0 || !s->begun ||
	    !s->viewer.started)
		return;
	arrival_presume(&s->arrival, s->silent_ns > s->last_map_ns ? s->silent_ns : s->last_map_ns);
	viewer_reboot(&s->viewer, &c->rules, &s->arrival, t_ns, &at, &to);
	end_retrieval(s, c, at.best_ns);
	s->seen.from_ns = at.best_ns;
	s->reboots++;
	if (!s->source)
		put_event(s, EVENT_REBOOT, &at, &none, 0);
	arrival_reset(&s->arrival, t_ns);
	s->arrival.by_copy = true;
	s->position.first_known = s->position.first_seen = s->begun = false;
}

void
session_map(struct session *s, struct channel_view *c, const struct observation *o)
{
	const struct player_listener to = { on_player, s };
	uint64_t newest;
	bool any = obs_newest(o, &newest);

	if (c->tells && s->begun && o->kind == OBS_BUFFER_MAP && o->width == 0 &&
	    o->offset == 0)
		session_reboot(s, c, o->t_ns);
	if (o->kind == OBS_BUFFER_MAP) {
		s->maps++;
		note_period(s, o->t_ns);
		if (!s->begun && !any)
			s->fresh = true;
		if (o->flags & OBS_SOURCE)
			s->source = true;
	}
	s->source |= endpoint_same(&s->peer, &c->told.source);
	if (any)
		room_for(s, c, newest, o->t_ns);
	arrival_told(&s->arrival, o, &c->timeline, c->clock_ns);
	if (s->first_shown == 0)
		s->first_shown = obs_held(o);
	if (c->tells) {
		follow_map(s, c, o, &to);
		return;
	}
	if (!s->begun)
		begin(s, c);
	if (s->begun) {
		pass_below(s, c, o);
		walk(s, c, skip_window(c));
	}
}

/* First frame, as told. */
static struct estimate
playing(const struct session *s, const struct channel_view *c)
{
	if (s->left_censored || s->source)
		return ESTIMATE_UNKNOWN;
	return c != NULL && c->tells ? s->viewer.playing : s->player.playing;
}

static int64_t
played_ns(const struct session *s, const struct channel_view *c, int64_t left_ns)
{
	if (c != NULL && c->tells)
		return follow_played_ns(s, c);
	return s->player.state == PLAYER_FILL ? 0 : player_played(&s->player, left_ns);
}

static void
put_scores(const struct session *s, struct result_session *u)
{
	double watched_s = (double)u->played_ns / S_NS, stalls = s->stalls;
	double mean_s = stalls > 0 ? (double)s->stall_time.best_ns / S_NS / stalls : 0;

	u->mos = u->mos_delay = u->mos_rate = u->mos_count = NAN;
	if (estimate_known(&u->startup))
		u->mos_delay = (float)mos_of_delay((double)u->startup.best_ns / S_NS);
	if (watched_s > 0) {
		u->mos_rate = (float)mos_of_stall_rate(stalls / watched_s, mean_s);
		u->mos_count = (float)mos_of_stalls(stalls, mean_s);
	}
	if (estimate_known(&u->startup) && watched_s > 0)
		u->mos = (float)mos_combined((double)u->startup.best_ns / S_NS,
		                             mos_of_stall_rate(stalls / watched_s, mean_s));
}

static void
put_session(struct session *s, const struct channel_view *c, const struct estimate *left,
            bool final)
{
	struct result r = { 0 };
	struct result_session *u = &r.u.session;
	struct estimate play = playing(s, c), none = ESTIMATE_UNKNOWN;

	doubt_near(s, &s->gap, &play, &none);
	doubt_near(s, s->gap_of_all, &play, &none);

	u->joined = joined(s);
	u->playing = play;
	u->left = *left;
	u->startup = estimate_minus(&play, &u->joined);
	u->switched_from = s->from_channel;
	u->switch_delay = ESTIMATE_UNKNOWN;
	if (s->from_channel != 0 && estimate_known(&play))
		u->switch_delay = estimate_shift(&play, -s->from_ns);
	u->stall_time = s->stall_time;
	u->played_ns = round64(played_ns(s, c, left->best_ns), US_NS);
	u->lag_ns = s->lag_n ? s->lag_sum_ms / (int64_t)s->lag_n * 1000000 : INT64_MIN;
	u->buffer_ns = s->buffer_n ? s->buffer_sum_ms / (int64_t)s->buffer_n * 1000000 : INT64_MIN;
	u->chunks_passed = s->passed;
	u->chunks_missed = s->missed;
	u->reboots = s->reboots;
	u->stalls = s->stalls;
	u->pauses = s->pauses;
	u->skips = s->skips;
	u->skipped_chunks = s->skipped_chunks;
	u->maps = s->maps;
	u->end = s->end;
	u->left_censored = s->left_censored;
	u->source = s->source;
	put_scores(s, u);
	whole(&u->joined);
	whole(&u->playing);
	whole(&u->left);
	whole(&u->startup);
	whole(&u->switch_delay);
	whole(&u->stall_time);
	put_result(s, &r, RESULT_SESSION, left->best_ns, final);
}

void
session_tell(struct session *s, const struct channel_view *c)
{
	struct estimate here = estimate_of(s->last_ns, s->last_ns, ESTIMATE_OPEN_HI, 0);

	s->end = END_OPEN;
	if (s->channel != 0)
		put_session(s, c, &here, false);
}

static bool
started(const struct session *s, const struct channel_view *c)
{
	return c->tells ? s->viewer.started || s->reboots > 0 : s->player.state != PLAYER_FILL;
}

void
session_close(struct session *s, struct channel_view *c, enum result_end end, struct estimate left)
{
	const struct player_listener to = { on_player, s };
	struct estimate none = ESTIMATE_UNKNOWN;

	s->end = (uint8_t)end;
	if (c != NULL && s->begun) {
		if (c->tells)
			follow_end(s, c, left.best_ns, &to);
		else
			player_end(&s->player, &c->limits, s->last_map_ns - s->arrival.late_ns,
			           left.best_ns, &to);
		end_retrieval(s, c, s->last_map_ns);
		if (!started(s, c) && !s->source && !s->left_censored && end != END_OPEN)
			put_event(s, EVENT_EXIT_BEFORE_START, &left, &none, 0);
	}
	if (s->channel != 0) {
		put_event(s, EVENT_LEAVE, &left, &none, 0);
		put_session(s, c, &left, true);
	}
	arrival_fini(&s->arrival);
	s->open = false;
}
