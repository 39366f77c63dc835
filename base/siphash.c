/* SPDX-License-Identifier: Apache-2.0 */
#include "base/siphash.h"

static uint64_t
le64(const uint8_t *at, size_t n)
{
	uint64_t v = 0;

	while (n > 0)
		v = v << 8 | at[--n];
	return v;
}

static uint64_t
rotated(uint64_t v, unsigned by)
{
	return v << by | v >> (64 - by);
}

static void
rounds(uint64_t v[4], unsigned n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[1] = rotated(v[1], 13) ^ v[0];
		v[0] = rotated(v[0], 32);
		v[2] += v[3];
		v[3] = rotated(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotated(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotated(v[1], 17) ^ v[2];
		v[2] = rotated(v[2], 32);
	}
}

uint64_t
siphash(const uint8_t key[SIPHASH_KEY], const void *data, size_t len)
{
	const uint8_t *at = data;
	uint64_t k0 = le64(key, 8), k1 = le64(key + 8, 8), last = (uint64_t)len << 56, m;
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 };

	for (; len >= 8; len -= 8, at += 8) {
		m = le64(at, 8);
		v[3] ^= m;
		rounds(v, 2);
		v[0] ^= m;
	}
	last |= le64(at, len);
	v[3] ^= last;
	rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
