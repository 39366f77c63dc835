/*
 * claims - what a report or an event stream says of its sessions, read back.
 *
 * From the JSON document (document.h) or from events (ndjson.h), told apart by what
 * they hold. Of an event stream the order of the lines means nothing; of a session
 * without a "session" line its events are used: startup gives joined and playing,
 * leave gives left.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_CLAIMS_H
#define REPORT_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/endpoint.h"
#include "record/estimate.h"
#include "report/load.h"
#include "report/values.h"

struct claims_event {
	uint32_t session;
	uint8_t event; /* enum result_event_kind: STALL, SKIP, REBOOT, ... */
	uint32_t ordinal;
	struct estimate at, duration;
	int64_t from_ns, to_ns; /* best; a stall without a duration lasts until left */
	uint64_t chunks;        /* of a skip */
};

struct claims_session {
	struct endpoint peer;
	char channel[VALUES_CHANNEL_MAX];
	uint64_t run;
	int64_t from_ns, to_ns; /* joined to left; INT64_MIN, INT64_MAX if unknown */
	struct estimate joined, playing, left, startup, switch_delay;
	int64_t lag_ns;          /* INT64_MIN unknown */
	double continuity_index; /* NAN unknown */
	uint64_t maps;
	bool left_censored, source, exit_before_start, switched;
	uint32_t first, events; /* its part of claims.events, by time */
};

#define CLAIMS_AGES 48

/* A point of the retrieval curve, all channels together. */
struct claims_age {
	double age_s, held, eligible;
};

struct claims {
	struct claims_session *sessions; /* by join, peer, channel, run */
	struct claims_event *events;     /* by session, time */
	size_t n_sessions, n_events;
	double deadline_held; /* chunks in time, of all channels ... */
	uint64_t deadline_n;  /* ... of so many */
	struct claims_age ages[CLAIMS_AGES]; /* eligible 0: not told */
};

/* 0; or a code of err.h and why: "PATH:LINE: what". */
int claims_read(struct claims *c, const char *path, char why[LOAD_WHY]);

/* The same of a text in memory; path stands in messages. */
int claims_parse(struct claims *c, const struct load *text, const char *path, char why[LOAD_WHY]);

void claims_free(struct claims *c);

#endif
