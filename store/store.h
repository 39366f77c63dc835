/*
 * store - results kept in a database: one contract, a backend a kind of URL.
 *
 *   sqlite:PATH   one file, no server
 *
 * Rows are keyed by what they are about and by the vantage they were seen from, so that
 * putting the same results again changes nothing. All of a vantage's rows come in one
 * transaction: a process that dies leaves the earlier ones. Addresses become keyed hashes
 * on the way in; the key lies beside the database, in a file that its owner alone reads.
 *
 * Answers 0 or an err; store_why then says what was wrong, where, and what to do next.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "record/result.h"
#include "record/sink.h"

#define STORE_SHA256_HEX 65u /* with the final NUL */

struct store;

struct store_options {
	const char *url;
	bool write;           /* else read only; the schema must be there */
	bool clear_addresses; /* keep them readable beside their hashes */
	const char *(*protocol_name)(unsigned id);
};

/* Opens, and brings the schema up to date when writing. *s is set in any case but
 * lack of memory, for store_why; close it always. */
int store_open(const struct store_options *opt, struct store **s);
void store_close(struct store *s); /* what was not committed is as if never put */
const char *store_why(const struct store *s);

/* An input file, for the vantage's identity. */
struct store_input {
	char sha256[STORE_SHA256_HEX];
	const char *name;
	uint64_t bytes;
};

/* SHA-256 of a file's bytes, as hex. ERR_IO and errno if it cannot be read. */
int store_sha256(const char *path, char hex[STORE_SHA256_HEX], uint64_t *bytes);

/* Takes the one writer's place; what these inputs gave before will be replaced. */
int store_begin(struct store *s, const struct store_input *inputs, size_t n);

/* All but warnings. Only a final channel or session is written. A failure is kept until
 * store_commit. */
struct result_sink *store_results(struct store *s);

/* A peer's map of channel at o->t_ns. */
void store_map(struct store *s, const struct observation *o);

/* What is to be said of the inputs as a whole. */
struct store_said {
	int64_t first_ns, last_ns;  /* INT64_MIN unknown */
	const char *report;         /* JSON; NULL: nothing */
	int64_t prebuffer_ns;       /* that players were taken to have; INT64_MIN: none were */
	const char *prebuffer_from; /* what that rests on, or NULL */
};

/* All of it, or nothing and an err. */
int store_commit(struct store *s, const struct store_said *said);

/* A vantage that goes on while it is written, of this name and with nothing in it yet. What is
 * put then, results that are not final too, stays and is seen by others from each store_flush
 * on. */
int store_begin_live(struct store *s, const char *name);

/* All traffic of a class in a step of time, and a probe's counters since its start. As results,
 * between store_begin and store_commit, or store_resume and store_flush. */
struct store_traffic {
	int64_t t_ns, step_ns;
	char protocol[64], confidence[12], transport[8], locality[12];
	uint32_t from_as, to_as; /* 0 unknown */
	uint64_t bytes, packets, flows;
};

struct store_probe {
	int64_t t_ns;
	uint64_t packets, bytes, dropped, interface_dropped, lost_observations, undecodable, cut,
	        stream_gaps, evicted, outages;
};

void store_traffic(struct store *s, const struct store_traffic *t);
void store_probe(struct store *s, const struct store_probe *p);

/* Before the next puts. A failure is kept until store_flush. */
int store_resume(struct store *s);

/* All since store_resume, or nothing of it and an err: it may be put again then, less the samples
 * of lag, which were taken. */
int store_flush(struct store *s, const struct store_said *said);

/* Between store_flush and store_resume: maps and ended sessions from before these times go. */
int store_forget(struct store *s, int64_t maps_ns, int64_t sessions_ns);

uint64_t store_rows(const struct store *s); /* put since store_begin */

/* What is in it, for people or as JSON. */
int store_info(struct store *s, FILE *out, bool json);

/* Is it sound? Prints one line a check; ERR_DAMAGED if one fails. */
int store_check(struct store *s, FILE *out);

#endif
