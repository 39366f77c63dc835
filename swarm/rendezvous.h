/*
 * rendezvous - the tracker of peer/ as a process: registrations come and contacts go, over UDP.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_RENDEZVOUS_H
#define SWARM_RENDEZVOUS_H

#include "peer/tracker.h"
#include "swarm/wire.h"

#define RENDEZVOUS_PEERS 65536u
#define RENDEZVOUS_CHANNELS 256u

struct rendezvous_options {
	struct endpoint self;
	uint32_t peers;      /* registered at once, at most RENDEZVOUS_PEERS */
	uint16_t lease_s;
	bool near;           /* of one network first: see peer/tracker.h */
	uint64_t seed;
	int64_t duration_ns; /* 0: until SIGINT or SIGTERM */
	int64_t report_ns;   /* between two reports */
	/* The tracker at this time. */
	void (*report)(void *ctx, const struct tracker *t, int64_t now);
	void *ctx;
};

struct rendezvous;

/* Answers as wire_open. */
int rendezvous_open(const struct rendezvous_options *opt, struct rendezvous **r);
void rendezvous_run(struct rendezvous *r);
void rendezvous_close(struct rendezvous *r); /* takes NULL */

#endif
