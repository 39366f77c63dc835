/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/tracker.h"

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

static void
put_contact(struct writer *w, const struct tracker_entry *e, int64_t now, uint8_t *n)
{
	struct mesh_contact c = { e->at, e->peer, (uint16_t)((e->until_ns - now) / SECOND), 0 };

	mesh_write_contact(w, &c);
	++*n;
}

/* The origin first, then others from a random place on. */
static uint8_t
choose(struct tracker *t, const struct endpoint *to, uint64_t channel, int64_t now,
       struct writer *w)
{
	uint32_t start = t->n > 0 ? rng_below(&t->rng, t->n) : 0;
	uint8_t n = 0;

	for (uint32_t i = 0; i < t->n; i++)
		if (t->list[i].source && t->list[i].channel == channel && n == 0)
			put_contact(w, &t->list[i], now, &n);
	for (uint32_t i = 0; i < t->n && n < t->answer; i++) {
		const struct tracker_entry *e = &t->list[(start + i) % t->n];

		if (!e->source && e->channel == channel && !endpoint_same(&e->at, to))
			put_contact(w, e, now, &n);
	}
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
