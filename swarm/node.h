/*
 * node - one peer on the network: the engine of peer/ on a UDP socket of its own, driven by
 * a libuv loop, and a port where a player reads what it plays.
 *
 *   datagrams --> engine --> datagrams
 *                   |---> media --> http://ADDRESS:8000/live.ts
 *
 * The same engine as the simulator's; only time, sockets and the chunks' bytes are real.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_NODE_H
#define SWARM_NODE_H

#include <uv.h>

#include "peer/engine.h"
#include "swarm/media.h"
#include "swarm/port.h"

struct node;

struct node_out {
	/* What its viewer lives through. */
	void (*truth)(void *ctx, const struct node *n, const struct truth_event *ev);
	void *ctx;
};

struct node {
	uv_udp_t udp;
	uv_timer_t timer;
	struct engine_out out;
	struct engine *engine; /* owned */
	struct media media;
	struct port port;
	struct node_out to;
	struct endpoint self;
	uint32_t number;
	uint64_t played_to;    /* last chunk handed to the port */
	uint64_t unsent;       /* datagrams that the system did not take */
	bool open, joined;
};

/* UTC nanoseconds that never go back. */
int64_t node_now(void);

/* Binds to opt->self, on its port for players if players is set. 0, or ERR_STORE (taken),
 * ERR_PERMISSION or ERR_IO, and errno. */
int node_open(struct node *n, uv_loop_t *loop, const struct engine_options *opt, bool players,
              const struct node_out *to);

void node_join(struct node *n);
void node_leave(struct node *n);

/* The origin's next chunk; len <= TS_PIECE. */
void node_media(struct node *n, uint64_t chunk, const uint8_t *bytes, size_t len);

/* Its handles begin to close; the loop must run until they have. Then node_free. */
void node_close(struct node *n);
void node_free(struct node *n);

/* To and from the system's form. */
struct endpoint node_endpoint(const struct sockaddr *from);
void node_sockaddr(const struct endpoint *e, struct sockaddr_storage *to);

#endif
