/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/signer_ed25519.h"

#include <string.h>

static void
make(const struct signer *self, uint64_t channel, const struct mesh_chunk *c,
     uint8_t signature[MESH_SIGNATURE])
{
	const struct signer_ed25519 *s = (const struct signer_ed25519 *)self;
	uint8_t statement[MESH_STATEMENT];

	mesh_statement(statement, channel, c);
	sign_make(&s->keys, statement, sizeof statement, c->media, c->media_here, signature);
}

static bool
check(const struct signer *self, uint64_t channel, const struct mesh_chunk *c)
{
	const struct signer_ed25519 *s = (const struct signer_ed25519 *)self;
	uint8_t statement[MESH_STATEMENT];

	mesh_statement(statement, channel, c);
	return sign_check(s->keys.public, statement, sizeof statement, c->media,
	                  c->media_here, c->signature);
}

void
signer_ed25519(struct signer_ed25519 *s, const uint8_t seed[SIGN_SEED])
{
	s->signer = (struct signer){ make, check };
	sign_keys(&s->keys, seed);
}

void
signer_ed25519_public(struct signer_ed25519 *s, const uint8_t key[SIGN_PUBLIC])
{
	s->signer = (struct signer){ NULL, check };
	memset(s->keys.secret, 0, sizeof s->keys.secret);
	memcpy(s->keys.public, key, SIGN_PUBLIC);
}
