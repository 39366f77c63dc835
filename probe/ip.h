/*
 * ip - IPv4 and IPv6 headers: bytes in, addresses and payload out. Pure.
 *
 * Lengths are checked against what was on the wire, so Ethernet padding is left
 * out and a header that claims more than the frame had is bad. A total length of
 * 0 is a segment that the network card cut up after the capture: then the frame
 * tells. Checksums are not looked at, for the same reason. In IPv6 up to
 * IP_MAX_HEADERS extension headers are stepped over: hop-by-hop, routing,
 * destination, authentication, fragment.
 *
 * Sources: RFC 791, 8200, 4302, 6946.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_IP_H
#define PROBE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/part.h"
#include "record/endpoint.h"

#define IP_MAX_HEADERS 8 /* IPv6 extension headers; a packet with more is bad */

enum { IP_TCP = 6, IP_UDP = 17 };

struct ip_packet {
	struct endpoint src, dst; /* port 0 */
	struct part payload;      /* to be read; afterwards what is behind the headers */
	uint32_t id;              /* of a fragment's datagram */
	uint16_t offset;          /* of a fragment, in bytes */
	bool more;                /* of a fragment: not the last */
	bool v6;
	uint8_t protocol; /* of the payload; a fragment's: as it claims */
};

enum ip_verdict {
	IP_WHOLE,    /* an unfragmented datagram */
	IP_FRAGMENT, /* id, offset and more are set */
	IP_CUT,      /* the capture cut the headers */
	IP_BAD,      /* the headers contradict themselves or the frame */
};

/* Reads the headers that ip->payload starts with and sets all the rest. With
 * IP_CUT and IP_BAD, ip is not to be used. */
enum ip_verdict ip_read4(struct ip_packet *ip);
enum ip_verdict ip_read6(struct ip_packet *ip);

/* Steps over the extension headers that ip->payload starts with; also those of
 * a datagram put together again. */
enum ip_verdict ip_skip_extensions(struct ip_packet *ip);

/* Does the payload start with UDP, or with what may hide it (tunnels, headers)? */
bool ip_may_be_udp(const struct ip_packet *ip);

#endif
