/*
 * part - what is left of a packet behind the headers already read.
 *
 *   |<------------ wire_len ------------>|
 *   |<---- in (captured) ---->|   cut    |
 *
 * Always reader_left(&in) <= wire_len: the capture may have kept less than was
 * on the wire, never more. Nothing is owned; the packet must outlive the part.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_PART_H
#define PROBE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"

struct part {
	struct reader in;
	uint32_t wire_len;
};

/* What is left when a header could not be read: did the wire have it? */
enum part_lack { PART_CUT, PART_RUNT };

/* Captured bytes past wire_len are left out. */
static inline void
part_init(struct part *p, const void *bytes, size_t captured, uint32_t wire_len)
{
	p->in.pos = (const uint8_t *)bytes;
	p->in.end = p->in.pos;
	if (captured > 0)
		p->in.end += captured < wire_len ? captured : wire_len;
	p->in.failed = false;
	p->wire_len = wire_len;
}

static inline struct part
part_over(const void *bytes, size_t captured, uint32_t wire_len)
{
	struct part p;

	part_init(&p, bytes, captured, wire_len);
	return p;
}

/* Next n bytes, or NULL, and the part untouched, when they were not captured;
 * part_lack then tells whether the capture or the sender left them out. */
static inline const uint8_t *
part_take(struct part *p, uint32_t n)
{
	if (n > reader_left(&p->in))
		return NULL;
	p->wire_len -= n;
	return reader_take(&p->in, n);
}

static inline enum part_lack
part_lack(const struct part *p, uint32_t n)
{
	return n > p->wire_len ? PART_RUNT : PART_CUT;
}

/* Leaves the first n bytes of the wire (padding goes); n <= wire_len. */
static inline void
part_trim(struct part *p, uint32_t n)
{
	p->wire_len = n;
	if (reader_left(&p->in) > n)
		p->in = reader_over(reader_take(&p->in, n), n);
}

/* The big-endian number in two bytes that were taken. */
static inline uint16_t
part_be16(const uint8_t *taken)
{
	return (uint16_t)(taken[0] << 8 | taken[1]);
}

/* Was some of it left out by the capture? */
static inline bool
part_is_cut(const struct part *p)
{
	return reader_left(&p->in) < p->wire_len;
}

#endif
