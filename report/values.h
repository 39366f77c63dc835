/*
 * values - how identities, times and estimates stand in reports and events.
 *
 *   channel   protocol:hex(id), e.g. grapes:0a4d0001
 *   peer id   16 hex digits
 *   estimate  {"lo":…,"best":…,"hi":…} seconds, null for an open end; null as a
 *             whole if unknown
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_VALUES_H
#define REPORT_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "record/estimate.h"
#include "record/observation.h"
#include "record/result.h"

#define VALUES_CHANNEL_MAX (32 + 2 * OBS_MAX_CHANNEL_ID + 2) /* bytes, with the NUL */
#define VALUES_TIME_MAX    40

/* A channel whose id is not known (id_len 0) is named by its key. protocol may be
 * NULL and is cut to 32 bytes. */
void values_channel(char text[VALUES_CHANNEL_MAX], const char *protocol, const uint8_t *id,
                    size_t id_len, uint64_t key);

/* RFC 3339 in UTC with microseconds: 2026-11-23T21:34:37.900000Z. */
void values_time(char text[VALUES_TIME_MAX], int64_t ns);

void values_estimate(struct json_writer *w, const char *key, const struct estimate *e);

/* The same with "reasons": what makes it as wide as it is. */
void values_reasoned(struct json_writer *w, const char *key, const struct estimate *e);

/* "addr:port", null for none. */
void values_peer(struct json_writer *w, const char *key, const struct endpoint *peer);
void values_peer_id(struct json_writer *w, const char *key, uint64_t peer_id);

/* What a session's result tells, as members of an object that the caller opened:
 * joined, playing, left, ... mos. Its events are not among them. */
void values_session(struct json_writer *w, const struct result_session *s);

/* A channel's own members: name, chunk_s, bitrate_kbps. */
void values_channel_facts(struct json_writer *w, const struct result_channel *c);

#endif
