/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/tunnel.h"

enum {
	PORT_VXLAN = 4789,
	PORT_VXLAN_LINUX = 8472, /* of the kernel before the number was assigned */
	PORT_GTPU = 2152,
};

enum { GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_NUMBER = 0x1000 };
enum { GRE_VERSION = 0x0007, GRE_ETHERNET = 0x6558, GRE_PPP = 0x880b };

enum { VXLAN_HAS_NETWORK = 0x08 };

enum {
	GTPU_FIXED = 0xf8, /* version 1, GTP, a spare bit */
	GTPU_VERSION_1 = 0x30,
	GTPU_OPTIONS = 0x07, /* any of the three: all their fields are there */
	GTPU_HAS_EXTENSION = 0x04,
	GTPU_PACKET = 255,
	GTPU_MAX_EXTENSIONS = 8,
};

static enum tunnel_verdict
lacking(const struct part *p, uint32_t n)
{
	return part_lack(p, n) == PART_CUT ? TUNNEL_CUT : TUNNEL_BAD;
}

static enum tunnel_verdict
open_ip_in_ip(bool v6_in, bool v6, struct wraps *w, enum link_type *inside)
{
	enum wrap kind = v6 ? v6_in ? WRAP_6IN6 : WRAP_4IN6 : v6_in ? WRAP_6IN4 : WRAP_4IN4;

	if (!wraps_enter(w, kind))
		return TUNNEL_DEEP;
	*inside = v6_in ? LINK_IPV6 : LINK_IPV4;
	return TUNNEL_OPEN;
}

static bool
gre_carries(unsigned ethertype, enum link_type *inside)
{
	switch (ethertype) {
	case GRE_ETHERNET:
		*inside = LINK_ETHERNET;
		return true;
	case GRE_PPP:
		*inside = LINK_PPP;
		return true;
	}
	return link_from_ethertype(ethertype, inside);
}

static enum tunnel_verdict
open_gre(struct part *p, struct wraps *w, enum link_type *inside)
{
	struct part rest = *p;
	const uint8_t *h = part_take(&rest, 4);
	unsigned flags;
	uint32_t more;

	if (h == NULL)
		return lacking(&rest, 4);
	flags = part_be16(h);
	if (flags & (GRE_ROUTING | GRE_VERSION) || !gre_carries(part_be16(h + 2), inside))
		return TUNNEL_CLOSED;
	more = 4u * (!!(flags & GRE_CHECKSUM) + !!(flags & GRE_KEY) + !!(flags & GRE_NUMBER));
	if (part_take(&rest, more) == NULL)
		return lacking(&rest, more);
	if (!wraps_enter(w, WRAP_GRE))
		return TUNNEL_DEEP;
	*p = rest;
	return TUNNEL_OPEN;
}

enum tunnel_verdict
tunnel_open_ip(bool v6, unsigned protocol, struct part *p, struct wraps *w, enum link_type *inside)
{
	switch (protocol) {
	case TUNNEL_IPV4:
		return open_ip_in_ip(false, v6, w, inside);
	case TUNNEL_IPV6:
		return open_ip_in_ip(true, v6, w, inside);
	case TUNNEL_GRE:
		return open_gre(p, w, inside);
	}
	return TUNNEL_CLOSED;
}

static bool
strip_vxlan(struct part *p)
{
	const uint8_t *h = part_take(p, 8);

	return h != NULL && h[0] == VXLAN_HAS_NETWORK && h[1] == 0 && h[2] == 0 && h[3] == 0 &&
	       h[7] == 0;
}

/* Each begins with its length in words and ends with the type of the next. */
static bool
strip_gtpu_extensions(struct part *p, unsigned next)
{
	for (int n = 0; next != 0; n++) {
		const uint8_t *length = part_take(p, 1), *rest;

		if (length == NULL || *length == 0 || n == GTPU_MAX_EXTENSIONS)
			return false;
		rest = part_take(p, *length * 4u - 1);
		if (rest == NULL)
			return false;
		next = rest[*length * 4u - 2];
	}
	return true;
}

static bool
strip_gtpu(struct part *p)
{
	const uint8_t *h = part_take(p, 8), *options;

	if (h == NULL || (h[0] & GTPU_FIXED) != GTPU_VERSION_1 || h[1] != GTPU_PACKET ||
	    part_be16(h + 2) != p->wire_len)
		return false;
	if (!(h[0] & GTPU_OPTIONS))
		return true;
	options = part_take(p, 4);
	if (options == NULL)
		return false;
	return !(h[0] & GTPU_HAS_EXTENSION) || strip_gtpu_extensions(p, options[3]);
}

enum tunnel_verdict
tunnel_open_udp(unsigned port, struct part *p, struct wraps *w, enum link_type *inside)
{
	struct part rest = *p;
	bool gtpu = port == PORT_GTPU;

	if (!gtpu && port != PORT_VXLAN && port != PORT_VXLAN_LINUX)
		return TUNNEL_CLOSED;
	*inside = gtpu ? LINK_RAW : LINK_ETHERNET;
	if (gtpu ? !strip_gtpu(&rest) : !strip_vxlan(&rest))
		return TUNNEL_CLOSED;
	if (!link_is_plausible(*inside, &rest))
		return TUNNEL_CLOSED;
	if (!wraps_enter(w, gtpu ? WRAP_GTPU : WRAP_VXLAN))
		return TUNNEL_DEEP;
	*p = rest;
	return TUNNEL_OPEN;
}
