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

void
arrival_init(struct arrival *a, int64_t base_ns)
{
	memset(a, 0, sizeof *a);
	a->base_ns = base_ns;
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
	for (uint32_t i = 0; i < ARRIVAL_CHUNKS; i++)
		if (a->slot[i].tick > 0)
			a->slot[i].tick = a->slot[i].tick > by ? a->slot[i].tick - (uint32_t)by : 1;
	a->base_ns += by * TICK_NS;
}

static uint16_t
to_ms(int64_t ns)
{
	int64_t ms = (ns + MS_NS - 1) / MS_NS;

	return ms < 0 ? 0 : ms > UINT16_MAX ? UINT16_MAX : (uint16_t)ms;
}

static struct arrival_slot *
slot_of(struct arrival *a, uint64_t chunk)
{
	return &a->slot[chunk % ARRIVAL_CHUNKS];
}

static bool
bit(const uint64_t *bits, uint64_t chunk)
{
	return bits[chunk % ARRIVAL_CHUNKS / 64] >> (chunk % 64) & 1;
}

static void
set_bit(uint64_t *bits, uint64_t chunk)
{
	bits[chunk % ARRIVAL_CHUNKS / 64] |= UINT64_C(1) << (chunk % 64);
}

static void
clear_bit(uint64_t *bits, uint64_t chunk)
{
	bits[chunk % ARRIVAL_CHUNKS / 64] &= ~(UINT64_C(1) << (chunk % 64));
}

static bool
in_window(const struct arrival *a, uint64_t chunk)
{
	return chunk - a->next < ARRIVAL_CHUNKS;
}

bool
arrival_has(const struct arrival *a, uint64_t chunk)
{
	return a->any && in_window(a, chunk) && bit(a->held, chunk);
}

uint32_t
arrival_run(const struct arrival *a, uint64_t chunk)
{
	uint32_t n = 0;

	while (a->any && in_window(a, chunk + n)) {
		uint64_t at = chunk + n, missing = ~a->held[at % ARRIVAL_CHUNKS / 64] >> (at % 64);
		uint32_t more = missing ? (uint32_t)__builtin_ctzll(missing) : 64;

		n += more < 64 - at % 64 ? more : 64 - (uint32_t)(at % 64);
		if (more < 64 - at % 64)
			break;
	}
	return a->any && n > a->next + ARRIVAL_CHUNKS - chunk ?
	       (uint32_t)(a->next + ARRIVAL_CHUNKS - chunk) : n;
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
	return a->shown_ns > from_tick(a, a->slot[chunk % ARRIVAL_CHUNKS].tick) + OVERTAKEN_NS;
}

void
arrival_sent(struct arrival *a, uint64_t chunk, int64_t t_ns)
{
	keep_base(a, t_ns);
	open_window(a, chunk);
	if (!in_window(a, chunk) || arrival_has(a, chunk))
		return;
	if (bit(a->copied, chunk) && !(a->by_copy && is_lost(a, chunk)))
		return;
	slot_of(a, chunk)->tick = to_tick(a, t_ns);
	set_bit(a->copied, chunk);
}

/* Notes that the chunk came between lo and hi, probably at best. */
static void
hold(struct arrival *a, uint64_t chunk, int64_t lo_ns, int64_t best_ns, int64_t hi_ns)
{
	struct arrival_slot *s = slot_of(a, chunk);

	s->tick = to_tick(a, best_ns);
	s->before_ms = to_ms(best_ns - min64(lo_ns, best_ns));
	s->after_ms = to_ms(max64(hi_ns, best_ns) - best_ns);
	set_bit(a->held, chunk);
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
	int64_t sent_ns = from_tick(a, slot_of(a, chunk)->tick), best_ns = t_ns;

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

	a->copies += bit(a->copied, chunk);
	a->strays += !bit(a->copied, chunk);
	if (o->flags & OBS_PROMPT)
		hold(a, chunk, o->t_ns - PROMPT_NS, o->t_ns, o->t_ns);
	else if (bit(a->copied, chunk))
		settle_copied(a, chunk, o->t_ns, acked);
	else
		settle_unseen(a, chunk,
			      timeline_on(t, chunk, clock_ns, &born_ns) ? born_ns : INT64_MIN,
			      o->t_ns, acked);
}

/* Is a copy on its way, as far as maps tell? */
static bool
any_under_way(const struct arrival *a)
{
	uint64_t any = 0;

	for (uint32_t i = 0; i < ARRIVAL_CHUNKS / 64; i++)
		any |= a->copied[i] & ~a->held[i];
	return any != 0;
}

/* What copies wait on the way down when the map o is made: as long as the oldest that has
 * not come, unless it is lost. */
static void
watch_queue(struct arrival *a, const struct observation *o)
{
	int64_t waits_ns = o->t_ns;

	for (uint32_t w = 0; w < ARRIVAL_CHUNKS / 64; w++)
		for (uint64_t open = a->copied[w] & ~a->held[w]; open != 0; open &= open - 1) {
			uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(open);
			uint64_t chunk = a->next + (i - a->next) % ARRIVAL_CHUNKS;
			int64_t sent_ns = from_tick(a, a->slot[i].tick);

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
	uint64_t from = o->offset > a->next ? o->offset : a->next, first, last;
	uint32_t shown = 0;

	if (!any_under_way(a))
		return;
	for (uint64_t at = from; obs_next_run(o, at, &first, &last); at = last + 1)
		for (uint64_t c = first; c <= last && in_window(a, c); c++)
			if (!arrival_has(a, c) && slot_of(a, c)->tick > shown)
				shown = slot_of(a, c)->tick;
	for (uint64_t c = from; shown > 0 && c < o->offset + o->width && in_window(a, c); c++)
		if (!arrival_has(a, c) && !obs_has(o, c) && slot_of(a, c)->tick != 0 &&
		    slot_of(a, c)->tick + OVERTAKEN_NS / TICK_NS < shown)
			a->lossy_until_ns = o->t_ns + LOSSY_NS;
}

/* Chunks that fell out of the peer's own window since its last map were held if a
 * copy went to it about when that map was made, or later: the maps came too far
 * apart to show them. One sent well before is lost. */
static void
presume(struct arrival *a, const struct observation *o)
{
	if (!any_under_way(a))
		return;
	for (uint64_t c = a->next; a->any && c < o->offset && in_window(a, c); c++)
		if (!arrival_has(a, c) && bit(a->copied, c) &&
		    from_tick(a, slot_of(a, c)->tick) > a->map_ns - OVERTAKEN_NS - a->queued_ns)
			settle_copied(a, c, o->t_ns, false);
}

void
arrival_presume(struct arrival *a, int64_t t_ns)
{
	for (uint64_t c = a->next; a->any && in_window(a, c); c++) {
		int64_t sent_ns = from_tick(a, slot_of(a, c)->tick);

		if (bit(a->copied, c) && !arrival_has(a, c) && sent_ns <= t_ns && !is_lost(a, c))
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

/* Of the 64 chunks from base on, a multiple of 64, those that the observation shows and
 * the window lacks. */
static uint64_t
gains(const struct arrival *a, const struct observation *o, uint64_t base)
{
	uint64_t shown = base >= o->offset ? obs_bits(o, base - o->offset) :
	                 o->offset - base < 64 ? obs_bits(o, 0) << (o->offset - base) : 0;
	uint64_t inside = UINT64_MAX;

	if (base < a->next)
		inside <<= a->next - base;
	if (base + 64 > a->next + ARRIVAL_CHUNKS)
		inside &= (UINT64_C(1) << (a->next + ARRIVAL_CHUNKS - base)) - 1;
	return shown & inside & ~a->held[base % ARRIVAL_CHUNKS / 64];
}

uint32_t
arrival_told(struct arrival *a, const struct observation *o, const struct timeline *t,
             int64_t clock_ns)
{
	bool whole = o->kind == OBS_BUFFER_MAP, acked;
	uint64_t last;
	uint32_t fresh = 0;

	keep_base(a, o->t_ns);
	if (obs_newest(o, &last))
		open_window(a, last);
	if (whole && a->any && a->by_copy)
		watch_queue(a, o);
	else if (whole && a->any)
		watch_loss(a, o);
	if (whole && o->width > 0)
		presume(a, o);
	acked = o->flags & OBS_MINUS_ACKED && a->acked_ns > 0 && one_fresh(a, o);
	for (uint64_t base = a->next / 64 * 64; a->any && base < a->next + ARRIVAL_CHUNKS;
	     base += 64)
		for (uint64_t gained = gains(a, o, base); gained != 0; gained &= gained - 1) {
			settle(a, base + (unsigned)__builtin_ctzll(gained), o, acked, t, clock_ns);
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
	for (uint64_t c = a->next; a->any && c <= a->newest; c++) {
		const struct arrival_slot *s = &a->slot[c % ARRIVAL_CHUNKS];
		int64_t sent = (int64_t)s->tick - s->before_ms * (MS_NS / TICK_NS);

		if (!arrival_has(a, c))
			continue;
		if (!found || (bit(a->copied, c) && (!*dated || sent < best))) {
			*chunk = c;
			best = sent;
			*dated = bit(a->copied, c);
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

void
arrival_begin(struct arrival *a, uint64_t chunk)
{
	while (a->next < chunk)
		arrival_take(a);
}

struct moment
arrival_when(const struct arrival *a, uint64_t chunk)
{
	const struct arrival_slot *s = &a->slot[chunk % ARRIVAL_CHUNKS];
	int64_t best_ns = from_tick(a, s->tick);

	return (struct moment){ best_ns - (int64_t)s->before_ms * MS_NS, best_ns,
	                        best_ns + (int64_t)s->after_ms * MS_NS };
}

void
arrival_take(struct arrival *a)
{
	clear_bit(a->held, a->next);
	clear_bit(a->copied, a->next);
	memset(slot_of(a, a->next), 0, sizeof(struct arrival_slot));
	a->next++;
}
