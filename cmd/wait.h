/*
 * wait - a command that serves until a signal or its time ends it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_WAIT_H
#define CMD_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"

#define WAIT_ADDRESS 64

/* ADDR:PORT or [ADDR]:PORT. */
bool wait_split(const char *listen, char address[WAIT_ADDRESS], uint16_t *port);

/* Serves, prints a line of JSON with where, and waits; duration 0: for SIGINT or SIGTERM. An
 * exit status. */
int wait_serve(const struct http_options *http, const char *what, int64_t duration_ns);

/* SIGINT and SIGTERM wait from now on for wait_for_end, in this and later threads. */
void wait_begin(void);
int wait_for_end(int64_t duration_ns);

#endif
