/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/ranges.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536u
#define MAPPED UINT64_C(0x0000ffff00000000)

struct address {
	uint64_t hi, lo;
};

struct range {
	struct address first, last;
	uint32_t value, place; /* place: in the order in which they were added */
};

/* From first on, up to the next one's, this value. */
struct piece {
	struct address first;
	uint32_t value;
};

struct ranges {
	struct range *range; /* until they are done */
	struct piece *piece;
	size_t n, room, pieces;
	uint32_t v4[BUCKETS + 1], v6[BUCKETS + 1]; /* first piece at or behind the bucket's start */
};

static void *
more(void *old, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return old;
	*room = *room > 0 ? 2 * *room : 1024;
	old = realloc(old, *room * size);
	if (old == NULL)
		abort();
	return old;
}

struct ranges *
ranges_new(void)
{
	struct ranges *r = calloc(1, sizeof *r);

	if (r == NULL)
		abort();
	return r;
}

void
ranges_free(struct ranges *r)
{
	if (r == NULL)
		return;
	free(r->range);
	free(r->piece);
	free(r);
}

static struct address
address_of(const uint8_t bytes[16])
{
	struct address a = { 0, 0 };

	for (int i = 0; i < 8; i++) {
		a.hi = a.hi << 8 | bytes[i];
		a.lo = a.lo << 8 | bytes[i + 8];
	}
	return a;
}

static int
compare(struct address a, struct address b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return (a.lo > b.lo) - (a.lo < b.lo);
}

/* False: there is none behind it. */
static bool
step(struct address *a)
{
	if (++a->lo == 0)
		a->hi++;
	return a->lo != 0 || a->hi != 0;
}

void
ranges_add(struct ranges *r, const struct prefix *p, uint32_t value)
{
	r->range = more(r->range, r->n, &r->room, sizeof *r->range);
	r->range[r->n] = (struct range){ address_of(p->first), address_of(p->last), value,
		(uint32_t)r->n };
	r->n++;
}

/* By their start; the larger before the smaller, so that the smaller is laid upon it. */
static int
by_start(const void *x, const void *y)
{
	const struct range *a = x, *b = y;
	int d = compare(a->first, b->first);

	if (d == 0)
		d = compare(b->last, a->last);
	return d != 0 ? d : (a->place > b->place) - (a->place < b->place);
}

static void
put_piece(struct ranges *r, size_t *room, struct address first, uint32_t value)
{
	if (r->pieces > 0 && compare(r->piece[r->pieces - 1].first, first) == 0)
		r->pieces--; /* nothing is left of it */
	if (r->pieces > 0 && r->piece[r->pieces - 1].value == value)
		return;
	r->piece = more(r->piece, r->pieces, room, sizeof *r->piece);
	r->piece[r->pieces++] = (struct piece){ first, value };
}

/* Those that lie under others are in a stack; when the uppermost ends, what it covered shows. */
struct stack {
	struct range *at;
	size_t n, room;
};

static void
end_before(struct ranges *r, size_t *room, struct stack *s, const struct address *next)
{
	while (s->n > 0 && (next == NULL || compare(s->at[s->n - 1].last, *next) < 0)) {
		struct address behind = s->at[--s->n].last;

		if (!step(&behind))
			return;
		while (s->n > 0 && compare(s->at[s->n - 1].last, behind) < 0)
			s->n--;
		put_piece(r, room, behind, s->n > 0 ? s->at[s->n - 1].value : 0);
	}
}

static void
flatten(struct ranges *r)
{
	struct stack s = { .n = 0 };
	size_t room = 0;

	put_piece(r, &room, (struct address){ 0, 0 }, 0);
	for (size_t i = 0; i < r->n; i++) {
		end_before(r, &room, &s, &r->range[i].first);
		put_piece(r, &room, r->range[i].first, r->range[i].value);
		s.at = more(s.at, s.n, &s.room, sizeof *s.at);
		s.at[s.n++] = r->range[i];
	}
	end_before(r, &room, &s, NULL);
	free(s.at);
}

static void
fill(const struct ranges *r, uint32_t *index, struct address (*start)(uint32_t bucket))
{
	uint32_t at = 0;

	for (uint32_t b = 0; b <= BUCKETS; b++) {
		while (at < r->pieces &&
		       (b == BUCKETS || compare(r->piece[at].first, start(b)) < 0))
			at++;
		index[b] = at;
	}
}

static struct address
start4(uint32_t bucket)
{
	return (struct address){ 0, MAPPED | (uint64_t)bucket << 16 };
}

static struct address
start6(uint32_t bucket)
{
	return (struct address){ (uint64_t)bucket << 48, 0 };
}

void
ranges_done(struct ranges *r)
{
	if (r->n > 1)
		qsort(r->range, r->n, sizeof *r->range, by_start);
	flatten(r);
	fill(r, r->v4, start4);
	fill(r, r->v6, start6);
	free(r->range);
	r->range = NULL;
}

uint32_t
ranges_find(const struct ranges *r, const uint8_t addr[16])
{
	struct address a = address_of(addr);
	bool v4 = a.hi == 0 && a.lo >> 32 == MAPPED >> 32;
	uint32_t bucket = v4 ? (uint32_t)(a.lo >> 16 & 0xffff) : (uint32_t)(a.hi >> 48);
	const uint32_t *index = v4 ? r->v4 : r->v6;
	size_t low = index[bucket], high = index[bucket + 1];

	/* The last piece that begins at or before it; the one before the bucket may reach in. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(r->piece[middle].first, a) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return r->piece[low - 1].value;
}

size_t
ranges_count(const struct ranges *r)
{
	return r->pieces;
}
