/*
 * signer_ed25519 - a signer with the real keys of a channel's origin.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_SIGNER_ED25519_H
#define PEER_SIGNER_ED25519_H

#include "peer/signer.h"
#include "proto/sign.h"

struct signer_ed25519 {
	struct signer signer;
	struct sign_keys keys;
};

/* sign_init has been called. */
void signer_ed25519(struct signer_ed25519 *s, const uint8_t seed[SIGN_SEED]);

/* For who only verifies: signing is the caller's error. */
void signer_ed25519_public(struct signer_ed25519 *s, const uint8_t key[SIGN_PUBLIC]);

#endif
