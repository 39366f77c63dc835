/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#include "probe/link.h"
#include "tests/unit/packets.h"

static struct packet pkt;
static struct wraps wraps;

/* What link_strip says of pkt, whole; *p is what is left. */
static enum link_verdict
strip(enum link_type type, struct part *p)
{
	*p = part_over(pkt.bytes, pkt.len, pkt.len);
	wraps = (struct wraps){ 0 };
	return link_strip(type, p, &wraps);
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
	for (int n = WRAPS_MAX - 1; n <= WRAPS_MAX + 1; n++) {
		begin();
		for (int i = 0; i < n; i++)
			tag((uint16_t)i, i ? 0x8100 : 0x86dd);
		packet_ethernet(&pkt, 0x88a8);
		assert_int_equal(strip(LINK_ETHERNET, &p),
		                 n > WRAPS_MAX ? LINK_DEEP : LINK_HAS_IPV6);
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
	static const uint8_t ethernet[18] = { [12] = 0x81, 0, 0, 7 };
	static const uint8_t pppoe_head[6] = { 0x11, 0, 0, 1, 0, 40 };
	static const struct {
		enum link_type type;
		uint32_t need;
		const uint8_t *bytes; /* NULL: zeros behind 0x40 */
	} rows[] = {
		{ LINK_ETHERNET, 18, ethernet },
		{ LINK_COOKED, 16, NULL },
		{ LINK_COOKED2, 20, NULL },
		{ LINK_RAW, 1, NULL },
		{ LINK_LOOPBACK, 4, NULL },
		{ LINK_PPP, 2, NULL },
		{ LINK_PPP_SERIAL, 2, NULL },
		{ LINK_CISCO_HDLC, 4, NULL },
		{ LINK_PPPOE, 6, pppoe_head },
		{ LINK_MPLS, 4, NULL },
		{ LINK_VLAN, 4, NULL },
	};
	struct part p;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t bytes[32] = { 0x40 };

		wraps = (struct wraps){ 0 };
		if (rows[i].bytes != NULL)
			memcpy(bytes, rows[i].bytes, rows[i].need);
		for (uint32_t n = 0; n < rows[i].need; n++) {
			wraps.depth = 0;
			p = part_over(bytes, n, 60);
			assert_int_equal(link_strip(rows[i].type, &p, &wraps), LINK_CUT);
			wraps.depth = 0;
			p = part_over(bytes, n, n);
			assert_int_equal(link_strip(rows[i].type, &p, &wraps), LINK_BAD);
		}
		wraps.depth = 0;
		p = part_over(bytes, rows[i].need, 60);
		assert_true(link_strip(rows[i].type, &p, &wraps) != LINK_BAD);
	}
}

static void
ppp_may_be_framed_and_its_protocol_compressed(void **state)
{
	static const struct {
		uint8_t bytes[4];
		uint32_t n;
		enum link_verdict verdict;
	} rows[] = {
		{ { 0xff, 0x03, 0x00, 0x21 }, 4, LINK_HAS_IPV4 },
		{ { 0x00, 0x57 }, 2, LINK_HAS_IPV6 },
		{ { 0x21 }, 1, LINK_HAS_IPV4 },
		{ { 0xff, 0x03, 0x57 }, 3, LINK_HAS_IPV6 },
		{ { 0xc0, 0x21 }, 2, LINK_NOT_IP }, /* link control */
	};
	struct part p;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin();
		packet_put(&pkt, rows[i].bytes, rows[i].n);
		assert_int_equal(strip(LINK_PPP, &p), rows[i].verdict);
		assert_int_equal(strip(LINK_PPP_SERIAL, &p), rows[i].verdict);
		assert_int_equal(p.wire_len, 50);
	}
}

static void
cisco_hdlc_is_told_by_its_first_byte_on_a_serial_line(void **state)
{
	uint8_t hdlc[4] = { 0x0f, 0, 0x08, 0 };
	struct part p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin();
		packet_put(&pkt, hdlc, 4);
		assert_int_equal(strip(LINK_CISCO_HDLC, &p), LINK_HAS_IPV4);
		assert_int_equal(strip(LINK_PPP_SERIAL, &p), LINK_HAS_IPV4);
		assert_int_equal(p.wire_len, 50);
		hdlc[0] = 0x8f;
	}
	begin();
	hdlc[2] = 0x80;
	hdlc[3] = 0x35; /* keep-alives */
	packet_put(&pkt, hdlc, 4);
	assert_int_equal(strip(LINK_CISCO_HDLC, &p), LINK_NOT_IP);
}

static void
pppoe(uint8_t code, uint16_t len)
{
	uint8_t h[8] = { 0x11, code, 0, 1, (uint8_t)(len >> 8), (uint8_t)len, 0, 0x21 };

	begin();
	packet_put(&pkt, h, sizeof h);
	packet_ethernet(&pkt, 0x8864);
}

static void
pppoe_trims_padding_and_passes_over_what_is_no_session_data(void **state)
{
	struct part p;

	(void)state;
	pppoe(0, 52);
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 50);
	assert_int_equal(wraps.count[WRAP_PPPOE], 1);
	pppoe(0, 42);
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 40);
	pppoe(0, 53);
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_BAD);
	pppoe(0xa7, 52);
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_NOT_IP);
	pppoe(0, 52);
	pkt.bytes[14] = 0x21;
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_BAD);
}

static void
label(bool bottom)
{
	packet_put(&pkt, (uint8_t[4]){ 0, 1, bottom, 64 }, 4);
}

static void
labels_lead_to_ip_or_to_ethernet(void **state)
{
	static const uint8_t control_word[4];
	struct part p;

	(void)state;
	begin();
	label(true);
	label(false);
	packet_ethernet(&pkt, 0x8847);
	assert_int_equal(strip(LINK_ETHERNET, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 50);
	assert_int_equal(wraps.count[WRAP_MPLS], 2);
	for (int with_word = 0; with_word < 2; with_word++) {
		begin();
		packet_ethernet(&pkt, 0x0800);
		if (with_word)
			packet_put(&pkt, control_word, sizeof control_word);
		label(true);
		assert_int_equal(strip(LINK_MPLS, &p), LINK_HAS_IPV4);
		assert_int_equal(p.wire_len, 50);
		pkt.bytes[pkt.len - 50] = 0x65; /* IPv4 it is not, says its version */
		assert_int_equal(strip(LINK_MPLS, &p), LINK_NOT_IP);
	}
}

/* An address such as 45:00:00:20:.. reads like IPv4, of a length that may be. */
static void
an_address_behind_labels_is_not_taken_for_a_version(void **state)
{
	struct part p;

	(void)state;
	begin();
	packet_ethernet(&pkt, 0x0800);
	memcpy(pkt.bytes, (uint8_t[4]){ 0x45, 0, 0, 0x20 }, 4);
	label(true);
	assert_int_equal(strip(LINK_MPLS, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 50);
	begin();
	memcpy(pkt.bytes + 12, (uint8_t[4]){ 0x81, 0, 1, 2 }, 4); /* nor an address for a type */
	label(true);
	assert_int_equal(strip(LINK_MPLS, &p), LINK_HAS_IPV4);
	assert_int_equal(p.wire_len, 50);
}

static void
labels_without_a_bottom_end_at_the_limit(void **state)
{
	struct part p;

	(void)state;
	begin();
	label(true);
	for (int i = 1; i < WRAPS_MAX; i++)
		label(false);
	assert_int_equal(strip(LINK_MPLS, &p), LINK_HAS_IPV4);
	label(false);
	assert_int_equal(strip(LINK_MPLS, &p), LINK_DEEP);
	assert_int_equal(wraps.depth, WRAPS_MAX);
}

static void
dlt_numbers_are_ours_or_refused(void **state)
{
	enum link_type type = LINK_TYPES;

	(void)state;
	assert_false(link_from_dlt(DLT_IEEE802_11, &type) || link_from_dlt(-1, &type));
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
		cmocka_unit_test(ppp_may_be_framed_and_its_protocol_compressed),
		cmocka_unit_test(cisco_hdlc_is_told_by_its_first_byte_on_a_serial_line),
		cmocka_unit_test(pppoe_trims_padding_and_passes_over_what_is_no_session_data),
		cmocka_unit_test(labels_lead_to_ip_or_to_ethernet),
		cmocka_unit_test(an_address_behind_labels_is_not_taken_for_a_version),
		cmocka_unit_test(labels_without_a_bottom_end_at_the_limit),
		cmocka_unit_test(dlt_numbers_are_ours_or_refused),
		cmocka_unit_test(a_part_never_holds_more_than_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
