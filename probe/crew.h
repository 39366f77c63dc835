/*
 * crew - workers that share interfaces, as one stream of observations in order of time.
 *
 *   worker 1   1   3 4     9
 *   worker 2     2     5 6      ->  1 2 3 4 5 6 9
 *
 * The kernel gives all packets of a flow to one of them. An observation waits until no worker
 * can come with an earlier one, some 300 ms at most.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_CREW_H
#define PROBE_CREW_H

#include "probe/worker.h"

#define CREW_WORKERS 16u

struct crew;

/* The options are copied, the interfaces' names borrowed. */
struct crew *crew_new(const struct worker_options *opt, unsigned workers);
void crew_free(struct crew *c); /* ends them first; takes NULL */

/* 0 or live's err, see crew_text. */
int crew_open(struct crew *c);
int crew_start(struct crew *c);

/* The earliest observation, valid until released; NULL: none yet. */
const struct observation *crew_next(struct crew *c);
void crew_release(struct crew *c);
bool crew_over(struct crew *c);

/* Added up; seen_ns: of the one that is behind. */
struct worker_status crew_status(struct crew *c);
void crew_tend(struct crew *c, void (*say)(void *ctx, const char *text), void *ctx);
void crew_end(struct crew *c);
const char *crew_text(const struct crew *c);

#endif
