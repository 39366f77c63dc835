/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/shown.h"

#define STREAM 5 /* of the seed */
#define TYPE_AT 5u

/* A window that keeps about twice the lag: what is played lies well inside, as it
 * must where partners ask for what a map tells. */
static uint32_t
draw_behind(const struct scenario *s, struct rng *rng)
{
	uint32_t lag_chunks = s->lag_ms / s->channels[0].chunk_ms;
	int64_t behind = rng_between(rng, lag_chunks * 3 / 2, lag_chunks * 5 / 2);

	return behind < (int64_t)WINDOW_SPAN ? (uint32_t)behind : WINDOW_SPAN - 1;
}

struct shown
shown_draw(const struct scenario *s, uint64_t seed)
{
	struct rng rng = rng_seeded(seed, STREAM);
	struct shown how = { .offset = s->view.map_offset };
	uint32_t drawn = rng_below(&rng, MAP_OFFSET_BY_SEED);

	how.behind_chunks = draw_behind(s, &rng);
	if (how.offset == MAP_OFFSET_BY_SEED)
		how.offset = (enum scenario_map_offset)drawn;
	return how;
}

static uint64_t
offset_of(const struct shown *how, const struct window *held, uint64_t newest)
{
	uint64_t oldest = newest;

	window_next(held, held->low, &oldest);
	if (how->offset == MAP_OFFSET_HEAD)
		return newest > how->behind_chunks ? newest - how->behind_chunks : 0;
	return oldest;
}

size_t
shown_map(const struct shown *how, const struct window *held, const uint8_t *frame, size_t len,
          uint8_t *out, size_t room)
{
	struct reader in = reader_over(frame, len);
	struct writer w = writer_over(out, room);
	uint8_t bits[WINDOW_SPAN / 8];
	struct mesh_frame f;
	uint64_t newest;

	if (how->offset == MAP_OFFSET_PLAY || len <= TYPE_AT ||
	    frame[TYPE_AT] != MESH_BUFFER_MAP || !window_newest(held, &newest) ||
	    mesh_read(&in, &f) != PROTO_OBSERVED)
		return 0;
	f.u.map.set.offset = offset_of(how, held, newest);
	f.u.map.set.width = (uint32_t)(newest - f.u.map.set.offset + 1);
	window_bits(held, f.u.map.set.offset, f.u.map.set.width, bits);
	f.u.map.set.bits = bits;
	mesh_write(&w, &f);
	return w.failed ? 0 : writer_len(&w);
}
