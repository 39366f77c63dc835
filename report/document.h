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

#include "base/json.h"
#include "report/report.h"
#include "report/values.h"

#define DOCUMENT_SCHEMA "swarmscope/report/1"

/* Errors stay in the stream. */
void document_write(FILE *out, const struct report *r);

/* Its parts: what is said of the input, the player and the warnings, as an object by
 * itself; the object of a channel (its place in r->results) and that of a session. */
void document_head(FILE *out, const struct report *r);
void document_channel(struct json_writer *w, const struct report *r, size_t channel);
void document_session(struct json_writer *w, const struct report *r,
                      const struct collect_session *s);
void document_channel_id(const struct report *r, const struct collect_channel *c,
                         char text[VALUES_CHANNEL_MAX]);

/* An AS number; null where it is 0, not known. */
void document_as(struct json_writer *w, const char *key, uint32_t as);

#endif
