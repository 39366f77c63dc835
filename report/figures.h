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
 *   lag             of samples over time, by a sketch (record/sketch.h), as the lengths
 *                   of stalls and the viewers' mean buffers
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

#include "record/sketch.h"
#include "report/collect.h"
#include "report/interval.h"

/* Seconds. Bounds: the quantiles of the estimates' own lo and hi, which hold the
 * quantile of the truth if they hold each value; infinite if they are open. */
struct figures_delay {
	uint64_t n;
	double p50, p95, mean;
	double p50_lo, p50_hi, p95_lo, p95_hi;
	struct interval p50_of, p95_of; /* of all viewers, these being a sample of them */
};

struct figures_spread {
	uint64_t n;
	double p50, p95;
};

enum figures_sketch {
	FIGURES_STARTUP,
	FIGURES_SWITCH,
	FIGURES_LAG,
	FIGURES_BUFFER,
	FIGURES_STALL,
	FIGURES_SKETCHES
};

/* Mean opinion scores, each of one model (inference/mos.h). */
enum figures_score { FIGURES_BOTH, FIGURES_DELAY, FIGURES_RATE, FIGURES_COUNT, FIGURES_SCORES };

struct figures {
	uint32_t peers, sessions, viewers, left_censored;
	uint32_t known, heard, inferred; /* addresses: spoken of, seen telling maps, ... */
	double heard_ratio;              /* of the known */
	struct interval heard_share, inferred_share; /* of what a peer's odds were */
	uint64_t joins, leaves;          /* seen, of viewers */
	double observed_s, joins_per_min, leaves_per_min;
	struct figures_delay startup, switching;
	uint64_t stalls, skips, skipped_chunks, reboots, pauses, exits_before_start;
	double stall_s, viewing_s, stalls_per_hour, rebuffering_ratio;
	double continuity_index;
	uint64_t chunks_passed;
	uint64_t lag_n, skew_n;
	double lag_p50, lag_p95, skew_s;
	struct figures_spread buffer, stall_length;
	struct sketch sketch[FIGURES_SKETCHES];
	uint32_t ages; /* buckets up to the last with a sample */
	double age_s[RESULT_AGES], ratio[RESULT_AGES];
	uint64_t age_n[RESULT_AGES]; /* eligible */
	struct interval ratio_of[RESULT_AGES], deadline_of; /* of the whole swarm */
	double t50_s, t90_s, t95_s, t99_s, at_deadline;
	uint64_t deadline_n;
	double mos[FIGURES_SCORES];
	uint64_t mos_n[FIGURES_SCORES];
};

const char *figures_score_model(enum figures_score score); /* its name */

/* Of one root channel of a finished collection. */
void figures_of(struct figures *f, const struct collect *c, size_t channel);

/* Of one session: 1 - missed / passed; NAN if nothing passed. */
double figures_continuity(const struct result_session *s);

#endif
