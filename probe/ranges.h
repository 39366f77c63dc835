/*
 * ranges - a number for each address of a range: many ranges, looked up fast.
 *
 *   sorted starts, IPv4 as IPv6-mapped; an index by the first 16 bits of either family
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_RANGES_H
#define PROBE_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include "probe/prefix.h"

struct ranges;

struct ranges *ranges_new(void);
void ranges_free(struct ranges *r); /* takes NULL */

/* value is not 0. */
void ranges_add(struct ranges *r, const struct prefix *p, uint32_t value);
void ranges_done(struct ranges *r); /* nothing more is added; now they can be found */

uint32_t ranges_find(const struct ranges *r, const uint8_t addr[16]); /* 0: in none */
size_t ranges_count(const struct ranges *r);

#endif
