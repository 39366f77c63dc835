/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/members.h"

#define SECOND 1000000000

struct member *
members_find(struct members *m, const struct endpoint *at)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (endpoint_same(&m->list[i].at, at))
			return &m->list[i];
	return NULL;
}

static struct member *
make_room(struct members *m, struct rng *rng)
{
	uint32_t start = rng_below(rng, MEMBERS_MAX), at;

	if (m->n < MEMBERS_MAX)
		return &m->list[m->n++];
	for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
		at = (start + i) % MEMBERS_MAX;
		if (!m->list[at].verified)
			return &m->list[at];
	}
	return &m->list[start];
}

void
members_heard(struct members *m, const struct mesh_contact *c, int64_t now,
              uint16_t max_lease_s, struct rng *rng)
{
	struct member *e = members_find(m, &c->at);
	uint16_t lease_s = c->lease_s < max_lease_s ? c->lease_s : max_lease_s;

	if (lease_s == 0 || endpoint_is_none(&c->at) || c->at.port == 0)
		return;
	if (e == NULL) {
		e = make_room(m, rng);
		*e = (struct member){ .at = c->at };
	}
	e->peer = c->peer;
	e->partners = c->partners;
	if (e->until_ns < now + lease_s * (int64_t)SECOND)
		e->until_ns = now + lease_s * (int64_t)SECOND;
}

void
members_forget(struct members *m, const struct endpoint *at)
{
	struct member *e = members_find(m, at);

	if (e != NULL)
		*e = m->list[--m->n];
}

void
members_expire(struct members *m, int64_t now)
{
	for (uint32_t i = 0; i < m->n;) {
		if (m->list[i].until_ns <= now)
			m->list[i] = m->list[--m->n];
		else
			i++;
	}
}

struct member *
members_pick(struct members *m, int64_t now, struct rng *rng)
{
	uint32_t start;

	if (m->n == 0)
		return NULL;
	start = rng_below(rng, m->n);
	for (uint32_t i = 0; i < m->n; i++) {
		struct member *e = &m->list[(start + i) % m->n];

		if (e->wait_ns <= now && e->until_ns > now)
			return e;
	}
	return NULL;
}

unsigned
members_sample(const struct members *m, int64_t now, unsigned max, struct mesh_contact *out,
               struct rng *rng)
{
	uint32_t start;
	unsigned n = 0;

	if (m->n == 0)
		return 0;
	start = rng_below(rng, m->n);
	for (uint32_t i = 0; i < m->n && n < max; i++) {
		const struct member *e = &m->list[(start + i) % m->n];
		int64_t left_s = (e->until_ns - now) / SECOND;

		if (!e->verified || left_s < 1)
			continue;
		out[n++] = (struct mesh_contact){ e->at, e->peer, (uint16_t)left_s, e->partners };
	}
	return n;
}
