/*
 * capturing - what probe and run capture with: their options, the crew that they make, and how
 * rights are given up on the way.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_CAPTURING_H
#define CMD_CAPTURING_H

#include <stddef.h>

#include "base/json.h"
#include "base/options.h"
#include "probe/crew.h"

struct capturing {
	const char *interface, *filter, *protocol, *user;
	int64_t buffer_mb, snap, workers;
	bool promiscuous;
	/* made of interface */
	char names[1024];
	const char *name[WORKER_INTERFACES];
	unsigned n;
};

/* Rows for the member `capture` of struct S. */
#define CAPTURING_ROWS(S)                                                                          \
	{ .name = "interface", .letter = 'i', .type = OPTION_STRING, .arg = "IFACE",               \
	  .group = "Capture", .text = "the interface; several with commas; any is all of them",    \
	  .offset = offsetof(S, capture.interface) },                                              \
	{ .name = "filter", .letter = 'f', .type = OPTION_STRING, .arg = "FILTER",                 \
	  .group = "Capture", .text = "only these packets, as in tcpdump (see man pcap-filter)",   \
	  .offset = offsetof(S, capture.filter) },                                                 \
	{ .name = "buffer", .type = OPTION_INT, .arg = "MIB", .min = 1, .max = 2000,               \
	  .preset = "64", .group = "Capture",                                                      \
	  .text = "of the kernel, in MiB, a thread and interface",                                 \
	  .offset = offsetof(S, capture.buffer_mb) },                                              \
	{ .name = "snaplen", .type = OPTION_INT, .arg = "BYTES", .min = 96, .max = 262144,         \
	  .preset = "65535", .group = "Capture", .text = "of each packet, at most",                \
	  .offset = offsetof(S, capture.snap) },                                                   \
	{ .name = "workers", .type = OPTION_INT, .arg = "N", .min = 1, .max = CREW_WORKERS,        \
	  .preset = "1", .group = "Capture", .text = "threads that share the packets, by flow",    \
	  .offset = offsetof(S, capture.workers) },                                                \
	{ .name = "promiscuous", .type = OPTION_FLAG, .group = "Capture",                          \
	  .text = "others' packets too, where the device shows them",                              \
	  .offset = offsetof(S, capture.promiscuous) },                                            \
	{ .name = "protocol", .letter = 'p', .type = OPTION_STRING, .arg = "NAME",                 \
	  .group = "Capture", .text = "decode only this protocol",                                 \
	  .offset = offsetof(S, capture.protocol) },                                               \
	{ .name = "user", .type = OPTION_STRING, .arg = "NAME", .group = "Capture",                \
	  .text = "become this user once the interfaces are open; only the right to capture is "   \
	  "kept, whoever it is", .offset = offsetof(S, capture.user) }

/* Opens the interfaces and gives up rights. With account all flows are told too. 0 and *out; or
 * the exit status of the error, which is told. */
int capturing_open(const struct command_row *row, struct capturing *opt,
                   const struct account_options *account, struct crew **out);

uint64_t capturing_secret(void); /* for hashes */

/* Once files are open: lets no other program start, and begins. 0 or an exit status. */
int capturing_start(struct crew *crew);

/* Members for a line of JSON. */
void capturing_tell(struct json_writer *w, const struct worker_status *s, unsigned interfaces);

/* Sums over the interfaces. */
struct live_counts capturing_sum(const struct worker_status *s, unsigned interfaces);

/* For crew_tend: to the log. */
void capturing_say(void *ctx, const char *text);

#endif
