/*
 * link - the headers below IP: bytes in, the IP packet behind them out.
 *
 * Ethernet with up to LINK_MAX_TAGS stacked VLAN tags (802.1Q, 802.1ad and the
 * older 0x9100), Linux cooked v1 and v2, raw IP, BSD loopback. Pure.
 *
 * Sources: IEEE 802.3, 802.1Q, 802.1ad; the LINKTYPE_ pages of tcpdump.org.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_LINK_H
#define PROBE_LINK_H

#include <stdbool.h>

#include "probe/part.h"

#define LINK_MAX_TAGS 8 /* VLAN tags in a row; a frame with more is bad */

enum link_type {
	LINK_ETHERNET,
	LINK_COOKED,  /* Linux cooked v1 */
	LINK_COOKED2, /* Linux cooked v2 */
	LINK_RAW,     /* IPv4 or IPv6, the first nibble tells */
	LINK_IPV4,
	LINK_IPV6,
	LINK_LOOPBACK, /* BSD: an address family in either byte order */
	LINK_TYPES
};

enum link_verdict {
	LINK_HAS_IPV4, /* the part now starts at the IPv4 header */
	LINK_HAS_IPV6,
	LINK_NOT_IP,
	LINK_CUT, /* the capture cut the header */
	LINK_BAD, /* shorter than its header, or too many tags */
};

/* The type of a libpcap DLT_ number; false if it is none of ours. */
bool link_from_dlt(int dlt, enum link_type *type);

/* Steps over the link header. What is left of p is only of use with the first
 * two verdicts. */
enum link_verdict link_strip(enum link_type type, struct part *p);

#endif
