/*
 * collect - all results of one input, gathered for a report.
 *
 *   put, put, put ... finish      channels ──► sessions ──► events
 *                                 (by key)     (by join)    (by ordinal)
 *
 * A result_sink: the same key written again replaces what was said before. After
 * collect_finish nothing may be put; the arrays then stand in their order, each
 * channel with its sessions and each session with its events. Order and content
 * depend on the results alone, not on the order of different keys (warnings: in
 * the order of their first coming).
 *
 * A channel that was merged into another (alias_of) gives its sessions, lag and
 * retrieval counts to that one; its id stays listed.
 *
 * Ceilings: COLLECT_CHANNELS, COLLECT_SESSIONS, COLLECT_EVENTS, COLLECT_WARNINGS,
 * What comes past them is dropped and counted.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_COLLECT_H
#define REPORT_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/result.h"
#include "record/sink.h"
#include "record/sketch.h"
#include "report/curve.h"
#include "report/index.h"

#define COLLECT_CHANNELS 4096u
#define COLLECT_SESSIONS (1u << 20)
#define COLLECT_EVENTS   (1u << 22)
#define COLLECT_WARNINGS 64u

struct collect_event {
	uint32_t session;
	struct result_event e;
};

struct collect_session {
	uint64_t channel, peer_id;
	struct endpoint peer;
	uint32_t run;
	uint32_t in;            /* its channel, merged: place in collect.channels */
	uint32_t first, events; /* its part of collect.events */
	bool told;              /* a SESSION came, not only events */
	uint8_t protocol;
	struct result_session s;
};

struct collect_channel {
	uint64_t key;
	uint32_t first, sessions; /* its part of collect.by_channel */
	uint32_t root;            /* the channel it was merged into, or itself */
	bool told;
	uint8_t protocol;
	struct result_channel c;
	struct result_retrieval ages[RESULT_AGES + 1]; /* the last: at the deadline */
	struct curve *curve; /* owned; NULL: no chunk came */
	struct sketch lag;   /* of all moments told */
};

struct collect {
	struct result_sink sink; /* first */
	struct collect_channel *channels;
	struct collect_session *sessions;
	struct collect_event *events;
	size_t n_channels, n_sessions, n_events;
	size_t room_channels, room_sessions, room_events;
	uint32_t *by_channel; /* places of sessions, channel by channel */
	struct index channel_of, session_of, event_of;
	char (*warnings)[sizeof((struct result *)0)->u.warning]; /* COLLECT_WARNINGS */
	size_t n_warnings;
	uint64_t dropped; /* results past a ceiling */
	bool finished;
};

void collect_init(struct collect *c);
void collect_fini(struct collect *c);

/* A warning of the caller's own; the same text is kept once. */
void collect_warn(struct collect *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Merges, orders and links everything. Sessions of which only events came are gone
 * afterwards. */
void collect_finish(struct collect *c);

/* The channel with this key, after finish; NULL: none. */
const struct collect_channel *collect_channel(const struct collect *c, uint64_t key);

/* Is it listed by itself, not merged into another? After finish. */
bool collect_is_root(const struct collect *c, size_t channel);

#endif
