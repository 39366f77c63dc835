/*
 * wrap - how often, and how deep, packets are packed into one another.
 *
 *   Ethernet | VLAN | VLAN | IPv4 | UDP | VXLAN | Ethernet | IPv6 | UDP
 *              1      2                   3                              depth
 *
 * Each header that holds another packet, or stands between a link and it, is a
 * wrap. Whoever takes one off enters it here first: so a packet is taken apart
 * in at most WRAPS_MAX steps, however it was made.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_WRAP_H
#define PROBE_WRAP_H

#include <stdbool.h>
#include <stdint.h>

#define WRAPS_MAX 16 /* in one packet; a packet with more is bad */

enum wrap {
	WRAP_VLAN,
	WRAP_MPLS, /* each label */
	WRAP_PPPOE,
	WRAP_4IN4, /* IPv4 in IPv4 */
	WRAP_6IN4,
	WRAP_4IN6,
	WRAP_6IN6,
	WRAP_GRE,
	WRAP_VXLAN,
	WRAP_GTPU,
	WRAPS
};

struct wraps {
	unsigned depth;        /* of the packet at hand; its user sets it to 0 */
	uint64_t count[WRAPS]; /* of all packets */
};

/* false: the packet is packed too deep. */
static inline bool
wraps_enter(struct wraps *w, enum wrap kind)
{
	if (w->depth == WRAPS_MAX)
		return false;
	w->depth++;
	w->count[kind]++;
	return true;
}

#endif
