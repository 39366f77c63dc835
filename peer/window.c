/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/window.h"

#include <string.h>

static uint64_t *
word_of(struct window *w, uint64_t chunk)
{
	return &w->words[chunk / 64 % WINDOW_WORDS];
}

void
window_reset(struct window *w, uint64_t low)
{
	memset(w, 0, sizeof *w);
	w->low = low;
}

void
window_advance(struct window *w, uint64_t low)
{
	if (low <= w->low)
		return;
	if (low - w->low >= WINDOW_CHUNKS) {
		window_reset(w, low);
		return;
	}
	while (w->low / 64 != low / 64) {
		*word_of(w, w->low) = 0;
		w->low = (w->low / 64 + 1) * 64;
	}
	*word_of(w, low) &= ~(uint64_t)0 << (low % 64);
	w->low = low;
}

bool
window_covers(const struct window *w, uint64_t chunk)
{
	return chunk >= w->low && chunk - w->low < WINDOW_SPAN;
}

bool
window_has(const struct window *w, uint64_t chunk)
{
	return window_covers(w, chunk) &&
	       (w->words[chunk / 64 % WINDOW_WORDS] >> (chunk % 64) & 1) != 0;
}

bool
window_set(struct window *w, uint64_t chunk)
{
	if (!window_covers(w, chunk))
		return false;
	*word_of(w, chunk) |= (uint64_t)1 << (chunk % 64);
	return true;
}

void
window_clear(struct window *w, uint64_t chunk)
{
	if (window_covers(w, chunk))
		*word_of(w, chunk) &= ~((uint64_t)1 << (chunk % 64));
}

uint64_t
window_word(const struct window *w, uint64_t k)
{
	uint64_t first = w->low / 64;

	return k >= first && k - first < WINDOW_WORDS ? w->words[k % WINDOW_WORDS] : 0;
}

uint32_t
window_run(const struct window *w, uint64_t from, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && window_has(w, from + n))
		n++;
	return n;
}

bool
window_next(const struct window *w, uint64_t from, uint64_t *chunk)
{
	uint64_t start = from > w->low ? from : w->low, word;

	if (start - w->low >= WINDOW_SPAN)
		return false;
	for (uint64_t k = start / 64; k - w->low / 64 < WINDOW_WORDS; k++) {
		word = w->words[k % WINDOW_WORDS];
		if (k == start / 64)
			word &= ~(uint64_t)0 << (start % 64);
		if (word != 0) {
			*chunk = k * 64 + (uint64_t)__builtin_ctzll(word);
			return true;
		}
	}
	return false;
}

bool
window_newest(const struct window *w, uint64_t *chunk)
{
	uint64_t first = w->low / 64, word;

	for (uint64_t k = first + WINDOW_WORDS; k > first; k--) {
		word = w->words[(k - 1) % WINDOW_WORDS];
		if (word != 0) {
			*chunk = (k - 1) * 64 + 63 - (uint64_t)__builtin_clzll(word);
			return true;
		}
	}
	return false;
}

/* Empties everything from a chunk of the span on. */
static void
clear_from(struct window *w, uint64_t chunk)
{
	uint64_t last = w->low / 64 + WINDOW_WORDS;

	*word_of(w, chunk) &= ~(~(uint64_t)0 << (chunk % 64));
	for (uint64_t k = chunk / 64 + 1; k < last; k++)
		w->words[k % WINDOW_WORDS] = 0;
}

void
window_take_map(struct window *w, const struct mesh_set *map, uint32_t back)
{
	uint64_t low = map->offset > back ? map->offset - back : 0, room;
	uint32_t width = map->width;
	uint8_t byte;

	if (low < w->low || low - w->low >= WINDOW_SPAN)
		window_reset(w, low);
	else
		window_advance(w, low);
	room = WINDOW_SPAN - (map->offset - w->low);
	width = width < room ? width : (uint32_t)room;
	clear_from(w, map->offset);
	for (uint32_t i = 0; i < width; i += 8) {
		uint64_t c = map->offset + i;

		byte = map->bits[i / 8];
		if (width - i < 8)
			byte &= (uint8_t)((1u << (width - i)) - 1);
		*word_of(w, c) |= (uint64_t)byte << (c % 64);
		if (c % 64 > 56)
			*word_of(w, c + 8) |= (uint64_t)byte >> (64 - c % 64);
	}
}

/* Eight chunks from c on; those outside the span are not there. */
static uint8_t
byte_at(const struct window *w, uint64_t c)
{
	uint64_t bits = window_word(w, c / 64) >> (c % 64);

	if (c % 64 > 56)
		bits |= window_word(w, c / 64 + 1) << (64 - c % 64);
	return (uint8_t)bits;
}

void
window_bits(const struct window *w, uint64_t from, uint32_t width, uint8_t *bits)
{
	for (uint32_t i = 0; i < width; i += 8)
		bits[i / 8] = byte_at(w, from + i);
	if (width % 8 != 0)
		bits[width / 8] &= (uint8_t)((1u << width % 8) - 1);
}
