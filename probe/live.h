/*
 * live - an interface, captured by libpcap and given to a probe packet by packet.
 *
 *   owner's thread    live_open ............ live_tend, once a second ........ live_free
 *   worker's thread              live_take, live_count, as often as it likes
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
};

struct live;

struct live *live_new(const struct live_options *opt, struct probe *probe);
void live_free(struct live *l); /* closes; takes NULL */

/* ERR_PERMISSION, ERR_USAGE (the filter), ERR_LINK_TYPE, ERR_IO (no such device, or down). */
int live_open(struct live *l);

/* True, with a text, once each time that the interface went away or came back. */
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
