/*
 * Uploading: a bounded queue of asked chunks, sent one after another at the rate of
 * the line. The origin sends what it has sent least; a peer sends what is urgent
 * first, then what it has sent least, so that new chunks spread.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "peer/state.h"

#define SHARE 24u                 /* of the queue, a partner */
#define MAX_WAIT_NS (1200 * MS_NS) /* a longer queue turns requests away */
#define ALWAYS 2u                 /* chunks that may wait however slow the line is */
#define URGENT_NS (1 * SECOND_NS)
#define STARVED_NS (1500 * MS_NS) /* others came first for so long: turned away */
#define RATE 8                    /* requests, in multiples of the stream's rate */
#define BURST 64                  /* chunks that may be asked for at once */
#define ENOUGH 3u                 /* copies that the origin gives before others must */
#define LONG_NS (500 * MS_NS)     /* queue of an origin that turns requests away */

static int64_t
wait_ns(const struct engine *e, int64_t now)
{
	int64_t line = e->up_free_ns > now ? e->up_free_ns - now : 0;

	return line + e->n_queue * state_send_ns(e, state_chunk_bytes(e));
}

uint16_t
upload_busy_ms(const struct engine *e, int64_t now)
{
	int64_t ms = wait_ns(e, now) / MS_NS;

	return (uint16_t)(ms < UINT16_MAX ? ms : UINT16_MAX);
}

/* Is there credit for one more chunk? A leaky bucket in time. */
static bool
within_rate(const struct engine *e, struct partner *p, int64_t now)
{
	int64_t cost = e->opt.channel.chunk_ns / RATE;
	int64_t level = p->credit_ns > now ? p->credit_ns : now;

	if (level - now > BURST * cost)
		return false;
	p->credit_ns = level + cost;
	return true;
}

static bool
queued(const struct engine *e, uint8_t partner, uint64_t chunk, unsigned *share,
       unsigned *copies)
{
	bool same = false;

	*share = *copies = 0;
	for (uint32_t i = 0; i < e->n_queue; i++) {
		*share += e->queue[i].partner == partner;
		*copies += e->queue[i].chunk == chunk;
		same |= e->queue[i].partner == partner && e->queue[i].chunk == chunk;
	}
	return same;
}

static bool
too_busy(const struct engine *e, uint64_t chunk, unsigned share, unsigned copies, int64_t now)
{
	int64_t wait = wait_ns(e, now);

	if (e->n_queue == ENGINE_QUEUE || share >= SHARE)
		return true;
	if (e->n_queue >= ALWAYS && wait > MAX_WAIT_NS)
		return true;
	return e->opt.source && wait > LONG_NS &&
	       e->kept[chunk % WINDOW_CHUNKS].sent + copies >= ENOUGH;
}

static void
decline(struct engine *e, struct partner *p, const struct mesh_set *asked, uint8_t *bits,
        enum mesh_cancel reason)
{
	struct mesh_frame f = { .type = MESH_CANCEL };

	f.u.cancel = (struct mesh_cancelled){ { asked->offset, asked->width, bits },
		(uint8_t)reason };
	e->counts.refused++;
	state_send(e, &p->at, &f);
}

/* Lower goes first: class, copies, then deadline. */
static bool
before(const struct engine *e, const struct upload *a, const struct upload *b, int64_t now)
{
	unsigned sent_a = e->kept[a->chunk % WINDOW_CHUNKS].sent;
	unsigned sent_b = e->kept[b->chunk % WINDOW_CHUNKS].sent;
	uint32_t up_a = e->partners[a->partner].up_kbps, up_b = e->partners[b->partner].up_kbps;
	bool urgent_a = a->deadline_ns - now < URGENT_NS;
	bool urgent_b = b->deadline_ns - now < URGENT_NS;

	if (!e->opt.source && urgent_a != urgent_b)
		return urgent_a;
	if ((e->opt.source || !urgent_a) && sent_a != sent_b)
		return sent_a < sent_b;
	if ((e->opt.source || !urgent_a) && up_a != up_b)
		return up_a > up_b;
	if (a->deadline_ns != b->deadline_ns)
		return a->deadline_ns < b->deadline_ns;
	return a->asked_ns < b->asked_ns;
}

static void
unqueue(struct engine *e, uint32_t i)
{
	e->queue[i] = e->queue[--e->n_queue];
}

static void
turn_away(struct engine *e, uint32_t i)
{
	struct upload u = e->queue[i];
	uint8_t bit = 1;

	unqueue(e, i);
	decline(e, &e->partners[u.partner], &(struct mesh_set){ u.chunk, 1, NULL }, &bit,
	        MESH_BUSY);
}

/* What matters more takes the place of what can best wait. */
static bool
make_room(struct engine *e, const struct upload *u, int64_t now)
{
	uint32_t last = 0;

	if (e->n_queue == 0)
		return false;
	for (uint32_t i = 1; i < e->n_queue; i++)
		if (before(e, &e->queue[last], &e->queue[i], now))
			last = i;
	if (!before(e, u, &e->queue[last], now))
		return false;
	turn_away(e, last);
	return true;
}

/* Takes a request into the queue; false if it must be turned away as busy. */
static bool
take(struct engine *e, struct partner *p, const struct upload *u, int64_t now)
{
	unsigned share, copies;

	if (queued(e, u->partner, u->chunk, &share, &copies))
		return true;
	if (!within_rate(e, p, now)) {
		e->counts.dropped[ENGINE_TOO_MANY]++;
		return true;
	}
	if (too_busy(e, u->chunk, share, copies, now) && !make_room(e, u, now))
		return false;
	e->queue[e->n_queue++] = *u;
	return true;
}

void
upload_asked(struct engine *e, struct partner *p, const struct mesh_request *r, int64_t now)
{
	uint8_t lacking[WINDOW_SPAN / 8] = { 0 }, busy[WINDOW_SPAN / 8] = { 0 };
	bool lacks = false, is_busy = false;
	struct upload u = { .asked_ns = now, .partner = (uint8_t)(p - e->partners) };

	for (uint32_t i = 0; i < r->set.width; i++) {
		uint8_t bit = (uint8_t)(1u << (i % 8));

		if ((r->set.bits[i / 8] & bit) == 0)
			continue;
		u.chunk = r->set.offset + i;
		u.deadline_ns = now + r->deadline_ms * MS_NS + i * e->opt.channel.chunk_ns;
		if (!window_has(&e->have, u.chunk)) {
			lacking[i / 8] |= bit;
			lacks = true;
		} else if (!take(e, p, &u, now)) {
			busy[i / 8] |= bit;
			is_busy = true;
		}
	}
	if (lacks)
		decline(e, p, &r->set, lacking, MESH_NOT_HELD);
	if (is_busy)
		decline(e, p, &r->set, busy, MESH_BUSY);
	upload_run(e, now);
}

void
upload_withdrawn(struct engine *e, const struct partner *p, const struct mesh_set *set)
{
	for (uint32_t i = 0; i < e->n_queue;) {
		uint64_t at = e->queue[i].chunk - set->offset;

		if (e->queue[i].partner == p - e->partners && e->queue[i].chunk >= set->offset &&
		    at < set->width && set->bits[at / 8] >> (at % 8) & 1)
			unqueue(e, i);
		else
			i++;
	}
}

void
upload_forget(struct engine *e, const struct partner *p)
{
	for (uint32_t i = 0; i < e->n_queue;) {
		if (e->queue[i].partner == p - e->partners)
			unqueue(e, i);
		else
			i++;
	}
}

static void
send_chunk(struct engine *e, const struct upload *u, int64_t now)
{
	struct partner *p = &e->partners[u->partner];
	struct kept *k = &e->kept[u->chunk % WINDOW_CHUNKS];
	struct mesh_frame f = { .type = MESH_CHUNK };

	f.u.chunk = (struct mesh_chunk){ .chunk = u->chunk, .source_ns = k->source_ns,
		.hops = k->hops, .fragments = 1, .total = k->total,
		.signature = k->signature, .media_len = k->total };
	k->sent++;
	p->up_bytes += k->total;
	e->counts.chunks_out++;
	e->up_free_ns = (e->up_free_ns > now ? e->up_free_ns : now) +
	                state_send_ns(e, k->total + MESH_HEAD + MESH_CHUNK_FIXED);
	state_send(e, &p->at, &f);
}

static void
turn_away_starved(struct engine *e, int64_t now)
{
	for (uint32_t i = 0; i < e->n_queue;) {
		if (now - e->queue[i].asked_ns > STARVED_NS)
			turn_away(e, i);
		else
			i++;
	}
}

void
upload_run(struct engine *e, int64_t now)
{
	struct upload u;
	uint32_t best;

	while (e->n_queue > 0 && e->up_free_ns <= now) {
		best = 0;
		for (uint32_t i = 1; i < e->n_queue; i++)
			if (before(e, &e->queue[i], &e->queue[best], now))
				best = i;
		u = e->queue[best];
		unqueue(e, best);
		if (window_has(&e->have, u.chunk))
			send_chunk(e, &u, now);
	}
	turn_away_starved(e, now);
	e->due_ns[DUE_UPLOAD] = e->n_queue > 0 ? e->up_free_ns : INT64_MAX;
}
