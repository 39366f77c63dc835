/*
 * reader - a bounds-checked cursor over bytes we do not trust.
 *
 * Reads past the end yield zero and mark the reader failed; later reads stay
 * failed. A decoder therefore reads a whole header and checks once. Nothing is
 * owned: the bytes must outlive the reader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_READER_H
#define BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *pos; /* next unread byte */
	const uint8_t *end; /* one past the last readable byte */
	bool failed;        /* a read wanted more than was left */
};

static inline struct reader
reader_over(const void *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data;

	return (struct reader){ .pos = p, .end = len ? p + len : p };
}

static inline size_t
reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->pos);
}

/* The only function that moves pos. NULL, and r failed, if n > left. */
static inline const uint8_t *
reader_take(struct reader *r, size_t n)
{
	const uint8_t *p = r->pos;

	if (r->failed || n > reader_left(r)) {
		r->failed = true;
		r->pos = r->end;
		return NULL;
	}
	if (n > 0)
		r->pos += n;
	return p;
}

static inline uint8_t
reader_u8(struct reader *r)
{
	const uint8_t *p = reader_take(r, 1);

	return p ? *p : 0;
}

static inline uint16_t
reader_be16(struct reader *r)
{
	const uint8_t *p = reader_take(r, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t
reader_be32(struct reader *r)
{
	const uint8_t *p = reader_take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

uint64_t reader_be64(struct reader *r);
uint16_t reader_le16(struct reader *r);
uint32_t reader_le32(struct reader *r);
uint64_t reader_le64(struct reader *r);

/* Next n bytes as a reader of their own, so an inner length cannot escape
 * the outer one. Failed (and empty) if n > left. */
static inline struct reader
reader_sub(struct reader *r, size_t n)
{
	const uint8_t *p = reader_take(r, n);

	return (struct reader){
		.pos = p,
		.end = p ? p + n : p,
		.failed = p == NULL,
	};
}

#endif
