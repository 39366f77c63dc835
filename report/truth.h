/*
 * truth - what viewers really lived through: a truth log, one event a line, as runs.
 *
 *   {"t":unix seconds,"event":…,"peer":"addr[:port]","run":…,"chunks":…,…}
 *
 *   join ── first_packet ── play ── stall ── resume ── ... ── leave
 *   ^ viewer's action       ^ first frame                     ^ else the log's end
 *
 * A run is one stay of one viewer in one channel. Events belong together by peer
 * and label (`run`); a join, first packet or play after a leave begins another run
 * even under the same label, and a switch ends a run and begins the next. The order
 * of the lines means nothing; events of the same time are taken in this order:
 * resume, stall, skip, reboot, chunk, missed, leave, switch, join, first_packet, play.
 *
 * A stall lasts until resume, or the next play (a reboot's), or the leave. chunk and
 * missed carry the number of the chunk (`chunk`), else how many they are (`chunks`,
 * 1 if absent). play, resume and skip may tell the viewer's lag from then on (`lag_s`);
 * any other event the lag at that time, which counts if those don't. play may tell the
 * chunk that it begins with, chunk how old the chunk was (`age_s`): then the log holds
 * the retrieval curve (score_curve.h). impair
 * tells of the trial, not of a viewer. Events of unknown names are counted.
 * Members: schemas/truth.schema.json.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_TRUTH_H
#define REPORT_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/endpoint.h"
#include "report/load.h"

#define TRUTH_NEVER INT64_MIN /* of a time that the log does not tell */
#define TRUTH_LABEL 64        /* bytes of a run's label, with the NUL */

/* VIEW: from the first packet or a reboot to the next or the leave, if it played. */
enum truth_what { TRUTH_SPAN_STALL, TRUTH_SPAN_SKIP, TRUTH_SPAN_REBOOT, TRUTH_SPAN_VIEW };

struct truth_span {
	uint32_t run;
	enum truth_what what; /* skips and reboots have no length */
	int64_t from_ns, to_ns;
	uint64_t chunks; /* of a skip; of a VIEW the number of the first one played */
};

struct truth_run {
	struct endpoint peer; /* port 0: the log does not tell */
	char label[TRUTH_LABEL];
	int64_t from_ns, to_ns;                               /* first event to leave */
	int64_t joined_ns, first_packet_ns, play_ns, left_ns; /* TRUTH_NEVER */
	int64_t switched_ns;     /* when the viewer asked for this channel by a switch */
	uint32_t first, spans;   /* its part of truth.spans, by time */
	uint64_t chunks, missed; /* arrived or missed; of these missed */
	uint64_t channel;        /* hash of its name; 0: not told */
	size_t first_copy, copies; /* its part of truth.copies */
	double lag_s;            /* mean over its play time; NAN none was told */
};

/* A chunk that arrived, of which the log tells number and age. */
struct truth_copy {
	uint64_t chunk;
	int64_t at_ns, made_ns;
};

struct truth {
	struct truth_run *runs;   /* by peer, label, time */
	struct truth_span *spans; /* by run, time */
	struct truth_copy *copies; /* by run, chunk, time */
	size_t n_runs, n_spans, n_copies;
	int64_t last_ns;  /* of all events */
	uint64_t unknown; /* events of unknown names */
};

/* Reads a log. 0; or a code of err.h and why: "PATH:LINE: what". */
int truth_read(struct truth *t, const char *path, char why[LOAD_WHY]);

/* The same of a text in memory; path stands in messages. */
int truth_parse(struct truth *t, const struct load *text, const char *path, char why[LOAD_WHY]);

void truth_free(struct truth *t);

#endif
