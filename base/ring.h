/*
 * ring - a bounded queue of byte records from one thread to one other.
 *
 *   head (reader) ->|rec|rec|  free  |<- tail (writer)      records 8-byte aligned
 *
 * Neither side ever blocks or locks: put says that there is no room, next that there is
 * nothing; the caller decides whether to wait or to drop and count. Memory is the
 * caller's. One writer and one reader, each of them one thread at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* Bytes that a ring with room for so many bytes of records wants; room is a power of
 * two, at least 4096 (asserted). */
size_t ring_size(size_t room);

/* Builds it in mem, aligned for any type. */
struct ring *ring_init(void *mem, size_t room);

/* Writer: a place for a record of len bytes, to be filled and committed; NULL if there is
 * no room now. len is at most a quarter of the room (asserted). */
void *ring_reserve(struct ring *r, uint32_t len);
void ring_commit(struct ring *r);

/* Writer: no more will come. */
void ring_close(struct ring *r);

/* Reader: the oldest record and its length, NULL if none is there now; it stays valid
 * until released. */
const void *ring_next(struct ring *r, uint32_t *len);
void ring_release(struct ring *r);

/* Reader: closed and empty. */
bool ring_over(const struct ring *r);

#endif
