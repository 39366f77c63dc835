/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/signer.h"

#include <string.h>

#include "base/hash.h"

static uint64_t
digest_of(const struct signer *self, uint64_t channel, const struct mesh_chunk *c)
{
	const struct signer_digest *d = (const struct signer_digest *)self;
	uint8_t statement[MESH_STATEMENT];
	uint64_t h;

	mesh_statement(statement, channel, c);
	h = hash_bytes(statement, sizeof statement, d->key);
	return c->media_here > 0 ? hash_bytes(c->media, c->media_here, h) : h;
}

static void
digest_sign(const struct signer *self, uint64_t channel, const struct mesh_chunk *c,
            uint8_t signature[MESH_SIGNATURE])
{
	struct writer w = writer_over(signature, MESH_SIGNATURE);

	memset(signature, 0, MESH_SIGNATURE);
	writer_be64(&w, digest_of(self, channel, c));
}

static bool
digest_verify(const struct signer *self, uint64_t channel, const struct mesh_chunk *c)
{
	struct reader in = reader_over(c->signature, MESH_SIGNATURE);

	return reader_be64(&in) == digest_of(self, channel, c);
}

struct signer_digest
signer_digest(uint64_t key)
{
	return (struct signer_digest){ { digest_sign, digest_verify }, key };
}
