/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/tcp.h"

#include <assert.h>
#include <string.h>

void
tcp_pool_init(struct tcp_pool *p, struct tcp_block *block, uint32_t n)
{
	memset(p, 0, sizeof *p);
	p->block = block;
	p->n = n;
}

static int32_t
ahead(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* Index + 1 of a free block; 0 if there is none. */
static uint32_t
block_new(struct tcp_pool *p)
{
	uint32_t i = p->free;

	if (i != 0)
		p->free = p->block[i - 1].next;
	else if (p->used < p->n)
		i = ++p->used;
	return i;
}

static void
block_free(struct tcp_pool *p, uint32_t i)
{
	p->block[i - 1].next = p->free;
	p->free = i;
}

static struct tcp_block *
first_held(const struct tcp_half *h, const struct tcp_pool *p)
{
	return h->held ? &p->block[h->held - 1] : NULL;
}

static void
drop_first(struct tcp_half *h, struct tcp_pool *p)
{
	uint32_t i = h->held;

	h->held = p->block[i - 1].next;
	h->blocks--;
	block_free(p, i);
}

/* Bytes next to those taken go out. */
static void
take(struct tcp_half *h, const uint8_t *bytes, uint32_t captured, uint32_t wire_len,
     struct tcp_sink *out)
{
	h->next += wire_len;
	out->bytes(out, captured ? bytes : NULL, captured, wire_len);
}

/* Held blocks that are next now; none overlaps another. */
static void
drain(struct tcp_half *h, struct tcp_pool *p, int64_t t_ns, struct tcp_sink *out)
{
	struct tcp_block *b;

	while ((b = first_held(h, p)) != NULL && b->seq == h->next) {
		take(h, b->bytes, b->captured, b->wire_len, out);
		drop_first(h, p);
		h->waits_ns = t_ns;
	}
	if (h->ending && !h->ended && h->next == h->fin)
		h->ended = true;
}

static void
skip_to(struct tcp_half *h, struct tcp_pool *p, uint32_t seq, struct tcp_sink *out)
{
	uint32_t missing = seq - h->next;

	p->counts.gaps++;
	p->counts.gap_bytes += missing;
	h->next = seq;
	out->gap(out, missing);
}

/* The first hole will not be filled any more. */
static void
give_up(struct tcp_half *h, struct tcp_pool *p, int64_t t_ns, struct tcp_sink *out)
{
	skip_to(h, p, first_held(h, p)->seq, out);
	drain(h, p, t_ns, out);
}

/* The list's link behind which a block at seq belongs. */
static uint32_t *
place_of(struct tcp_half *h, struct tcp_pool *p, uint32_t seq)
{
	uint32_t *link = &h->held;

	while (*link != 0 && ahead(p->block[*link - 1].seq, seq) < 0)
		link = &p->block[*link - 1].next;
	return link;
}

/* Keeps at most a block of what lies behind a hole; false if there is no room. */
static bool
hold(struct tcp_half *h, struct tcp_pool *p, const struct tcp_segment *s, uint32_t len)
{
	uint32_t i = h->blocks < TCP_HELD ? block_new(p) : 0, *link;
	struct tcp_block *b;

	if (i == 0)
		return false;
	b = &p->block[i - 1];
	b->seq = s->seq;
	b->wire_len = (uint16_t)len;
	b->captured = (uint16_t)(s->captured < len ? s->captured : len);
	if (b->captured > 0)
		memcpy(b->bytes, s->bytes, b->captured);
	if (h->held == 0)
		h->waits_ns = s->t_ns;
	link = place_of(h, p, s->seq);
	b->next = *link;
	*link = i;
	h->blocks++;
	return true;
}

static void
advance(struct tcp_segment *s, uint32_t n)
{
	uint32_t given = n < s->captured ? n : s->captured;

	if (given > 0)
		s->bytes += given;
	s->captured -= given;
	s->wire_len -= n;
	s->seq += n;
}

/* How many bytes of s from its beginning on nobody holds; 0: *covered are held. */
static uint32_t
fresh(const struct tcp_half *h, const struct tcp_pool *p, const struct tcp_segment *s,
      uint32_t *covered)
{
	for (uint32_t i = h->held; i != 0; i = p->block[i - 1].next) {
		const struct tcp_block *b = &p->block[i - 1];
		int32_t to_block = ahead(b->seq, s->seq);
		int32_t to_end = to_block + b->wire_len;

		if (to_end <= 0)
			continue;
		if (to_block > 0)
			return (uint32_t)to_block < s->wire_len ? (uint32_t)to_block : s->wire_len;
		*covered = (uint32_t)to_end < s->wire_len ? (uint32_t)to_end : s->wire_len;
		return 0;
	}
	return s->wire_len;
}

/* One piece of the segment: goes out, is held or is there already. */
static uint32_t
place(struct tcp_half *h, struct tcp_pool *p, const struct tcp_segment *s, struct tcp_sink *out)
{
	uint32_t covered = 0, len = fresh(h, p, s, &covered);

	if (len == 0) {
		p->counts.duplicates += covered;
		return covered;
	}
	if (s->seq == h->next) {
		take(h, s->bytes, s->captured < len ? s->captured : len, len, out);
		drain(h, p, s->t_ns, out);
		return len;
	}
	len = len < TCP_BLOCK_BYTES ? len : TCP_BLOCK_BYTES;
	if (hold(h, p, s, len))
		return len;
	p->counts.full++;
	if (h->held != 0 && ahead(first_held(h, p)->seq, s->seq) < 0)
		give_up(h, p, s->t_ns, out);
	else
		skip_to(h, p, s->seq, out);
	return 0;
}

/* False: the segment lies before what is taken, whole; else its new part is left. */
static bool
trim_old(struct tcp_half *h, struct tcp_pool *p, struct tcp_segment *s)
{
	int32_t old = ahead(h->next, s->seq);

	if (old <= 0)
		return true;
	if ((uint32_t)old >= s->wire_len) {
		p->counts.duplicates += s->wire_len;
		return false;
	}
	p->counts.duplicates += (uint32_t)old;
	advance(s, (uint32_t)old);
	return true;
}

/* Goes on at seq, what is held untold. */
static void
restart(struct tcp_half *h, struct tcp_pool *p, uint32_t seq)
{
	tcp_drop(h, p);
	h->started = true;
	h->next = seq;
}

/* Too far ahead, or far behind: not of this stream, unless it goes on like that. */
static bool
is_stray(struct tcp_half *h, struct tcp_pool *p, const struct tcp_segment *s,
         struct tcp_sink *out)
{
	int32_t by = ahead(s->seq, h->next);

	if (by < (int32_t)TCP_AHEAD && by > -(int32_t)TCP_AHEAD) {
		h->strays = 0;
		return false;
	}
	p->counts.strays++;
	if (++h->strays < TCP_STRAYS)
		return true;
	p->counts.gaps++;
	restart(h, p, s->seq);
	out->gap(out, 0);
	return false;
}

static void
note_fin(struct tcp_half *h, const struct tcp_segment *s)
{
	if (!(s->flags & TCP_FIN) || h->ending)
		return;
	h->ending = true;
	h->fin = s->seq + s->wire_len;
	h->ended = h->fin == h->next;
}

void
tcp_segment(struct tcp_half *h, struct tcp_pool *p, const struct tcp_segment *segment,
            struct tcp_sink *out)
{
	struct tcp_segment s = *segment;

	if (s.flags & TCP_RST)
		return;
	if (s.flags & TCP_SYN) {
		s.seq++;
		if (!h->syn || h->first != s.seq) { /* not the same once more */
			tcp_end(h, p, out);
			restart(h, p, s.seq);
			h->syn = true;
			h->first = s.seq;
		}
	}
	if (!h->started)
		restart(h, p, s.seq);
	if (s.wire_len > TCP_AHEAD || is_stray(h, p, &s, out))
		return;
	note_fin(h, &s);
	if (s.wire_len == 0 || !trim_old(h, p, &s))
		return;
	while (s.wire_len > 0)
		if (trim_old(h, p, &s))
			advance(&s, place(h, p, &s, out));
		else
			break;
	if (h->ending && h->next == h->fin)
		h->ended = true;
}

void
tcp_acked(struct tcp_half *h, struct tcp_pool *p, int64_t t_ns, bool has_ack, uint32_t ack,
          struct tcp_sink *out)
{
	while (h->held != 0) {
		const struct tcp_block *b = first_held(h, p);
		int64_t wait_ns = has_ack && ahead(ack, b->seq) >= 0 ? TCP_ACKED_NS : TCP_WAIT_NS;

		if (t_ns - h->waits_ns < wait_ns)
			return;
		give_up(h, p, t_ns, out);
	}
}

void
tcp_end(struct tcp_half *h, struct tcp_pool *p, struct tcp_sink *out)
{
	while (h->held != 0)
		give_up(h, p, h->waits_ns, out);
}

void
tcp_drop(struct tcp_half *h, struct tcp_pool *p)
{
	while (h->held != 0)
		drop_first(h, p);
	assert(h->blocks == 0);
	memset(h, 0, sizeof *h);
}
