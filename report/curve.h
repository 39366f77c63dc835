/*
 * curve - the retrieval curve from counts of chunks that came between two maps.
 *
 * That a chunk came between two maps of one viewer says little of when; the maps of all
 * viewers together say much, since what one leaves open another has seen. Each round
 * spreads every chunk over its cells as the chunks of the round before lie: the
 * self-consistent estimate of interval-censored data (Turnbull, JRSS B 38(3), 1976),
 * stopped after some rounds so that it doesn't follow the noise.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_CURVE_H
#define REPORT_CURVE_H

#include "record/result.h"

struct curve {
	uint64_t came[RESULT_CELLS][RESULT_CELLS]; /* from one cell to another */
	/* Of each group of viewers, by age and, last, at the deadline. */
	double held[RESULT_AGES + 1][RESULT_GROUPS], eligible[RESULT_AGES + 1][RESULT_GROUPS];
};

void curve_add(struct curve *to, const struct curve *from);

/* More chunks held at each age than result_retrieval.held says: those that came before
 * the last of their cells. age_ns: of the buckets. */
void curve_spread(const struct curve *c, const int64_t age_ns[RESULT_AGES],
                  double more[RESULT_AGES]);

#endif
