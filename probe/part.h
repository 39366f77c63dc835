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
struct part part_over(const void *bytes, size_t captured, uint32_t wire_len);

/* Next n bytes, or NULL, and the part untouched, when they were not captured;
 * part_lack then tells whether the capture or the sender left them out. */
const uint8_t *part_take(struct part *p, uint32_t n);
enum part_lack part_lack(const struct part *p, uint32_t n);

/* Steps over n bytes that need not have been captured; false, and the part
 * untouched, when the wire had fewer. */
bool part_skip(struct part *p, uint32_t n);

/* Leaves the first n bytes of the wire (padding goes); n <= wire_len. */
void part_trim(struct part *p, uint32_t n);

/* Was some of it left out by the capture? */
bool part_is_cut(const struct part *p);

#endif
