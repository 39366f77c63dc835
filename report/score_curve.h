/*
 * score_curve - the chunk retrieval ratio by age, true and inferred.
 *
 *   share  1 |          ____----      of the viewers present whose play covers a
 *            |      .--'              chunk, those that hold it so long after it was
 *          0 |__.--'________ age      made
 *
 * True: from truth.copies. A viewer counts for a chunk from the first one that it plays
 * on, at the ages at which it was there (from its first packet, or its reboot, to its
 * leave, or the next). Inferred: what the report tells, all channels together; ages
 * are the report's. Errors are those of the rising part: from the first age at which
 * either curve is above 0.001 to the first at which both are above 0.999.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_SCORE_CURVE_H
#define REPORT_SCORE_CURVE_H

#include "report/claims.h"
#include "report/truth.h"

struct score_curve {
	size_t ages;  /* 0: the truth or the report tells none */
	size_t first, last; /* of these the rising part: [first, last) */
	double age_s[CLAIMS_AGES];
	double truth[CLAIMS_AGES], inferred[CLAIMS_AGES]; /* NAN: of nobody */
	double truth_n[CLAIMS_AGES], inferred_n[CLAIMS_AGES];
	double mean_abs, max_abs; /* shares; NAN */
};

void score_curve(struct score_curve *s, const struct truth *t, const struct claims *c);

#endif
