/*
 * channels - the channel server's list: which channels there are, how their stream is cut,
 * whose key signs it and where its trackers are.
 *
 * A pure part, like tracker: bounded list in the caller's memory, kept in the order of
 * names, so that every reader sees the same order. Whoever publishes a channel again
 * replaces it; nothing else changes one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_CHANNELS_H
#define PEER_CHANNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "peer/engine.h"

#define CHANNELS_NAME 64u    /* bytes, with the final NUL; UTF-8 */
#define CHANNELS_TRACKERS 4u

struct channel_entry {
	struct engine_channel channel; /* its tracker: the first of those below */
	char name[CHANNELS_NAME];
	uint8_t key[32];               /* origin's Ed25519 public key; zero: unsigned */
	struct endpoint trackers[CHANNELS_TRACKERS];
	uint8_t n_trackers;
};

struct channel_list {
	struct channel_entry *list; /* the caller's, max entries */
	uint32_t n, max;
	uint64_t version; /* + 1 with every change, so that readers can ask for news */
};

enum channels_answer {
	CHANNELS_ADDED,
	CHANNELS_REPLACED,
	CHANNELS_FULL,
	CHANNELS_TAKEN,    /* another channel has this name */
	CHANNELS_UNSOUND,  /* no id, name, duration, rate or tracker, or an endless name */
};

/* Publishes a channel, known by its id. Only the first answers change the list. */
enum channels_answer channels_publish(struct channel_list *c, const struct channel_entry *e);

bool channels_withdraw(struct channel_list *c, uint64_t id); /* false: it was not there */

/* NULL if there is none; valid until the next change. */
const struct channel_entry *channels_find(const struct channel_list *c, uint64_t id);
const struct channel_entry *channels_named(const struct channel_list *c, const char *name);

#endif
