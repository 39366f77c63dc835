/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/arrival.h"

#include <string.h>

#include "base/int64.h"

#define TICK_NS 100000
#define REBASED_TICKS (INT64_C(1) << 30) /* a day and a quarter */
#define MS_NS 1000000
#define COPY_TO_MAP_NS 150000000 /* a map this late behind the copy was late itself */
#define COPY_DELAY_NS 20000000   /* copy on the wire -> held, when nothing queues */
#define OVERTAKEN_NS 300000000   /* a copy sent so long before one that arrived is lost */
#define PROMPT_NS 20000000      /* a chunk is acknowledged so soon */
#define SEEN_COPIES 30u
#define QUEUE_NS 80000000        /* a copy is under way so long without any queue */
#define LOSSY_NS 5000000000
#define EXPECTED_CHUNKS 32u /* a map tells of so many, hardly more */

void
arrival_init(struct arrival *a, struct places_pool *pool, int64_t base_ns)
{
	memset(a, 0, sizeof *a);
	a->base_ns = base_ns;
	a->places.pool = pool;
}

void
arrival_fini(struct arrival *a)
{
	places_fini(&a->places);
}

void
arrival_reset(struct arrival *a, int64_t base_ns)
{
	arrival_fini(a);
	arrival_init(a, a->places.pool, base_ns);
}

static uint32_t
to_tick(const struct arrival *a, int64_t t_ns)
{
	int64_t tick = (t_ns - a->base_ns) / TICK_NS;

	return tick < 1 ? 1 : tick > UINT32_MAX ? UINT32_MAX : (uint32_t)tick;
}

static int64_t
from_tick(const struct arrival *a, uint32_t tick)
{
	return a->base_ns + (int64_t)tick * TICK_NS;
}

/* Ticks last for five days: before they run out, all count from a later base. */
static void
keep_base(struct arrival *a, int64_t t_ns)
{
	int64_t by = (t_ns - a->base_ns) / TICK_NS - REBASED_TICKS;

	if (by <= REBASED_TICKS)
		return;
	for (uint32_t i = 0; i < a->places.size; i++) {
		uint32_t *tick = &a->places.slot[i].tick;

		if (*tick > 0)
			*tick = *tick > by ? *tick - (uint32_t)by : 1;
	}
	a->base_ns += by * TICK_NS;
}

static uint16_t
to_ms(int64_t ns)
{
	int64_t ms = (ns + MS_NS - 1) / MS_NS;

	return ms < 0 ? 0 : ms > UINT16_MAX ? UINT16_MAX : (uint16_t)ms;
}

static bool
in_window(const struct arrival *a, uint64_t chunk)
{
	return chunk - a->next < ARRIVAL_CHUNKS;
}

static bool
is_held(const struct arrival *a, uint64_t chunk)
{
	return places_covers(&a->places, chunk) &&
	       *places_held(&a->places, chunk) >> (chunk % PLACES_WORD) & 1;
}

static bool
is_copied(const struct arrival *a, uint64_t chunk)
{
	return places_covers(&a->places, chunk) &&
	       *places_sent(&a->places, chunk) >> (chunk % PLACES_WORD) & 1;
}

/* Held: when, at best. Else when its first copy was sent; 0: none was. */
static uint32_t
tick_of(const struct arrival *a, uint64_t chunk)
{
	return places_covers(&a->places, chunk) ? places_slot(&a->places, chunk)->tick : 0;
}

/* Chunks from next on of which something is known lie in [first_place, end_place). */
static uint64_t
first_place(const struct arrival *a)
{
	return a->next > a->places.low ? a->next : a->places.low;
}

static uint64_t
end_place(const struct arrival *a)
{
	uint64_t end = a->places.low + a->places.size, last = a->next + ARRIVAL_CHUNKS;

	return end < last ? end : last;
}

bool
arrival_has(const struct arrival *a, uint64_t chunk)
{
	return a->any && in_window(a, chunk) && is_held(a, chunk);
}

uint32_t
arrival_run(const struct arrival *a, uint64_t chunk)
{
	uint64_t at = chunk, end = end_place(a);

	if (!a->any || !in_window(a, chunk))
		return 0;
	while (at < end && places_covers(&a->places, at)) {
		uint32_t missing = ~*places_held(&a->places, at) >> (at % PLACES_WORD);

		if (missing != 0) {
			at += (unsigned)__builtin_ctz(missing);
			break;
		}
		at += PLACES_WORD - at % PLACES_WORD;
	}
	return at < end ? (uint32_t)(at - chunk) : end > chunk ? (uint32_t)(end - chunk) : 0;
}

/* Before media begins, the window may still move down to an older chunk. */
static void
open_window(struct arrival *a, uint64_t chunk)
{
	if (a->any)
		return;
	a->next = chunk >= ARRIVAL_CHUNKS / 4 ? chunk - ARRIVAL_CHUNKS / 4 : 0;
	a->newest = a->next;
	a->any = true;
}

/* A map shows copies that were sent well after this one, and lacks the chunk. */
static bool
is_lost(const struct arrival *a, uint64_t chunk)
{
	return a->shown_ns > from_tick(a, tick_of(a, chunk)) + OVERTAKEN_NS;
}

void
arrival_sent(struct arrival *a, uint64_t chunk, int64_t t_ns)
{
	struct place *slot;

	keep_base(a, t_ns);
	open_window(a, chunk);
	if (!in_window(a, chunk) || is_held(a, chunk))
		return;
	slot = places_at(&a->places, chunk);
	if (slot == NULL)
		return;
	if (is_copied(a, chunk) && !(a->by_copy && is_lost(a, chunk))) {
		slot->before_ms = to_ms(t_ns - from_tick(a, slot->tick)); /* of the last copy */
		return;
	}
	slot->before_ms = 0;
	slot->tick = to_tick(a, t_ns);
	*places_sent(&a->places, chunk) |= UINT32_C(1) << (chunk % PLACES_WORD);
}

/* Notes that the chunk came between lo and hi, probably at best. */
static void
hold(struct arrival *a, uint64_t chunk, int64_t lo_ns, int64_t best_ns, int64_t hi_ns)
{
	struct place *s = places_at(&a->places, chunk);

	if (s == NULL)
		return;
	s->tick = to_tick(a, best_ns);
	s->before_ms = to_ms(best_ns - min64(lo_ns, best_ns));
	s->after_ms = to_ms(max64(hi_ns, best_ns) - best_ns);
	*places_held(&a->places, chunk) |= UINT32_C(1) << (chunk % PLACES_WORD);
	if (chunk > a->newest)
		a->newest = chunk;
}

void
arrival_came(struct arrival *a, uint64_t chunk, int64_t t_ns)
{
	keep_base(a, t_ns);
	open_window(a, chunk);
	if (in_window(a, chunk) && !arrival_has(a, chunk))
		hold(a, chunk, t_ns, t_ns, t_ns + COPY_DELAY_NS);
}

/* How long a copy sent at sent_ns, that came before the map of t_ns, waited: between what
 * the last two maps tell. */
static int64_t
queue_at(const struct arrival *a, int64_t sent_ns, int64_t t_ns)
{
	int64_t span_ns = t_ns - a->map_ns, part_ns = sent_ns + a->queued_ns - a->map_ns;

	if (span_ns <= 0 || span_ns > LOSSY_NS || part_ns <= 0)
		return a->queued_ns;
	part_ns = min64(part_ns, span_ns) / MS_NS;
	return a->queued_ns + (a->queue_ns - a->queued_ns) * part_ns / (span_ns / MS_NS + 1);
}

/* The peer holds the chunk and a copy was seen on its way: the map's time counts
 * while copies get lost, else the copy's. */
static void
settle_copied(struct arrival *a, uint64_t chunk, int64_t t_ns, bool acked)
{
	int64_t sent_ns = from_tick(a, tick_of(a, chunk)), best_ns = t_ns;

	if (a->by_copy) {
		int64_t lo_ns = sent_ns + COPY_DELAY_NS < a->map_ns ? a->map_ns : sent_ns;

		best_ns = sent_ns + max64(queue_at(a, sent_ns, t_ns), COPY_DELAY_NS);
		hold(a, chunk, lo_ns, min64(max64(best_ns, lo_ns), t_ns), t_ns);
		return;
	}
	if (acked && a->acked_ns >= sent_ns - TICK_NS)
		best_ns = a->acked_ns;
	a->late_ns = best_ns - sent_ns > COPY_TO_MAP_NS && t_ns > a->lossy_until_ns ?
	             best_ns - sent_ns - COPY_DELAY_NS : 0;
	hold(a, chunk, max64(sent_ns, (acked ? a->before_ns : a->map_ns) - a->late_ns),
	     best_ns - a->late_ns, best_ns);
}

/* No copy was seen: between the last map without it, or its making, and this one. */
static void
settle_unseen(struct arrival *a, uint64_t chunk, int64_t born_ns, int64_t t_ns, bool acked)
{
	int64_t lo_ns = max64(max64(acked ? a->before_ns : a->map_ns, a->base_ns), born_ns);

	lo_ns = min64(lo_ns, t_ns);
	if (acked)
		hold(a, chunk, lo_ns, max64(lo_ns, a->acked_ns), t_ns);
	else
		hold(a, chunk, lo_ns, lo_ns + (t_ns - lo_ns) / 2, t_ns);
}

static void
settle(struct arrival *a, uint64_t chunk, const struct observation *o, bool acked,
       const struct timeline *t, int64_t clock_ns)
{
	int64_t born_ns;

	a->copies += is_copied(a, chunk);
	a->strays += !is_copied(a, chunk);
	if (o->flags & OBS_PROMPT)
		hold(a, chunk, o->t_ns - PROMPT_NS, o->t_ns, o->t_ns);
	else if (is_copied(a, chunk))
		settle_copied(a, chunk, o->t_ns, acked);
	else
		settle_unseen(a, chunk,
			      timeline_on(t, chunk, clock_ns, &born_ns) ? born_ns : INT64_MIN,
			      o->t_ns, acked);
}

/* Of the chunks in the word of this one, those whose copy is on its way, as far as maps
 * tell. */
static uint32_t
under_way(const struct arrival *a, uint64_t word)
{
	return *places_sent(&a->places, word) & ~*places_held(&a->places, word);
}

static bool
any_under_way(const struct arrival *a)
{
	uint64_t end = a->places.low + a->places.size;
	uint32_t any = 0;

	for (uint64_t word = a->places.low; word < end; word += PLACES_WORD)
		any |= under_way(a, word);
	return any != 0;
}

/* What copies wait on the way down when the map o is made: as long as the oldest that has
 * not come, unless it is lost. */
static void
watch_queue(struct arrival *a, const struct observation *o)
{
	uint64_t end = a->places.low + a->places.size;
	int64_t waits_ns = o->t_ns;

	for (uint64_t word = a->places.low; word < end; word += PLACES_WORD)
		for (uint32_t open = under_way(a, word); open != 0; open &= open - 1) {
			uint64_t chunk = word + (unsigned)__builtin_ctz(open);
			int64_t sent_ns = from_tick(a, tick_of(a, chunk));

			if (obs_has(o, chunk) || chunk < o->offset)
				a->shown_ns = max64(a->shown_ns, sent_ns);
			else if (!is_lost(a, chunk))
				waits_ns = min64(waits_ns, sent_ns);
		}
	a->queued_ns = a->queue_ns;
	a->queue_ns = o->t_ns - waits_ns > QUEUE_NS ? o->t_ns - waits_ns : 0;
}

/* Does the map show a chunk and lack one that was sent well before it? Then copies
 * get lost on their way to this peer. */
static void
watch_loss(struct arrival *a, const struct observation *o)
{
	uint64_t low = first_place(a), end = end_place(a);
	uint64_t from = o->offset > low ? o->offset : low, first, last;
	uint32_t shown = 0;

	if (!any_under_way(a))
		return;
	for (uint64_t at = from; at < end && obs_next_run(o, at, &first, &last); at = last + 1)
		for (uint64_t c = first; c <= last && c < end; c++)
			if (!arrival_has(a, c) && tick_of(a, c) > shown)
				shown = tick_of(a, c);
	for (uint64_t c = from; shown > 0 && c < o->offset + o->width && c < end; c++)
		if (!arrival_has(a, c) && !obs_has(o, c) && tick_of(a, c) != 0 &&
		    tick_of(a, c) + OVERTAKEN_NS / TICK_NS < shown)
			a->lossy_until_ns = o->t_ns + LOSSY_NS;
}

/* Chunks that fell out of the peer's own window since its last map were held if a
 * copy went to it about when that map was made, or later: the maps came too far
 * apart to show them. One sent well before is lost. */
static void
presume(struct arrival *a, const struct observation *o)
{
	uint64_t end = end_place(a) < o->offset ? end_place(a) : o->offset;

	if (!any_under_way(a))
		return;
	for (uint64_t c = first_place(a); a->any && c < end; c++)
		if (!arrival_has(a, c) && is_copied(a, c) &&
		    from_tick(a, tick_of(a, c)) > a->map_ns - OVERTAKEN_NS - a->queued_ns)
			settle_copied(a, c, o->t_ns, false);
}

void
arrival_presume(struct arrival *a, int64_t t_ns)
{
	for (uint64_t c = first_place(a); a->any && c < end_place(a); c++) {
		int64_t sent_ns = from_tick(a, tick_of(a, c));

		if (is_copied(a, c) && !arrival_has(a, c) && sent_ns <= t_ns && !is_lost(a, c))
			hold(a, c, sent_ns, sent_ns + COPY_DELAY_NS, t_ns + COPY_DELAY_NS);
	}
}

/* Does the map show one new chunk only? Then no acknowledgement between this and
 * the one before it was missed. */
static bool
one_fresh(const struct arrival *a, const struct observation *o)
{
	uint64_t first, last;
	uint32_t fresh = 0;

	for (uint64_t at = a->next; fresh < 2 && obs_next_run(o, at, &first, &last); at = last + 1)
		for (uint64_t c = first; c <= last && fresh < 2; c++)
			fresh += in_window(a, c) && !arrival_has(a, c);
	return fresh == 1;
}

/* Of the chunks of the word at base, those that the observation shows and the window
 * lacks. */
static uint32_t
gains(const struct arrival *a, const struct observation *o, uint64_t base)
{
	uint64_t shown = base >= o->offset ? obs_bits(o, base - o->offset) :
	                 o->offset - base < 64 ? obs_bits(o, 0) << (o->offset - base) : 0;
	uint32_t gained = (uint32_t)shown;

	if (base < a->next)
		gained &= UINT32_MAX << (a->next - base);
	if (places_covers(&a->places, base))
		gained &= ~*places_held(&a->places, base);
	return gained;
}

/* When the copy of the chunk was sent that may have come since the last map: the first,
 * or, if that is lost, the last. */
static int64_t
sent_at(const struct arrival *a, uint64_t chunk)
{
	const struct place *slot = places_slot(&a->places, chunk);

	return from_tick(a, slot->tick) +
	       (is_lost(a, chunk) ? slot->before_ms * (int64_t)MS_NS : 0);
}

/* The first copy sent behind all that came, and not come yet. */
static int64_t
next_on_its_way(const struct arrival *a, int64_t behind_ns)
{
	uint64_t end = a->places.low + a->places.size;
	int64_t next_ns = INT64_MAX;

	for (uint64_t word = a->places.low; word < end; word += PLACES_WORD)
		for (uint32_t open = under_way(a, word); open != 0; open &= open - 1) {
			int64_t sent_ns = sent_at(a, word + (unsigned)__builtin_ctz(open));

			if (sent_ns > behind_ns)
				next_ns = min64(next_ns, sent_ns);
		}
	return next_ns;
}

/* The copies that a whole map shows for the first time, together: their way down tells
 * more of each than its own copy. Leaves the rest to settle. */
static uint32_t
settle_together(struct arrival *a, const struct observation *o, uint64_t end)
{
	struct queue_copy copy[QUEUE_MOST];
	int64_t last_ns = INT64_MIN;
	uint32_t n = 0;

	for (uint64_t base = a->next / PLACES_WORD * PLACES_WORD; base < end; base += PLACES_WORD)
		for (uint32_t gained = gains(a, o, base); gained != 0; gained &= gained - 1) {
			uint64_t chunk = base + (unsigned)__builtin_ctz(gained);

			if (chunk >= end || !is_copied(a, chunk))
				continue;
			if (n == QUEUE_MOST)
				return 0;
			copy[n++] = (struct queue_copy){ chunk, sent_at(a, chunk), { 0, 0, 0 } };
			last_ns = max64(last_ns, copy[n - 1].sent_ns);
		}
	for (uint32_t i = 0; i < n; i++) { /* on their way no more */
		*places_sent(&a->places, copy[i].chunk) &=
		    ~(UINT32_C(1) << (copy[i].chunk % PLACES_WORD));
	}
	queue_serve(&a->queue, copy, n, next_on_its_way(a, last_ns), a->map_ns, o->t_ns);
	for (uint32_t i = 0; i < n; i++) {
		*places_sent(&a->places, copy[i].chunk) |=
		    UINT32_C(1) << (copy[i].chunk % PLACES_WORD);
		a->copies++;
		hold(a, copy[i].chunk, copy[i].came.lo, copy[i].came.best, copy[i].came.hi);
	}
	return n;
}

uint32_t
arrival_told(struct arrival *a, const struct observation *o, const struct timeline *t,
             int64_t clock_ns)
{
	bool whole = o->kind == OBS_BUFFER_MAP, acked;
	uint64_t last, end = 0;
	uint32_t fresh = 0;

	keep_base(a, o->t_ns);
	if (obs_newest(o, &last)) {
		open_window(a, last);
		end = last + 1 < a->next + ARRIVAL_CHUNKS ? last + 1 : a->next + ARRIVAL_CHUNKS;
	}
	if (whole && a->any && a->by_copy)
		watch_queue(a, o);
	else if (whole && a->any)
		watch_loss(a, o);
	if (whole && o->width > 0)
		presume(a, o);
	if (whole && a->any && a->by_copy && a->map_ns > 0)
		fresh += settle_together(a, o, end);
	acked = o->flags & OBS_MINUS_ACKED && a->acked_ns > 0 && one_fresh(a, o);
	for (uint64_t base = a->next / PLACES_WORD * PLACES_WORD; base < end; base += PLACES_WORD)
		for (uint32_t gained = gains(a, o, base); gained != 0; gained &= gained - 1) {
			uint64_t chunk = base + (unsigned)__builtin_ctz(gained);

			if (chunk >= end)
				break;
			settle(a, chunk, o, acked, t, clock_ns);
			fresh++;
		}
	if (whole) {
		a->before_ns = a->map_ns;
		a->map_ns = o->t_ns;
	}
	if (o->flags & OBS_MINUS_ACKED)
		a->acked_ns = o->t_ns;
	return fresh;
}

bool
arrival_first(const struct arrival *a, uint64_t *chunk, bool *dated)
{
	int64_t best = 0;
	bool found = false;

	*dated = false;
	for (uint64_t c = first_place(a); a->any && c <= a->newest && c < end_place(a); c++) {
		const struct place *s = places_slot(&a->places, c);
		int64_t sent = (int64_t)s->tick - s->before_ms * (MS_NS / TICK_NS);

		if (!arrival_has(a, c))
			continue;
		if (!found || (is_copied(a, c) && (!*dated || sent < best))) {
			*chunk = c;
			best = sent;
			*dated = is_copied(a, c);
		}
		found = true;
	}
	return found;
}

bool
arrival_sees_copies(const struct arrival *a)
{
	return a->copies > SEEN_COPIES * a->strays;
}

bool
arrival_queues(const struct arrival *a)
{
	return a->by_copy && (a->queue.n > 0 || a->queue_ns > 0 || a->queued_ns > 0);
}

void
arrival_begin(struct arrival *a, uint64_t chunk)
{
	uint64_t known = first_place(a); /* nothing is kept of what lies before */

	a->next = known < chunk ? known : a->next < chunk ? chunk : a->next;
	while (a->next < chunk)
		arrival_take(a);
}

struct moment
arrival_when(const struct arrival *a, uint64_t chunk)
{
	static const struct place none;
	const struct place *s = places_covers(&a->places, chunk) ?
	                              places_slot(&a->places, chunk) : &none;
	int64_t best_ns = from_tick(a, s->tick);

	return (struct moment){ best_ns - (int64_t)s->before_ms * MS_NS, best_ns,
	                        best_ns + (int64_t)s->after_ms * MS_NS };
}

void
arrival_expect(const struct arrival *a)
{
	if (a->places.size == 0)
		return;
	for (uint64_t c = a->next; c < a->next + EXPECTED_CHUNKS; c += 8)
		__builtin_prefetch(places_slot(&a->places, c), 1);
	__builtin_prefetch(places_held(&a->places, a->next), 1);
}

void
arrival_take(struct arrival *a)
{
	places_clear(&a->places, a->next);
	a->next++;
}
