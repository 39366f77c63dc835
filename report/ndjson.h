/*
 * ndjson - results as events, one JSON object a line, while they are inferred.
 *
 *   {"event":"start","t":…,"time":…,"schema":"swarmscope/1",…}
 *   {"event":"startup|stall|pause|skip|reboot|switch|exit_before_start|leave",
 *    "t":…,"time":…,"peer":…,"channel":…,"run":…,"ordinal":…,"at":{…},…}
 *   {"event":"session",…}     all of one session, when it will not change any more
 *   {"event":"channel",…}     likewise of a channel
 *   {"event":"retrieval",…}   a channel's ratio at the play deadline
 *   {"event":"warning","text":…}
 *   {"event":"end",…}
 *
 * A result_sink. Only final results are written, each flushed, so a reader at the
 * other end of a pipe sees it at once. t is the time that the event speaks of (unix
 * seconds), time the same in RFC 3339; both null if unknown.
 * Members: schemas/event.schema.json.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_NDJSON_H
#define REPORT_NDJSON_H

#include <stdint.h>
#include <stdio.h>

#include "record/result.h"
#include "record/sink.h"
#include "report/index.h"
#include "report/values.h"

#define NDJSON_SCHEMA   "swarmscope/1"
#define NDJSON_CHANNELS 4096u /* whose ids are remembered; others go by their key */

struct ndjson {
	struct result_sink sink;                         /* first */
	FILE *out;                                       /* borrowed; errors stay in it */
	const char *(*protocol_name)(unsigned protocol); /* NULL: no such one */
	struct index channel_of;
	char (*channels)[VALUES_CHANNEL_MAX]; /* owned; their ids as text */
	size_t room;
	uint64_t events, sessions, warnings; /* lines of each */
	int64_t last_ns;                     /* latest t written; INT64_MIN none */
};

void ndjson_init(struct ndjson *n, FILE *out, const char *(*protocol_name)(unsigned));
void ndjson_fini(struct ndjson *n);

/* First line; the files' names may be NULL. t_ns is INT64_MIN if not known yet. */
void ndjson_start(struct ndjson *n, int64_t t_ns, const char *const *files, size_t n_files);

/* A warning of the caller's own; of no time. */
void ndjson_warn(struct ndjson *n, const char *text);

/* Last line, with the counts of lines. */
void ndjson_end(struct ndjson *n);

#endif
