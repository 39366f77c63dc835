/*
 * http - a small HTTP/1.1 server for a page and its API, over libmicrohttpd.
 *
 *   GET, HEAD --> handler --> answer        one thread; the handler runs in it
 *
 * What every answer needs is done here: ETag and 304, security headers (a strict content
 * policy with trusted types), only GET and HEAD unless a server asks for more, a check of the
 * Host header where it listens on loopback only (against names that rebind to it), a limit of
 * connections and a time limit for each. Whoever opens thousands of connections waits; others
 * too, for seconds at most.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_WHY 256

struct http_request {
	const char *path;  /* as sent, without the query */
	const char *query; /* as sent, behind the question mark; NULL: none */
	bool gzip;         /* takes Content-Encoding: gzip */
	const char *method; /* GET (HEAD is one), or where bodies are taken PUT or DELETE */
	const char *body;   /* of a PUT, NUL-terminated */
	const char *token;  /* that it came with; NULL: none */
	bool own;           /* from this machine */
};

struct http_answer {
	unsigned status;
	const char *type;   /* of its content, static */
	const void *body;
	size_t len;
	bool owned;         /* body was allocated: freed here */
	bool gzip;          /* body is compressed */
};

typedef void http_handler(void *ctx, const struct http_request *q, struct http_answer *a);

/* The state that answers depend on: while it stays, an answer with 200 stays too and is
 * given again without asking the handler. */
typedef int64_t http_state(void *ctx);

struct http_options {
	const char *address; /* numeric, v4 or v6 */
	uint16_t port;       /* 0: any */
	unsigned ports;      /* tries so many, port and those after it; at least 1 */
	unsigned connections, timeout_s;
	size_t body_most;  /* bytes of a PUT; 0: only GET and HEAD are answered */
	http_handler *handler;
	http_state *state; /* NULL: nothing is kept */
	const char *stream; /* path of an endless answer, of what http_publish says; NULL: none */
	void *ctx;
};

struct http;

/* Listens and serves until http_stop. 0 and *h; or ERR_USAGE, ERR_STORE (the port is taken) or
 * ERR_IO and what was wrong in why. */
int http_start(const struct http_options *opt, struct http **h, char why[HTTP_WHY]);
uint16_t http_port(const struct http *h);

/* From any thread: an event to all who listen. data is one line. */
void http_publish(struct http *h, const char *event, const char *data);
void http_stop(struct http *h); /* h may be NULL */

#endif
