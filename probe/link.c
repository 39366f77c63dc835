/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/link.h"

#include <pcap/dlt.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_OLD_QINQ = 0x9100,
	ARPHRD_NETLINK = 824, /* its "protocol" is a netlink family */
};

static const struct {
	int dlt;
	enum link_type type;
} dlts[] = {
	{ DLT_EN10MB, LINK_ETHERNET },    { DLT_LINUX_SLL, LINK_COOKED },
	{ DLT_LINUX_SLL2, LINK_COOKED2 }, { DLT_RAW, LINK_RAW },
	{ DLT_IPV4, LINK_IPV4 },          { DLT_IPV6, LINK_IPV6 },
	{ DLT_NULL, LINK_LOOPBACK },      { DLT_LOOP, LINK_LOOPBACK },
};

bool
link_from_dlt(int dlt, enum link_type *type)
{
	for (size_t i = 0; i < sizeof dlts / sizeof dlts[0]; i++) {
		if (dlts[i].dlt == dlt) {
			*type = dlts[i].type;
			return true;
		}
	}
	return false;
}

static enum link_verdict
lacking(const struct part *p, uint32_t n)
{
	return part_lack(p, n) == PART_CUT ? LINK_CUT : LINK_BAD;
}

static bool
is_tag(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_OLD_QINQ;
}

static enum link_verdict
strip_tags(uint16_t type, struct part *p)
{
	const uint8_t *tag;

	for (int n = 0; is_tag(type); n++) {
		if (n == LINK_MAX_TAGS)
			return LINK_BAD;
		tag = part_take(p, 4);
		if (tag == NULL)
			return lacking(p, 4);
		type = part_be16(tag + 2);
	}
	if (type == ETHERTYPE_IPV4)
		return LINK_HAS_IPV4;
	return type == ETHERTYPE_IPV6 ? LINK_HAS_IPV6 : LINK_NOT_IP;
}

static enum link_verdict
strip_ethernet(struct part *p)
{
	const uint8_t *h = part_take(p, 14);

	return h ? strip_tags(part_be16(h + 12), p) : lacking(p, 14);
}

static enum link_verdict
strip_cooked(struct part *p)
{
	const uint8_t *h = part_take(p, 16);

	if (h == NULL)
		return lacking(p, 16);
	if (part_be16(h + 2) == ARPHRD_NETLINK)
		return LINK_NOT_IP;
	return strip_tags(part_be16(h + 14), p);
}

static enum link_verdict
strip_cooked2(struct part *p)
{
	const uint8_t *h = part_take(p, 20);

	if (h == NULL)
		return lacking(p, 20);
	if (part_be16(h + 8) == ARPHRD_NETLINK)
		return LINK_NOT_IP;
	return strip_tags(part_be16(h), p);
}

static enum link_verdict
look_at_version(const struct part *p)
{
	struct part copy = *p;
	const uint8_t *first = part_take(&copy, 1);

	if (first == NULL)
		return lacking(p, 1);
	switch (*first >> 4) {
	case 4:
		return LINK_HAS_IPV4;
	case 6:
		return LINK_HAS_IPV6;
	}
	return LINK_BAD;
}

/* DLT_NULL has the family in the byte order of the capturing host, DLT_LOOP in
 * network order: the small number tells. Each BSD has its own AF_INET6. */
static enum link_verdict
strip_loopback(struct part *p)
{
	const uint8_t *h = part_take(p, 4);
	unsigned family;

	if (h == NULL)
		return lacking(p, 4);
	family = h[0] || h[1] ? h[0] | (unsigned)h[1] << 8 : part_be16(h + 2);
	switch (family) {
	case 2:
		return LINK_HAS_IPV4;
	case 10:
	case 24:
	case 28:
	case 30:
		return LINK_HAS_IPV6;
	}
	return LINK_NOT_IP;
}

enum link_verdict
link_strip(enum link_type type, struct part *p)
{
	switch (type) {
	case LINK_ETHERNET:
		return strip_ethernet(p);
	case LINK_COOKED:
		return strip_cooked(p);
	case LINK_COOKED2:
		return strip_cooked2(p);
	case LINK_RAW:
		return look_at_version(p);
	case LINK_IPV4:
		return LINK_HAS_IPV4;
	case LINK_IPV6:
		return LINK_HAS_IPV6;
	case LINK_LOOPBACK:
		return strip_loopback(p);
	case LINK_TYPES:
		break;
	}
	return LINK_NOT_IP;
}
