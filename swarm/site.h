/*
 * site - the sockets of one of a swarm's many nodes in this process.
 *
 * It outlives its node a little: what the node said last is still on its line. Then it
 * closes and frees itself, and its owner's pointer becomes NULL.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_SITE_H
#define SWARM_SITE_H

#include "swarm/port.h"
#include "swarm/wire.h"

struct site_options {
	uint32_t number;
	struct endpoint self, player; /* player: where players read; none: nowhere */
	enum wire_kind wire;
	wire_fn *frame;               /* its ctx is the site */
	void *owner;
	uint64_t *unsent;             /* the owner's sum: what it could not send is added */
};

struct site {
	struct site_options opt;
	struct site **place;  /* the owner's pointer */
	struct wire wire;
	struct port port;
	uv_timer_t linger;
	uint32_t channel;     /* that its port is tuned to; UINT32_MAX none */
	int64_t asked_ns;     /* when its viewer began to wait for a first picture; 0: it does
	                       * not */
	bool switching, gone;
};

/* Makes *place. Answers as wire_open; with an error too it is there, and to be closed. */
int site_open(struct site **place, uv_loop_t *loop, const struct site_options *opt);

/* Its node has gone: players are sent away, nothing is heard, what it sends still goes. */
void site_leave(struct site *n);
void site_close(struct site *n); /* at once */

#endif
