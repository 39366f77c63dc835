/*
 * channel_json - a channel as the channel server tells it:
 *
 *   {"name": "news", "id": "mesh:00c0...", "chunk_s": 0.25, "bitrate_kbps": 300,
 *    "key": "64 hex digits", "trackers": ["192.0.2.1:6900"]}
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_CHANNEL_JSON_H
#define CMD_CHANNEL_JSON_H

#include "base/json.h"
#include "peer/channels.h"

void channel_json_write(struct json_writer *w, const struct channel_entry *e);

/* The same as a text, owned by the caller. */
char *channel_json_text(const struct channel_entry *e);

/* Reads one channel; NULL, or what is wrong, in a few words. */
const char *channel_json_read(const char *text, size_t len, struct channel_entry *e);

/* 64 hex digits; false: it is something else. */
bool channel_key_read(const char *text, uint8_t key[32]);
void channel_key_write(const uint8_t key[32], char text[65]);

/* "mesh:16 hex digits". */
bool channel_id_read(const char *text, uint64_t *id);

#endif
