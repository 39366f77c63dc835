/*
 * proposal - what a viewer's player did since its last map, by the rules of the system's
 * own player over the times at which its chunks came.
 *
 * There are several, for what nobody can know: whether a chunk came just before or just
 * after it was due, whether the player skips or waits. See viewer. Pure.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_PROPOSAL_H
#define INFERENCE_PROPOSAL_H

#include "inference/viewer.h"

#define PROPOSAL_STEPS 8 /* events between two maps that one may have */

enum step_kind { STEP_START, STEP_STALL, STEP_RESUME, STEP_SKIP };

struct step {
	enum step_kind kind;
	int64_t at_ns, lo_ns, hi_ns;
	uint64_t chunks;
};

struct proposal {
	struct viewer v;
	struct step step[PROPOSAL_STEPS];
	uint32_t n;
	bool too_many;
};

/* What a proposal supposes of the rules and of arrival times. */
struct guess {
	bool hopes;       /* a chunk came as early as it can have, seen or not */
	int64_t slack_ns; /* so late after its deadline a chunk is in time */
	bool skips;
	bool hurries;     /* goes on after a stall with a single chunk */
};

/* The viewer goes on to until. Chunks below hidden may have come though no map showed
 * them. too_many: it had more steps than there is room for. */
void proposal_make(struct proposal *p, const struct viewer *v, const struct viewer_rules *r,
                   const struct arrival *a, const struct guess *g, uint64_t hidden,
                   int64_t until);

#endif
