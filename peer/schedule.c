/*
 * Scheduling: which missing chunk is asked of which partner.
 *
 * What is wanted soon comes first, by deadline; the rest by the number of
 * suppliers, rarest first, ties at random. Each goes to the supplier that is
 * expected to deliver first. A chunk is asked of one partner at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "peer/state.h"

#define CANDIDATES 96u
#define URGENT_NS (1 * SECOND_NS)
#define HURRY_NS (1 * SECOND_NS)
#define PATIENCE_NS (1500 * MS_NS) /* beyond twice the expected time */
#define LONGEST_NS (4 * SECOND_NS) /* but never longer than this */
#define LONGEST_GAP_NS (3 * SECOND_NS) /* between requests to a busy partner */
#define AHEAD_NS (4 * SECOND_NS)   /* of media in flight at most */
#define QUEUED_NS (1200 * MS_NS)   /* asked of one partner, in time of its line */
#define FIRST_MAPS_NS (150 * MS_NS) /* wait for a second opinion on where to start */
#define REFILL_NS (5 * SECOND_NS)  /* filling so long, start elsewhere */
#define HORIZON_NS (4 * SECOND_NS) /* of media asked for ahead of play, at first */
#define HORIZON_GROWS 8            /* by one second in so many */
#define SOURCE_COST 3              /* spare the origin what others have too */

struct candidate {
	uint64_t chunk, key;
	int64_t deadline_ns;
	uint32_t suppliers;
};

struct plan {
	uint64_t first, last; /* chunks given to this partner */
	uint64_t words[WINDOW_WORDS];
	uint32_t n;
};

/* --- where to start ----------------------------------------------------- */

static bool
median_play(const struct engine *e, uint64_t *play)
{
	uint64_t sorted[ENGINE_PARTNERS];
	unsigned n = 0, i;

	for (unsigned k = 0; k < ENGINE_PARTNERS; k++) {
		const struct partner *p = &e->partners[k];

		if (p->state != PARTNER_OPEN || p->play == MESH_NO_PLAY)
			continue;
		for (i = n++; i > 0 && sorted[i - 1] > p->play; i--)
			sorted[i] = sorted[i - 1];
		sorted[i] = p->play;
	}
	if (n == 0)
		return false;
	*play = sorted[n / 2];
	return true;
}

/* The newest and the oldest chunk that partners have; half of the partners may lie
 * about the newest only upwards, so the lower median is taken. */
static bool
range_of_partners(const struct engine *e, uint64_t *oldest, uint64_t *newest)
{
	uint64_t sorted[ENGINE_PARTNERS], head, low;
	unsigned n = 0, i;

	*oldest = UINT64_MAX;
	for (unsigned k = 0; k < ENGINE_PARTNERS; k++) {
		const struct partner *p = &e->partners[k];

		if (p->state != PARTNER_OPEN || !window_newest(&p->has, &head))
			continue;
		for (i = n++; i > 0 && sorted[i - 1] > head; i--)
			sorted[i] = sorted[i - 1];
		sorted[i] = head;
		if (window_next(&p->has, 0, &low) && low < *oldest)
			*oldest = low;
	}
	if (n == 0)
		return false;
	*newest = sorted[n / 2];
	return true;
}

static void
choose_start(struct engine *e, int64_t now)
{
	uint64_t play, oldest, newest, start;
	bool settled = e->first_map_ns != 0 && now - e->first_map_ns >= FIRST_MAPS_NS;

	if (!settled || !range_of_partners(e, &oldest, &newest))
		return;
	start = newest > e->opt.lag_chunks ? newest - e->opt.lag_chunks : 0;
	/* Partners play on while this peer fills. */
	if (median_play(e, &play) && play + e->opt.lag_chunks / 4 >= start)
		start = play + e->opt.player.prebuffer_chunks / 2;
	if (start < oldest)
		start = oldest;
	window_reset(&e->have, start);
	window_reset(&e->flight, start);
	player_fill(&e->player, start, now);
}

static int64_t
unit_ns(const struct engine *e, const struct partner *p)
{
	uint32_t kbps = p->up_kbps > 0 ? p->up_kbps : 1;

	return (int64_t)state_chunk_bytes(e) * 8 * MS_NS / kbps;
}

/* A viewer that stalls falls behind; it is brought back to where its partners are,
 * and all together to twice the intended lag at most. */
static void
stay_with_others(struct engine *e, int64_t now)
{
	uint64_t pos = e->player.pos, to = 0, play, oldest, newest, lag = 2 * e->opt.lag_chunks;

	if (e->opt.behind_chunks == 0 || e->player.state != PLAYER_STALL)
		return;
	if (median_play(e, &play) && play > pos + e->opt.behind_chunks)
		to = play;
	if (range_of_partners(e, &oldest, &newest) && newest > pos + lag && newest - lag > to)
		to = newest - lag;
	if (to > pos && window_covers(&e->have, to))
		state_catch_up(e, to, now);
}

/* --- what is in flight --------------------------------------------------- */

static void
remove_request(struct engine *e, uint32_t i)
{
	struct partner *p = &e->partners[e->requests[i].partner];

	window_clear(&e->flight, e->requests[i].chunk);
	if (p->waiting > 0)
		p->waiting--;
	e->requests[i] = e->requests[--e->n_requests];
}

static void
withdraw(struct engine *e, const struct partner *p, uint64_t chunk)
{
	static const uint8_t bit = 1;
	struct mesh_frame f = { .type = MESH_CANCEL };

	f.u.cancel = (struct mesh_cancelled){ { chunk, 1, &bit }, MESH_WITHDRAWN };
	state_send(e, &p->at, &f);
}

static void
expire(struct engine *e, int64_t now)
{
	for (uint32_t i = 0; i < e->n_requests;) {
		struct partner *p = &e->partners[e->requests[i].partner];

		if (e->requests[i].until_ns > now) {
			i++;
			continue;
		}
		e->counts.expired++;
		window_clear(&p->has, e->requests[i].chunk);
		if (p->failures < UINT8_MAX)
			p->failures++;
		remove_request(e, i);
	}
}

/* What was passed over, or is about to be missed and still waits at a partner, is
 * taken back, so that another can be asked. */
static void
take_back(struct engine *e, int64_t now)
{
	for (uint32_t i = 0; i < e->n_requests;) {
		struct request *r = &e->requests[i];
		struct partner *p = &e->partners[r->partner];
		int64_t deadline = player_deadline(&e->player, &e->opt.player, r->chunk, now);

		if (r->chunk >= e->player.pos &&
		    (e->player.state != PLAYER_PLAY || deadline - now > HURRY_NS ||
		     now - r->asked_ns < HURRY_NS)) {
			i++;
			continue;
		}
		withdraw(e, p, r->chunk);
		window_clear(&p->has, r->chunk);
		remove_request(e, i);
	}
}

/* Late is better than never: a chunk counts as asked for after its request has
 * expired, and whoever was asked instead is told. */
bool
schedule_arrived(struct engine *e, struct partner *p, uint64_t chunk)
{
	if (!window_has(&p->asked, chunk))
		return false;
	window_clear(&p->asked, chunk);
	p->gap_ns = p->gap_ns * 3 / 4;
	for (uint32_t i = 0; i < e->n_requests; i++) {
		struct partner *other = &e->partners[e->requests[i].partner];

		if (e->requests[i].chunk != chunk)
			continue;
		if (other != p)
			withdraw(e, other, chunk);
		remove_request(e, i);
		break;
	}
	return true;
}

/* Requests to a busy partner come ever more rarely; what it delivers brings them
 * nearer again. So its partners share its line without being told how. */
static void
back_off(const struct engine *e, struct partner *p, int64_t now)
{
	p->gap_ns = 2 * p->gap_ns + unit_ns(e, p);
	if (p->gap_ns > LONGEST_GAP_NS)
		p->gap_ns = LONGEST_GAP_NS;
	p->rest_ns = now + p->gap_ns;
}

void
schedule_refused(struct engine *e, struct partner *p, const struct mesh_set *set, bool busy,
                 int64_t now)
{
	if (busy)
		back_off(e, p, now);
	for (uint32_t i = 0; i < e->n_requests;) {
		uint64_t chunk = e->requests[i].chunk, at = chunk - set->offset;

		if (&e->partners[e->requests[i].partner] != p || chunk < set->offset ||
		    at >= set->width || (set->bits[at / 8] >> (at % 8) & 1) == 0) {
			i++;
			continue;
		}
		if (!busy)
			window_clear(&p->has, chunk);
		window_clear(&p->asked, chunk);
		remove_request(e, i);
	}
}

void
schedule_forget(struct engine *e, const struct partner *p)
{
	for (uint32_t i = 0; i < e->n_requests;) {
		if (&e->partners[e->requests[i].partner] == p)
			remove_request(e, i);
		else
			i++;
	}
}

/* --- what is wanted ------------------------------------------------------ */

static uint64_t
suppliers_of_word(const struct engine *e, uint64_t k, uint32_t *usable)
{
	uint64_t any = 0;

	*usable = 0;
	for (unsigned i = 0; i < ENGINE_PARTNERS; i++) {
		if (e->partners[i].state != PARTNER_OPEN)
			continue;
		any |= window_word(&e->partners[i].has, k);
		*usable |= (uint32_t)1 << i;
	}
	return any;
}

static uint32_t
suppliers_of(const struct engine *e, uint64_t chunk, uint32_t usable)
{
	uint32_t who = 0;

	for (; usable != 0; usable &= usable - 1) {
		unsigned i = (unsigned)__builtin_ctz(usable);

		if (window_has(&e->partners[i].has, chunk))
			who |= (uint32_t)1 << i;
	}
	return who;
}

static void
add_candidate(struct engine *e, struct candidate *list, unsigned *n, uint64_t chunk,
              uint32_t suppliers, int64_t now)
{
	struct candidate c = { .chunk = chunk, .suppliers = suppliers };
	unsigned i;

	c.deadline_ns = player_deadline(&e->player, &e->opt.player, chunk, now);
	if (c.deadline_ns - now < URGENT_NS)
		c.key = chunk - e->player.pos;
	else
		c.key = (uint64_t)(1 + __builtin_popcount(suppliers)) << 40 |
		        rng_next(&e->rng) >> 40;
	for (i = *n; i > 0 && list[i - 1].key > c.key; i--)
		list[i] = list[i - 1];
	list[i] = c;
	++*n;
}

/* How far ahead of play a peer asks: a newcomer that filled its whole buffer at once would
 * take from those who play what they need now. */
static uint64_t
horizon(const struct engine *e, int64_t now)
{
	int64_t ahead = HORIZON_NS + (now - e->first_map_ns) / HORIZON_GROWS;

	return e->player.pos + (uint64_t)(ahead / e->opt.channel.chunk_ns);
}

static unsigned
find_candidates(struct engine *e, struct candidate *list, int64_t now)
{
	uint64_t low = e->player.pos + (e->player.state == PLAYER_PLAY), miss;
	uint64_t last = horizon(e, now);
	uint32_t usable, who;
	unsigned n = 0;

	for (uint64_t k = low / 64; k - e->have.low / 64 < WINDOW_WORDS && k <= last / 64; k++) {
		miss = suppliers_of_word(e, k, &usable) & ~window_word(&e->have, k) &
		       ~window_word(&e->flight, k);
		if (k == low / 64)
			miss &= ~(uint64_t)0 << (low % 64);
		for (; miss != 0 && n < CANDIDATES; miss &= miss - 1) {
			uint64_t chunk = k * 64 + (uint64_t)__builtin_ctzll(miss);

			who = suppliers_of(e, chunk, usable);
			if (who != 0 && chunk <= last && window_covers(&e->have, chunk))
				add_candidate(e, list, &n, chunk, who, now);
		}
	}
	return n;
}

/* --- of whom -------------------------------------------------------------- */

/* When p would have delivered one more chunk, from now. */
static int64_t
expected_ns(const struct engine *e, const struct partner *p)
{
	int64_t ns = p->busy_ms * MS_NS + (p->waiting + 1) * unit_ns(e, p);

	return ns * (1 + p->failures);
}

static struct partner *
choose_supplier(struct engine *e, const struct candidate *c, int64_t now)
{
	struct partner *best = NULL;
	int64_t cost, best_cost = INT64_MAX;
	bool shared = (c->suppliers & (c->suppliers - 1)) != 0;
	int64_t soon = c->deadline_ns - now < HURRY_NS ? now + HURRY_NS / 4 : now;

	for (uint32_t left = c->suppliers; left != 0; left &= left - 1) {
		struct partner *p = &e->partners[__builtin_ctz(left)];

		if (p->rest_ns > soon ||
		    (p->waiting > 0 && p->waiting * unit_ns(e, p) > QUEUED_NS))
			continue;
		cost = expected_ns(e, p) * (shared && p->source ? SOURCE_COST : 1);
		if (cost < best_cost) {
			best_cost = cost;
			best = p;
		}
	}
	return best;
}

/* A second of the line, some seconds of media: more would only wait elsewhere. */
static uint32_t
room_in_flight(const struct engine *e)
{
	uint64_t line = (uint64_t)e->opt.down_kbps * 125 / (state_chunk_bytes(e) + 1u);
	uint64_t media = (uint64_t)(AHEAD_NS / e->opt.channel.chunk_ns);
	uint64_t most = line < media ? line : media;

	most = most < 4 ? 4 : most > ENGINE_REQUESTS ? ENGINE_REQUESTS : most;
	return most > e->n_requests ? (uint32_t)most - e->n_requests : 0;
}

static void
put_in_flight(struct engine *e, struct partner *p, uint64_t chunk, int64_t now)
{
	int64_t wait = 2 * expected_ns(e, p) + PATIENCE_NS;

	wait = wait < LONGEST_NS ? wait : LONGEST_NS;
	e->requests[e->n_requests++] = (struct request){ chunk, now, now + wait,
		(uint8_t)(p - e->partners) };
	p->waiting++;
	if (p->rest_ns < now + p->gap_ns)
		p->rest_ns = now + p->gap_ns;
	window_set(&e->flight, chunk);
	window_advance(&p->asked, e->have.low);
	window_set(&p->asked, chunk);
}

static void
add_to_plan(struct plan *plan, uint64_t chunk)
{
	if (plan->n == 0 || chunk < plan->first)
		plan->first = chunk;
	if (plan->n == 0 || chunk > plan->last)
		plan->last = chunk;
	plan->words[chunk / 64 % WINDOW_WORDS] |= (uint64_t)1 << (chunk % 64);
	plan->n++;
}

static void
send_plan(struct engine *e, const struct partner *p, const struct plan *plan, int64_t now)
{
	struct window asked = { .low = plan->first };
	uint32_t width = (uint32_t)(plan->last - plan->first + 1);
	int64_t left = player_deadline(&e->player, &e->opt.player, plan->first, now) - now;
	struct mesh_frame f = { .type = MESH_CHUNK_REQUEST };
	uint8_t bits[WINDOW_SPAN / 8];

	memcpy(asked.words, plan->words, sizeof asked.words);
	window_bits(&asked, plan->first, width, bits);
	f.u.request.set = (struct mesh_set){ plan->first, width, bits };
	left = left < 0 ? 0 : left / MS_NS;
	f.u.request.deadline_ms = (uint16_t)(left < UINT16_MAX ? left : UINT16_MAX);
	state_send(e, &p->at, &f);
}

void
schedule_run(struct engine *e, int64_t now)
{
	struct candidate list[CANDIDATES];
	struct plan plans[ENGINE_PARTNERS];
	struct partner *p;
	uint32_t room;
	unsigned n;

	expire(e, now);
	if (e->player.state == PLAYER_FILL && now - e->player.since_ns >= REFILL_NS)
		e->player.state = PLAYER_IDLE;
	if (e->player.state == PLAYER_IDLE)
		choose_start(e, now);
	stay_with_others(e, now);
	state_play(e, now);
	if (e->player.state == PLAYER_IDLE)
		return;
	take_back(e, now);
	n = find_candidates(e, list, now);
	if (n == 0)
		return;
	room = room_in_flight(e);
	memset(plans, 0, sizeof plans);
	for (unsigned i = 0; i < n && room > 0; i++) {
		p = choose_supplier(e, &list[i], now);
		if (p == NULL)
			continue;
		put_in_flight(e, p, list[i].chunk, now);
		add_to_plan(&plans[p - e->partners], list[i].chunk);
		room--;
	}
	for (unsigned i = 0; i < ENGINE_PARTNERS; i++)
		if (plans[i].n > 0)
			send_plan(e, &e->partners[i], &plans[i], now);
}
