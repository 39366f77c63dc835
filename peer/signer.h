/*
 * signer - who vouches for chunks; an argument of the engine.
 *
 * The owner embeds it first in its own struct. Both functions see the statement
 * of mesh_statement and this chunk's media; media_here may be less than media_len
 * where media is not kept in memory (the simulator), the same at both ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_SIGNER_H
#define PEER_SIGNER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/mesh.h"

struct signer {
	void (*sign)(const struct signer *self, uint64_t channel, const struct mesh_chunk *c,
	             uint8_t signature[MESH_SIGNATURE]);
	/* Is c->signature the origin's for this chunk? */
	bool (*verify)(const struct signer *self, uint64_t channel, const struct mesh_chunk *c);
};

/* A keyed digest in a signature's place: cheap, and proof against accidents and
 * simulated polluters only. */
struct signer_digest {
	struct signer signer;
	uint64_t key;
};

struct signer_digest signer_digest(uint64_t key);

#endif
