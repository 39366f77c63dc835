/*
 * live_keep - results on their way into a database, in a thread of its own.
 *
 *   inference -> ring -> batch -> one transaction a second
 *
 * A batch that could not be written is kept and tried again each second: the disk was full, the
 * file locked. Past LIVE_KEEP_BATCH bytes the ring fills up, and put waits: then the capture
 * drops, with a count. What is too old is deleted once a minute.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_LIVE_KEEP_H
#define CMD_LIVE_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "record/sink.h"
#include "store/store.h"

#ifndef LIVE_KEEP_BATCH
#define LIVE_KEEP_BATCH ((size_t)128 << 20)
#endif

struct live_keep;

struct live_keep_options {
	const char *url, *vantage;
	bool clear_addresses;
	int64_t maps_ns, sessions_ns; /* kept for so long */
};

struct live_keep_status {
	uint64_t rows, transactions, failures;
	int64_t took_ns;   /* the last transaction */
	size_t waiting;    /* bytes of the batch */
	bool failing;
};

/* 0, or an exit status of what was told. */
int live_keep_open(const struct live_keep_options *opt, struct live_keep **out);
int live_keep_start(struct live_keep *k);

/* For the inference's thread. */
struct result_sink *live_keep_results(struct live_keep *k);
struct obs_sink *live_keep_maps(struct live_keep *k);

void live_keep_traffic(struct live_keep *k, const struct store_traffic *t);
void live_keep_probe(struct live_keep *k, const struct store_probe *p);

/* What is to be said of the vantage from now on; text is copied. */
void live_keep_say(struct live_keep *k, const struct store_said *said);

struct live_keep_status live_keep_status(struct live_keep *k);

/* It is to end soon: from now on what cannot be written is given up instead of waited for. */
void live_keep_ending(struct live_keep *k);

/* Writes the rest and ends; takes NULL. 0, or the exit status of what could not be written. */
int live_keep_close(struct live_keep *k);

#endif
