/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/position.h"

#define SAME_MAPS 4  /* a constant gap so often is no accident */
#define OTHER_MAPS 2 /* nor is a gap that changed */
#define KEPT_NS INT64_C(5000000000) /* who keeps what was played keeps more than that */

void
position_map(struct position *p, uint64_t offset, uint64_t newest)
{
	uint64_t gap = newest - offset;

	if (p->newest != 0 && newest != p->newest) {
		p->same += gap == p->gap;
		p->other += gap != p->gap;
	}
	p->newest = newest;
	p->gap = gap;
	if (p->mode == POSITION_UNKNOWN && p->same >= SAME_MAPS && p->same > 3 * p->other)
		p->mode = POSITION_HEAD;
	else if (p->mode == POSITION_HEAD && p->same <= 3 * p->other)
		p->mode = POSITION_UNKNOWN;
}

void
position_moved(struct position *p, int64_t moved_ns, int64_t started_ns, int64_t chunk_ns)
{
	int64_t late_ns;

	if (p->mode != POSITION_UNKNOWN || p->other < OTHER_MAPS)
		return;
	late_ns = started_ns == INT64_MAX ? 0 : moved_ns - started_ns;
	if (late_ns < KEPT_NS) {
		p->mode = POSITION_PLAY;
		return;
	}
	p->mode = POSITION_OLDEST;
	p->behind = (uint64_t)((late_ns + chunk_ns / 2) / chunk_ns);
}
