/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/tunnel.h"
#include "tests/unit/packets.h"

static struct packet pkt;
static struct wraps wraps;
static enum link_type inside;
static struct part part;

/* An IPv4 packet of 50 bytes, as what is carried. */
static void
begin(void)
{
	packet_begin_counting(&pkt, 30);
	packet_ipv4(&pkt, 1, 2, 17);
}

static enum tunnel_verdict
open_ip(bool v6, unsigned protocol)
{
	wraps = (struct wraps){ 0 };
	part = part_over(pkt.bytes, pkt.len, pkt.len);
	return tunnel_open_ip(v6, protocol, &part, &wraps, &inside);
}

static enum tunnel_verdict
open_ip_of(uint32_t captured, uint32_t wire_len)
{
	part = part_over(pkt.bytes, captured, wire_len);
	return tunnel_open_ip(false, 47, &part, &wraps, &inside);
}

static enum tunnel_verdict
open_udp(unsigned port)
{
	wraps = (struct wraps){ 0 };
	part = part_over(pkt.bytes, pkt.len, pkt.len);
	return tunnel_open_udp(port, &part, &wraps, &inside);
}

static void
ip_in_ip_is_counted_by_both_versions(void **state)
{
	(void)state;
	begin();
	assert_int_equal(open_ip(false, 4), TUNNEL_OPEN);
	assert_int_equal(inside, LINK_IPV4);
	assert_int_equal(wraps.count[WRAP_4IN4], 1);
	assert_int_equal(open_ip(true, 4), TUNNEL_OPEN);
	assert_int_equal(wraps.count[WRAP_4IN6], 1);
	assert_int_equal(open_ip(false, 41), TUNNEL_OPEN);
	assert_int_equal(inside, LINK_IPV6);
	assert_int_equal(wraps.count[WRAP_6IN4], 1);
	assert_int_equal(open_ip(true, 41), TUNNEL_OPEN);
	assert_int_equal(wraps.count[WRAP_6IN6], 1);
	assert_int_equal(part.wire_len, 50);
	assert_int_equal(open_ip(false, 17), TUNNEL_CLOSED);
}

/* GRE before the packet, with as many words of options as are set. */
static void
gre(uint16_t flags, uint16_t ethertype, unsigned words)
{
	uint8_t h[16] = { (uint8_t)(flags >> 8), (uint8_t)flags, (uint8_t)(ethertype >> 8),
		          (uint8_t)ethertype };

	begin();
	packet_put(&pkt, h, 4 + 4 * words);
}

static void
gre_options_are_stepped_over(void **state)
{
	static const struct {
		uint16_t flags;
		unsigned words;
	} rows[] = {
		{ 0, 0 },      { 0x8000, 1 }, { 0x2000, 1 }, { 0x1000, 1 },
		{ 0xa000, 2 }, { 0x3000, 2 }, { 0xb000, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		gre(rows[i].flags, 0x0800, rows[i].words);
		assert_int_equal(open_ip(false, 47), TUNNEL_OPEN);
		assert_int_equal(part.wire_len, 50);
		assert_int_equal(wraps.count[WRAP_GRE], 1);
		for (uint32_t n = 0; n < 4 + 4 * rows[i].words; n++) {
			assert_int_equal(open_ip_of(n, n), TUNNEL_BAD);
			assert_int_equal(open_ip_of(n, pkt.len), TUNNEL_CUT);
			assert_int_equal(part.wire_len, pkt.len);
		}
	}
}

static void
gre_carries_what_its_ethertype_says(void **state)
{
	static const struct {
		uint16_t ethertype;
		enum link_type inside;
	} rows[] = {
		{ 0x0800, LINK_IPV4 },     { 0x86dd, LINK_IPV6 }, { 0x6558, LINK_ETHERNET },
		{ 0x8847, LINK_MPLS },     { 0x880b, LINK_PPP },  { 0x8100, LINK_VLAN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		gre(0, rows[i].ethertype, 0);
		assert_int_equal(open_ip(true, 47), TUNNEL_OPEN);
		assert_int_equal(inside, rows[i].inside);
	}
	gre(0, 0x88be, 0); /* mirrored frames */
	assert_int_equal(open_ip(false, 47), TUNNEL_CLOSED);
	gre(0x4000, 0x0800, 1); /* routing */
	assert_int_equal(open_ip(false, 47), TUNNEL_CLOSED);
	gre(0x2001, 0x880b, 1); /* version 1 */
	assert_int_equal(open_ip(false, 47), TUNNEL_CLOSED);
	assert_int_equal(part.wire_len, pkt.len);
}

static void
vxlan(void)
{
	begin();
	packet_ethernet(&pkt, 0x0800);
	packet_put(&pkt, (uint8_t[8]){ 8, 0, 0, 0, 1, 2, 3, 0 }, 8);
}

static void
vxlan_opens_to_ethernet_on_either_port(void **state)
{
	(void)state;
	vxlan();
	assert_int_equal(open_udp(4789), TUNNEL_OPEN);
	assert_int_equal(inside, LINK_ETHERNET);
	assert_int_equal(part.wire_len, 64);
	assert_int_equal(wraps.count[WRAP_VXLAN], 1);
	assert_int_equal(open_udp(8472), TUNNEL_OPEN);
	assert_int_equal(open_udp(4790), TUNNEL_CLOSED);
	assert_int_equal(open_udp(2152), TUNNEL_CLOSED);
}

/* Each byte that is fixed, changed: then it is an ordinary datagram. */
static void
a_datagram_to_the_port_of_vxlan_must_read_like_it(void **state)
{
	static const unsigned fixed[] = { 0, 1, 2, 3, 7, 8 + 12, 8 + 13, 8 + 14, 8 + 14 + 2 };

	(void)state;
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		vxlan();
		pkt.bytes[fixed[i]] ^= 0x88;
		assert_int_equal(open_udp(4789), TUNNEL_CLOSED);
		assert_int_equal(part.wire_len, pkt.len);
		assert_int_equal(wraps.depth, 0);
	}
	vxlan();
	for (uint32_t n = 0; n < 8 + 14 + 20; n++) {
		wraps.depth = 0;
		part = part_over(pkt.bytes, n, n);
		assert_int_equal(tunnel_open_udp(4789, &part, &wraps, &inside), TUNNEL_CLOSED);
		part = part_over(pkt.bytes, n, pkt.len);
		assert_int_equal(tunnel_open_udp(4789, &part, &wraps, &inside),
		                 n < 8 ? TUNNEL_CLOSED : TUNNEL_OPEN);
	}
}

static const uint8_t none[1];

/* GTP-U with these flags and these bytes of options before the packet. */
static void
gtpu(uint8_t flags, const uint8_t *options, uint32_t n)
{
	uint8_t h[8] = { flags, 255, 0, (uint8_t)(50 + n), 1, 2, 3, 4 };

	begin();
	packet_put(&pkt, options, n);
	packet_put(&pkt, h, sizeof h);
}

static void
gtpu_options_and_extensions_are_stepped_over(void **state)
{
	static const uint8_t sequence[4] = { 0, 9, 0, 0x85 }; /* the last only counts with E */
	static const uint8_t one[8] = { 0, 0, 0, 0x85, 1, 0x10, 1, 0 };
	static const uint8_t two[16] = { 0, 0, 0, 0xc0, 1, 0x08, 0x68, 0x85,
		                         2, 1, 2, 3,    4, 5,    6,    0 };

	(void)state;
	gtpu(0x30, none, 0);
	assert_int_equal(open_udp(2152), TUNNEL_OPEN);
	assert_int_equal(inside, LINK_RAW);
	assert_int_equal(part.wire_len, 50);
	assert_int_equal(wraps.count[WRAP_GTPU], 1);
	for (uint8_t flags = 1; flags < 4; flags++) {
		gtpu(0x30 | flags, sequence, 4);
		assert_int_equal(open_udp(2152), TUNNEL_OPEN);
		assert_int_equal(part.wire_len, 50);
	}
	gtpu(0x34, one, sizeof one);
	assert_int_equal(open_udp(2152), TUNNEL_OPEN);
	assert_int_equal(part.wire_len, 50);
	gtpu(0x36, two, sizeof two);
	assert_int_equal(open_udp(2152), TUNNEL_OPEN);
	assert_int_equal(part.wire_len, 50);
	for (uint32_t n = 0; n < 8 + 16; n++) {
		part = part_over(pkt.bytes, n, n);
		assert_int_equal(tunnel_open_udp(2152, &part, &wraps, &inside), TUNNEL_CLOSED);
	}
}

static void
gtpu_extensions_end_at_the_limit(void **state)
{
	uint8_t many[4 + 4 * 9] = { 0, 0, 0, 0x85 };

	(void)state;
	for (unsigned n = 8; n <= 9; n++) {
		for (unsigned i = 0; i < n; i++)
			memcpy(many + 4 + 4 * i, (uint8_t[4]){ 1, 0, 0, i + 1 < n ? 0x85 : 0 }, 4);
		gtpu(0x34, many, 4 + 4 * n);
		assert_int_equal(open_udp(2152), n > 8 ? TUNNEL_CLOSED : TUNNEL_OPEN);
	}
	many[4] = 0; /* a header of no words */
	gtpu(0x34, many, 4 + 4 * 8);
	assert_int_equal(open_udp(2152), TUNNEL_CLOSED);
}

static void
a_datagram_to_the_port_of_gtpu_must_read_like_it(void **state)
{
	static const unsigned fixed[] = { 0, 1, 2, 3, 8, 8 + 2 };

	(void)state;
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		gtpu(0x30, none, 0);
		pkt.bytes[fixed[i]] ^= 0x88;
		assert_int_equal(open_udp(2152), TUNNEL_CLOSED);
		assert_int_equal(part.wire_len, pkt.len);
	}
	gtpu(0x30, none, 0);
	pkt.bytes[1] = 26; /* an error indication: control, no packet */
	assert_int_equal(open_udp(2152), TUNNEL_CLOSED);
}

static void
no_tunnel_opens_past_the_limit(void **state)
{
	(void)state;
	vxlan();
	wraps = (struct wraps){ .depth = WRAPS_MAX };
	part = part_over(pkt.bytes, pkt.len, pkt.len);
	assert_int_equal(tunnel_open_udp(4789, &part, &wraps, &inside), TUNNEL_DEEP);
	assert_int_equal(tunnel_open_ip(false, 4, &part, &wraps, &inside), TUNNEL_DEEP);
	gre(0, 0x0800, 0);
	part = part_over(pkt.bytes, pkt.len, pkt.len);
	assert_int_equal(tunnel_open_ip(false, 47, &part, &wraps, &inside), TUNNEL_DEEP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip_in_ip_is_counted_by_both_versions),
		cmocka_unit_test(gre_options_are_stepped_over),
		cmocka_unit_test(gre_carries_what_its_ethertype_says),
		cmocka_unit_test(vxlan_opens_to_ethernet_on_either_port),
		cmocka_unit_test(a_datagram_to_the_port_of_vxlan_must_read_like_it),
		cmocka_unit_test(gtpu_options_and_extensions_are_stepped_over),
		cmocka_unit_test(gtpu_extensions_end_at_the_limit),
		cmocka_unit_test(a_datagram_to_the_port_of_gtpu_must_read_like_it),
		cmocka_unit_test(no_tunnel_opens_past_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
