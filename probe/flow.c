/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/flow.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "probe/lru.h"
#include "probe/pages.h"

struct flows {
	struct lru lru;
	struct flow *flow; /* one a slot; both owned */
	uint8_t *state;    /* state_size a slot */
	size_t state_size;
	uint64_t evicted;
};

_Static_assert(sizeof(struct flow_key) == 40, "flow keys have no padding");

struct flows *
flows_new(uint32_t slots, size_t state_size)
{
	struct flows *f = pages_new(1, sizeof *f);

	assert(state_size <= PROTO_MAX_STATE);
	f->state_size = state_size > 0 ? (state_size + 15) / 16 * 16 : 16;
	lru_init(&f->lru, slots);
	f->flow = pages_new(slots, sizeof f->flow[0]);
	f->state = pages_new(slots, f->state_size);
	return f;
}

void
flows_free(struct flows *f)
{
	if (f == NULL)
		return;
	pages_free(f->flow, f->lru.slots, sizeof f->flow[0]);
	pages_free(f->state, f->lru.slots, f->state_size);
	lru_fini(&f->lru);
	pages_free(f, 1, sizeof *f);
}

static bool
is_higher(const uint64_t a[2], uint16_t a_port, const uint64_t b[2], uint16_t b_port)
{
	if (a[1] != b[1])
		return a[1] > b[1];
	return a[0] != b[0] ? a[0] > b[0] : a_port > b_port;
}

struct flow_key
flow_key(const struct endpoint *src, const struct endpoint *dst, bool *from_high)
{
	uint64_t s[2], d[2];

	memcpy(s, src->addr, sizeof s);
	memcpy(d, dst->addr, sizeof d);
	*from_high = is_higher(s, src->port, d, dst->port);
	if (!*from_high)
		return (struct flow_key){ { s[0], s[1] }, { d[0], d[1] }, src->port,
			                  dst->port };
	return (struct flow_key){ { d[0], d[1] }, { s[0], s[1] }, dst->port, src->port };
}

static bool
same_key(const struct flow_key *a, const struct flow_key *b)
{
	return a->low[0] == b->low[0] && a->low[1] == b->low[1] && a->high[0] == b->high[0] &&
	       a->high[1] == b->high[1] && a->low_port == b->low_port &&
	       a->high_port == b->high_port;
}

uint64_t
flow_hash(const struct flow_key *key, uint64_t seed)
{
	return hash_bytes(key, sizeof *key, seed);
}

struct flow *
flows_find(struct flows *f, const struct flow_key *key, uint64_t hash)
{
	uint32_t slot = lru_first(&f->lru, hash);

	while (slot != LRU_NONE && !same_key(&f->flow[slot].key, key))
		slot = lru_next(&f->lru, slot);
	if (slot == LRU_NONE)
		return NULL;
	lru_touch(&f->lru, slot);
	return &f->flow[slot];
}

struct flow *
flows_add(struct flows *f, const struct flow_key *key, uint64_t hash,
          const struct proto *proto, const void *state)
{
	bool evicted;
	uint32_t slot = lru_add(&f->lru, hash, &evicted);
	struct flow *flow = &f->flow[slot];

	assert(proto->state_size <= f->state_size);
	f->evicted += evicted;
	*flow = (struct flow){
		.key = *key,
		.proto = proto,
		.state = f->state + slot * f->state_size,
	};
	memcpy(flow->state, state, proto->state_size);
	return flow;
}

void
flows_forget(struct flows *f, struct flow *flow)
{
	lru_remove(&f->lru, (uint32_t)(flow - f->flow));
}

uint32_t
flows_used(const struct flows *f)
{
	return f->lru.used;
}

uint64_t
flows_evicted(const struct flows *f)
{
	return f->evicted;
}
