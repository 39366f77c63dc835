/*
 * recorder - observations into a file, or into one after another.
 *
 *   swarm.sso                          without a limit
 *   swarm-20261125T214203.007Z.sso ... with one: by size or by time, so many kept
 *
 * Stops before the disk is full: what comes then is counted, and goes on being kept when there
 * is room again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_RECORDER_H
#define CMD_RECORDER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "record/sso.h"

#define RECORDER_KEPT 1024

struct recorder_options {
	const char *path, *vantage;
	int64_t most_bytes, most_ns; /* of a file; 0 any */
	int64_t keep;                /* files; 0 all */
	int64_t free_bytes;          /* that the disk keeps */
};

struct recorder {
	struct recorder_options opt;
	struct sso_writer file;
	bool open, full;
	char path[PATH_MAX];         /* of the file being written */
	int64_t began_ns;
	char *kept[RECORDER_KEPT];   /* of those before, oldest first */
	unsigned n_kept;
	uint64_t unwritten;          /* observations that came while the disk was full */
	char why[PATH_MAX + 256];
};

/* Each 0, or an err and a line for people in why. */
int recorder_open(struct recorder *r, const struct recorder_options *opt);
void recorder_put(struct recorder *r, const struct observation *o);

/* Once a second: what came is in the file then, and a new one begins if it is time. */
int recorder_tend(struct recorder *r);
int recorder_close(struct recorder *r);

#endif
