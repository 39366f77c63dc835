/*
 * port - where a player reads what a peer plays, over HTTP:
 *
 *   /live.ts, /CHANNEL.ts       an endless transport stream, from what plays next on
 *   /live.m3u8, /CHANNEL.m3u8   the same for HLS players, in segments of whole chunks
 *
 * A chunk that never came is missing there too.
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
#include "swarm/media.h"

#define PORT_NUMBER 8000u
#define PORT_READERS 16u /* at a time; more are sent away */
#define PORT_NAME 32u    /* of a channel */

struct port {
	uv_tcp_t tcp;
	uv_loop_t *loop;
	bool open;
	struct port_reader *reader[PORT_READERS];
	const struct media *media; /* borrowed; of the channel that plays */
	int64_t chunk_ns;
	char name[PORT_NAME];
	uint64_t first, at, newest; /* chunks since it was tuned, 0 none: the first that played,
	                             * the one that plays, the last that may be */
};

/* Listens. Answers as wire_open. */
int port_open(struct port *p, uv_loop_t *loop, const struct endpoint *at);

/* What plays from now on; name is at most PORT_NAME - 1 long. */
void port_tune(struct port *p, const char *name, const struct media *media, int64_t chunk_ns);

/* Chunk `at` plays now, and may be played on up to `to`: what is new of it goes to all who
 * read. to 0: nothing plays. */
void port_follow(struct port *p, uint64_t at, uint64_t to);

void port_close(struct port *p); /* begins to; nothing if it is not open */

#endif
