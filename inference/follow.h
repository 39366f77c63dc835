/*
 * follow - a session whose maps tell where the viewer plays.
 *
 * Finds the chunk that play begins with and what the offset means, hands each map's
 * position to viewer, and counts the chunks that play leaves behind.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_FOLLOW_H
#define INFERENCE_FOLLOW_H

#include "inference/session.h"

/* The map o went into s->arrival. */
void follow_map(struct session *s, struct channel_view *c, const struct observation *o,
                const struct player_listener *to);

/* Chunks from newest on need room in s->arrival. */
void follow_room(struct session *s, struct channel_view *c, uint64_t newest);

/* Its request: media does not begin past what it asks for first. */
void follow_asked(struct session *s, const struct observation *o);

void follow_end(struct session *s, struct channel_view *c, int64_t left_ns,
                const struct player_listener *to);

/* Media played until now. */
int64_t follow_played_ns(const struct session *s, const struct channel_view *c);

#endif
