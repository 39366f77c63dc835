/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/mos.h"

#include <math.h>

double
mos_of_stalls(double stalls, double mean_s)
{
	return 3.5 * exp(-(0.15 * mean_s + 0.19) * stalls) + 1.5;
}

double
mos_of_stall_rate(double per_s, double mean_s)
{
	return per_s > 0 ? 3.5 * exp(-0.15 * mean_s - 5.7 * per_s) + 1.5 : 5;
}

double
mos_of_delay(double delay_s)
{
	return -0.963 * log10(delay_s + 5.381) + 5;
}

double
mos_combined(double delay_s, double stall_mos)
{
	double mos = 1 + 4 * ((mos_of_delay(delay_s) - 1) / (mos_of_delay(0) - 1)) *
	                     ((stall_mos - 1) / 4);

	return mos < 1 ? 1 : mos > 5 ? 5 : mos;
}
