/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sign.h"

#include <sodium.h>

bool
sign_init(void)
{
	return sodium_init() >= 0;
}

void
sign_keys(struct sign_keys *k, const uint8_t seed[SIGN_SEED])
{
	crypto_sign_seed_keypair(k->public, k->secret, seed);
}

static void
take_in(crypto_sign_state *state, const void *head, size_t head_len, const void *body,
        size_t body_len)
{
	crypto_sign_init(state);
	crypto_sign_update(state, head, head_len);
	if (body_len > 0)
		crypto_sign_update(state, body, body_len);
}

void
sign_make(const struct sign_keys *k, const void *head, size_t head_len, const void *body,
          size_t body_len, uint8_t out[SIGN_BYTES])
{
	crypto_sign_state state;

	take_in(&state, head, head_len, body, body_len);
	crypto_sign_final_create(&state, out, NULL, k->secret);
}

bool
sign_check(const uint8_t public[SIGN_PUBLIC], const void *head, size_t head_len,
           const void *body, size_t body_len, const uint8_t signature[SIGN_BYTES])
{
	crypto_sign_state state;

	take_in(&state, head, head_len, body, body_len);
	return crypto_sign_final_verify(&state, signature, public) == 0;
}
