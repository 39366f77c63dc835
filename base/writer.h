/*
 * writer - a bounds-checked cursor over a buffer we fill: reader's mirror.
 *
 * A write that does not fit marks the writer failed and writes nothing; later
 * writes stay failed. An encoder writes a whole message and checks once. The
 * buffer belongs to the caller.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
	uint8_t *start; /* first byte of the buffer */
	uint8_t *pos;   /* next byte to write */
	uint8_t *end;   /* one past the last writable byte */
	bool failed;    /* a write wanted more room than was left */
};

struct writer writer_over(void *data, size_t len);

/* Bytes written so far. */
size_t writer_len(const struct writer *w);

/* Room for n bytes, to be filled by the caller; NULL, and w failed, if less
 * is left. The only function that moves pos. */
uint8_t *writer_give(struct writer *w, size_t n);

void writer_bytes(struct writer *w, const void *data, size_t n);
void writer_u8(struct writer *w, uint8_t v);
void writer_be16(struct writer *w, uint16_t v);
void writer_be32(struct writer *w, uint32_t v);
void writer_be64(struct writer *w, uint64_t v);
void writer_le16(struct writer *w, uint16_t v);
void writer_le32(struct writer *w, uint32_t v);
void writer_le64(struct writer *w, uint64_t v);

#endif
