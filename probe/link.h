/*
 * link - the headers below IP: bytes in, the IP packet behind them out.
 *
 *   the capture's link            what may stand between it and IP
 *   Ethernet                      VLAN tags: 802.1Q, 802.1ad, the older 0x9100
 *   Linux cooked v1, v2           MPLS labels; behind the last one IP, or Ethernet
 *   PPP, bare or HDLC-framed        with or without a control word
 *   PPPoE without its Ethernet    PPPoE sessions, and PPP in them
 *   Cisco HDLC
 *   raw IP, BSD loopback
 *
 * MPLS does not say what it carries: whichever reads as sound is taken. Pure.
 *
 * Sources: IEEE 802.3, 802.1Q, 802.1ad; RFC 1661, 1662, 2516, 3032, 4385, 4448,
 * 4928; the LINKTYPE_ pages of tcpdump.org.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_LINK_H
#define PROBE_LINK_H

#include <stdbool.h>

#include "probe/part.h"
#include "probe/wrap.h"

enum link_type {
	LINK_ETHERNET,
	LINK_COOKED,  /* Linux cooked v1 */
	LINK_COOKED2, /* Linux cooked v2 */
	LINK_RAW,     /* IPv4 or IPv6, the first nibble tells */
	LINK_IPV4,
	LINK_IPV6,
	LINK_LOOPBACK,   /* BSD: an address family in either byte order */
	LINK_PPP,        /* with the framing of RFC 1662 or without */
	LINK_PPP_SERIAL, /* the same, or Cisco HDLC: the first byte tells */
	LINK_CISCO_HDLC,
	LINK_PPPOE, /* its six bytes first */
	LINK_MPLS,
	LINK_VLAN, /* four bytes: the tag, then the next EtherType */
	LINK_TYPES
};

enum link_verdict {
	LINK_HAS_IPV4, /* the part now starts at the IPv4 header */
	LINK_HAS_IPV6,
	LINK_NOT_IP,
	LINK_CUT,  /* the capture cut the header */
	LINK_BAD,  /* shorter than its header, or contradicts itself */
	LINK_DEEP, /* more than WRAPS_MAX wraps */
};

/* The type of a libpcap DLT_ number; false if it is none of ours. */
bool link_from_dlt(int dlt, enum link_type *type);

/* What an EtherType says is next; false if that leads to no IP. */
bool link_from_ethertype(unsigned ethertype, enum link_type *type);

/* Ethernet or raw IP: does p read like a header of this type that leads to IP, as
 * far as it was captured? */
bool link_is_plausible(enum link_type type, const struct part *p);

/* Steps over link headers. What is left of p is only of use with the first two
 * verdicts. */
enum link_verdict link_strip_any(enum link_type type, struct part *p, struct wraps *w);

/* IPv4 right behind Ethernet is most of what there is: no call for that. */
static inline enum link_verdict
link_strip(enum link_type type, struct part *p, struct wraps *w)
{
	if (type == LINK_ETHERNET && reader_left(&p->in) >= 14 &&
	    p->in.pos[12] == 0x08 && p->in.pos[13] == 0x00) {
		part_take(p, 14);
		return LINK_HAS_IPV4;
	}
	return link_strip_any(type, p, w);
}

#endif
