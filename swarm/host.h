/*
 * host - the sockets of one of a swarm's many nodes in this process.
 *
 * It outlives its node a little: what the node said last is still on its line. Then it
 * closes and frees itself, and its owner's pointer becomes NULL.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_HOST_H
#define SWARM_HOST_H

#include "swarm/port.h"
#include "swarm/wire.h"

struct host_options {
	uint32_t number;
	struct endpoint self, player; /* player: where players read; none: nowhere */
	enum wire_kind wire;
	wire_fn *frame;               /* its ctx is the host */
	void *owner;
	uint64_t *unsent;             /* the owner's sum: what it could not send is added */
};

struct host {
	struct host_options opt;
	struct host **place;  /* the owner's pointer */
	struct wire wire;
	struct port port;
	uv_timer_t linger;
	uint32_t channel;     /* that its port is tuned to; UINT32_MAX none */
	int64_t asked_ns;     /* when its viewer began to wait for a first picture; 0: it does
	                       * not */
	bool switching, gone;
};

/* Makes *place. Answers as wire_open; with an error too it is there, and to be closed. */
int host_open(struct host **place, uv_loop_t *loop, const struct host_options *opt);

/* Its node has gone: players are sent away, nothing is heard, what it sends still goes. */
void host_leave(struct host *n);
void host_close(struct host *n); /* at once */

#endif
