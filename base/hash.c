/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include "base/hash.h"

#include <xxhash.h>

uint64_t
hash_bytes(const void *data, size_t len, uint64_t seed)
{
	return XXH64(data, len, seed);
}

uint64_t
hash_key(const void *key, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(key, len, seed);
}
