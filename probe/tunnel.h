/*
 * tunnel - packets inside the payload of an IP packet: the tunnel's header in,
 * what it carries out. Pure.
 *
 *   IP in IP (protocols 4, 41)   IPv4 or IPv6
 *   GRE (protocol 47, version 0) what its EtherType says, Ethernet too; checksum, key
 *                                and number are stepped over; routing is not read
 *   VXLAN (UDP 4789, 8472)       Ethernet
 *   GTP-U (UDP 2152, version 1)  IPv4 or IPv6; number, N-PDU and extension headers
 *                                are stepped over; messages of its own are closed
 *
 * A port proves nothing: a UDP payload is a tunnel's only if every fixed bit of
 * the header and its length are right and a plausible packet follows.
 *
 * Sources: RFC 2003, 2473, 4213, 2784, 2890, 7348; 3GPP TS 29.281.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_TUNNEL_H
#define PROBE_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/link.h"
#include "probe/part.h"
#include "probe/wrap.h"

enum { TUNNEL_IPV4 = 4, TUNNEL_IPV6 = 41, TUNNEL_GRE = 47 }; /* IP protocols */

enum tunnel_verdict {
	TUNNEL_OPEN,   /* *inside is what the part now starts with */
	TUNNEL_CLOSED, /* no tunnel, or it carries nothing that we read */
	TUNNEL_CUT,    /* the capture cut its header */
	TUNNEL_BAD,    /* shorter than its header */
	TUNNEL_DEEP,   /* more than WRAPS_MAX wraps */
};

/* Does this IP protocol carry packets? */
static inline bool
tunnel_is_protocol(unsigned protocol)
{
	return protocol == TUNNEL_IPV4 || protocol == TUNNEL_IPV6 || protocol == TUNNEL_GRE;
}

/* Opens the payload p of an IPv6 (v6) or IPv4 packet of this protocol. Unless it is
 * open, p is as before. */
enum tunnel_verdict tunnel_open_ip(bool v6, unsigned protocol, struct part *p, struct wraps *w,
                                   enum link_type *inside);

/* Opens the payload p of a UDP datagram to this port: OPEN, CLOSED or DEEP. Unless
 * it is open, p is as before. */
enum tunnel_verdict tunnel_open_udp(unsigned port, struct part *p, struct wraps *w,
                                    enum link_type *inside);

#endif
