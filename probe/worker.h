/*
 * worker - a thread that captures and decodes: interfaces in, observations out.
 *
 *   eth0, eth1 -> live -> probe -> ring of observations -> whoever calls worker_next
 *
 * It reads hostile bytes, so it may do next to nothing else (confine.h). Where the reader does
 * not keep up and the ring is full, observations are dropped, counted and told as a GAP; the
 * capture goes on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_WORKER_H
#define PROBE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/live.h"

#define WORKER_INTERFACES 16u
#define WORKER_RING ((size_t)32 << 20) /* bytes of observations that wait */

struct worker_options {
	const char *const *interfaces; /* n of them; borrowed while it lives */
	unsigned n;
	struct live_options live; /* of each, less its name */
	struct decode_options decode;
	bool unconfined; /* for who measures or traces it */
};

struct worker_status {
	struct counts decoded;
	struct live_counts live[WORKER_INTERFACES];
	uint64_t observations;
	uint64_t lost;   /* observations for which the ring had no room */
	int64_t seen_ns; /* no packet from before this time will come any more, but for a clock
	                  * that is set back */
};

struct worker;

struct worker *worker_new(const struct worker_options *opt);
void worker_free(struct worker *w); /* stops it first; takes NULL */

/* Opens the interfaces: 0, or live's err. */
int worker_open(struct worker *w);

/* ERR_IO: no thread. Signals should be blocked. */
int worker_start(struct worker *w);

/* The oldest observation, valid until released; NULL: none now. */
const struct observation *worker_next(struct worker *w);
void worker_release(struct worker *w);
bool worker_over(const struct worker *w); /* it has ended and all was taken */

/* As worker_status says, at once. */
int64_t worker_seen(const struct worker *w);

/* As of some 100 ms ago. */
struct worker_status worker_status(struct worker *w);

/* From time to time: opens what went away again. Calls say with each line for people. */
void worker_tend(struct worker *w, void (*say)(void *ctx, const char *text), void *ctx);

/* Lets it take what the kernel still has and end. Somebody must go on reading. */
void worker_end(struct worker *w);

const char *worker_text(const struct worker *w); /* of the last error */

#endif
