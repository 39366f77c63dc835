/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/flow.h"

#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "probe/pages.h"

struct flows {
	struct map *map; /* flow_key -> struct flow and its state; owned */
	size_t map_bytes;
	size_t state_size;
};

_Static_assert(sizeof(struct flow_key) == 40, "flow keys have no padding");

struct flows *
flows_new(uint32_t slots, size_t state_size, uint64_t seed)
{
	struct flows *f = pages_new(1, sizeof *f);
	size_t value = sizeof(struct flow) + state_size;

	assert(state_size <= PROTO_MAX_STATE);
	f->state_size = state_size;
	f->map_bytes = map_size(slots, sizeof(struct flow_key), value);
	f->map = map_init(pages_new(1, f->map_bytes), slots, sizeof(struct flow_key), value, seed,
	                  NULL, NULL);
	return f;
}

void
flows_free(struct flows *f)
{
	if (f == NULL)
		return;
	pages_free(f->map, 1, f->map_bytes);
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
		return (struct flow_key){ { s[0], s[1] }, { d[0], d[1] }, src->port, dst->port };
	return (struct flow_key){ { d[0], d[1] }, { s[0], s[1] }, dst->port, src->port };
}

static struct endpoint
end_of(const uint64_t addr[2], uint32_t port)
{
	struct endpoint e;

	memcpy(e.addr, addr, sizeof e.addr);
	e.port = (uint16_t)port;
	return e;
}

struct endpoint
flow_low(const struct flow_key *key)
{
	return end_of(key->low, key->low_port);
}

struct endpoint
flow_high(const struct flow_key *key)
{
	return end_of(key->high, key->high_port);
}

uint64_t
flows_hash(const struct flows *f, const struct flow_key *key)
{
	return map_hash(f->map, key);
}

struct flow *
flows_find(struct flows *f, const struct flow_key *key, uint64_t hash)
{
	return map_get_hashed(f->map, key, hash);
}

struct flow *
flows_add(struct flows *f, const struct flow_key *key, const struct proto *proto, const void *state)
{
	struct flow *flow = map_put(f->map, key, NULL);

	assert(proto->state_size <= f->state_size);
	flow->key = *key;
	flow->proto = proto;
	memcpy(flow->state, state, proto->state_size);
	return flow;
}

void
flows_forget(struct flows *f, struct flow *flow)
{
	const struct flow_key key = flow->key;

	map_del(f->map, &key);
}

uint32_t
flows_used(const struct flows *f)
{
	return map_count(f->map);
}

uint64_t
flows_evicted(const struct flows *f)
{
	return map_evicted(f->map);
}
