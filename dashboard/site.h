/*
 * site - what a path of the server answers: a file of the page, or the API.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DASHBOARD_SITE_H
#define DASHBOARD_SITE_H

#include "dashboard/views.h"
#include "net/http.h"

#define SITE_STREAM "/api/v1/stream" /* events of a live site */

struct site {
	struct store *store; /* open for reading */
	struct views *views;
	const char *version, *name; /* of the program; of the database */
	void (*probes)(void *ctx, struct json_writer *w); /* one object; NULL: nothing is live */
	void (*metrics)(void *ctx, FILE *out); /* for /metrics; NULL: none */
	const char *metrics_type;
	void *ctx;
};

/* Changes when what is answered may. */
int64_t site_state(void *site);

void site_answer(void *site, const struct http_request *q, struct http_answer *a);

#endif
