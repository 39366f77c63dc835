/*
 * figures - what a channel's sessions add up to.
 *
 * Viewers are sessions that are not the source's own. Every figure carries the
 * size n of its sample; NAN is unknown. Quantiles: report/stats.h.
 *
 *   start-up        of viewers seen from their join on that began to play
 *   viewing time    played + stalled, of all viewers
 *   stalls per hour stalls / viewing time
 *   rebuffering     stalled / (stalled + played)
 *   continuity      1 - chunks missed / chunks passed by the play positions
 *   lag             of samples over time (thinned beyond SAMPLE_MOST)
 *   skew            p95 - p5 of the viewers' mean lags
 *   retrieval       held / eligible by age of the chunk; T50 is the age at which
 *                   the curve first reaches 0.50, linear between the buckets'
 *                   ages, the first bucket's own age if it is there already
 *   score           mean of the sessions' scores
 *   coverage        known: addresses with a session; heard: those whose maps were
 *                   seen; inferred: those of whose play something could be said,
 *                   and the source
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include <stdint.h>

#include "report/collect.h"

#define FIGURES_SCORE_MODEL "hossfeld2013-rate \xc3\x97 initial-delay"

/* Seconds. Bounds: the quantiles of the estimates' own lo and hi, which hold the
 * quantile of the truth if they hold each value; infinite if they are open. */
struct figures_delay {
	uint64_t n;
	double p50, p95, mean;
	double p50_lo, p50_hi, p95_lo, p95_hi;
};

struct figures {
	uint32_t peers, sessions, viewers, left_censored;
	uint32_t known, heard, inferred; /* addresses */
	struct figures_delay startup, switching;
	uint64_t stalls, skips, skipped_chunks, reboots, pauses, exits_before_start;
	double stall_s, viewing_s, stalls_per_hour, rebuffering_ratio;
	double continuity_index;
	uint64_t chunks_passed;
	uint64_t lag_n, skew_n;
	double lag_p50, lag_p95, skew_s;
	uint32_t ages; /* buckets up to the last with a sample */
	double age_s[RESULT_AGES], ratio[RESULT_AGES];
	uint64_t age_n[RESULT_AGES]; /* eligible */
	double t50_s, t90_s, t95_s, t99_s, at_deadline;
	uint64_t deadline_n;
	double mos;
	uint64_t mos_n;
};

/* Of one root channel of a finished collection. */
void figures_of(struct figures *f, const struct collect *c, size_t channel);

/* Of one session: 1 - missed / passed; NAN if nothing passed. */
double figures_continuity(const struct result_session *s);

#endif
