/*
 * prefix - a range of addresses, IPv4 ones as IPv6-mapped: 198.51.100.0/24, 2001:db8::/32, or one
 * address. Pure.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_PREFIX_H
#define PROBE_PREFIX_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PREFIX_TEXT 64u

struct prefix {
	uint8_t first[16], last[16];
};

/* False: it is none, or has bits set behind its length. */
bool prefix_parse(const char *text, struct prefix *p);

/* An address alone. */
bool prefix_address(const char *text, uint8_t addr[16]);

static inline bool
prefix_has(const struct prefix *p, const uint8_t addr[16])
{
	return memcmp(addr, p->first, 16) >= 0 && memcmp(addr, p->last, 16) <= 0;
}

#endif
