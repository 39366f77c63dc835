/*
 * Records of observations, one behind the other. Each that decodes must be valid,
 * give its own bytes back, and be readable without touching more than its size.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a block of its own, so that a sanitizer sees a read past its end. */
static void
use(const struct observation *from)
{
	struct observation *o = malloc(obs_size(from));
	uint64_t first, last = 0, next = from->offset;
	uint32_t held = 0;

	if (o == NULL)
		abort();
	memcpy(o, from, obs_size(from));
	if (o->kind == OBS_BUFFER_MAP || o->kind == OBS_HAVE || o->kind == OBS_REQUEST) {
		while (held < o->width && obs_next_run(o, next, &first, &last)) {
			held += (uint32_t)(last - first) + 1;
			next = last + 1;
			if (next - o->offset >= o->width || next < o->offset)
				break;
		}
		if (last >= o->offset && held != obs_held(o))
			abort();
	}
	for (uint32_t i = 0; o->kind == OBS_CONTACTS && i < o->u.contacts.n; i++)
		obs_contact(o, i);
	free(o);
}

static void
check_same(const uint8_t *bytes, size_t len, const struct observation *o)
{
	uint8_t again[CODEC_MAX];
	struct writer w = writer_over(again, sizeof again);

	if (!codec_valid(o) || !codec_encode(o, &w))
		abort();
	if (bytes[3] == CODEC_VERSION &&
	    (writer_len(&w) != len || memcmp(again, bytes, len) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	union obs_buf buf;

	for (;;) {
		const uint8_t *from = r.pos;

		switch (codec_decode(&r, &buf)) {
		case CODEC_RECORD:
			check_same(from, (size_t)(r.pos - from), &buf.o);
			use(&buf.o);
			break;
		case CODEC_SKIPPED:
		case CODEC_MALFORMED:
			if (r.pos == from)
				abort();
			break;
		case CODEC_SHORT:
		case CODEC_END:
			return 0;
		}
	}
}
