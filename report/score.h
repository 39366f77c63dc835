/*
 * score - how wrong a report is: claims against truth.
 *
 * A run of the truth is matched with the session of the same address (and port, if
 * both tell it) that shares most time with it, one to one (match.h): run from its
 * first event to its leave, session from joined to left. Errors are inferred minus
 * true, in seconds.
 *
 *   playing     inferred playing - true play
 *   start-up    inferred playing - joined, against play - first_packet (what the
 *               wire can show) and against play - join (what a viewer feels)
 *   stalls      within matched runs, one to one by overlap. True ones of a length
 *               count as found if any inferred one got them, inferred ones of a
 *               length as false if no true one got them. A run without a session
 *               misses its stalls; a session without a run tells false ones if it
 *               shares time with a run of its address, else nothing is known of it.
 *   reboots,    one to one by distance, at most the tolerance apart
 *   skips
 *   intervals   does lo..hi hold the truth, and how wide is it (median; infinite if
 *               most are open)
 *
 * Spread, of errors e with median m: the largest |e - m| (spread_max), and the
 * largest e minus the smallest (range). A constant shift makes neither.
 *
 * NAN: of no sample.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_SCORE_H
#define REPORT_SCORE_H

#include <stdint.h>

#include "report/claims.h"
#include "report/match.h"
#include "report/score_curve.h"
#include "report/truth.h"

enum score_measure {
	SCORE_PLAYING,
	SCORE_STARTUP_PACKET,
	SCORE_STARTUP_JOIN,
	SCORE_STALL_ONSET,
	SCORE_STALL_RESUME,
	SCORE_STALL_DURATION,
	SCORE_SWITCH,
	SCORE_LAG,
	SCORE_CONTINUITY, /* of the share of chunks in time, not seconds */
	SCORE_MEASURES
};

struct score_error {
	size_t n;
	double mean, median, median_abs, p95_abs, max_abs, spread_max, range;
};

enum score_bounds {
	SCORE_IN_PLAYING,
	SCORE_IN_STARTUP, /* against play - first_packet */
	SCORE_IN_ONSET,
	SCORE_IN_DURATION,
	SCORE_IN_SWITCH,
	SCORE_BOUNDS
};

struct score_interval {
	size_t n, held, open; /* open: without lo or hi */
	double coverage, width_s;
};

/* What two counts and their common part say. */
struct score_count {
	uint64_t truth, found;    /* true ones; of these found */
	uint64_t inferred, wrong; /* inferred ones; of these false */
	double recall, precision, f1;
};

#define SCORE_LENGTHS 4 /* all; 0.5 s; 1 s; 0.5 s and 2 map periods of the session */

struct score_stalls {
	double least_s, least_maps; /* of these lengths at least */
	struct score_count count;
	double true_s, inferred_s; /* their sums */
	double shared_s;           /* overlap of the pairs whose true one counts */
};

struct score_row {
	uint32_t run, session;                              /* MATCH_NONE: the run has none */
	double true_packet_s, true_join_s, error_playing_s; /* NAN unknown */
	double true_switch_s, true_lag_s;                   /* likewise */
	double map_period_s;                                /* mean; 0 unknown */
	uint64_t stalls, found, inferred, wrong;            /* of 0.5 s at least */
	double true_s, inferred_s;
};

struct score_pair {
	uint32_t span, event; /* of truth.spans, claims.events */
};

struct score {
	struct score_error errors[SCORE_MEASURES];
	struct score_interval bounds[SCORE_BOUNDS];
	struct score_stalls stalls[SCORE_LENGTHS];
	struct score_count reboots, skips, switches, exits;
	uint64_t true_skipped, inferred_skipped; /* chunks */
	double true_deadline, inferred_deadline; /* chunks in time, share */
	uint64_t deadline_n;                     /* chunks of the truth */
	struct score_curve curve;
	size_t matched;
	size_t censored;        /* matched, but taken for one that was there already */
	size_t silent;          /* matched and played, but no playing was inferred */
	struct score_row *rows; /* one a run */
	size_t n_rows;
	struct score_pair *pairs; /* of stalls, by run and time */
	size_t n_pairs, room_pairs;
	uint32_t *run_of; /* of each session; MATCH_NONE */
	bool *rival;      /* of each session without a run: shares one's time */
};

/* truth and claims are borrowed while it computes, and by who writes it out. */
void score_compute(struct score *s, const struct truth *t, const struct claims *c,
                   int64_t tolerance_ns);
void score_free(struct score *s);

#endif
