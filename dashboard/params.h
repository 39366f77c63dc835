/*
 * params - what a request asks for: its path's parts and its query, checked.
 *
 * Strict: an unknown, repeated or malformed parameter is an error that names it, so that
 * nobody takes an unfiltered answer for a filtered one. Pure; plain value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DASHBOARD_PARAMS_H
#define DASHBOARD_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARAMS_PARTS 4
#define PARAMS_TEXT 192 /* bytes of a part or value, with the final NUL */
#define PARAMS_WHY 160

enum params_sort {
	SORT_JOINED, SORT_PEER, SORT_STARTUP, SORT_STALLS, SORT_STALL_TIME, SORT_LAG, SORT_MOS,
	SORT_RETRIEVAL
};
enum params_metric {
	METRIC_STARTUP, METRIC_SWITCH, METRIC_LAG, METRIC_BUFFER, METRIC_STALL
};

struct params {
	char part[PARAMS_PARTS][PARAMS_TEXT]; /* of the path behind /api/v1/, decoded */
	unsigned parts;
	int64_t from_ns, to_ns, at_ns, step_ns; /* INT64_MIN: not given */
	uint32_t limit, cursor, width;
	enum params_sort sort;
	enum params_metric metric;
	bool descending;
	char vantage[PARAMS_TEXT], peer[PARAMS_TEXT]; /* empty: not given */
	char why[PARAMS_WHY]; /* what is wrong */
};

/* path behind /api/v1/, and the query behind the question mark or NULL, both as sent. False:
 * see why. */
bool params_read(struct params *p, const char *path, const char *query);

#endif
