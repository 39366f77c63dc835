/*
 * live - an interface, captured by libpcap and given to a probe packet by packet.
 *
 * A ring of live_options.buffer bytes between the kernel and here holds what comes while this
 * process does something else; what it has no room for is counted and told as a GAP, as is the
 * time in which an interface is down: it is opened again once a second.
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

/* Gives what has come to the probe, for so long; returns early after a signal. ERR_IO, with a
 * text, once each time that the interface went away. */
int live_run(struct live *l, int64_t for_ns);

/* Asks the kernel; new drops become a GAP. */
struct live_counts live_counts(struct live *l);

const char *live_text(const struct live *l);

/* Interfaces that can be captured: calls put for each, with a description or NULL. */
int live_list(void (*put)(void *ctx, const char *name, const char *about), void *ctx,
              char why[256]);

#endif
