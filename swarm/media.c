/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/media.h"

#include <stdlib.h>
#include <string.h>

void
media_put(struct media *m, uint64_t chunk, const uint8_t *bytes, size_t len)
{
	struct media_chunk *p = &m->place[chunk % MEDIA_CHUNKS];

	if (p->chunk > chunk)
		return;
	if (len > p->len || p->bytes == NULL) {
		free(p->bytes);
		p->bytes = malloc(len ? len : 1);
		if (p->bytes == NULL)
			abort();
	}
	if (len > 0)
		memcpy(p->bytes, bytes, len);
	p->chunk = chunk;
	p->len = len;
}

const struct media_chunk *
media_get(const struct media *m, uint64_t chunk)
{
	const struct media_chunk *p = &m->place[chunk % MEDIA_CHUNKS];

	return p->chunk == chunk && chunk != 0 ? p : NULL;
}

void
media_free(struct media *m)
{
	for (unsigned i = 0; i < MEDIA_CHUNKS; i++)
		free(m->place[i].bytes);
	memset(m, 0, sizeof *m);
}
