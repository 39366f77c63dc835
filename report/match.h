/*
 * match - two lists of things in time, one to one.
 *
 * Pairs are taken by their weight, the greatest first, while both sides are free;
 * of equal weights the pair of the earlier a, then of the earlier b. So the result
 * depends on the lists' order only where weights are equal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_MATCH_H
#define REPORT_MATCH_H

#include <stddef.h>
#include <stdint.h>

#define MATCH_NONE UINT32_MAX

struct match_pair {
	uint32_t a, b;  /* places in the two lists */
	int64_t weight; /* ns of overlap, or minus the distance */
};

struct match {
	struct match_pair *pairs; /* owned */
	size_t n, room;
};

/* A pair that might be. */
void match_add(struct match *m, uint32_t a, uint32_t b, int64_t weight);

/* Decides, and empties m: of_a[i] is the b that a's i got, of_b[j] the a; MATCH_NONE
 * without one. The caller has set both to MATCH_NONE. */
void match_decide(struct match *m, uint32_t *of_a, uint32_t *of_b);

void match_free(struct match *m);

/* n entries of MATCH_NONE, owned by the caller. */
uint32_t *match_none(size_t n);

/* What two spans share; negative: how far they are apart. Open ends may be
 * INT64_MIN and INT64_MAX. */
int64_t match_overlap(int64_t a_from, int64_t a_to, int64_t b_from, int64_t b_to);

#endif
