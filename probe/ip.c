/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/ip.h"

#include <string.h>

#include "probe/tunnel.h"

enum {
	HOP_BY_HOP = 0,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	DESTINATION = 60,
};

static enum ip_verdict
lacking(const struct part *p, uint32_t n)
{
	return part_lack(p, n) == PART_CUT ? IP_CUT : IP_BAD;
}

static uint32_t
be32(const uint8_t *b)
{
	return (uint32_t)part_be16(b) << 16 | part_be16(b + 2);
}

/* In place: this is the hottest code there is. */
static void
set_mapped(struct endpoint *e, const uint8_t addr[4])
{
	uint8_t mapped[16] = { [10] = 0xff, 0xff, addr[0], addr[1], addr[2], addr[3] };

	memcpy(e->addr, mapped, sizeof mapped);
	e->port = 0;
}

enum ip_verdict
ip_read4(struct ip_packet *ip)
{
	struct part *p = &ip->payload;
	const uint8_t *h = part_take(p, 20);
	uint32_t frame = p->wire_len + 20, header, total, fragment;

	if (h == NULL)
		return lacking(p, 20);
	header = (h[0] & 15u) * 4;
	total = part_be16(h + 2);
	if (total == 0)
		total = frame;
	if (h[0] >> 4 != 4 || header < 20 || total < header || total > frame)
		return IP_BAD;
	part_trim(p, total - 20);
	if (header > 20 && part_take(p, header - 20) == NULL)
		return IP_CUT;
	fragment = part_be16(h + 6);
	set_mapped(&ip->src, h + 12);
	set_mapped(&ip->dst, h + 16);
	ip->id = part_be16(h + 4);
	ip->offset = (uint16_t)((fragment & 0x1fffu) * 8);
	ip->more = fragment & 0x2000u;
	ip->v6 = false;
	ip->protocol = h[9];
	return fragment & 0x3fffu ? IP_FRAGMENT : IP_WHOLE;
}

enum ip_verdict
ip_read6(struct ip_packet *ip)
{
	struct part *p = &ip->payload;
	const uint8_t *h = part_take(p, 40);
	uint32_t len;

	if (h == NULL)
		return lacking(p, 40);
	len = part_be16(h + 4);
	if (len == 0)
		len = p->wire_len;
	if (h[0] >> 4 != 6 || len > p->wire_len)
		return IP_BAD;
	part_trim(p, len);
	ip->src = endpoint_ipv6(h + 8, 0);
	ip->dst = endpoint_ipv6(h + 24, 0);
	ip->id = 0;
	ip->offset = 0;
	ip->more = false;
	ip->v6 = true;
	ip->protocol = h[6];
	return ip_skip_extensions(ip);
}

/* One extension header: its second byte counts words behind the first ones. */
static enum ip_verdict
skip_extension(struct ip_packet *ip)
{
	struct part p = ip->payload;
	const uint8_t *h = part_take(&p, 2);
	uint32_t len;

	if (h == NULL)
		return lacking(&p, 2);
	len = ip->protocol == AUTHENTICATION ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
	if (part_take(&p, len - 2) == NULL)
		return lacking(&p, len - 2);
	ip->protocol = h[0];
	ip->payload = p;
	return IP_WHOLE;
}

/* A fragment header on a whole datagram (RFC 6946) is stepped over. */
static enum ip_verdict
read_fragment_header(struct ip_packet *ip)
{
	const uint8_t *h = part_take(&ip->payload, 8);

	if (h == NULL)
		return lacking(&ip->payload, 8);
	ip->protocol = h[0];
	ip->offset = part_be16(h + 2) & 0xfff8u;
	ip->more = h[3] & 1;
	ip->id = be32(h + 4);
	return ip->more || ip->offset > 0 ? IP_FRAGMENT : IP_WHOLE;
}

enum ip_verdict
ip_skip_extensions(struct ip_packet *ip)
{
	enum ip_verdict verdict = IP_WHOLE;

	for (int n = 0; n <= IP_MAX_HEADERS && verdict == IP_WHOLE; n++) {
		switch (ip->protocol) {
		case HOP_BY_HOP:
		case ROUTING:
		case DESTINATION:
		case AUTHENTICATION:
			verdict = skip_extension(ip);
			break;
		case FRAGMENT:
			verdict = read_fragment_header(ip);
			break;
		default:
			return IP_WHOLE;
		}
	}
	return verdict == IP_WHOLE ? IP_BAD : verdict;
}

bool
ip_may_be_udp(const struct ip_packet *ip)
{
	if (tunnel_is_protocol(ip->protocol))
		return true;
	if (!ip->v6)
		return ip->protocol == IP_UDP;
	switch (ip->protocol) {
	case IP_UDP:
	case HOP_BY_HOP:
	case ROUTING:
	case DESTINATION:
	case AUTHENTICATION:
	case FRAGMENT:
		return true;
	}
	return false;
}
