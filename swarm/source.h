/*
 * source - where a channel's media come from: a file or pipe of MPEG-TS, datagrams of it,
 * or a made stream of empty packets; cut into pieces of constant duration.
 *
 *   made | FILE | - | udp://ADDRESS:PORT   -->   ts   -->   pieces
 *
 * A file is read at the pace of its own clock, the others as they come.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_SOURCE_H
#define SWARM_SOURCE_H

#include <uv.h>

#include "record/endpoint.h"
#include "swarm/ts.h"

#define SOURCE_ROOM 65536u

struct source {
	uv_loop_t *loop;
	uv_timer_t timer;
	uv_pipe_t pipe;
	uv_udp_t udp;
	struct ts ts;
	int file;           /* -1: none */
	bool open, piped, datagrams, made;
	uint32_t bitrate_kbps;
	int64_t begun_ns;
	uint64_t pieces;
	uint32_t counter;   /* of made packets */
	ts_piece_fn *piece;
	void *ctx;
	char room[SOURCE_ROOM];
};

/* from: NULL for a made stream of bitrate_kbps. 0; or an err, and errno or for ERR_USAGE an
 * address that is none. */
int source_open(struct source *s, uv_loop_t *loop, const char *from, int64_t piece_ns,
                uint32_t bitrate_kbps, ts_piece_fn *piece, void *ctx);
void source_start(struct source *s, int64_t now);
void source_stop(struct source *s);
void source_close(struct source *s); /* its handles begin to close */

#endif
