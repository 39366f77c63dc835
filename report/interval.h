/*
 * interval - 95 % intervals of what only part of a swarm was heard of. No assumption on
 * how values are distributed, and no chance: the same sample, the same interval.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_INTERVAL_H
#define REPORT_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

struct interval {
	double lo, hi; /* NAN: the sample is too small to bound that end */
};

/* A share of which part of whole independent ones were seen to have it (Wilson, JASA
 * 22(158), 1927). whole need not be a whole number; z: normal quantile, 1.96. */
struct interval interval_wilson(double part, double whole, double z);

/* The p-quantile of the population of which these n sorted values are a sample: between
 * two of them (order statistics: the number of values below the quantile is binomial). */
struct interval interval_quantile(const double *sorted, size_t n, double p);

/* A ratio of sums, of peers that fell into groups by chance: what the groups differ tells
 * how far the sample may be off. seen is the share of the population that was sampled. */
struct interval interval_groups(const double *part, const double *whole, size_t groups,
                                double seen);

#endif
