/*
 * hash - 64-bit hashes of bytes: for what is kept (XXH64), and for tables (XXH3).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The same on every machine and in every release, so it may be stored. */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);

/* Several times faster for a few words; only for tables in memory. */
uint64_t hash_key(const void *key, size_t len, uint64_t seed);

#endif
