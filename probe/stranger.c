/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/stranger.h"

#include <string.h>

#include "probe/pages.h"

/* An entry: 31 bits of the hash, never all zero, then who opened it. 0 = free. */
struct strangers {
	uint32_t row[STRANGER_ROWS][STRANGER_WAYS]; /* last heard first */
	uint64_t evicted;
};

struct strangers *
strangers_new(void)
{
	return pages_new(1, sizeof(struct strangers));
}

void
strangers_free(struct strangers *s)
{
	pages_free(s, 1, sizeof *s);
}

bool
strangers_heard(struct strangers *s, uint64_t hash, bool from_high)
{
	uint32_t *row = s->row[hash % STRANGER_ROWS];
	uint32_t tag = (uint32_t)(hash >> 32) | 2u, entry = (tag & ~1u) | from_high;
	unsigned i = 0;

	while (i < STRANGER_WAYS && (row[i] | 1u) != (entry | 1u) && row[i] != 0)
		i++;
	if (i == STRANGER_WAYS) {
		s->evicted++;
		i--;
	} else if (row[i] != 0) {
		entry = row[i];
	}
	memmove(row + 1, row, i * sizeof row[0]);
	row[0] = entry;
	return entry & 1u;
}

uint64_t
strangers_evicted(const struct strangers *s)
{
	return s->evicted;
}
