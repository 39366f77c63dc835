/* SPDX-License-Identifier: Apache-2.0 */
#include "record/observation.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

#define CONTACT_BYTES 18u

_Static_assert(OBS_MAX_WIDTH / 8 <= OBS_MAX_TAIL, "a map fits the tail");
_Static_assert(OBS_MAX_CONTACTS * CONTACT_BYTES <= OBS_MAX_TAIL, "contacts fit");
_Static_assert(OBS_MAX_CHANNEL_ID + OBS_MAX_NAME <= OBS_MAX_TAIL, "id and name fit");
_Static_assert(OBS_MAX_SUBSTREAMS * 9 <= OBS_MAX_TAIL, "substreams fit");

size_t
obs_size(const struct observation *o)
{
	return sizeof *o + o->tail_len;
}

bool
obs_has(const struct observation *o, uint64_t chunk)
{
	uint64_t i = chunk - o->offset;

	if (i >= o->width)
		return false;
	return o->flags & OBS_ALL || (o->tail[i / 8] >> (i % 8) & 1);
}

uint32_t
obs_held(const struct observation *o)
{
	uint32_t held = 0;

	if (o->flags & OBS_ALL)
		return o->width;
	for (uint32_t i = 0; i < o->width; i += 64)
		held += (uint32_t)__builtin_popcountll(obs_bits(o, i));
	return held;
}

uint64_t
obs_bits(const struct observation *o, uint64_t i)
{
	uint64_t left = i < o->width ? o->width - i : 0, bits = 0;
	size_t at = i / 8, n = o->tail_len - (at < o->tail_len ? at : o->tail_len);
	unsigned shift = i % 8;

	if (left == 0)
		return 0;
	if (o->flags & OBS_ALL) {
		bits = UINT64_MAX;
	} else if (n >= 9) {
		for (unsigned k = 8; k > 0; k--)
			bits = bits << 8 | o->tail[at + k - 1];
		bits >>= shift;
		if (shift > 0)
			bits |= (uint64_t)o->tail[at + 8] << (64 - shift);
	} else {
		for (size_t k = n; k > 0; k--)
			bits = bits << 8 | o->tail[at + k - 1];
		bits >>= shift;
	}
	return left >= 64 ? bits : bits & ((UINT64_C(1) << left) - 1);
}

bool
obs_newest(const struct observation *o, uint64_t *chunk)
{
	for (uint64_t i = (o->width + 63) / 64 * 64; i > 0; i -= 64) {
		uint64_t bits = obs_bits(o, i - 64);

		if (bits == 0)
			continue;
		*chunk = o->offset + i - 1 - (unsigned)__builtin_clzll(bits);
		return true;
	}
	return false;
}

/* Index of the first chunk at or after i that is held, or is not; the width if none. */
static uint64_t
next_such(const struct observation *o, uint64_t i, bool held)
{
	while (i < o->width) {
		uint64_t bits = held ? obs_bits(o, i) : ~obs_bits(o, i);

		if (bits != 0) {
			i += (unsigned)__builtin_ctzll(bits);
			break;
		}
		i += 64;
	}
	return i < o->width ? i : o->width;
}

bool
obs_next_run(const struct observation *o, uint64_t from, uint64_t *first, uint64_t *last)
{
	uint64_t i = next_such(o, from > o->offset ? from - o->offset : 0, true);

	if (i >= o->width)
		return false;
	*first = o->offset + i;
	*last = o->offset + next_such(o, i, false) - 1;
	return true;
}

void
obs_set(struct observation *o, uint32_t i)
{
	assert(i < o->width && i / 8 < o->tail_len);
	o->tail[i / 8] |= (uint8_t)(1u << (i % 8));
}

struct observation *
obs_begin(union obs_buf *buf, enum obs_kind kind, int64_t t_ns)
{
	memset(&buf->o, 0, sizeof buf->o);
	buf->o.kind = (uint8_t)kind;
	buf->o.t_ns = t_ns;
	return &buf->o;
}

bool
obs_set_range(struct observation *o, uint64_t offset, uint32_t width)
{
	if (width > OBS_MAX_WIDTH || offset > UINT64_MAX - width)
		return false;
	o->offset = offset;
	o->width = width;
	o->tail_len = (width + 7) / 8;
	memset(o->tail, 0, o->tail_len);
	return true;
}

struct endpoint
obs_contact(const struct observation *o, uint32_t i)
{
	const uint8_t *at = o->tail + (size_t)i * CONTACT_BYTES;

	assert(i < o->u.contacts.n);
	return endpoint_ipv6(at, (uint16_t)(at[16] | at[17] << 8));
}

bool
obs_add_contact(struct observation *o, const struct endpoint *e)
{
	uint8_t *at = o->tail + o->tail_len;

	if (o->u.contacts.n >= OBS_MAX_CONTACTS)
		return false;
	memcpy(at, e->addr, 16);
	at[16] = (uint8_t)e->port;
	at[17] = (uint8_t)(e->port >> 8);
	o->tail_len += CONTACT_BYTES;
	o->u.contacts.n++;
	return true;
}

uint64_t
obs_id_hash(const void *id, size_t len)
{
	uint64_t h = hash_bytes(id, len, 0);

	return h ? h : 1;
}

const char *
obs_kind_name(unsigned kind)
{
	static const char *const names[OBS_KINDS] = {
		NULL, "buffer_map", "have", "request", "transfer", "mark", "verify",
		"contacts", "partner", "join", "leave", "channel", "flow", "gap",
	};

	return kind < OBS_KINDS ? names[kind] : NULL;
}

const char *
obs_action_name(unsigned action)
{
	static const char *const names[OBS_ACTIONS] = {
		"none", "asked", "granted", "refused", "good", "bad", "added", "removed",
		"declined", "registered", "handshake", "bootstrap", "goodbye", "closed",
		"reboots",
	};

	return action < OBS_ACTIONS ? names[action] : NULL;
}
