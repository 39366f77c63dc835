/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/known.h"

#include <math.h>

#include "base/hash.h"

static void
note(struct known *k, const struct endpoint *e)
{
	uint64_t bit;

	if (endpoint_is_none(e))
		return;
	bit = (hash_bytes(e->addr, sizeof e->addr, e->port)) % (KNOWN_WORDS * 64);
	k->bits[bit / 64] |= UINT64_C(1) << (bit % 64);
}

/* Whoever tells contacts or is registered at may be a tracker. */
void
known_note(struct known *k, const struct observation *o)
{
	struct endpoint contact;

	switch ((enum obs_kind)o->kind) {
	case OBS_BUFFER_MAP:
	case OBS_HAVE:
	case OBS_REQUEST:
	case OBS_TRANSFER:
	case OBS_PARTNER:
		note(k, &o->peer);
		note(k, &o->to);
		break;
	case OBS_JOIN:
		note(k, &o->peer);
		break;
	case OBS_CONTACTS:
		note(k, &o->to);
		for (uint32_t i = 0; i < o->u.contacts.n; i++) {
			contact = obs_contact(o, i);
			note(k, &contact);
		}
		break;
	case OBS_MARK:
	case OBS_VERIFY:
	case OBS_LEAVE:
	case OBS_CHANNEL:
	case OBS_FLOW:
	case OBS_GAP:
	case OBS_KINDS:
		break;
	}
}

uint32_t
known_count(const struct known *k)
{
	const double m = KNOWN_WORDS * 64;
	uint32_t set = 0;

	for (uint32_t i = 0; i < KNOWN_WORDS; i++)
		set += (uint32_t)__builtin_popcountll(k->bits[i]);
	if (set == KNOWN_WORDS * 64)
		set--;
	return (uint32_t)(-m * log(1 - set / m) + 0.5);
}
