/*
 * grow - arrays that double when they are full. Out of memory is fatal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_GROW_H
#define REPORT_GROW_H

#include <stddef.h>

/* Room for item n of an array of *room items of size bytes: the same or a new
 * address, *room then doubled. The caller owns and frees it. */
void *grow(void *items, size_t n, size_t *room, size_t size);

/* n bytes, zeroed; n may be 0. */
void *grow_new(size_t n);

#endif
