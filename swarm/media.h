/*
 * media - the bytes of the newest chunks, kept to be sent on and played.
 *
 * A ring of MEDIA_CHUNKS places, by the chunk's number; a newer chunk takes an older one's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_MEDIA_H
#define SWARM_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_CHUNKS 256u

struct media {
	struct media_chunk {
		uint64_t chunk; /* 0 none */
		uint8_t *bytes; /* owned */
		size_t len;
	} place[MEDIA_CHUNKS];
};

void media_put(struct media *m, uint64_t chunk, const uint8_t *bytes, size_t len);
const struct media_chunk *media_get(const struct media *m, uint64_t chunk); /* NULL: gone */
void media_free(struct media *m);

#endif
