/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sample.h"

#include <assert.h>
#include <string.h>

uint64_t
sample_random(uint64_t *seed)
{
	uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t
number(uint64_t *seed)
{
	switch (sample_random(seed) % 6) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return UINT64_C(1) << 63;
	case 3:
		return sample_random(seed) % 100;
	default:
		return sample_random(seed);
	}
}

static struct endpoint
any_endpoint(uint64_t *seed)
{
	struct endpoint e = { .port = (uint16_t)number(seed) };

	switch (sample_random(seed) % 4) {
	case 0:
		return (struct endpoint){ .port = 0 };
	case 1:
		for (int i = 0; i < 16; i++)
			e.addr[i] = (uint8_t)sample_random(seed);
		return e;
	case 2:
		return endpoint_ipv6(e.addr, (uint16_t)(e.port | 1)); /* [::], a port */
	default:
		return endpoint_ipv4((uint32_t)number(seed), e.port);
	}
}

static void
fill_tail(struct observation *o, uint32_t len, uint32_t last_bits, uint64_t *seed)
{
	o->tail_len = len;
	for (uint32_t i = 0; i < len; i++)
		o->tail[i] = (uint8_t)sample_random(seed);
	if (last_bits % 8 != 0)
		o->tail[len - 1] &= (uint8_t)((1u << (last_bits % 8)) - 1);
}

static void
fill_set(struct observation *o, uint64_t *seed)
{
	uint32_t k = sample_random(seed) % 4 ? 0 : 1 + (uint32_t)number(seed) % OBS_MAX_SUBSTREAMS;

	if (o->kind == OBS_BUFFER_MAP && k > 0) {
		o->u.map.substreams = (uint16_t)k;
		fill_tail(o, k * 8 + (k + 7) / 8, k, seed);
		return;
	}
	o->width = (uint32_t)number(seed) % (OBS_MAX_WIDTH + 1);
	if (!(o->flags & OBS_ALL))
		fill_tail(o, (o->width + 7) / 8, o->width, seed);
}

static void
fill_contacts(struct observation *o, uint64_t *seed)
{
	uint32_t n = (uint32_t)number(seed) % (OBS_MAX_CONTACTS + 1);

	for (uint32_t i = 0; i < n; i++) {
		struct endpoint e = any_endpoint(seed);

		assert(obs_add_contact(o, &e));
	}
}

static void
fill_channel(struct observation *o, uint64_t *seed)
{
	static const uint8_t id_bits[] = { 0, 31, 32, 64 };

	o->u.channel.chunk_lo_ns = (int64_t)number(seed);
	o->u.channel.chunk_ns = (int64_t)number(seed);
	o->u.channel.chunk_hi_ns = (int64_t)number(seed);
	o->u.channel.prebuffer_ns = (int64_t)number(seed);
	o->u.channel.clock_ns = (int64_t)number(seed);
	o->u.channel.head = number(seed);
	o->u.channel.alias_of = number(seed);
	o->u.channel.prebuffer_bytes = (uint32_t)number(seed);
	o->u.channel.bitrate_kbps = (uint32_t)number(seed);
	o->u.channel.id_bits = id_bits[sample_random(seed) % 4];
	o->u.channel.id_len = (uint8_t)(number(seed) % (OBS_MAX_CHANNEL_ID + 1));
	o->u.channel.name_len = (uint8_t)number(seed);
	fill_tail(o, (uint32_t)o->u.channel.id_len + o->u.channel.name_len, 0, seed);
}

static void
fill_flow(struct observation *o, uint64_t *seed)
{
	o->u.flow.packets = number(seed);
	o->u.flow.bytes = number(seed);
	o->u.flow.first_ns = (int64_t)number(seed);
	o->u.flow.app = (uint16_t)number(seed);
	o->u.flow.transport = (uint8_t)number(seed);
	o->u.flow.confidence = (uint8_t)number(seed);
	o->u.flow.reply_packets = number(seed);
	o->u.flow.reply_bytes = number(seed);
	o->u.flow.master = (uint16_t)number(seed);
	o->u.flow.began = (uint8_t)number(seed);
}

static void
fill_gap(struct observation *o, uint64_t *seed)
{
	o->u.gap.from_ns = (int64_t)number(seed);
	o->u.gap.packets = number(seed);
	o->u.gap.bytes = number(seed);
	o->u.gap.cause = (uint8_t)(OBS_GAP_DROPPED + sample_random(seed) % OBS_GAP_FILE);
}

static void
fill_kind(struct observation *o, uint64_t *seed)
{
	switch ((enum obs_kind)o->kind) {
	case OBS_BUFFER_MAP:
		o->u.map.play = number(seed);
		o->u.map.window = (uint16_t)number(seed);
		fill_set(o, seed);
		break;
	case OBS_HAVE:
	case OBS_REQUEST:
		fill_set(o, seed);
		break;
	case OBS_TRANSFER:
		o->u.transfer.bytes = (uint32_t)number(seed);
		o->u.transfer.hops = (uint16_t)number(seed);
		o->width = 1;
		break;
	case OBS_MARK:
		o->u.mark.source_ns = (int64_t)number(seed);
		o->u.mark.error_ns = (int64_t)number(seed);
		break;
	case OBS_CONTACTS:
		fill_contacts(o, seed);
		break;
	case OBS_CHANNEL:
		fill_channel(o, seed);
		break;
	case OBS_FLOW:
		fill_flow(o, seed);
		break;
	case OBS_GAP:
		fill_gap(o, seed);
		break;
	case OBS_VERIFY:
	case OBS_PARTNER:
	case OBS_JOIN:
	case OBS_LEAVE:
	case OBS_KINDS:
		break;
	}
}

static uint8_t
any_action(unsigned kind, uint64_t *seed)
{
	static const struct {
		uint8_t first, n;
	} range[OBS_KINDS] = {
		[OBS_REQUEST] = { OBS_ASKED, 3 },   [OBS_VERIFY] = { OBS_GOOD, 2 },
		[OBS_PARTNER] = { OBS_ADDED, 3 },   [OBS_JOIN] = { OBS_REGISTERED, 3 },
		[OBS_LEAVE] = { OBS_GOODBYE, 2 },
	};

	if (range[kind].n == 0 || sample_random(seed) % 4 == 0)
		return OBS_NO_ACTION;
	return (uint8_t)(range[kind].first + sample_random(seed) % range[kind].n);
}

struct observation *
sample_any(union obs_buf *buf, unsigned kind, uint64_t *seed)
{
	struct observation *o = obs_begin(buf, (enum obs_kind)kind, (int64_t)number(seed));

	o->channel = number(seed);
	o->peer_id = number(seed);
	o->offset = number(seed) % (UINT64_MAX - OBS_MAX_WIDTH); /* no set past the last number */
	o->flags = (uint16_t)(number(seed) % (OBS_SOURCE * 2));
	o->vantage = (uint16_t)number(seed);
	o->origin = (uint8_t)(sample_random(seed) % (OBS_SIMULATED + 1));
	o->protocol = (uint8_t)number(seed);
	o->action = any_action(kind, seed);
	o->peer = any_endpoint(seed);
	o->to = any_endpoint(seed);
	fill_kind(o, seed);
	return o;
}

struct observation *
sample_largest(union obs_buf *buf, unsigned kind)
{
	struct observation *o = obs_begin(buf, (enum obs_kind)kind, INT64_MAX);

	memset(&o->peer, 0xff, sizeof o->peer);
	memset(&o->to, 0xff, sizeof o->to);
	if (kind == OBS_BUFFER_MAP || kind == OBS_HAVE || kind == OBS_REQUEST) {
		obs_set_range(o, 0, OBS_MAX_WIDTH);
		memset(o->tail, 0xff, o->tail_len);
	}
	while (kind == OBS_CONTACTS && obs_add_contact(o, &o->peer))
		;
	if (kind == OBS_CHANNEL) {
		o->u.channel.id_len = OBS_MAX_CHANNEL_ID;
		o->u.channel.name_len = OBS_MAX_NAME;
		o->tail_len = OBS_MAX_CHANNEL_ID + OBS_MAX_NAME;
		memset(o->tail, 'x', o->tail_len);
	}
	if (kind == OBS_GAP)
		o->u.gap.cause = OBS_GAP_FILE;
	return o;
}
