/*
 * endpoint - an address and a port: who a peer is on the wire.
 *
 * IPv4 is kept IPv6-mapped (::ffff:a.b.c.d), so one form serves both. A pseudonym, a
 * keyed hash in place of an address, is kept in the prefix 100::/64, which is no peer's
 * (RFC 6666). A plain value, compared byte by byte; no padding.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_ENDPOINT_H
#define RECORD_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct endpoint {
	uint8_t addr[16]; /* network byte order */
	uint16_t port;    /* host byte order; 0 = unknown */
};

#define ENDPOINT_TEXT_MAX 64 /* bytes, with the final NUL */

struct endpoint endpoint_ipv4(uint32_t addr, uint16_t port);
struct endpoint endpoint_ipv6(const uint8_t addr[16], uint16_t port);
struct endpoint endpoint_pseudonym(uint64_t key, uint16_t port);

bool endpoint_is_ipv4(const struct endpoint *e);
bool endpoint_is_pseudonym(const struct endpoint *e);

static inline bool
endpoint_same_addr(const struct endpoint *a, const struct endpoint *b)
{
	uint64_t x[2], y[2];

	memcpy(x, a->addr, sizeof x);
	memcpy(y, b->addr, sizeof y);
	return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

static inline bool
endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && endpoint_same_addr(a, b);
}

static inline bool
endpoint_is_none(const struct endpoint *e) /* all zero */
{
	return endpoint_same(e, &(const struct endpoint){ .port = 0 });
}

/* "10.77.0.5:6000", "[2001:db8::1]:6000" or "p-0123456789abcdef:6000"; without ":port"
 * when it is 0.
 * Answers the text's length. */
size_t endpoint_format(const struct endpoint *e, char text[ENDPOINT_TEXT_MAX]);

/* Reads each form back, with or without a port. False if text is neither;
 * *e is then untouched. */
bool endpoint_parse(const char *text, struct endpoint *e);

#endif
