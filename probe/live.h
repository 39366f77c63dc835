/*
 * live - an interface, captured by libpcap and given to a probe packet by packet.
 *
 *   owner's thread    live_open ............ live_tend, once a second ........ live_free
 *   worker's thread              live_take, live_count, as often as it likes
 *
 * Times of packets are the kernel's, less any step of the clock since the interface was opened:
 * when the clock is set, what is seen goes on without a jump, and the step is told.
 *
 * A ring of live_options.buffer bytes between the kernel and here holds what comes while the
 * worker does something else; what it has no room for is counted and told as a GAP, as is the
 * time in which an interface is down: the owner opens it again, since the worker may be
 * forbidden to (confine.h).
 *
 * Each function that can fail answers 0 or a code of base/err.h, and live_text() then is one
 * line for people.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_LIVE_H
#define PROBE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/probe.h"

#define LIVE_BUFFER (64u << 20)
#define LIVE_SNAP 65535u

struct live_options {
	const char *interface;
	const char *filter; /* of libpcap's language; NULL: everything */
	uint32_t snap, buffer;
	bool promiscuous;
	uint16_t fanout; /* 0: alone; else those with the same number share the packets, all of a
	                  * flow to one of them */
};

/* Packets since it was opened: received are those that came out of the filter, delivered those
 * that were given to the probe. What is neither delivered nor dropped waits in the ring; on
 * loopback, where the kernel shows each packet twice, it is one of the two. */
struct live_counts {
	uint64_t received, delivered;
	uint64_t dropped;           /* there was no room */
	uint64_t interface_dropped; /* by the device */
	uint64_t outages;           /* times that it was down */
	uint64_t steps;             /* times that the clock was set */
};

/* How far the clock of the day has been set since clock_steady_ns was first asked. Answers true
 * when it was set: by more than LIVE_STEP_NS since the last time; in all it is *set_ns then. */
#define LIVE_STEP_NS INT64_C(50000000)
bool live_clock_was_set(int64_t wall_ns, int64_t steady_ns, int64_t *set_ns);

struct live;

struct live *live_new(const struct live_options *opt, struct probe *probe);
void live_free(struct live *l); /* closes; takes NULL */

/* ERR_PERMISSION, ERR_USAGE (the filter), ERR_LINK_TYPE, ERR_IO (no such device, or down). */
int live_open(struct live *l);

/* True, with a text, once each time that the interface went away or came back, or that the clock
 * was set. */
bool live_tend(struct live *l);

/* Gives what has come, at most so many packets, to the probe and answers how many. */
int live_take(struct live *l, int most);

int live_fd(const struct live *l); /* to wait for; -1: it is down */

/* Asks the kernel; new drops become a GAP. */
struct live_counts live_count(struct live *l);

void live_counts_add(struct live_counts *to, const struct live_counts *what);

const char *live_text(const struct live *l);

/* Interfaces that can be captured: calls put for each, with a description or NULL. */
int live_list(void (*put)(void *ctx, const char *name, const char *about), void *ctx,
              char why[256]);

#endif
