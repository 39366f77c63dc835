/*
 * window - which of the chunks around a sliding position are there.
 *
 *            low                              low + WINDOW_SPAN - 1
 *             |                                |
 *   forgotten | 1 1 1 0 1 1 0 0 ...  0 1 0 0 0 | not yet representable
 *
 * A chunk's bit has the same place in every window (its number modulo
 * WINDOW_CHUNKS), so windows with different low ends are compared word by word.
 * Copying the struct copies the set. Chunks outside the span are never in it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_WINDOW_H
#define PEER_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/mesh.h"

#define WINDOW_CHUNKS 512u
#define WINDOW_WORDS (WINDOW_CHUNKS / 64u)
#define WINDOW_SPAN (WINDOW_CHUNKS - 64u) /* one word less: a word is one range */

struct window {
	uint64_t low;
	uint64_t words[WINDOW_WORDS];
};

void window_reset(struct window *w, uint64_t low);   /* empties it */
void window_advance(struct window *w, uint64_t low); /* forgets what is below;
                                                      * never goes back */
bool window_covers(const struct window *w, uint64_t chunk);
bool window_has(const struct window *w, uint64_t chunk);
bool window_set(struct window *w, uint64_t chunk);   /* false outside the span */
void window_clear(struct window *w, uint64_t chunk);

/* Chunks 64 k .. 64 k + 63, lowest bit first; 0 outside the span. */
uint64_t window_word(const struct window *w, uint64_t k);

/* Chunks there without a hole from this one on, at most max. */
uint32_t window_run(const struct window *w, uint64_t from, uint32_t max);

/* Next chunk there at or after from; false, *chunk untouched, if none. */
bool window_next(const struct window *w, uint64_t from, uint64_t *chunk);
bool window_newest(const struct window *w, uint64_t *chunk);

/* Takes over what a map says of its range, moving so that back chunks before its
 * offset stay known. Maps that jump out of the span empty the window first. */
void window_take_map(struct window *w, const struct mesh_set *map, uint32_t back);

/* Writes [from, from + width) as a map's bits; bits has room for (width + 7) / 8. */
void window_bits(const struct window *w, uint64_t from, uint32_t width, uint8_t *bits);

#endif
