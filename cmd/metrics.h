/*
 * metrics - a probe's counters for Prometheus (text format 0.0.4). Labels name interfaces,
 * protocols and reasons, never a peer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include <stdio.h>

#include "cmd/live_keep.h"
#include "probe/worker.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics {
	const char *version;
	const char *const *interface; /* n of them */
	unsigned n;
	struct worker_status probe;
	struct live_keep_status store;
};

void metrics_write(FILE *out, const struct metrics *m);

#endif
