/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/ip.h"
#include "tests/unit/packets.h"

static struct packet pkt;

static enum ip_verdict
read4_cut(struct ip_packet *ip, uint32_t captured, uint32_t wire_len)
{
	ip->payload = part_over(pkt.bytes, captured, wire_len);
	return ip_read4(ip);
}

static enum ip_verdict
read4(struct ip_packet *ip)
{
	return read4_cut(ip, pkt.len, pkt.len);
}

static enum ip_verdict
read6_cut(struct ip_packet *ip, uint32_t captured, uint32_t wire_len)
{
	ip->payload = part_over(pkt.bytes, captured, wire_len);
	return ip_read6(ip);
}

static enum ip_verdict
read6(struct ip_packet *ip)
{
	return read6_cut(ip, pkt.len, pkt.len);
}

static void
ipv4_gives_addresses_protocol_and_payload(void **state)
{
	struct endpoint src = endpoint_ipv4(0x0a000001, 0), dst = endpoint_ipv4(0x0a000002, 0);
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 30);
	packet_ipv4(&pkt, 1, 2, 17);
	assert_int_equal(read4(&ip), IP_WHOLE);
	assert_true(endpoint_same(&ip.src, &src) && endpoint_same(&ip.dst, &dst));
	assert_int_equal(ip.protocol, IP_UDP);
	assert_int_equal(ip.payload.wire_len, 30);
	assert_int_equal(ip.payload.in.pos[1], 1);
	assert_true(ip_may_be_udp(&ip));
	ip.protocol = 0; /* an extension header in IPv6 only */
	assert_false(ip_may_be_udp(&ip));
}

static void
padding_behind_the_total_length_is_left_out(void **state)
{
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 10);
	packet_ipv4(&pkt, 1, 2, 17);
	pkt.len += 16;
	assert_int_equal(read4(&ip), IP_WHOLE);
	assert_int_equal(ip.payload.wire_len, 10);
	assert_int_equal(reader_left(&ip.payload.in), 10);
}

static void
options_are_stepped_over(void **state)
{
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 40 + 8);
	packet_ipv4(&pkt, 1, 2, 17);
	pkt.bytes[0] = 0x4f;
	assert_int_equal(read4(&ip), IP_WHOLE);
	assert_int_equal(ip.payload.wire_len, 8);
	assert_int_equal(ip.payload.in.pos[0], 40);
	pkt.bytes[3] = 59; /* ends inside the options */
	assert_int_equal(read4(&ip), IP_BAD);
	pkt.bytes[3] = 60;
	assert_int_equal(read4(&ip), IP_WHOLE);
	assert_int_equal(ip.payload.wire_len, 0);
}

static void
headers_that_contradict_the_frame_are_bad(void **state)
{
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 30);
	packet_ipv4(&pkt, 1, 2, 17);
	pkt.bytes[0] = 0x44; /* header of 16 bytes */
	assert_int_equal(read4(&ip), IP_BAD);
	pkt.bytes[0] = 0x55; /* version */
	assert_int_equal(read4(&ip), IP_BAD);
	pkt.bytes[0] = 0x45;
	pkt.bytes[3] = 51; /* the frame has 50 */
	assert_int_equal(read4(&ip), IP_BAD);
	pkt.bytes[3] = 19;
	assert_int_equal(read4(&ip), IP_BAD);
	pkt.bytes[3] = 0; /* to be segmented by the card */
	assert_int_equal(read4(&ip), IP_WHOLE);
	assert_int_equal(ip.payload.wire_len, 30);
}

static void
fragments_carry_id_offset_and_more(void **state)
{
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 16);
	packet_ipv4_fragment(&pkt, 1, 2, 0xabcd, 65528, 0);
	assert_int_equal(read4(&ip), IP_FRAGMENT);
	assert_int_equal(ip.id, 0xabcd);
	assert_int_equal(ip.offset, 65528);
	assert_false(ip.more);
	packet_begin_counting(&pkt, 16);
	packet_ipv4_fragment(&pkt, 1, 2, 1, 0, 1);
	assert_int_equal(read4(&ip), IP_FRAGMENT);
	assert_true(ip.more);
	pkt.bytes[6] = 0x40; /* don't fragment is no fragment */
	assert_int_equal(read4(&ip), IP_WHOLE);
}

static void
a_header_out_of_the_capture_is_cut_and_out_of_the_wire_bad(void **state)
{
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 48);
	packet_ipv4(&pkt, 1, 2, 17);
	pkt.bytes[0] = 0x4f;
	for (uint32_t n = 0; n < 60; n++)
		assert_int_equal(read4_cut(&ip, n, pkt.len), IP_CUT);
	for (uint32_t n = 0; n < 20; n++)
		assert_int_equal(read4_cut(&ip, n, n), IP_BAD);
	packet_begin_counting(&pkt, 8);
	packet_ipv6(&pkt, 1, 2, 17);
	for (uint32_t n = 0; n < 40; n++) {
		assert_int_equal(read6_cut(&ip, n, pkt.len), IP_CUT);
		assert_int_equal(read6_cut(&ip, n, n), IP_BAD);
	}
	assert_int_equal(read6_cut(&ip, 40, pkt.len), IP_WHOLE);
	assert_true(part_is_cut(&ip.payload));
}

static void
ipv6_checks_version_and_length(void **state)
{
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 8);
	packet_ipv6(&pkt, 1, 2, 17);
	pkt.len += 6; /* padding */
	assert_int_equal(read6(&ip), IP_WHOLE);
	assert_int_equal(ip.payload.wire_len, 8);
	assert_int_equal(ip.src.addr[15], 1);
	assert_int_equal(ip.dst.addr[15], 2);
	pkt.bytes[5] = 15; /* the frame has 14 behind the header */
	assert_int_equal(read6(&ip), IP_BAD);
	pkt.bytes[5] = 0;
	assert_int_equal(read6(&ip), IP_WHOLE);
	assert_int_equal(ip.payload.wire_len, 14);
	pkt.bytes[0] = 0x40;
	assert_int_equal(read6(&ip), IP_BAD);
}

/* Puts an extension header of 8 + extra bytes before what is there. */
static void
extend(uint8_t next, uint8_t words)
{
	uint8_t h[8 + 255 * 8] = { next, words };

	packet_put(&pkt, h, 8u + words * 8u);
}

static void
extension_headers_are_stepped_over_up_to_the_limit(void **state)
{
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 9);
	extend(17, 0);
	extend(43, 2);
	extend(60, 1);
	packet_ipv6(&pkt, 1, 2, 0);
	assert_int_equal(read6(&ip), IP_WHOLE);
	assert_int_equal(ip.protocol, IP_UDP);
	assert_int_equal(ip.payload.wire_len, 9);
	for (int n = IP_MAX_HEADERS; n <= IP_MAX_HEADERS + 1; n++) {
		packet_begin_counting(&pkt, 9);
		extend(17, 0);
		for (int i = 1; i < n; i++)
			extend(60, 0);
		packet_ipv6(&pkt, 1, 2, 60);
		assert_int_equal(read6(&ip), n > IP_MAX_HEADERS ? IP_BAD : IP_WHOLE);
	}
}

static void
authentication_headers_count_in_words_of_four(void **state)
{
	uint8_t ah[24] = { 17, 4 };
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 9);
	packet_put(&pkt, ah, sizeof ah);
	packet_ipv6(&pkt, 1, 2, 51);
	assert_int_equal(read6(&ip), IP_WHOLE);
	assert_int_equal(ip.payload.wire_len, 9);
}

static void
an_extension_header_that_ends_early_is_cut_or_bad(void **state)
{
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 9);
	extend(17, 1);
	packet_ipv6(&pkt, 1, 2, 60);
	for (uint32_t n = 40; n < 56; n++)
		assert_int_equal(read6_cut(&ip, n, pkt.len), IP_CUT);
	assert_int_equal(read6_cut(&ip, 56, pkt.len), IP_WHOLE);
	pkt.bytes[41] = 3; /* 32 bytes of the 25 there are */
	assert_int_equal(read6(&ip), IP_BAD);
}

static void
ipv6_fragments_are_told_from_whole_datagrams_with_the_header(void **state)
{
	uint8_t h[8] = { 17, 0, 0x05, 0xa9, 1, 2, 3, 4 };
	struct ip_packet ip;

	(void)state;
	packet_begin_counting(&pkt, 16);
	packet_put(&pkt, h, sizeof h);
	packet_ipv6(&pkt, 1, 2, 44);
	assert_int_equal(read6(&ip), IP_FRAGMENT);
	assert_int_equal(ip.offset, 0x05a8);
	assert_true(ip.more);
	assert_int_equal(ip.id, 0x01020304);
	assert_int_equal(ip.payload.wire_len, 16);
	pkt.bytes[42] = pkt.bytes[43] = 0;
	assert_int_equal(read6(&ip), IP_WHOLE);
	assert_int_equal(ip.protocol, IP_UDP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_gives_addresses_protocol_and_payload),
		cmocka_unit_test(padding_behind_the_total_length_is_left_out),
		cmocka_unit_test(options_are_stepped_over),
		cmocka_unit_test(headers_that_contradict_the_frame_are_bad),
		cmocka_unit_test(fragments_carry_id_offset_and_more),
		cmocka_unit_test(a_header_out_of_the_capture_is_cut_and_out_of_the_wire_bad),
		cmocka_unit_test(ipv6_checks_version_and_length),
		cmocka_unit_test(extension_headers_are_stepped_over_up_to_the_limit),
		cmocka_unit_test(authentication_headers_count_in_words_of_four),
		cmocka_unit_test(an_extension_header_that_ends_early_is_cut_or_bad),
		cmocka_unit_test(ipv6_fragments_are_told_from_whole_datagrams_with_the_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
