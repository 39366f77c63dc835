/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/tracker.h"

#include <string.h>

#define SECOND 1000000000LL

static struct tracker_entry *
find(struct tracker *t, const struct endpoint *at, uint64_t channel)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->list[i].channel == channel && endpoint_same(&t->list[i].at, at))
			return &t->list[i];
	return NULL;
}

static void
forget(struct tracker *t, struct tracker_entry *e)
{
	*e = t->list[--t->n];
}

static void
expire(struct tracker *t, int64_t now)
{
	for (uint32_t i = 0; i < t->n;) {
		if (t->list[i].until_ns > now) {
			i++;
			continue;
		}
		forget(t, &t->list[i]);
		t->expired++;
	}
}

static struct tracker_entry *
make_room(struct tracker *t)
{
	struct tracker_entry *first = &t->list[0];

	if (t->n < t->max)
		return &t->list[t->n++];
	for (uint32_t i = 1; i < t->n; i++) {
		if (t->list[i].source)
			continue;
		if (first->source || t->list[i].until_ns < first->until_ns)
			first = &t->list[i];
	}
	t->evicted++;
	return first;
}

struct asker {
	const struct endpoint *at;
	uint64_t channel;
	int64_t now;
	uint32_t start; /* in the list */
};

static void
put_contact(struct writer *w, const struct tracker_entry *e, int64_t now, uint8_t *n)
{
	struct mesh_contact c = { e->at, e->peer, (uint16_t)((e->until_ns - now) / SECOND), 0 };

	mesh_write_contact(w, &c);
	++*n;
}

/* One network, as far as an address tells. */
static bool
is_near(const struct endpoint *a, const struct endpoint *b)
{
	return memcmp(a->addr, b->addr, endpoint_is_ipv4(a) ? 14 : 4) == 0;
}

enum which { NEAR, FAR, ALL };

/* Others of this kind from *from on, counted from the asker's random start, until the answer
 * has so many; *from is then where to go on. */
static void
put_peers(struct tracker *t, const struct asker *who, enum which which, uint32_t *from,
          struct writer *w, uint8_t *n, uint32_t most)
{
	for (; *from < t->n && *n < most; ++*from) {
		const struct tracker_entry *e = &t->list[(who->start + *from) % t->n];
		bool near = is_near(&e->at, who->at);

		if (e->source || e->channel != who->channel || endpoint_same(&e->at, who->at) ||
		    (which == NEAR && !near) || (which == FAR && near))
			continue;
		put_contact(w, e, who->now, n);
		t->told_near += near;
		t->told_far += !near;
	}
}

/* Half of them near ones; what is lacking of either kind, the other fills up. */
static void
put_mixed(struct tracker *t, const struct asker *who, struct writer *w, uint8_t *n)
{
	uint32_t nears = 0, fars = 0;

	put_peers(t, who, NEAR, &nears, w, n, t->answer / 2);
	put_peers(t, who, FAR, &fars, w, n, t->answer);
	put_peers(t, who, NEAR, &nears, w, n, t->answer);
}

/* The origin first, then others from a random place on. */
static uint8_t
choose(struct tracker *t, const struct endpoint *to, uint64_t channel, int64_t now,
       struct writer *w)
{
	struct asker who = { to, channel, now, t->n > 0 ? rng_below(&t->rng, t->n) : 0 };
	uint32_t from = 0;
	uint8_t n = 0;

	for (uint32_t i = 0; i < t->n; i++)
		if (t->list[i].source && t->list[i].channel == channel && n == 0)
			put_contact(w, &t->list[i], now, &n);
	if (t->near)
		put_mixed(t, &who, w, &n);
	else
		put_peers(t, &who, ALL, &from, w, &n, t->answer);
	return n;
}

static size_t
answer(struct tracker *t, const struct endpoint *to, uint64_t channel, int64_t now,
       uint8_t *reply, size_t room)
{
	uint8_t list[MESH_MAX_CONTACTS * MESH_CONTACT];
	struct writer contacts = writer_over(list, sizeof list);
	struct writer w = writer_over(reply, room);
	struct mesh_frame f = { .type = MESH_GOSSIP, .channel = channel, .peer = t->peer_id };

	f.contacts.n = choose(t, to, channel, now, &contacts);
	f.contacts.list = list;
	mesh_write(&w, &f);
	return w.failed ? 0 : writer_len(&w);
}

size_t
tracker_frame(struct tracker *t, const struct endpoint *from, const uint8_t *frame, size_t len,
              int64_t now, uint8_t *reply, size_t room)
{
	struct reader in = reader_over(frame, len);
	struct tracker_entry *e;
	struct mesh_frame f;

	if (mesh_read(&in, &f) != PROTO_OBSERVED ||
	    (f.type != MESH_HELLO && f.type != MESH_GOODBYE)) {
		t->dropped++;
		return 0;
	}
	expire(t, now);
	e = find(t, from, f.channel);
	if (f.type == MESH_GOODBYE) {
		if (e != NULL && f.code != MESH_PARTING) {
			forget(t, e);
			t->left++;
		}
		return 0;
	}
	if (e == NULL) {
		e = make_room(t);
		t->registered++;
	}
	*e = (struct tracker_entry){ *from, f.channel, f.peer, now + t->lease_s * SECOND,
		(f.u.hello.flags & MESH_IS_SOURCE) != 0 };
	return answer(t, from, f.channel, now, reply, room);
}

uint32_t
tracker_peers(const struct tracker *t, uint64_t channel, int64_t now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n; i++)
		n += t->list[i].channel == channel && !t->list[i].source &&
		     t->list[i].until_ns > now;
	return n;
}
