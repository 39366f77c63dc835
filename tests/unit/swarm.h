/*
 * swarm - a small hand-made swarm's results, for the tests of reports.
 *
 * One channel of protocol 1 whose clock starts at SWARM_START_NS: the source, a
 * viewer with two stalls and a skip, one seen from the middle on, one that left
 * before it played, and one address with two runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_SWARM_H
#define TESTS_UNIT_SWARM_H

#include "record/result.h"
#include "record/sink.h"
#include "report/report.h"

#define SWARM_START_NS INT64_C(1795469677900000000)
#define SWARM_CHANNEL  UINT64_C(0x1122334455667788)

int64_t swarm_ns(double s);                                    /* s seconds after the start */
struct estimate swarm_at(double lo, double best, double hi);   /* a time */
struct estimate swarm_span(double lo, double best, double hi); /* a duration */

struct result swarm_session(unsigned host, unsigned run, double joined, double playing,
                            double left);
struct result swarm_event(const struct result *session, enum result_event_kind event,
                          unsigned ordinal, double at, double duration);

void swarm_put(struct result_sink *to);

const char *swarm_protocol(unsigned protocol); /* 1: "grapes" */

/* A report over results, with some input. */
struct report swarm_report(const struct collect *results);

#endif
