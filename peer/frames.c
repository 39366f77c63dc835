/*
 * Frames from the network. Whatever they say, nothing grows: tables are bounded, a
 * frame that does not fit the state is dropped and counted, and a partner that
 * breaks the protocol or sends false chunks is dropped and banned.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "peer/state.h"

#define FAULTS 3          /* malformed frames that end a partnership */
#define BACK 192u         /* chunks before a map's offset that may still be held */

static void
drop(struct engine *e, enum engine_drop why)
{
	e->counts.dropped[why]++;
}

static void
fault(struct engine *e, struct partner *p)
{
	drop(e, ENGINE_MALFORMED);
	if (p != NULL && ++p->faults >= FAULTS)
		partners_ban(e, p);
}

static void
take_contacts(struct engine *e, const struct mesh_contacts *c, int64_t now)
{
	struct mesh_contact one;

	for (unsigned i = 0; i < c->n; i++) {
		one = mesh_contact_at(c, i);
		if (!endpoint_same(&one.at, &e->opt.self) && !partners_banned(e, &one.at))
			members_heard(&e->members, &one, now, e->opt.lease_s, &e->rng);
	}
}

static void
take_hello(struct engine *e, const struct endpoint *from, struct partner *p,
           const struct mesh_frame *f, int64_t now)
{
	bool source = (f->u.hello.flags & MESH_IS_SOURCE) != 0;
	struct mesh_contact c = { *from, f->peer, e->opt.lease_s, 0 };
	struct member *m;

	if (endpoint_same(from, &e->opt.channel.tracker))
		return;
	members_heard(&e->members, &c, now, e->opt.lease_s, &e->rng);
	m = members_find(&e->members, from);
	if (m != NULL)
		m->verified = true;
	if (p != NULL)
		p->source = source;
}

/* A play position that lies nowhere near the map says nothing. */
static uint64_t
believable_play(const struct mesh_map *m)
{
	uint64_t end = m->set.offset + m->set.width;

	return m->play <= end && end - m->play < WINDOW_SPAN ? m->play : MESH_NO_PLAY;
}

static void
take_map(struct engine *e, struct partner *p, const struct mesh_map *m, int64_t now)
{
	bool first = !p->mapped;

	p->mapped = true;
	p->play = believable_play(m);
	p->up_kbps = m->up_kbps;
	p->busy_ms = m->busy_ms;
	if (m->set.width > 0 || m->set.offset > 0)
		window_take_map(&p->has, &m->set, BACK);
	if (e->opt.source || m->set.width == 0)
		return;
	if (e->first_map_ns == 0)
		e->first_map_ns = now;
	if (first && e->player.state != PLAYER_PLAY)
		schedule_run(e, now);
}

static void
keep_chunk(struct engine *e, struct partner *p, const struct mesh_chunk *c, int64_t now)
{
	struct kept *k = &e->kept[c->chunk % WINDOW_CHUNKS];

	if (window_has(&e->have, c->chunk) || !window_set(&e->have, c->chunk)) {
		e->counts.late++;
		return;
	}
	*k = (struct kept){ .source_ns = c->source_ns, .total = c->total,
		.hops = (uint16_t)(c->hops + 1) };
	memcpy(k->signature, c->signature, MESH_SIGNATURE);
	p->down_bytes += c->total;
	p->failures = 0;
	e->counts.chunks_in++;
	e->counts.hops += c->hops + 1u;
	if (now > c->source_ns)
		e->counts.diffusion_ns += (uint64_t)(now - c->source_ns);
	e->out->chunk(e->out, c);
	state_truth(e, TRUTH_CHUNK, now, c->chunk, 1);
	state_play(e, now);
}

static void
take_chunk(struct engine *e, struct partner *p, const struct mesh_chunk *c, int64_t now)
{
	if (c->fragments != 1 || c->media_len != c->total) {
		drop(e, ENGINE_UNSUPPORTED);
		return;
	}
	if (!schedule_arrived(e, p, c->chunk)) {
		drop(e, ENGINE_UNASKED);
		return;
	}
	if (!e->opt.signer->verify(e->opt.signer, e->opt.channel.id, c)) {
		drop(e, ENGINE_POLLUTED);
		partners_ban(e, p);
		return;
	}
	keep_chunk(e, p, c, now);
}

static void
take_request(struct engine *e, struct partner *p, const struct mesh_request *r, int64_t now)
{
	if (r->set.width > WINDOW_SPAN)
		fault(e, p);
	else
		upload_asked(e, p, r, now);
}

static void
take_cancel(struct engine *e, struct partner *p, const struct mesh_cancelled *c, int64_t now)
{
	if (c->reason == MESH_WITHDRAWN) {
		upload_withdrawn(e, p, &c->set);
		return;
	}
	if (c->reason == MESH_NOT_HELD && p->failures < UINT8_MAX)
		p->failures++;
	schedule_refused(e, p, &c->set, c->reason == MESH_BUSY, now);
}

static void
take_accept(struct engine *e, struct partner *p, const struct mesh_frame *f, int64_t now)
{
	if (p->state != PARTNER_ASKED)
		return;
	p->peer = f->peer;
	take_contacts(e, &f->contacts, now);
	if (partners_count(e, PARTNER_OPEN) >= e->opt.max_partners)
		partners_part(e, p, NULL);
	else
		partners_opened(e, p, now);
}

static void
take_refuse(struct engine *e, struct partner *p, const struct mesh_frame *f, int64_t now)
{
	if (p->state != PARTNER_ASKED)
		return;
	take_contacts(e, &f->contacts, now);
	partners_drop(e, p);
	partners_ask(e, now);
}

static void
take_goodbye(struct engine *e, const struct endpoint *from, struct partner *p,
             const struct mesh_frame *f, int64_t now)
{
	if (f->code != MESH_PARTING)
		members_forget(&e->members, from);
	partners_drop(e, p);
	take_contacts(e, &f->contacts, now);
	partners_ask(e, now);
}

static void
answer_ping(struct engine *e, const struct endpoint *from, const struct mesh_frame *f)
{
	struct mesh_frame answer = { .type = MESH_PING, .code = 1, .u.nonce = f->u.nonce };

	if (f->code == 0)
		state_send(e, from, &answer);
}

/* Of anybody: who it is, whether it may be a partner, whether we are alive. */
static bool
take_from_anybody(struct engine *e, const struct endpoint *from, struct partner *p,
                  const struct mesh_frame *f, int64_t now)
{
	switch ((enum mesh_type)f->type) {
	case MESH_HELLO:
		take_hello(e, from, p, f, now);
		return true;
	case MESH_PARTNER_OFFER:
		partners_offered(e, from, f, now);
		return true;
	case MESH_PING:
		answer_ping(e, from, f);
		return true;
	case MESH_GOSSIP:
		if (!endpoint_same(from, &e->opt.channel.tracker))
			return false;
		if (e->opt.source) /* which needs to know nobody */
			e->due_ns[DUE_TRACKER] = now + state_renew_ns(e);
		take_contacts(e, &f->contacts, now);
		partners_ask(e, now);
		return true;
	case MESH_BUFFER_MAP:
	case MESH_SUBSTREAM_MAP:
	case MESH_MAP_REQUEST:
	case MESH_CHUNK_REQUEST:
	case MESH_CHUNK:
	case MESH_CANCEL:
	case MESH_SUBSCRIBE:
	case MESH_UNSUBSCRIBE:
	case MESH_PARTNER_ACCEPT:
	case MESH_PARTNER_REFUSE:
	case MESH_GOODBYE:
	case MESH_TYPES:
		break;
	}
	return false;
}

static void
take_from_partner(struct engine *e, const struct endpoint *from, struct partner *p,
                  const struct mesh_frame *f, int64_t now)
{
	switch ((enum mesh_type)f->type) {
	case MESH_PARTNER_ACCEPT:
		take_accept(e, p, f, now);
		return;
	case MESH_PARTNER_REFUSE:
		take_refuse(e, p, f, now);
		return;
	case MESH_GOODBYE:
		take_goodbye(e, from, p, f, now);
		return;
	case MESH_GOSSIP:
		take_contacts(e, &f->contacts, now);
		return;
	case MESH_BUFFER_MAP:
		take_map(e, p, &f->u.map, now);
		return;
	case MESH_MAP_REQUEST:
		partners_map(e, p);
		return;
	case MESH_CHUNK_REQUEST:
		take_request(e, p, &f->u.request, now);
		return;
	case MESH_CHUNK:
		take_chunk(e, p, &f->u.chunk, now);
		return;
	case MESH_CANCEL:
		take_cancel(e, p, &f->u.cancel, now);
		return;
	case MESH_SUBSTREAM_MAP:
	case MESH_SUBSCRIBE:
	case MESH_UNSUBSCRIBE:
		drop(e, ENGINE_UNSUPPORTED);
		return;
	case MESH_HELLO:
	case MESH_PARTNER_OFFER:
	case MESH_PING:
	case MESH_TYPES:
		return;
	}
}

/* What is said before a partnership is agreed on by both sides is early, not
 * wrong; only maps are worth keeping then. */
static bool
may_say(const struct partner *p, uint8_t type)
{
	if (p == NULL)
		return false;
	return p->state == PARTNER_OPEN || type == MESH_PARTNER_ACCEPT ||
	       type == MESH_PARTNER_REFUSE || type == MESH_GOODBYE || type == MESH_BUFFER_MAP;
}

void
engine_frame(struct engine *e, const struct endpoint *from, const uint8_t *frame, size_t len,
             size_t wire_len, int64_t now)
{
	struct reader in = reader_over(frame, len);
	struct partner *p = partners_find(e, from);
	struct mesh_frame f;
	enum proto_verdict verdict;

	if (!e->on || partners_banned(e, from)) {
		drop(e, ENGINE_STRANGER);
		return;
	}
	verdict = mesh_read(&in, &f);
	if (verdict != PROTO_OBSERVED || wire_len != MESH_HEAD + (size_t)f.len) {
		fault(e, p);
		return;
	}
	if (f.channel != e->opt.channel.id) {
		drop(e, ENGINE_FOREIGN);
		return;
	}
	if (p != NULL)
		p->heard_ns = now;
	if (take_from_anybody(e, from, p, &f, now))
		return;
	if (may_say(p, f.type))
		take_from_partner(e, from, p, &f, now);
	else
		drop(e, ENGINE_STRANGER);
}
