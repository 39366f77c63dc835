/*
 * report - what a report of a finite input is written from; document.h and text.h
 * write it. All borrowed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "record/playhead.h"
#include "report/collect.h"

struct report_count {
	const char *name;
	uint64_t n;
};

struct report_traffic {
	const char *name; /* of a protocol or transport */
	uint64_t packets, bytes;
};

/* What traffic carries, and what that rests on. */
struct report_app {
	const char *name, *confidence;
	uint64_t packets, bytes, flows;
};

struct report_pair {
	uint32_t from_as, to_as; /* 0 unknown */
	uint64_t packets, bytes;
};

struct report_input {
	const char *const *files;
	size_t n_files;
	int64_t first_ns, last_ns; /* INT64_MIN unknown */
	uint64_t packets, bytes, observations;
	uint64_t cut;                         /* packets that the snap length cut */
	uint64_t gaps;                        /* times that the capture lost something */
	uint64_t not_swarm_bytes;             /* of what no decoder took */
	const struct report_count *malformed; /* messages by protocol */
	size_t n_malformed;
	const struct report_traffic *by_protocol, *by_transport, *by_locality;
	size_t n_by_protocol, n_by_transport, n_by_locality;
	const struct report_app *apps;   /* of an audit, most bytes first; NULL: none was made */
	const struct report_pair *pairs; /* likewise */
	size_t n_apps, n_pairs;
};

struct report {
	const struct collect *results; /* finished */
	const struct report_input *input;
	const char *(*protocol_name)(unsigned protocol); /* NULL: no such one */
	const struct player_model *player;               /* NULL: none was assumed */
	const char *player_from;                         /* "assumed" or the option that set it */
};

#endif
