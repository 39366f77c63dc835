/*
 * node - one peer on the network: the engine of peer/ on sockets of its own, driven by a
 * libuv loop, and a port where a player reads what it plays.
 *
 *   wire --> engine --> wire
 *              |---> media --> http://ADDRESS:8000/live.ts
 *
 * The same engine as the simulator's; only time, sockets and the chunks' bytes are real. Where
 * its line carries less than its upload (uplink.h) the engine promises and sends less.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_NODE_H
#define SWARM_NODE_H

#include <uv.h>

#include "peer/engine.h"
#include "peer/rng.h"
#include "swarm/media.h"
#include "swarm/port.h"
#include "swarm/uplink.h"
#include "swarm/wire.h"

struct node;

struct node_options {
	struct engine_options engine;
	enum wire_kind wire;
	const char *channel;    /* its name, for players */
	struct endpoint player; /* where players read; none: nowhere */
	/* What its viewer lives through; NULL if it is not wanted. */
	void (*truth)(void *ctx, const struct truth_event *ev);
	void *ctx;
};

struct node {
	uv_timer_t timer;
	struct engine_out out;
	struct engine *engine; /* owned */
	struct endpoint tracker;
	struct media media;
	struct port port;
	struct wire wire;
	struct uplink uplink;
	struct rng rng;
	uint64_t channel, peer; /* of its frames */
	void (*truth)(void *ctx, const struct truth_event *ev);
	void *ctx;
	bool open, joined;
};

/* Binds to the engine's own endpoint. Answers as wire_open. */
int node_open(struct node *n, uv_loop_t *loop, const struct node_options *opt);

/* What it may send from now on. */
void node_set_upload(struct node *n, uint32_t kbps);

void node_join(struct node *n);
void node_leave(struct node *n);

/* The origin's next chunk; len <= TS_PIECE. */
void node_media(struct node *n, uint64_t chunk, const uint8_t *bytes, size_t len);

/* Its handles begin to close; the loop must run until they have. Then node_free. */
void node_close(struct node *n);
void node_free(struct node *n);

#endif
