/*
 * truth_chunks - counts one run's chunks while a truth log is read.
 *
 * A chunk that was missed and arrived too late counts once. Copies that tell number
 * and age go to truth.copies, by run, chunk and time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_TRUTH_CHUNKS_H
#define REPORT_TRUTH_CHUNKS_H

#include "report/truth.h"

struct truth_chunks {
	uint64_t *arrived, *missed; /* numbers; owned */
	size_t n_arrived, n_missed, room_arrived, room_missed, room_copies;
	uint64_t arrived_unnumbered, missed_unnumbered;
};

void truth_chunks_begin(struct truth_chunks *c, const struct truth *t, struct truth_run *run);
void truth_chunks_fini(struct truth_chunks *c);

/* number UINT64_MAX: so many without a number. */
void truth_chunks_add(struct truth_chunks *c, bool missed, uint64_t number, uint64_t chunks);
void truth_chunks_copy(struct truth_chunks *c, struct truth *t, const struct truth_copy *copy);

/* Sets the run's counts and puts its copies in order. */
void truth_chunks_close(struct truth_chunks *c, struct truth *t, struct truth_run *run);

#endif
