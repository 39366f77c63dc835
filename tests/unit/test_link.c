/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#include "probe/link.h"
#include "tests/unit/packets.h"

static struct packet pkt;

/* What link_strip says of pkt, whole; *p is what is left. */
static enum link_verdict
strip(enum link_type type, struct part *p)
{
	*p = part_over(pkt.bytes, pkt.len, pkt.len);
	return link_strip(type, p);
}

static void
begin(void)
{
	packet_begin_counting(&pkt, 30);
	packet_ipv4(&pkt, 1, 2, 17);
}

static void
tag(uint16_t tci, uint16_t type)
{
	uint8_t h[4] = { (uint8_t)(tci >> 8), (uint8_t)tci, (uint8_t)(type >> 8), (uint8_t)type };

	packet_put(&pkt, h, sizeof h);
}

static void
ethernet_gives_what_its_type_says(void **state)
{
	struct part p;

	(void)state;
	begin();
	packet_ethernet(&pkt, 0x0800);
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 50);
	assert_int_equal(p.in.pos[0], 0x45);
	begin();
	packet_ethernet(&pkt, 0x86dd);
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_HAS_IPV6);
	begin();
	packet_ethernet(&pkt, 0x0806);
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_NOT_IP);
	begin();
	packet_ethernet(&pkt, 38); /* IEEE 802.3: a length, then LLC */
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_NOT_IP);
}

static void
vlan_tags_are_stepped_over_up_to_the_limit(void **state)
{
	static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100 };
	struct part p;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin();
		tag(7, 0x0800);
		packet_ethernet(&pkt, tags[i]);
		assert_int_equal(strip(LINK_ETHERNET, &p), LINK_HAS_IPV4);
		assert_int_equal(p.wire_len, 50);
	}
	for (int n = LINK_MAX_TAGS - 1; n <= LINK_MAX_TAGS + 1; n++) {
		begin();
		for (int i = 0; i < n; i++)
			tag((uint16_t)i, i ? 0x8100 : 0x86dd);
		packet_ethernet(&pkt, 0x88a8);
		assert_int_equal(strip(LINK_ETHERNET, &p),
		                 n > LINK_MAX_TAGS ? LINK_BAD : LINK_HAS_IPV6);
	}
}

static void
cooked_headers_of_both_versions_are_stepped_over(void **state)
{
	uint8_t v1[16] = { 0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x08, 0 };
	uint8_t v2[20] = { 0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2 };
	struct part p;

	(void)state;
	begin();
	packet_put(&pkt, v1, sizeof v1);
	assert_int_equal(strip(LINK_COOKED, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 50);
	begin();
	tag(9, 0x0800);
	v1[14] = 0x81;
	packet_put(&pkt, v1, sizeof v1);
	assert_int_equal(strip(LINK_COOKED, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 50);
	begin();
	packet_put(&pkt, v2, sizeof v2);
	assert_int_equal(strip(LINK_COOKED2, &p), LINK_HAS_IPV6);
	assert_int_equal(p.wire_len, 50);
}

static void
a_netlink_family_is_not_taken_for_an_ethertype(void **state)
{
	uint8_t v1[16] = { 0, 4, 824 >> 8, 824 & 255, [14] = 0x08 };
	uint8_t v2[20] = { 0x08, 0, [8] = 824 >> 8, [9] = 824 & 255 };
	struct part p;

	(void)state;
	begin();
	packet_put(&pkt, v1, sizeof v1);
	assert_int_equal(strip(LINK_COOKED, &p), LINK_NOT_IP);
	begin();
	packet_put(&pkt, v2, sizeof v2);
	assert_int_equal(strip(LINK_COOKED2, &p), LINK_NOT_IP);
}

static void
raw_ip_goes_by_its_first_nibble(void **state)
{
	struct part p;

	(void)state;
	begin();
	assert_int_equal(strip(LINK_RAW, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 50);
	pkt.bytes[0] = 0x60;
	assert_int_equal(strip(LINK_RAW, &p), LINK_HAS_IPV6);
	pkt.bytes[0] = 0x50;
	assert_int_equal(strip(LINK_RAW, &p), LINK_BAD);
	assert_int_equal(strip(LINK_IPV4, &p), LINK_HAS_IPV4);
	assert_int_equal(strip(LINK_IPV6, &p), LINK_HAS_IPV6);
}

static void
loopback_families_read_in_either_byte_order(void **state)
{
	static const struct {
		uint8_t family[4];
		enum link_verdict verdict;
	} rows[] = {
		{ { 2, 0, 0, 0 }, LINK_HAS_IPV4 },  { { 0, 0, 0, 2 }, LINK_HAS_IPV4 },
		{ { 24, 0, 0, 0 }, LINK_HAS_IPV6 }, { { 0, 0, 0, 28 }, LINK_HAS_IPV6 },
		{ { 30, 0, 0, 0 }, LINK_HAS_IPV6 }, { { 0, 0, 0, 10 }, LINK_HAS_IPV6 },
		{ { 7, 0, 0, 0 }, LINK_NOT_IP },    { { 0, 0, 0, 0 }, LINK_NOT_IP },
	};
	struct part p;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin();
		packet_put(&pkt, rows[i].family, 4);
		assert_int_equal(strip(LINK_LOOPBACK, &p), rows[i].verdict);
		assert_int_equal(p.wire_len, 50);
	}
}

/* Every header length that is too short is a cut when the wire had more. */
static void
a_short_header_is_cut_or_bad(void **state)
{
	static const struct {
		enum link_type type;
		uint32_t need;
	} rows[] = {
		{ LINK_ETHERNET, 18 }, { LINK_COOKED, 16 },  { LINK_COOKED2, 20 },
		{ LINK_RAW, 1 },       { LINK_LOOPBACK, 4 },
	};
	struct part p;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t zero[32] = { 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0 };

		for (uint32_t n = 0; n < rows[i].need; n++) {
			p = part_over(zero, n, 60);
			assert_int_equal(link_strip(rows[i].type, &p), LINK_CUT);
			p = part_over(zero, n, n);
			assert_int_equal(link_strip(rows[i].type, &p), LINK_BAD);
		}
		p = part_over(zero, rows[i].need, rows[i].need);
		assert_true(link_strip(rows[i].type, &p) != LINK_BAD);
	}
}

static void
dlt_numbers_are_ours_or_refused(void **state)
{
	enum link_type type = LINK_TYPES;

	(void)state;
	assert_false(link_from_dlt(DLT_PPP, &type) || link_from_dlt(-1, &type));
	assert_int_equal(type, LINK_TYPES);
	assert_true(link_from_dlt(DLT_LINUX_SLL2, &type));
	assert_int_equal(type, LINK_COOKED2);
	assert_true(link_from_dlt(DLT_RAW, &type));
	assert_int_equal(type, LINK_RAW);
}

static void
a_part_never_holds_more_than_the_wire(void **state)
{
	uint8_t bytes[10] = { 0 };
	struct part p = part_over(bytes, 10, 4);

	(void)state;
	assert_int_equal(reader_left(&p.in), 4);
	assert_false(part_is_cut(&p));
	p = part_over(bytes, 4, 10);
	assert_true(part_is_cut(&p));
	part_trim(&p, 3);
	assert_int_equal(reader_left(&p.in), 3);
	assert_null(part_take(&p, 4));
	assert_int_equal(part_lack(&p, 4), PART_RUNT);
	assert_non_null(part_take(&p, 3));
	assert_int_equal(p.wire_len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ethernet_gives_what_its_type_says),
		cmocka_unit_test(vlan_tags_are_stepped_over_up_to_the_limit),
		cmocka_unit_test(cooked_headers_of_both_versions_are_stepped_over),
		cmocka_unit_test(a_netlink_family_is_not_taken_for_an_ethertype),
		cmocka_unit_test(raw_ip_goes_by_its_first_nibble),
		cmocka_unit_test(loopback_families_read_in_either_byte_order),
		cmocka_unit_test(a_short_header_is_cut_or_bad),
		cmocka_unit_test(dlt_numbers_are_ours_or_refused),
		cmocka_unit_test(a_part_never_holds_more_than_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
