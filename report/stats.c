/* SPDX-License-Identifier: Apache-2.0 */
#include "report/stats.h"

#include <math.h>
#include <stdlib.h>

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
stats_sort(double *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof *v, by_value);
}

double
stats_quantile(const double *sorted, size_t n, double p)
{
	double at, below;
	size_t i;

	if (n == 0)
		return NAN;
	at = (double)(n - 1) * p;
	below = floor(at);
	i = (size_t)below;
	if (i + 1 >= n || at == below || sorted[i] == sorted[i + 1])
		return sorted[i];
	return sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]);
}

double
stats_mean(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return n ? sum / (double)n : NAN;
}

double
stats_ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

double
stats_seconds(int64_t ns)
{
	if (ns == INT64_MIN)
		return -INFINITY;
	return ns == INT64_MAX ? INFINITY : (double)ns / 1e9;
}
