/*
 * api - the answers of /api/v1/, from reports in memory.
 *
 *   views (a report a vantage) + params --> JSON
 *
 * Objects of channels and sessions are those of the report that analyze writes, member by
 * member. Knows nothing of HTTP or databases: who serves it and who embeds its answers in
 * a page get the same bytes. Shapes: schemas/api.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DASHBOARD_API_H
#define DASHBOARD_API_H

#include <stdio.h>

#include "dashboard/params.h"
#include "base/json.h"
#include "record/sink.h"
#include "report/report.h"

#define API_TITLE 48
#define API_DETAIL 256

/* One vantage's results. All borrowed. */
struct api_view {
	const char *vantage;
	int64_t first_ns, last_ns;   /* INT64_MIN unknown */
	struct report report;        /* input may be NULL */
	const char *head;            /* document_head's text, or NULL */
	/* The latest map of each peer of a channel in (t - back, t]; all maps of one peer.
	 * NULL, as an answer that is false: none are kept. */
	bool (*maps)(void *ctx, uint64_t channel, int64_t t_ns, int64_t back_ns,
	             struct obs_sink *to);
	bool (*maps_of)(void *ctx, uint64_t channel, const struct endpoint *peer,
	                struct obs_sink *to);
	void *ctx;
};

struct api {
	const struct api_view *view; /* the newest last */
	size_t n;
	const char *version, *store; /* of the program; name of the database */
};

struct api_problem {
	unsigned status; /* of HTTP */
	char type[API_TITLE], title[API_TITLE], detail[API_DETAIL];
};

/* Answers 200 and writes to out; else fills *problem and answers its status. */
unsigned api_answer(const struct api *api, const struct params *p, FILE *out,
                    struct api_problem *problem);

/* As application/problem+json (RFC 9457). */
void api_problem_write(FILE *out, const struct api_problem *problem, const char *instance);

/* --- for the files of the API --- */

/* A channel of a view, by its id. */
struct api_channel {
	const struct api_view *view;
	size_t place; /* in view->report.results->channels */
	int64_t first_ns, last_ns;
};

unsigned api_fail(struct api_problem *problem, unsigned status, const char *type,
                  const char *title, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* Its sessions, in the order of their joins. */
const struct collect_session *api_session(const struct api_channel *c, uint32_t i);
uint32_t api_sessions(const struct api_channel *c);

/* When it ended, or the view. */
int64_t api_left(const struct api_channel *c, const struct collect_session *s);

void api_series(struct json_writer *w, const struct api_channel *c, const struct params *p);
void api_histogram(struct json_writer *w, const struct api_channel *c, const struct params *p);
void api_buffermap(struct json_writer *w, const struct api_channel *c, const struct params *p);
void api_levels(struct json_writer *w, const struct api_channel *c, const struct endpoint *peer);

#endif
