/*
 * port - where a player reads what a peer plays: HTTP, /live.ts, endless.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_PORT_H
#define SWARM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "record/endpoint.h"

#define PORT_NUMBER 8000u
#define PORT_READERS 8u /* at a time; more are sent away */

struct port {
	uv_tcp_t tcp;
	uv_loop_t *loop;
	bool open;
	struct port_reader *reader[PORT_READERS];
};

/* Listens on the same address, port PORT_NUMBER. Answers as node_open. */
int port_open(struct port *p, uv_loop_t *loop, const struct endpoint *self);

/* The next bytes of the stream, to all who read. */
void port_put(struct port *p, const uint8_t *bytes, size_t len);

void port_close(struct port *p); /* begins to; nothing if it is not open */

#endif
