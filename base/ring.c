/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ring.h"

#include <assert.h>
#include <stdatomic.h>

#define ALIGN 8u
#define HEAD 8u             /* bytes before a record: its length */
#define WRAP UINT32_MAX     /* the rest of the room is not used: go on at its start */
#define LINE 64u            /* so that the two sides do not share cache lines */

struct ring {
	_Alignas(LINE) atomic_size_t tail; /* bytes ever written */
	size_t reserved;                   /* writer's: where the open record ends */
	size_t head_seen;                  /* writer's: head as last read */
	_Alignas(LINE) atomic_size_t head; /* bytes ever read */
	size_t released;                   /* reader's: where the open record ends */
	size_t tail_seen;                  /* reader's: tail as last read */
	_Alignas(LINE) atomic_bool closed;
	size_t room;
	_Alignas(LINE) uint8_t bytes[];
};

size_t
ring_size(size_t room)
{
	return sizeof(struct ring) + room + LINE;
}

struct ring *
ring_init(void *mem, size_t room)
{
	struct ring *r = (void *)(((uintptr_t)mem + LINE - 1) / LINE * LINE);

	assert(room >= 4096 && (room & (room - 1)) == 0);
	atomic_init(&r->tail, 0);
	atomic_init(&r->head, 0);
	atomic_init(&r->closed, false);
	r->reserved = r->head_seen = r->released = r->tail_seen = 0;
	r->room = room;
	return r;
}

static uint32_t *
length_at(struct ring *r, size_t at)
{
	return (uint32_t *)(void *)&r->bytes[at & (r->room - 1)];
}

static bool
has_room(struct ring *r, size_t end)
{
	if (end - r->head_seen <= r->room)
		return true;
	r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
	return end - r->head_seen <= r->room;
}

void *
ring_reserve(struct ring *r, uint32_t len)
{
	size_t at = atomic_load_explicit(&r->tail, memory_order_relaxed);
	size_t whole = HEAD + ((size_t)len + ALIGN - 1) / ALIGN * ALIGN;
	size_t to_end = r->room - (at & (r->room - 1));

	assert(whole <= r->room / 4);
	if (!has_room(r, at + whole + (whole > to_end ? to_end : 0)))
		return NULL;
	if (whole > to_end) {
		*length_at(r, at) = WRAP;
		at += to_end;
	}
	*length_at(r, at) = len;
	r->reserved = at + whole;
	return (uint8_t *)length_at(r, at) + HEAD;
}

void
ring_commit(struct ring *r)
{
	atomic_store_explicit(&r->tail, r->reserved, memory_order_release);
}

void
ring_close(struct ring *r)
{
	atomic_store_explicit(&r->closed, true, memory_order_release);
}

const void *
ring_next(struct ring *r, uint32_t *len)
{
	size_t at = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (at == r->tail_seen)
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	if (at == r->tail_seen)
		return NULL;
	if (*length_at(r, at) == WRAP)
		at += r->room - (at & (r->room - 1));
	*len = *length_at(r, at);
	r->released = at + HEAD + ((size_t)*len + ALIGN - 1) / ALIGN * ALIGN;
	return (uint8_t *)length_at(r, at) + HEAD;
}

void
ring_release(struct ring *r)
{
	atomic_store_explicit(&r->head, r->released, memory_order_release);
}

bool
ring_over(const struct ring *r)
{
	return atomic_load_explicit(&r->closed, memory_order_acquire) &&
	       atomic_load_explicit(&r->head, memory_order_relaxed) ==
	           atomic_load_explicit(&r->tail, memory_order_acquire);
}
