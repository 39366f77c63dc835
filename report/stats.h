/*
 * stats - quantiles and means of samples held in memory.
 *
 * A quantile is linear between order statistics (type 7 of Hyndman and Fan, 1996):
 * of n sorted values x[0..n-1] the p-quantile is x at (n - 1) p. Of no value it is
 * NAN. Infinite values are allowed and sort to the ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include <stddef.h>
#include <stdint.h>

void stats_sort(double *v, size_t n); /* ascending; no NAN among them */

double stats_quantile(const double *sorted, size_t n, double p); /* 0 <= p <= 1 */

double stats_mean(const double *v, size_t n); /* NAN of none */

double stats_ratio(double part, double whole); /* NAN if whole is not > 0 */

double stats_seconds(int64_t ns); /* an open end of an estimate is -INF or INF */

#endif
