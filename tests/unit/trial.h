/*
 * trial - a truth and a report while a test writes them, then their score.
 *
 * Any failure to read them fails the test.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_TRIAL_H
#define TESTS_UNIT_TRIAL_H

#include <stddef.h>

#include "report/score.h"

struct trial {
	char truth[8192], report[16384]; /* as far as they are written */
	struct truth t;
	struct claims c;
	struct score s;
};

struct moment {
	double at, s;
};

void trial_begin(struct trial *x);

/* Adds formatted text to one of the two. */
void trial_append(char *text, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line of the truth. */
void trial_truly(struct trial *x, const char *peer, const char *run, const char *event, double t);

/* A whole run, its first packet half a second after the join. */
void trial_true_run(struct trial *x, const char *peer, const char *run, double join, double play,
                    double leave);
void trial_true_stall(struct trial *x, const char *peer, const char *run, double from, double to);

/* A session of the report: playing is 0.25 s less to 0.5 s more, NAN unknown; stalls
 * begin +- 0.5 s and last +- 1 s. extra: more members, each with a comma behind. */
void trial_claim(struct trial *x, const char *peer, double joined, double playing, double left,
                 size_t n, const struct moment *stalls, const char *extra);

/* Reads both and scores them. */
void trial_score(struct trial *x);
void trial_end(struct trial *x);

#endif
