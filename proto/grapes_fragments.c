/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/grapes_fragments.h"

#include <string.h>

/* The engine gives up an incomplete message after 4 s; a number that comes back
 * later is another message's. */
#define STALE_NS UINT64_C(4000000000)

static bool
is_stale(const struct grapes_pending *w, int64_t t_ns)
{
	uint64_t later = (uint64_t)t_ns - (uint64_t)w->t_ns;

	return later > STALE_NS && -later > STALE_NS; /* captures step back a little */
}

static struct grapes_pending *
pending_of(struct grapes_fragments *f, const struct grapes_piece *p, int64_t t_ns)
{
	struct grapes_pending *w;

	for (w = f->pending; w < f->pending + GRAPES_PENDING; w++)
		if (w->of == p->of && w->message == p->message && !is_stale(w, t_ns)) {
			w->t_ns = t_ns;
			return w;
		}
	w = &f->pending[f->next];
	f->next = (uint8_t)((f->next + 1) % GRAPES_PENDING);
	memset(w, 0, sizeof *w);
	w->t_ns = t_ns;
	w->message = p->message;
	w->of = p->of;
	w->missing = p->of;
	return w;
}

static bool
is_last(const struct grapes_piece *p)
{
	return p->index == p->of - 1;
}

/* Bytes of all pieces but the last. */
static uint32_t
bytes_before_last(const struct grapes_pending *w)
{
	return (w->of - 1u) * w->unit;
}

/* All pieces but the last are of one length, the last is no longer. */
static bool
note_length(struct grapes_pending *w, const struct grapes_piece *p, uint16_t len)
{
	if (is_last(p)) {
		w->last = len;
		return w->unit == 0 || len <= w->unit;
	}
	if (w->unit != 0)
		return len == w->unit;
	w->unit = len;
	return w->last <= len;
}

static enum proto_verdict
read_head(struct grapes_pending *w, const struct grapes_message *g)
{
	struct reader r = g->bytes;
	uint8_t type = reader_u8(&r);
	enum proto_verdict verdict;
	uint64_t len;

	if (r.failed)
		return PROTO_SHORT;
	if (type != GRAPES_CHUNK) {
		/* the classic's header proves nothing, and only its chunks are so long */
		if (!g->known && g->dialect == GRAPES_CLASSIC)
			return PROTO_MALFORMED;
		w->type = type;
		return type == GRAPES_TOPOLOGY || type == GRAPES_SIGNALLING ||
		               type == GRAPES_TMAN ?
		           PROTO_OTHER :
		           PROTO_MALFORMED;
	}
	verdict = grapes_message_chunk_head(g, &w->chunk);
	if (verdict == PROTO_SHORT && g->len < GRAPES_CHUNK_HEAD)
		return PROTO_MALFORMED; /* nobody cuts messages into such crumbs */
	if (verdict != PROTO_OTHER)
		return verdict;
	w->type = type;
	len = grapes_message_chunk_len(&w->chunk);
	return len > bytes_before_last(w) && len <= (uint64_t)w->of * w->unit
	       ? PROTO_OTHER : PROTO_MALFORMED;
}

/* The last two bytes of a message end its attributes. */
static void
note_tail(struct grapes_pending *w, const struct grapes_message *g)
{
	struct reader r = g->bytes;

	if (w->cut || g->len < 2)
		return;
	reader_take(&r, g->len - 2);
	w->tail = reader_le16(&r);
	w->has_tail = true;
}

/* Where the piece lies in the hold; past its end if it does not fit. While the
 * unit is unknown the last piece waits at the hold's end. */
static size_t
place_of(const struct grapes_pending *w, const struct grapes_piece *p)
{
	if (!is_last(p))
		return (size_t)p->index * w->unit;
	return w->unit == 0 ? GRAPES_HOLD - w->last : bytes_before_last(w);
}

static bool
fits_hold(const struct grapes_pending *w)
{
	return bytes_before_last(w) + w->last <= GRAPES_HOLD;
}

/* Keeps the bytes of a message that is, or may be, no chunk. The newest message
 * takes the hold: one that waits for a lost piece must not block it. */
static void
hold(struct grapes_fragments *f, struct grapes_pending *w, const struct grapes_piece *p,
     const struct grapes_message *g, bool unit_is_new)
{
	struct reader r = g->bytes;

	if (w->type == GRAPES_CHUNK || w->cut || !fits_hold(w)) {
		w->held = false;
		return;
	}
	if (w->missing == w->of) {
		f->pending[f->holder].held = false;
		f->holder = (uint8_t)(w - f->pending);
		w->held = true;
	}
	if (!w->held)
		return;
	if (unit_is_new && w->last != 0)
		memmove(f->hold + bytes_before_last(w), f->hold + GRAPES_HOLD - w->last,
		        w->last);
	memcpy(f->hold + place_of(w, p), reader_take(&r, g->len), g->len);
}

static enum proto_verdict
complete_chunk(struct grapes_pending *w, const struct grapes_message *g, struct obs_sink *out)
{
	uint8_t tail[2] = { (uint8_t)w->tail, (uint8_t)(w->tail >> 8) };
	uint16_t hops = GRAPES_HOPS_UNKNOWN;

	if (grapes_message_chunk_len(&w->chunk) != bytes_before_last(w) + w->last)
		return PROTO_MALFORMED;
	if (w->has_tail)
		hops = grapes_message_hops(g->dialect, &w->chunk, tail);
	grapes_message_put_chunk(g->m, &w->chunk, hops, w->cut, out);
	return PROTO_OBSERVED;
}

static enum proto_verdict
complete(struct grapes_fragments *f, struct grapes_pending *w, const struct grapes_message *g,
         struct obs_sink *out)
{
	struct grapes_message whole = *g;

	if (w->type == GRAPES_CHUNK)
		return complete_chunk(w, g, out);
	if (!w->held)
		return PROTO_OTHER;
	w->held = false;
	whole.len = bytes_before_last(w) + w->last;
	whole.bytes = reader_over(f->hold, whole.len);
	return grapes_message_read(&whole, out);
}

static enum proto_verdict
take(struct grapes_fragments *f, struct grapes_pending *w, const struct grapes_piece *p,
     const struct grapes_message *g, struct obs_sink *out)
{
	bool unit_is_new = w->unit == 0 && !is_last(p);
	enum proto_verdict verdict = PROTO_OTHER;

	w->cut |= reader_left(&g->bytes) < g->len;
	if (!note_length(w, p, (uint16_t)g->len))
		return PROTO_MALFORMED;
	if (p->index == 0)
		verdict = read_head(w, g);
	if (verdict == PROTO_MALFORMED)
		return verdict;
	if (is_last(p))
		note_tail(w, g);
	hold(f, w, p, g, unit_is_new);
	w->seen[p->index / 8] |= (uint8_t)(1u << p->index % 8);
	w->missing--;
	return w->missing > 0 || verdict == PROTO_SHORT ? verdict : complete(f, w, g, out);
}

enum proto_verdict
grapes_fragments_add(struct grapes_fragments *f, const struct grapes_piece *p,
                     const struct grapes_message *g, struct obs_sink *out)
{
	struct grapes_pending *w = pending_of(f, p, g->m->t_ns);
	enum proto_verdict verdict;

	if (w->seen[p->index / 8] >> p->index % 8 & 1)
		return PROTO_OTHER;
	verdict = take(f, w, p, g, out);
	if (verdict == PROTO_MALFORMED)
		w->of = 0;
	return verdict;
}
