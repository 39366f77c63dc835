/*
 * auditing - all traffic by what it carries and where it goes: options, and the tables that a
 * report and a store tell.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_AUDITING_H
#define CMD_AUDITING_H

#include <pthread.h>

#include "base/options.h"
#include "probe/account.h"
#include "probe/audit.h"
#include "report/report.h"
#include "store/store.h"

#define AUDITING_TOP 200u /* AS pairs that a report lists */

struct auditing {
	const char *as_table, *own_prefixes, *rules;
};

/* Rows for the member `audit` of struct S. */
#define AUDITING_ROWS(S)                                                                           \
	{ .name = "as-table", .type = OPTION_STRING, .arg = "FILE", .group = "Audit",              \
	  .text = "whose addresses are whose: lines START,END,AS or PREFIX,AS, or a MaxMind DB",   \
	  .offset = offsetof(S, audit.as_table) },                                                 \
	{ .name = "own-prefixes", .type = OPTION_STRING, .arg = "FILE", .group = "Audit",          \
	  .text = "what is inside: lines PREFIX,inside or PREFIX,outside; else private ranges are",\
	  .offset = offsetof(S, audit.own_prefixes) },                                             \
	{ .name = "rules", .type = OPTION_STRING, .arg = "FILE", .group = "Audit",                 \
	  .text = "traffic known by port or prefix: lines 'udp 7000-7010 NAME'",                   \
	  .offset = offsetof(S, audit.rules) }

/* The files, read. */
struct auditor {
	struct account_options account; /* for the decoder */
	struct audit *audit;            /* since the beginning; owned, as the next three */
	struct audit *step;             /* of this step of time */
	struct networks *networks;
	struct rules *rules;
	/* for a report */
	struct report_app *app;
	struct report_traffic transport[256], locality[LOCALITIES];
	char names[256][8];
	struct report_pair pair[AUDITING_TOP];
	char (*texts)[DPI_NAME];
};

/* Takes FLOW observations. */
void auditing_put(struct auditor *a, const struct observation *o);

/* 0, or the exit status of what was told. */
int auditing_open(struct auditor *a, const struct auditing *opt);
void auditing_close(struct auditor *a);

/* Reads the files of networks again; if they cannot be read, the old ones stay: says which. Not
 * beside auditing_put. */
void auditing_reload(struct auditor *a, const struct auditing *opt);

/* Calls put for each class of traffic since the last call, or the beginning: a step of time. */
void auditing_step(struct auditor *a, int64_t t_ns, int64_t step_ns,
                   void (*put)(void *ctx, const struct store_traffic *t), void *ctx);

/* Fills what the report says of all traffic; borrowed from a. */
void auditing_tell(struct auditor *a, struct report_input *in);

#endif
