/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

#include <string.h>

struct writer
writer_over(void *data, size_t len)
{
	uint8_t *p = data;

	return (struct writer){ .start = p, .pos = p, .end = len ? p + len : p };
}

size_t
writer_len(const struct writer *w)
{
	return (size_t)(w->pos - w->start);
}

uint8_t *
writer_give(struct writer *w, size_t n)
{
	uint8_t *p = w->pos;

	if (w->failed || n > (size_t)(w->end - w->pos)) {
		w->failed = true;
		return NULL;
	}
	if (n > 0)
		w->pos += n;
	return p;
}

void
writer_bytes(struct writer *w, const void *data, size_t n)
{
	uint8_t *p = writer_give(w, n);

	if (p != NULL && n > 0)
		memcpy(p, data, n);
}

static void
write_be(struct writer *w, uint64_t v, size_t n)
{
	uint8_t *p = writer_give(w, n);

	for (size_t i = n; p != NULL && i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

static void
write_le(struct writer *w, uint64_t v, size_t n)
{
	uint8_t *p = writer_give(w, n);

	for (size_t i = 0; p != NULL && i < n; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

void
writer_u8(struct writer *w, uint8_t v)
{
	write_be(w, v, 1);
}

void
writer_be16(struct writer *w, uint16_t v)
{
	write_be(w, v, 2);
}

void
writer_be32(struct writer *w, uint32_t v)
{
	write_be(w, v, 4);
}

void
writer_be64(struct writer *w, uint64_t v)
{
	write_be(w, v, 8);
}

void
writer_le16(struct writer *w, uint16_t v)
{
	write_le(w, v, 2);
}

void
writer_le32(struct writer *w, uint32_t v)
{
	write_le(w, v, 4);
}

void
writer_le64(struct writer *w, uint64_t v)
{
	write_le(w, v, 8);
}
