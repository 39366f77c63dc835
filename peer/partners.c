/*
 * Partnerships: asking, accepting, scoring, replacing, ending.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "peer/state.h"

#define ASK_NS (1500 * MS_NS)     /* an offer without an answer */
#define ASK_AGAIN_NS (10 * SECOND_NS)
#define SETTLE_NS (5 * SECOND_NS) /* a partnership this young is not split */
#define PROVE_NS (20 * SECOND_NS) /* nor judged before this age */
#define SILENCE_NS (2 * SECOND_NS) /* on top of four map periods */
#define FEW 3u                    /* with fewer partners others must make room */
#define GOSSIP_CONTACTS 6u
#define SUGGESTED 4u

struct partner *
partners_find(struct engine *e, const struct endpoint *at)
{
	for (unsigned i = 0; i < ENGINE_PARTNERS; i++)
		if (e->partners[i].state != PARTNER_FREE &&
		    endpoint_same(&e->partners[i].at, at))
			return &e->partners[i];
	return NULL;
}

unsigned
partners_count(const struct engine *e, enum partner_state least)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ENGINE_PARTNERS; i++)
		n += e->partners[i].state >= least && e->partners[i].state != PARTNER_FREE;
	return n;
}

static struct partner *
take_slot(struct engine *e, const struct endpoint *at, int64_t now)
{
	for (unsigned i = 0; i < ENGINE_PARTNERS; i++) {
		struct partner *p = &e->partners[i];

		if (p->state != PARTNER_FREE)
			continue;
		*p = (struct partner){ .at = *at, .since_ns = now, .heard_ns = now,
			.play = MESH_NO_PLAY, .state = PARTNER_ASKED };
		return p;
	}
	return NULL;
}

void
partners_hello(struct engine *e, const struct endpoint *to, uint32_t flags)
{
	static const uint8_t no_key[MESH_KEY];
	struct mesh_frame f = { .type = MESH_HELLO };

	f.u.hello.flags = flags | (e->opt.source ? MESH_IS_SOURCE : 0u);
	f.u.hello.chunk_us = (uint32_t)(e->opt.channel.chunk_ns / 1000);
	f.u.hello.bitrate_kbps = e->opt.channel.bitrate_kbps;
	window_newest(&e->have, &f.u.hello.head);
	f.u.hello.key = no_key;
	state_send(e, to, &f);
}

static struct mesh_contact
myself(const struct engine *e)
{
	return (struct mesh_contact){ e->opt.self, e->opt.peer_id, e->opt.lease_s,
		(uint8_t)partners_count(e, PARTNER_OPEN) };
}

/* The map as all partners get it; bits has room for WINDOW_SPAN chunks. */
static struct mesh_frame
map_frame(const struct engine *e, uint8_t *bits)
{
	struct mesh_frame f = { .type = MESH_BUFFER_MAP };
	struct mesh_map *m = &f.u.map;
	bool playing = e->player.state == PLAYER_PLAY || e->player.state == PLAYER_STALL;
	uint64_t newest = 0;

	m->set.offset = state_offset(e);
	if (window_newest(&e->have, &newest) && newest >= m->set.offset)
		m->set.width = (uint32_t)(newest - m->set.offset + 1);
	window_bits(&e->have, m->set.offset, m->set.width, bits);
	m->set.bits = bits;
	m->play = playing && !e->opt.hide_play ? e->player.pos : MESH_NO_PLAY;
	m->up_kbps = e->opt.up_kbps;
	m->window = WINDOW_SPAN;
	return f;
}

void
partners_map(struct engine *e, const struct partner *p)
{
	uint8_t bits[WINDOW_SPAN / 8];
	struct mesh_frame f = map_frame(e, bits);

	state_send(e, &p->at, &f);
}

void
partners_map_all(struct engine *e)
{
	uint8_t bits[WINDOW_SPAN / 8];
	struct mesh_frame f = map_frame(e, bits);

	f.u.map.busy_ms = upload_busy_ms(e, e->due_ns[DUE_MAP]);
	for (unsigned i = 0; i < ENGINE_PARTNERS; i++)
		if (e->partners[i].state == PARTNER_OPEN)
			state_send(e, &e->partners[i].at, &f);
}

static bool
may_ask(struct engine *e, const struct member *m)
{
	return !endpoint_same(&m->at, &e->opt.self) && partners_find(e, &m->at) == NULL &&
	       !partners_banned(e, &m->at);
}

static void
offer(struct engine *e, const struct endpoint *to, unsigned open)
{
	struct mesh_frame f = { .type = MESH_PARTNER_OFFER };

	f.u.offer.split = e->round > 1 && open < FEW;
	f.u.offer.partners = (uint8_t)open;
	partners_hello(e, to, 0);
	state_send(e, to, &f);
}

void
partners_ask(struct engine *e, int64_t now)
{
	unsigned open = partners_count(e, PARTNER_OPEN);
	unsigned taken = partners_count(e, PARTNER_ASKED);
	struct member *m;

	members_expire(&e->members, now);
	if (e->opt.source || e->members.n == 0)
		return;
	e->round++;
	while (taken < e->opt.partners &&
	       (m = members_pick(&e->members, now, &e->rng)) != NULL) {
		m->wait_ns = now + ASK_AGAIN_NS;
		if (!may_ask(e, m) || take_slot(e, &m->at, now) == NULL)
			continue;
		offer(e, &m->at, open);
		taken++;
	}
}

void
partners_opened(struct engine *e, struct partner *p, int64_t now)
{
	struct member *m = members_find(&e->members, &p->at);

	p->state = PARTNER_OPEN;
	p->since_ns = p->heard_ns = now;
	if (m != NULL)
		m->verified = true;
	partners_map(e, p);
}

static void
accept(struct engine *e, struct partner *p, const struct partner *moved, int64_t now)
{
	struct mesh_frame f = { .type = MESH_PARTNER_ACCEPT };
	uint8_t list[MESH_CONTACT];
	struct writer w = writer_over(list, sizeof list);

	f.code = (uint8_t)partners_count(e, PARTNER_OPEN);
	if (moved != NULL) {
		mesh_write_contact(&w, &(struct mesh_contact){ moved->at, moved->peer,
		                           e->opt.lease_s, 0 });
		f.contacts = (struct mesh_contacts){ 1, list };
	}
	partners_hello(e, &p->at, MESH_ANSWER);
	state_send(e, &p->at, &f);
	partners_opened(e, p, now);
}

static void
refuse(struct engine *e, const struct endpoint *to, int64_t now)
{
	struct mesh_frame f = { .type = MESH_PARTNER_REFUSE, .code = MESH_FULL };
	struct mesh_contact c[SUGGESTED];
	uint8_t list[SUGGESTED * MESH_CONTACT];
	struct writer w = writer_over(list, sizeof list);

	f.contacts.n = (uint8_t)members_sample(&e->members, now, SUGGESTED, c, &e->rng);
	for (unsigned i = 0; i < f.contacts.n; i++)
		mesh_write_contact(&w, &c[i]);
	f.contacts.list = list;
	state_send(e, to, &f);
}

/* The partner that is worth least and old enough to be told apart. */
static struct partner *
least(struct engine *e, int64_t now, int64_t age_ns)
{
	struct partner *worst = NULL;

	for (unsigned i = 0; i < ENGINE_PARTNERS; i++) {
		struct partner *p = &e->partners[i];

		if (p->state != PARTNER_OPEN || p->source || now - p->since_ns < age_ns)
			continue;
		if (worst == NULL || p->score < worst->score)
			worst = p;
	}
	return worst;
}

void
partners_offered(struct engine *e, const struct endpoint *from, const struct mesh_frame *f,
                 int64_t now)
{
	struct partner *p = partners_find(e, from), *moved = NULL, left;
	struct mesh_contact newcomer = { *from, f->peer, e->opt.lease_s, 0 };

	if (p == NULL && partners_count(e, PARTNER_ASKED) >= e->opt.max_partners) {
		moved = f->u.offer.split ? least(e, now, SETTLE_NS) : NULL;
		if (moved == NULL) {
			refuse(e, from, now);
			return;
		}
		left = *moved;
		partners_part(e, moved, &newcomer);
		moved = &left;
	}
	if (p == NULL)
		p = take_slot(e, from, now);
	if (p == NULL)
		return;
	p->peer = f->peer;
	accept(e, p, moved, now);
}

void
partners_drop(struct engine *e, struct partner *p)
{
	schedule_forget(e, p);
	upload_forget(e, p);
	p->state = PARTNER_FREE;
}

void
partners_part(struct engine *e, struct partner *p, const struct mesh_contact *next)
{
	struct mesh_frame f = { .type = MESH_GOODBYE, .code = MESH_PARTING };
	uint8_t list[MESH_CONTACT];
	struct writer w = writer_over(list, sizeof list);

	if (next != NULL) {
		mesh_write_contact(&w, next);
		f.contacts = (struct mesh_contacts){ 1, list };
	}
	state_send(e, &p->at, &f);
	partners_drop(e, p);
}

void
partners_ban(struct engine *e, struct partner *p)
{
	e->banned[e->next_ban++ % ENGINE_BANNED] = p->at;
	e->counts.partners_dropped++;
	members_forget(&e->members, &p->at);
	partners_part(e, p, NULL);
}

bool
partners_banned(const struct engine *e, const struct endpoint *at)
{
	for (unsigned i = 0; i < ENGINE_BANNED; i++)
		if (endpoint_same(&e->banned[i], at))
			return true;
	return false;
}

/* One that gives and takes less than half of what the others do makes way. */
static void
replace(struct engine *e, uint64_t mean, int64_t now)
{
	struct partner *worst = least(e, now, PROVE_NS);

	if (worst == NULL || worst->score * 2 >= mean)
		return;
	partners_part(e, worst, NULL);
	partners_ask(e, now);
}

void
partners_score(struct engine *e, int64_t now)
{
	uint64_t sum = 0, n = 0;

	for (unsigned i = 0; i < ENGINE_PARTNERS; i++) {
		struct partner *p = &e->partners[i];

		if (p->state != PARTNER_OPEN)
			continue;
		p->score = (p->score + (p->up_bytes > p->down_bytes ? p->up_bytes
		                                                    : p->down_bytes)) / 2;
		p->up_bytes = p->down_bytes = 0;
		p->failures /= 2;
		sum += p->score;
		n++;
	}
	if (n >= e->opt.partners && !e->opt.source)
		replace(e, sum / n, now);
}

void
partners_silent(struct engine *e, int64_t now)
{
	int64_t patience = 4 * e->opt.map_ns + SILENCE_NS;

	for (unsigned i = 0; i < ENGINE_PARTNERS; i++) {
		struct partner *p = &e->partners[i];

		if ((p->state == PARTNER_ASKED && now - p->since_ns >= ASK_NS) ||
		    (p->state == PARTNER_OPEN && now - p->heard_ns >= patience)) {
			members_forget(&e->members, &p->at);
			partners_drop(e, p);
		}
	}
}

void
partners_goodbye(struct engine *e, enum mesh_goodbye reason)
{
	struct mesh_frame f = { .type = MESH_GOODBYE, .code = (uint8_t)reason };

	for (unsigned i = 0; i < ENGINE_PARTNERS; i++)
		if (e->partners[i].state != PARTNER_FREE)
			state_send(e, &e->partners[i].at, &f);
	state_send(e, &e->opt.channel.tracker, &f);
}

void
partners_gossip(struct engine *e, int64_t now)
{
	struct mesh_frame f = { .type = MESH_GOSSIP };
	struct mesh_contact c[GOSSIP_CONTACTS] = { myself(e) };
	uint8_t list[GOSSIP_CONTACTS * MESH_CONTACT];
	struct writer w = writer_over(list, sizeof list);
	unsigned start = rng_below(&e->rng, ENGINE_PARTNERS);

	f.contacts.n = (uint8_t)(1 + members_sample(&e->members, now, GOSSIP_CONTACTS - 1,
	                                            c + 1, &e->rng));
	for (unsigned i = 0; i < f.contacts.n; i++)
		mesh_write_contact(&w, &c[i]);
	f.contacts.list = list;
	for (unsigned i = 0; i < ENGINE_PARTNERS; i++) {
		struct partner *p = &e->partners[(start + i) % ENGINE_PARTNERS];

		if (p->state == PARTNER_OPEN) {
			state_send(e, &p->at, &f);
			return;
		}
	}
}
