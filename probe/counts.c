/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/counts.h"

#include <stddef.h>

#include "probe/decode.h"

/* From this member on all are counters of 64 bits; first_ns and last_ns stand apart. */
#define FIRST_PART (offsetof(struct counts, first_ns) / sizeof(uint64_t))
#define SECOND_PART (offsetof(struct counts, observations) / sizeof(uint64_t))
#define WORDS (sizeof(struct counts) / sizeof(uint64_t))

_Static_assert(sizeof(struct counts) % sizeof(uint64_t) == 0, "counts are whole words");

static void
add_words(uint64_t *to, const uint64_t *what, size_t from, size_t n)
{
	for (size_t i = from; i < n; i++)
		to[i] += what[i];
}

void
counts_add(struct counts *to, const struct counts *what)
{
	uint64_t *sum = (uint64_t *)(void *)to;
	const uint64_t *add = (const uint64_t *)(const void *)what;

	if (what->total.packets > 0) {
		if (to->total.packets == 0 || what->first_ns < to->first_ns)
			to->first_ns = what->first_ns;
		if (what->last_ns > to->last_ns)
			to->last_ns = what->last_ns;
	}
	add_words(sum, add, 0, FIRST_PART);
	add_words(sum, add, SECOND_PART, WORDS);
}

int64_t
counts_packet(struct counts *c, int64_t *last_ns, int64_t t_ns, uint32_t wire_len)
{
	int64_t t = t_ns < 0 ? 0 : t_ns > DECODE_MAX_TIME_NS ? DECODE_MAX_TIME_NS : t_ns;

	c->bad_times += t != t_ns;
	if (c->total.packets > 0) {
		c->backwards += t < *last_ns;
		c->set_back += *last_ns - t > COUNTS_SET_BACK_NS;
		c->jumps += t - *last_ns > DECODE_JUMP_NS || *last_ns - t > DECODE_JUMP_NS;
	}
	if (c->total.packets == 0 || t < c->first_ns)
		c->first_ns = t;
	if (t > c->last_ns)
		c->last_ns = t;
	*last_ns = t;
	c->total.packets++;
	c->total.bytes += wire_len;
	return t;
}

void
counts_snapped(struct counts *c, uint64_t bytes)
{
	c->snapped.packets++;
	c->snapped.bytes += bytes;
}
