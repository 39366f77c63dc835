/* SPDX-License-Identifier: Apache-2.0 */
#include "report/collect.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "report/grow.h"

#define MOST_MERGES 16 /* of a channel into a channel into ... */

struct session_key {
	uint64_t channel;
	uint8_t addr[16];
	uint32_t port, run;
};

struct event_key {
	uint32_t session, ordinal, event;
};

/* --- gathering ---------------------------------------------------------------- */

static struct collect_channel *
channel_at(struct collect *c, const struct result *r)
{
	bool fresh;
	uint32_t i = index_put(&c->channel_of, &r->channel, &fresh);

	if (i == INDEX_NONE) {
		c->dropped++;
		return NULL;
	}
	if (fresh) {
		c->channels = grow(c->channels, c->n_channels, &c->room_channels,
		                   sizeof *c->channels);
		c->channels[c->n_channels++] = (struct collect_channel){
			.key = r->channel,
			.protocol = r->protocol,
			.c = { .chunk = ESTIMATE_UNKNOWN },
		};
	}
	return &c->channels[i];
}

static struct session_key
session_key(uint64_t channel, const struct endpoint *peer, uint32_t run)
{
	struct session_key key = { .channel = channel, .port = peer->port, .run = run };

	memcpy(key.addr, peer->addr, sizeof key.addr);
	return key;
}

static uint32_t
session_at(struct collect *c, const struct result *r)
{
	struct session_key key = session_key(r->channel, &r->peer, r->run);
	bool fresh;
	uint32_t i = index_put(&c->session_of, &key, &fresh);

	if (i == INDEX_NONE) {
		c->dropped++;
		return i;
	}
	if (fresh) {
		c->sessions = grow(c->sessions, c->n_sessions, &c->room_sessions,
		                   sizeof *c->sessions);
		c->sessions[c->n_sessions++] = (struct collect_session){
			.channel = r->channel,
			.peer = r->peer,
			.run = r->run,
		};
	}
	return i;
}

static void
put_session(struct collect *c, const struct result *r)
{
	uint32_t i = session_at(c, r);

	if (i == INDEX_NONE || channel_at(c, r) == NULL)
		return;
	c->sessions[i].told = true;
	c->sessions[i].peer_id = r->peer_id;
	c->sessions[i].protocol = r->protocol;
	c->sessions[i].s = r->u.session;
}

static void
put_event(struct collect *c, const struct result *r)
{
	struct event_key key = { .ordinal = r->u.event.ordinal, .event = r->u.event.event };
	bool fresh;
	uint32_t i;

	key.session = session_at(c, r);
	if (key.session == INDEX_NONE)
		return;
	i = index_put(&c->event_of, &key, &fresh);
	if (i == INDEX_NONE) {
		c->dropped++;
		return;
	}
	if (fresh) {
		c->events = grow(c->events, c->n_events, &c->room_events, sizeof *c->events);
		c->n_events++;
	}
	c->events[i] = (struct collect_event){ key.session, r->u.event };
}

static void
put_lag(struct collect *c, const struct result *r)
{
	struct collect_channel *channel = channel_at(c, r);

	if (channel != NULL)
		sketch_put_times(&channel->lag, r->u.lag.ns, r->u.lag.n);
}

static void
put_channel(struct collect *c, const struct result *r)
{
	struct collect_channel *channel = channel_at(c, r);

	if (channel == NULL)
		return;
	channel->told = true;
	channel->protocol = r->protocol;
	channel->c = r->u.channel;
}

/* Final counts come once from each shard. */
static void
add_age(struct result_retrieval *to, const struct result_retrieval *from)
{
	to->age_ns = to->eligible ? to->age_ns : from->age_ns;
	to->bucket = from->bucket;
	to->held += from->held;
	to->eligible += from->eligible;
}

static struct curve *
curve_of(struct collect_channel *channel)
{
	if (channel->curve == NULL)
		channel->curve = grow_new(sizeof *channel->curve);
	return channel->curve;
}

static void
put_came(struct collect *c, const struct result *r)
{
	struct collect_channel *channel = channel_at(c, r);
	const struct result_came *u = &r->u.came;

	if (channel != NULL && u->first <= u->last && u->last < RESULT_CELLS)
		curve_of(channel)->came[u->first][u->last] += u->n;
}

static void
put_group(struct collect *c, const struct result *r)
{
	struct collect_channel *channel = channel_at(c, r);
	const struct result_group *u = &r->u.group;

	if (channel == NULL || u->bucket > RESULT_AGES || u->group >= RESULT_GROUPS)
		return;
	curve_of(channel)->held[u->bucket][u->group] += (double)u->held;
	curve_of(channel)->eligible[u->bucket][u->group] += (double)u->eligible;
}

static void
put(struct result_sink *self, const struct result *r)
{
	struct collect *c = (struct collect *)(void *)self;
	struct collect_channel *channel;

	assert(!c->finished);
	switch (r->kind) {
	case RESULT_CHANNEL:
		put_channel(c, r);
		break;
	case RESULT_SESSION:
		put_session(c, r);
		break;
	case RESULT_EVENT:
		put_event(c, r);
		break;
	case RESULT_RETRIEVAL:
		channel = channel_at(c, r);
		if (channel != NULL && r->u.retrieval.bucket <= RESULT_AGES)
			add_age(&channel->ages[r->u.retrieval.bucket], &r->u.retrieval);
		break;
	case RESULT_CAME:
		put_came(c, r);
		break;
	case RESULT_GROUP:
		put_group(c, r);
		break;
	case RESULT_LAG:
		put_lag(c, r);
		break;
	case RESULT_WARNING:
		collect_warn(c, "%s", r->u.warning);
		break;
	}
}

void
collect_init(struct collect *c)
{
	*c = (struct collect){ .sink.put = put };
	index_init(&c->channel_of, sizeof(uint64_t), COLLECT_CHANNELS);
	index_init(&c->session_of, sizeof(struct session_key), COLLECT_SESSIONS);
	index_init(&c->event_of, sizeof(struct event_key), COLLECT_EVENTS);
	c->warnings = grow_new(COLLECT_WARNINGS * sizeof *c->warnings);
}

void
collect_fini(struct collect *c)
{
	for (size_t i = 0; i < c->n_channels; i++)
		free(c->channels[i].curve);
	index_fini(&c->channel_of);
	index_fini(&c->session_of);
	index_fini(&c->event_of);
	free(c->channels);
	free(c->sessions);
	free(c->events);
	free(c->by_channel);
	free(c->warnings);
	*c = (struct collect){ 0 };
}

void
collect_warn(struct collect *c, const char *format, ...)
{
	char text[sizeof *c->warnings];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	for (size_t i = 0; i < c->n_warnings; i++)
		if (strcmp(c->warnings[i], text) == 0)
			return;
	if (c->n_warnings == COLLECT_WARNINGS)
		c->dropped++;
	else
		memcpy(c->warnings[c->n_warnings++], text, sizeof text);
}

/* --- merging ------------------------------------------------------------------- */

static uint32_t
root_of(const struct collect *c, uint32_t i)
{
	for (int merges = 0; c->channels[i].c.alias_of != 0; merges++) {
		uint32_t next = index_find(&c->channel_of, &c->channels[i].c.alias_of);

		if (next == INDEX_NONE || next == i || merges == MOST_MERGES)
			break;
		i = next;
	}
	return i;
}

static void
add_ages(struct result_retrieval *to, const struct result_retrieval *from)
{
	for (int i = 0; i <= RESULT_AGES; i++)
		add_age(&to[i], &from[i]);
}

static void
merge_channel(struct collect_channel *from, struct collect_channel *to)
{
	add_ages(to->ages, from->ages);
	to->c.known += from->c.known;
	sketch_add(&to->lag, &from->lag);
	if (from->curve != NULL)
		curve_add(curve_of(to), from->curve);
}

static void
merge_channels(struct collect *c)
{
	for (uint32_t i = 0; i < c->n_channels; i++)
		c->channels[i].root = root_of(c, i);
	for (uint32_t i = 0; i < c->n_channels; i++)
		if (c->channels[i].root != i)
			merge_channel(&c->channels[i], &c->channels[c->channels[i].root]);
}

/* --- ordering ------------------------------------------------------------------ */

static int
compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
by_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
	int d = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return d ? d : compare((int64_t)a_len, (int64_t)b_len);
}

static int
by_channel_id(const void *a, const void *b)
{
	const struct collect_channel *x = a, *y = b;
	int d = compare(x->protocol, y->protocol);

	if (d == 0)
		d = by_bytes(x->c.id, x->c.id_len, y->c.id, y->c.id_len);
	return d ? d : (x->key > y->key) - (x->key < y->key);
}

static int
by_join(const void *a, const void *b)
{
	const struct collect_session *x = a, *y = b;
	int d = compare(x->s.joined.best_ns, y->s.joined.best_ns);

	if (d == 0)
		d = memcmp(x->peer.addr, y->peer.addr, sizeof x->peer.addr);
	if (d == 0)
		d = compare(x->peer.port, y->peer.port);
	if (d == 0)
		d = (x->channel > y->channel) - (x->channel < y->channel);
	return d ? d : compare(x->run, y->run);
}

static int
by_ordinal(const void *a, const void *b)
{
	const struct collect_event *x = a, *y = b;
	int d = compare(x->session, y->session);

	if (d == 0)
		d = compare(x->e.ordinal, y->e.ordinal);
	return d ? d : compare(x->e.event, y->e.event);
}

static void
sort(void *items, size_t n, size_t size, int (*order)(const void *, const void *))
{
	if (n > 1)
		qsort(items, n, size, order);
}

/* Sorts channels; roots and the key's places follow. */
static void
order_channels(struct collect *c)
{
	uint64_t *root_key = grow_new(c->n_channels * sizeof *root_key);
	bool fresh;

	for (size_t i = 0; i < c->n_channels; i++)
		c->channels[i].first = (uint32_t)i;
	for (size_t i = 0; i < c->n_channels; i++)
		root_key[i] = c->channels[c->channels[i].root].key;
	sort(c->channels, c->n_channels, sizeof *c->channels, by_channel_id);
	index_fini(&c->channel_of);
	index_init(&c->channel_of, sizeof(uint64_t), COLLECT_CHANNELS);
	for (size_t i = 0; i < c->n_channels; i++)
		index_put(&c->channel_of, &c->channels[i].key, &fresh);
	for (size_t i = 0; i < c->n_channels; i++) {
		struct collect_channel *channel = &c->channels[i];

		channel->root = index_find(&c->channel_of, &root_key[channel->first]);
		channel->first = channel->sessions = 0;
	}
	free(root_key);
}

/* Sorts sessions by join; events get their session's new place. */
static void
order_sessions(struct collect *c, uint32_t *place)
{
	size_t n = 0;

	for (uint32_t i = 0; i < c->n_sessions; i++) {
		struct collect_session *s = &c->sessions[i];
		uint32_t at = index_find(&c->channel_of, &s->channel);

		place[i] = INDEX_NONE;
		if (!s->told || at == INDEX_NONE)
			continue;
		s->in = c->channels[at].root;
		s->first = i;
		c->sessions[n++] = *s;
	}
	c->n_sessions = n;
	sort(c->sessions, n, sizeof *c->sessions, by_join);
	for (uint32_t i = 0; i < n; i++)
		place[c->sessions[i].first] = i;
}

/* Each channel's sessions one after another, in their order. */
static void
group_sessions(struct collect *c)
{
	uint32_t at = 0;

	c->by_channel = grow_new(c->n_sessions * sizeof *c->by_channel);
	for (size_t i = 0; i < c->n_sessions; i++)
		c->channels[c->sessions[i].in].sessions++;
	for (size_t i = 0; i < c->n_channels; i++) {
		c->channels[i].first = at;
		at += c->channels[i].sessions;
		c->channels[i].sessions = 0;
	}
	for (uint32_t i = 0; i < c->n_sessions; i++) {
		struct collect_channel *channel = &c->channels[c->sessions[i].in];

		c->by_channel[channel->first + channel->sessions++] = i;
	}
}

static void
order_events(struct collect *c, const uint32_t *place)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_events; i++) {
		c->events[n] = c->events[i];
		c->events[n].session = place[c->events[i].session];
		n += c->events[n].session != INDEX_NONE;
	}
	c->n_events = n;
	sort(c->events, n, sizeof *c->events, by_ordinal);
	for (size_t i = 0; i < c->n_sessions; i++)
		c->sessions[i].first = c->sessions[i].events = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct collect_session *s = &c->sessions[c->events[i].session];

		if (s->events++ == 0)
			s->first = i;
	}
}

void
collect_finish(struct collect *c)
{
	uint32_t *place = grow_new(c->n_sessions * sizeof *place);

	assert(!c->finished);
	merge_channels(c);
	order_channels(c);
	order_sessions(c, place);
	group_sessions(c);
	order_events(c, place);
	free(place);
	if (c->dropped > 0)
		collect_warn(c, "%llu results were past the report's ceilings and are missing",
		             (unsigned long long)c->dropped);
	c->finished = true;
}

const struct collect_channel *
collect_channel(const struct collect *c, uint64_t key)
{
	uint32_t i = index_find(&c->channel_of, &key);

	return i != INDEX_NONE ? &c->channels[i] : NULL;
}

bool
collect_is_root(const struct collect *c, size_t channel)
{
	return c->channels[channel].root == channel;
}
