/*
 * told - what a report says of its input, made of the probe's counts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_TOLD_H
#define CMD_TOLD_H

#include "probe/counts.h"
#include "proto/proto.h"
#include "record/playhead.h"
#include "report/report.h"

#define TOLD_ROWS (PROTO_IDS + 4)

/* All borrowed, and by struct told too. */
struct told_about {
	const char *const *files;
	size_t n_files;
	const struct counts *counts;
	uint64_t gaps;
	const struct collect *results;
	const struct player_model *player;
};

struct told {
	struct report_count malformed[TOLD_ROWS];
	struct report_traffic protocol[TOLD_ROWS];
	size_t n_malformed, n_protocol;
	struct report_input in;
	struct report report;
};

void told_fill(struct told *t, const struct told_about *about);

/* The report's head as text, for a store; the caller frees it. */
char *told_head(const struct told *t);

const char *told_protocol(unsigned id); /* its name, or NULL */

#endif
