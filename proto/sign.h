/*
 * sign - Ed25519 signatures of a statement and the bytes after it (Ed25519ph,
 * RFC 8032). The one owner of the cryptographic library.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROTO_SIGN_H
#define PROTO_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGN_SEED 32u
#define SIGN_PUBLIC 32u
#define SIGN_SECRET 64u
#define SIGN_BYTES 64u

struct sign_keys {
	uint8_t secret[SIGN_SECRET], public[SIGN_PUBLIC];
};

/* Once, before anything else; false: the library cannot be used. */
bool sign_init(void);

/* The keys that a secret seed stands for. */
void sign_keys(struct sign_keys *k, const uint8_t seed[SIGN_SEED]);

void sign_make(const struct sign_keys *k, const void *head, size_t head_len,
               const void *body, size_t body_len, uint8_t out[SIGN_BYTES]);

bool sign_check(const uint8_t public[SIGN_PUBLIC], const void *head, size_t head_len,
                const void *body, size_t body_len, const uint8_t signature[SIGN_BYTES]);

#endif
