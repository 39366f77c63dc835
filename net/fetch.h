/*
 * fetch - HTTP requests to other servers, over libcurl.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#define FETCH_WHY 256
#define FETCH_MOST ((size_t)1 << 20) /* bytes of an answer */

struct fetch {
	const char *url, *method; /* GET, PUT, DELETE */
	const char *body;         /* NULL: none; JSON */
	const char *token;        /* NULL: none; sent as a bearer token */
	long timeout_s;
};

/* Asks and waits. 0 with *body (owned by the caller, NUL-terminated) and *status; or ERR_IO, or
 * ERR_USAGE for a URL that is none, and why. */
int fetch(const struct fetch *f, char **body, long *status, char why[FETCH_WHY]);

/* What url sends goes to the file descriptor as it comes, from a thread of its own; asked
 * again, every two seconds, when it ends or fails. Until the descriptor is closed at its other
 * end. False: there is no thread to be had. */
bool fetch_stream(const char *url, int to);

#endif
