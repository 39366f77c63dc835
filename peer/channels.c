/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/channels.h"

#include <string.h>

static bool
is_sound(const struct channel_entry *e)
{
	return e->channel.id != 0 && e->name[0] != '\0' &&
	       memchr(e->name, '\0', sizeof e->name) != NULL && e->channel.chunk_ns > 0 &&
	       e->channel.bitrate_kbps > 0 && e->n_trackers > 0 &&
	       e->n_trackers <= CHANNELS_TRACKERS && !endpoint_is_none(&e->trackers[0]);
}

static uint32_t
place_of(const struct channel_list *c, uint64_t id)
{
	uint32_t i = 0;

	while (i < c->n && c->list[i].channel.id != id)
		i++;
	return i;
}

static void
take_out(struct channel_list *c, uint32_t i)
{
	c->n--;
	memmove(&c->list[i], &c->list[i + 1], (c->n - i) * sizeof c->list[0]);
}

static void
put_in(struct channel_list *c, const struct channel_entry *e)
{
	uint32_t i = c->n++;

	for (; i > 0 && strcmp(c->list[i - 1].name, e->name) > 0; i--)
		c->list[i] = c->list[i - 1];
	c->list[i] = *e;
	c->list[i].channel.tracker = e->trackers[0];
	c->version++;
}

enum channels_answer
channels_publish(struct channel_list *c, const struct channel_entry *e)
{
	const struct channel_entry *same = is_sound(e) ? channels_named(c, e->name) : NULL;
	uint32_t i;

	if (!is_sound(e))
		return CHANNELS_UNSOUND;
	if (same != NULL && same->channel.id != e->channel.id)
		return CHANNELS_TAKEN;
	i = place_of(c, e->channel.id);
	if (i == c->n && c->n == c->max)
		return CHANNELS_FULL;
	if (i == c->n) {
		put_in(c, e);
		return CHANNELS_ADDED;
	}
	take_out(c, i);
	put_in(c, e);
	return CHANNELS_REPLACED;
}

bool
channels_withdraw(struct channel_list *c, uint64_t id)
{
	uint32_t i = place_of(c, id);

	if (i == c->n)
		return false;
	take_out(c, i);
	c->version++;
	return true;
}

const struct channel_entry *
channels_find(const struct channel_list *c, uint64_t id)
{
	uint32_t i = place_of(c, id);

	return i < c->n ? &c->list[i] : NULL;
}

const struct channel_entry *
channels_named(const struct channel_list *c, const char *name)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (strcmp(c->list[i].name, name) == 0)
			return &c->list[i];
	return NULL;
}
