/*
 * document - a report as one JSON document, "swarmscope/report/1".
 *
 * Members: schemas/report.schema.json. Times are unix seconds to the microsecond,
 * durations seconds; unknown is null. Sessions stand in the order of their join.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_DOCUMENT_H
#define REPORT_DOCUMENT_H

#include <stdio.h>

#include "report/report.h"

#define DOCUMENT_SCHEMA "swarmscope/report/1"

/* Errors stay in the stream. */
void document_write(FILE *out, const struct report *r);

#endif
