/*
 * find_channel - asks a channel server, or tells it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_FIND_CHANNEL_H
#define CMD_FIND_CHANNEL_H

#include "peer/channels.h"

#define FIND_WHY 400

/* The channel of this name, from a server's URL. 0; or an err, and why. */
int find_channel(const char *server, const char *name, struct channel_entry *e,
                 char why[FIND_WHY]);

/* From a file with its JSON. Answers likewise. */
int find_channel_file(const char *path, struct channel_entry *e, char why[FIND_WHY]);

/* Publishes it, or withdraws it. Answers likewise. */
int tell_channel(const char *server, const char *token, const struct channel_entry *e, bool gone,
                 char why[FIND_WHY]);

#endif
