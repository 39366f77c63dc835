/*
 * mos - opinion scores from start-up delay and stalls, 1 (bad) to 5.
 *
 * Stalls: Hossfeld et al. 2013, Internet video delivery in YouTube, the form by
 * number (short clips) and the form by rate (long sessions). Initial delay:
 * Hossfeld et al. 2012. The combination is ours.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_MOS_H
#define INFERENCE_MOS_H

/* By number: stalls of mean_s seconds each. No stall: 5. */
double mos_of_stalls(double stalls, double mean_s);

/* By rate: stalls per second of play. */
double mos_of_stall_rate(double per_s, double mean_s);

/* Initial delay alone, seconds. */
double mos_of_delay(double delay_s);

/* "hossfeld2013-rate × initial-delay": both, clamped to 1..5. */
double mos_combined(double delay_s, double stall_mos);

#endif
