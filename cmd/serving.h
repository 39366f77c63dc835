/*
 * serving - the page and the API of a store, as serve and run give them: options, site, server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_SERVING_H
#define CMD_SERVING_H

#include "base/options.h"
#include "cmd/wait.h"
#include "dashboard/site.h"

#define SERVING_URL (WAIT_ADDRESS + 32)

struct serving {
	const char *listen;
	bool search;
	/* made of listen */
	char address[WAIT_ADDRESS];
	uint16_t port;
};

/* Rows for the member `serve` of struct S. */
#define SERVING_ROWS(S)                                                                            \
	{ .name = "listen", .type = OPTION_STRING, .arg = "ADDR:PORT", .preset = "127.0.0.1:8480", \
	  .group = "Server",                                                                       \
	  .text = "where to listen; there is no sign-in, so other machines reach it only if you "  \
	          "name another address",                                                          \
	  .offset = offsetof(S, serve.listen) },                                                   \
	{ .name = "port-search", .type = OPTION_FLAG, .group = "Server",                           \
	  .text = "take the next free port if this one is taken",                                  \
	  .offset = offsetof(S, serve.search) }

struct serving_site {
	struct site site;
	struct http_options http;
};

/* Checks listen: 0, or the exit status of the mistake. */
int serving_read(const struct command_row *row, struct serving *opt);

/* What a capture under way tells, as in dashboard/site.h. */
struct serving_live {
	void (*probes)(void *ctx, struct json_writer *w);
	void (*metrics)(void *ctx, FILE *out);
	const char *metrics_type;
	void *ctx;
};

/* Opens the store to read it. live is NULL where nothing is captured. Each answers 0, or the exit
 * status of what was told. */
int serving_open(struct serving_site *s, const struct serving *opt, const char *store,
                 const struct serving_live *live);
int serving_start(struct serving_site *s, struct http **h);
void serving_close(struct serving_site *s); /* once the server has stopped */

void serving_url(const struct http *h, const struct serving *opt, char url[SERVING_URL]);

#endif
