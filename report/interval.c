/* SPDX-License-Identifier: Apache-2.0 */
#include "report/interval.h"

#include <math.h>

#define Z         1.959964
#define TAIL      0.025
#define EXACT_MAX 2000 /* values; above that the binomial is normal enough */

struct interval
interval_wilson(double part, double whole, double z)
{
	struct interval i = { NAN, NAN };
	double p, middle, half, divisor;

	if (!(whole > 0))
		return i;
	p = part / whole;
	divisor = 1 + z * z / whole;
	middle = (p + z * z / (2 * whole)) / divisor;
	half = z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole)) / divisor;
	i.lo = part > 0 ? fmax(middle - half, 0) : 0;
	i.hi = part < whole ? fmin(middle + half, 1) : 1;
	return i;
}

/* Largest k with P(Bin(n, p) < k) <= TAIL, by the terms' sum. */
static double
below(size_t n, double p)
{
	double log_term = (double)n * log1p(-p), sum = 0;

	if (n > EXACT_MAX)
		return floor((double)n * p - Z * sqrt((double)n * p * (1 - p)));
	for (size_t k = 0; k < n; k++) {
		sum += exp(log_term);
		if (sum > TAIL)
			return (double)k;
		log_term += log((double)(n - k) / (double)(k + 1) * p / (1 - p));
	}
	return (double)n;
}

struct interval
interval_quantile(const double *sorted, size_t n, double p)
{
	double lo = below(n, p), hi = (double)n - below(n, 1 - p) + 1; /* from 1 on */
	struct interval i = { NAN, NAN };

	if (lo >= 1 && lo <= (double)n)
		i.lo = sorted[(size_t)lo - 1];
	if (hi >= 1 && hi <= (double)n)
		i.hi = sorted[(size_t)hi - 1];
	return i;
}

/* Two-sided 95 % point of Student's t, by Cornish and Fisher's series. */
static double
student(double freedom)
{
	return Z + (Z * Z * Z + Z) / (4 * freedom) +
	       (5 * pow(Z, 5) + 16 * pow(Z, 3) + 3 * Z) / (96 * freedom * freedom);
}

/* As if one more group had been seen, half with everything and half with nothing: what is
 * rare in the swarm may be in no viewer of a small sample. */
struct interval
interval_groups(const double *part, const double *whole, size_t groups, double seen)
{
	struct interval i = { NAN, NAN };
	double n = 0, parts = 0, wholes = 0, variance = 0, ratio, half, off;

	for (size_t g = 0; g < groups; g++) {
		n += whole[g] > 0;
		parts += part[g];
		wholes += whole[g];
	}
	if (n < 2)
		return i;
	ratio = parts / wholes;
	half = wholes / n / 2;
	for (size_t g = 0; g < groups; g++)
		variance += pow(part[g] - ratio * whole[g], 2);
	variance += half * half * (ratio * ratio + (1 - ratio) * (1 - ratio));
	variance *= n / (n - 1) / (wholes * wholes) * fmax(1 - seen, 0);
	off = student(n - 1) * sqrt(variance);
	i.lo = fmax(ratio - off, 0);
	i.hi = fmin(ratio + off, 1);
	return i;
}
