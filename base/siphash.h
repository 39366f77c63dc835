/*
 * siphash - SipHash-2-4, a keyed hash of short inputs (Aumasson, Bernstein, INDOCRYPT 2012):
 * without the key nobody can tell an address from its hash, nor choose collisions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY 16u /* bytes */

uint64_t siphash(const uint8_t key[SIPHASH_KEY], const void *data, size_t len);

#endif
