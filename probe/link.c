/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/link.h"

#include <pcap/dlt.h>

enum {
	ARPHRD_NETLINK = 824, /* its "protocol" is a netlink family */
	HDLC_UNICAST = 0x0f,
	HDLC_MULTICAST = 0x8f,
	PPPOE_VERSION_TYPE = 0x11,
	PPPOE_SESSION_DATA = 0,
	CONTROL_WORD_BYTES = 4,
	ETHERNET_BYTES = 14,
	VLAN_BYTES = 4,
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
};

/* What has been found out so far. Each header's function below takes it off and
 * sets type to what follows; or it answers false and verdict says why. */
struct strip {
	struct part *p;
	struct wraps *w;
	enum link_type type;
	enum link_verdict verdict;
};

struct number {
	unsigned number;
	enum link_type type;
};

static const struct number dlts[] = {
	{ DLT_EN10MB, LINK_ETHERNET },      { DLT_LINUX_SLL, LINK_COOKED },
	{ DLT_LINUX_SLL2, LINK_COOKED2 },   { DLT_RAW, LINK_RAW },
	{ DLT_IPV4, LINK_IPV4 },            { DLT_IPV6, LINK_IPV6 },
	{ DLT_NULL, LINK_LOOPBACK },        { DLT_LOOP, LINK_LOOPBACK },
	{ DLT_PPP, LINK_PPP },              { DLT_PPP_SERIAL, LINK_PPP_SERIAL },
	{ DLT_C_HDLC, LINK_CISCO_HDLC },    { DLT_PPP_ETHER, LINK_PPPOE },
};

static const struct number ppp_protocols[] = {
	{ 0x0021, LINK_IPV4 },
	{ 0x0057, LINK_IPV6 },
	{ 0x0281, LINK_MPLS },
	{ 0x0283, LINK_MPLS },
};

static bool
look_up(const struct number *rows, size_t n, unsigned number, enum link_type *type)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].number == number) {
			*type = rows[i].type;
			return true;
		}
	}
	return false;
}

bool
link_from_dlt(int dlt, enum link_type *type)
{
	return dlt >= 0 &&
	       look_up(dlts, sizeof dlts / sizeof dlts[0], (unsigned)dlt, type);
}

bool
link_from_ethertype(unsigned ethertype, enum link_type *type)
{
	switch (ethertype) {
	case 0x0800:
		*type = LINK_IPV4;
		return true;
	case 0x86dd:
		*type = LINK_IPV6;
		return true;
	case 0x8100:
	case 0x88a8:
	case 0x9100:
		*type = LINK_VLAN;
		return true;
	case 0x8847:
	case 0x8848:
		*type = LINK_MPLS;
		return true;
	case 0x8864:
		*type = LINK_PPPOE;
		return true;
	}
	return false;
}

static bool
stop(struct strip *s, enum link_verdict verdict)
{
	s->verdict = verdict;
	return false;
}

static const uint8_t *
take(struct strip *s, uint32_t n)
{
	const uint8_t *h = part_take(s->p, n);

	if (h == NULL)
		stop(s, part_lack(s->p, n) == PART_CUT ? LINK_CUT : LINK_BAD);
	return h;
}

/* The next byte, which stays; 0 if there is none. */
static unsigned
peek(const struct strip *s)
{
	struct reader in = s->p->in;

	return reader_u8(&in);
}

static bool
enter(struct strip *s, enum wrap kind)
{
	return wraps_enter(s->w, kind) || stop(s, LINK_DEEP);
}

static bool
go_by_ethertype(struct strip *s, unsigned ethertype)
{
	return link_from_ethertype(ethertype, &s->type) || stop(s, LINK_NOT_IP);
}

static bool
strip_ethernet(struct strip *s)
{
	const uint8_t *h = take(s, ETHERNET_BYTES);

	return h != NULL && go_by_ethertype(s, part_be16(h + 12));
}

static bool
strip_vlan(struct strip *s)
{
	const uint8_t *h;

	if (!enter(s, WRAP_VLAN))
		return false;
	h = take(s, VLAN_BYTES);
	return h != NULL && go_by_ethertype(s, part_be16(h + 2));
}

static bool
strip_cooked(struct strip *s)
{
	const uint8_t *h = take(s, 16);

	if (h == NULL)
		return false;
	if (part_be16(h + 2) == ARPHRD_NETLINK)
		return stop(s, LINK_NOT_IP);
	return go_by_ethertype(s, part_be16(h + 14));
}

static bool
strip_cooked2(struct strip *s)
{
	const uint8_t *h = take(s, 20);

	if (h == NULL)
		return false;
	if (part_be16(h + 8) == ARPHRD_NETLINK)
		return stop(s, LINK_NOT_IP);
	return go_by_ethertype(s, part_be16(h));
}

static bool
look_at_version(struct strip *s)
{
	struct part whole = *s->p;
	const uint8_t *first = take(s, 1);

	if (first == NULL)
		return false;
	*s->p = whole;
	switch (*first >> 4) {
	case 4:
		s->type = LINK_IPV4;
		return true;
	case 6:
		s->type = LINK_IPV6;
		return true;
	}
	return stop(s, LINK_BAD);
}

/* DLT_NULL has the family in the byte order of the capturing host, DLT_LOOP in
 * network order: the small number tells. Each BSD has its own AF_INET6. */
static bool
strip_loopback(struct strip *s)
{
	const uint8_t *h = take(s, 4);
	unsigned family;

	if (h == NULL)
		return false;
	family = h[0] || h[1] ? h[0] | (unsigned)h[1] << 8 : part_be16(h + 2);
	switch (family) {
	case 2:
		s->type = LINK_IPV4;
		return true;
	case 10:
	case 24:
	case 28:
	case 30:
		s->type = LINK_IPV6;
		return true;
	}
	return stop(s, LINK_NOT_IP);
}

/* An odd first byte is the whole protocol number, its high byte compressed away.
 * The framing's two bytes stand for no protocol. */
static bool
strip_ppp(struct strip *s)
{
	const uint8_t *h;
	unsigned protocol;

	if (peek(s) == 0xff && take(s, 2) == NULL)
		return false;
	h = take(s, 1);
	if (h == NULL)
		return false;
	protocol = *h;
	if (protocol % 2 == 0) {
		h = take(s, 1);
		if (h == NULL)
			return false;
		protocol = protocol << 8 | *h;
	}
	return look_up(ppp_protocols, sizeof ppp_protocols / sizeof ppp_protocols[0], protocol,
	               &s->type) ||
	       stop(s, LINK_NOT_IP);
}

static bool
look_at_framing(struct strip *s)
{
	unsigned first = peek(s);

	s->type = first == HDLC_UNICAST || first == HDLC_MULTICAST ? LINK_CISCO_HDLC : LINK_PPP;
	return true;
}

static bool
strip_cisco_hdlc(struct strip *s)
{
	const uint8_t *h = take(s, 4);

	return h != NULL && go_by_ethertype(s, part_be16(h + 2));
}

static bool
strip_pppoe(struct strip *s)
{
	const uint8_t *h;

	if (!enter(s, WRAP_PPPOE))
		return false;
	h = take(s, 6);
	if (h == NULL)
		return false;
	if (h[0] != PPPOE_VERSION_TYPE || part_be16(h + 4) > s->p->wire_len)
		return stop(s, LINK_BAD);
	if (h[1] != PPPOE_SESSION_DATA)
		return stop(s, LINK_NOT_IP);
	part_trim(s->p, part_be16(h + 4));
	s->type = LINK_PPP;
	return true;
}

/* How well do bytes read as a header? */
enum fit {
	FIT_NONE,
	FIT_MAYBE, /* so far; the capture cut it, or more headers stand before IP */
	FIT_IP,    /* it leads to an IP header, or is one, that is sound */
};

static enum fit
fit_lacking(const struct part *p, uint32_t n)
{
	return part_lack(p, n) == PART_CUT ? FIT_MAYBE : FIT_NONE;
}

static enum fit
fit_ip(unsigned version, struct part p)
{
	uint32_t wire_len = p.wire_len, header = version == 4 ? IPV4_BYTES : IPV6_BYTES, total;
	const uint8_t *h = part_take(&p, header);

	if (h == NULL)
		return fit_lacking(&p, header);
	total = version == 4 ? part_be16(h + 2) : part_be16(h + 4) + header;
	if (h[0] >> 4 != version || total > wire_len)
		return FIT_NONE;
	if (version == 4 && ((h[0] & 15) < 5 || (total != 0 && total < header)))
		return FIT_NONE;
	return FIT_IP;
}

static enum fit
fit_raw(struct part p)
{
	struct reader in = p.in;
	unsigned version = reader_u8(&in) >> 4;

	if (in.failed)
		return fit_lacking(&p, 1);
	return version == 4 || version == 6 ? fit_ip(version, p) : FIT_NONE;
}

static enum fit
fit_ethernet(struct part p)
{
	uint32_t header = ETHERNET_BYTES;
	enum link_type type;

	for (int n = 0; n < WRAPS_MAX; n++) {
		const uint8_t *h = part_take(&p, header);

		if (h == NULL)
			return fit_lacking(&p, header);
		if (!link_from_ethertype(part_be16(h + header - 2), &type))
			return FIT_NONE;
		if (type != LINK_VLAN)
			break;
		header = VLAN_BYTES;
	}
	if (type == LINK_IPV4 || type == LINK_IPV6)
		return fit_ip(type == LINK_IPV4 ? 4 : 6, p);
	return FIT_MAYBE;
}

bool
link_is_plausible(enum link_type type, const struct part *p)
{
	return (type == LINK_ETHERNET ? fit_ethernet(*p) : fit_raw(*p)) != FIT_NONE;
}

/* A pseudowire may put a control word, which begins with four zero bits, before
 * its frame; but so may the frame's own first address, which may also begin like
 * IP. So what leads to a sound IP header goes first. */
static bool
look_behind_labels(struct strip *s)
{
	struct part behind = *s->p;
	enum fit bare = fit_ethernet(behind);

	s->type = LINK_RAW;
	if (bare != FIT_IP && fit_raw(*s->p) != FIT_NONE)
		return true;
	s->type = LINK_ETHERNET;
	if (bare != FIT_IP && peek(s) >> 4 == 0 &&
	    part_take(&behind, CONTROL_WORD_BYTES) != NULL && fit_ethernet(behind) != FIT_NONE) {
		*s->p = behind;
		return true;
	}
	return bare != FIT_NONE || stop(s, LINK_NOT_IP);
}

static bool
strip_mpls(struct strip *s)
{
	const uint8_t *label;

	do {
		if (!enter(s, WRAP_MPLS))
			return false;
		label = take(s, 4);
		if (label == NULL)
			return false;
	} while (!(label[2] & 1));
	return look_behind_labels(s);
}

static bool
strip_one(struct strip *s)
{
	switch (s->type) {
	case LINK_ETHERNET:
		return strip_ethernet(s);
	case LINK_COOKED:
		return strip_cooked(s);
	case LINK_COOKED2:
		return strip_cooked2(s);
	case LINK_RAW:
		return look_at_version(s);
	case LINK_LOOPBACK:
		return strip_loopback(s);
	case LINK_PPP:
		return strip_ppp(s);
	case LINK_PPP_SERIAL:
		return look_at_framing(s);
	case LINK_CISCO_HDLC:
		return strip_cisco_hdlc(s);
	case LINK_PPPOE:
		return strip_pppoe(s);
	case LINK_MPLS:
		return strip_mpls(s);
	case LINK_VLAN:
		return strip_vlan(s);
	case LINK_IPV4:
		return stop(s, LINK_HAS_IPV4);
	case LINK_IPV6:
		return stop(s, LINK_HAS_IPV6);
	case LINK_TYPES:
		break;
	}
	return stop(s, LINK_NOT_IP);
}

enum link_verdict
link_strip_any(enum link_type type, struct part *p, struct wraps *w)
{
	struct strip s = { .p = p, .w = w, .type = type };

	while (strip_one(&s))
		continue;
	return s.verdict;
}
