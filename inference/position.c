/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/position.h"

#define FAR_CHUNKS 100000u
#define JITTER_NS 100000000
#define KEPT_NS INT64_C(5000000000) /* who keeps what was played keeps more than that */

void
position_map(struct position *p, uint64_t offset, uint64_t newest)
{
	uint64_t gap = newest - offset;

	p->varies |= p->newest != 0 && newest != p->newest && gap != p->gap;
	p->newest = newest;
	p->gap = gap;
}

void
position_missed(struct position *p, uint64_t chunk)
{
	struct position_hole *h = &p->hole[p->holes % POSITION_HOLES];

	if (p->holes > 0 && h->last + 1 == chunk) {
		h->last = chunk;
		return;
	}
	h = &p->hole[++p->holes % POSITION_HOLES];
	*h = (struct position_hole){ chunk, chunk };
}

bool
position_after_hole(const struct position *p, uint64_t offset)
{
	for (uint32_t i = 0; i < POSITION_HOLES && i < p->holes; i++)
		if (p->hole[(p->holes - i) % POSITION_HOLES].last + 1 == offset)
			return true;
	return false;
}

bool
position_runs(struct position *p, uint64_t offset, int64_t t_ns, int64_t chunk_ns)
{
	int64_t off_ns = INT64_MAX;

	if (p->moved != 0 && offset > p->moved && offset - p->moved < FAR_CHUNKS)
		off_ns = t_ns - p->moved_ns - (int64_t)(offset - p->moved) * chunk_ns;
	if (p->moved == offset)
		return false;
	p->moved = offset > p->first ? offset : 0;
	p->moved_ns = t_ns;
	return off_ns > -chunk_ns - JITTER_NS && off_ns < chunk_ns + JITTER_NS;
}

void
position_moved(struct position *p, int64_t moved_ns, int64_t started_ns, int64_t chunk_ns)
{
	int64_t late_ns;

	if (p->mode != POSITION_UNKNOWN || !p->varies)
		return;
	late_ns = started_ns == INT64_MAX ? 0 : moved_ns - started_ns;
	if (late_ns < KEPT_NS) {
		p->mode = POSITION_PLAY;
		return;
	}
	p->mode = POSITION_OLDEST;
	p->behind = (uint64_t)((late_ns + chunk_ns / 2) / chunk_ns);
}
