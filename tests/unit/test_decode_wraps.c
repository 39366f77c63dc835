/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/decode.h"
#include "record/observation.h"
#include "tests/unit/packets.h"
#include "tests/unit/toy.h"

/* Keeps the last observation and counts them. */
struct keeper {
	struct obs_sink sink;
	unsigned n;
	union obs_buf last;
};

static struct keeper keeper;
static struct packet pkt, inner;
static struct decode *d;

static void
keep(struct obs_sink *self, const struct observation *o)
{
	struct keeper *k = (struct keeper *)self;

	memcpy(&k->last, o, obs_size(o));
	k->n++;
}

static int
set_up(void **state)
{
	static const struct decode_options options = {
		.protocols = toy_table,
		.fragment_slots = 4,
	};

	(void)state;
	keeper = (struct keeper){ .sink.put = keep };
	d = decode_new(&options, &keeper.sink);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	decode_free(d);
	return 0;
}

static void
begin(uint8_t from, uint8_t to)
{
	packet_begin(&pkt, "TOY\0 and more", 13);
	packet_udp(&pkt, 5001, 5002);
	packet_ipv4(&pkt, from, to, 17);
}

static void
give(enum link_type link, uint32_t captured)
{
	decode_packet(d, link, 1000, pkt.bytes, captured, pkt.len);
}

static uint64_t
packets_in(enum counts_class class)
{
	return decode_counts(d)->class[class].packets;
}

static void
assert_conserved(void)
{
	const struct counts *c = decode_counts(d);
	struct counts_sum sum = { 0, 0 };

	for (int i = 0; i < COUNTS_CLASSES; i++) {
		sum.packets += c->class[i].packets;
		sum.bytes += c->class[i].bytes;
	}
	assert_int_equal(sum.packets, c->total.packets);
	assert_int_equal(sum.bytes, c->total.bytes);
}

static void
put_vxlan(void)
{
	packet_put(&pkt, (uint8_t[8]){ 8, 0, 0, 0, 0, 0, 1, 0 }, 8);
	packet_udp(&pkt, 40000, 4789);
	packet_ipv4(&pkt, 101, 102, 17);
	packet_ethernet(&pkt, 0x0800);
}

static void
peers_are_those_of_the_innermost_header(void **state)
{
	struct endpoint from = endpoint_ipv4(0x0a000001, 5001);
	struct endpoint to = endpoint_ipv4(0x0a000002, 5002);

	(void)state;
	begin(1, 2);
	packet_ethernet(&pkt, 0x0800);
	put_vxlan();
	give(LINK_ETHERNET, pkt.len);
	begin(1, 2);
	packet_ipv6(&pkt, 77, 78, 4);
	packet_put(&pkt, (uint8_t[4]){ 0, 0, 0x86, 0xdd }, 4);
	packet_ipv4(&pkt, 101, 102, 47);
	give(LINK_RAW, pkt.len);
	assert_int_equal(keeper.n, 2);
	assert_true(endpoint_same(&keeper.last.o.peer, &from));
	assert_true(endpoint_same(&keeper.last.o.to, &to));
	assert_int_equal(keeper.last.o.offset, 2); /* of one flow, both */
	assert_int_equal(decode_counts(d)->wraps[WRAP_VXLAN], 1);
	assert_int_equal(decode_counts(d)->wraps[WRAP_GRE], 1);
	assert_int_equal(decode_counts(d)->wraps[WRAP_4IN6], 1);
	assert_conserved();
}

static void
a_packet_is_opened_down_to_the_limit_and_no_deeper(void **state)
{
	(void)state;
	begin(1, 2);
	for (int n = 0; n < WRAPS_MAX; n++)
		packet_ipv4(&pkt, 1, 2, 4);
	give(LINK_IPV4, pkt.len);
	assert_int_equal(keeper.n, 1);
	packet_ipv4(&pkt, 1, 2, 4);
	give(LINK_IPV4, pkt.len);
	assert_int_equal(keeper.n, 1);
	assert_int_equal(decode_counts(d)->bad[COUNTS_TOO_DEEP], 1);
	assert_int_equal(packets_in(COUNTS_UNDECODABLE), 1);
	begin(1, 2);
	packet_ipv4(&pkt, 1, 2, 4);
	give(LINK_IPV4, pkt.len); /* the next packet starts anew */
	assert_int_equal(keeper.n, 2);
	assert_conserved();
}

static void
what_a_tunnel_carries_and_is_not_ip_is_of_no_swarm(void **state)
{
	(void)state;
	packet_begin(&pkt, "link control", 12);
	packet_put(&pkt, (uint8_t[6]){ 0, 0, 0x88, 0x0b, 0xc0, 0x21 }, 6);
	packet_ipv4(&pkt, 1, 2, 47);
	give(LINK_IPV4, pkt.len);
	packet_begin(&pkt, "mirrored", 8);
	packet_put(&pkt, (uint8_t[4]){ 0, 0, 0x88, 0xbe }, 4);
	packet_ipv4(&pkt, 1, 2, 47);
	give(LINK_IPV4, pkt.len);
	assert_int_equal(packets_in(COUNTS_NOT_SWARM), 2);
	assert_int_equal(packets_in(COUNTS_NOT_IP), 0);
	assert_conserved();
}

static void
headers_inside_are_cut_or_bad_like_those_outside(void **state)
{
	(void)state;
	begin(1, 2);
	packet_put(&pkt, (uint8_t[4]){ 0, 0, 8, 0 }, 4);
	packet_ipv4(&pkt, 1, 2, 47);
	for (uint32_t n = 0; n < 20 + 4 + 20 + 8; n++)
		give(LINK_IPV4, n);
	assert_int_equal(packets_in(COUNTS_CUT), 52);
	pkt.bytes[24] = 0x41;
	give(LINK_IPV4, pkt.len);
	assert_int_equal(decode_counts(d)->bad[COUNTS_BAD_IP], 1);
	packet_begin(&pkt, "\0\0\x08", 3);
	packet_ipv4(&pkt, 1, 2, 47);
	give(LINK_IPV4, pkt.len);
	assert_int_equal(decode_counts(d)->bad[COUNTS_BAD_TUNNEL], 1);
	assert_conserved();
}

/* Two halves of a datagram, each in a tunnel's packet that is in two pieces. */
static void
give_fragments_in_fragments(void)
{
	struct packet tunnelled;

	packet_begin_counting(&inner, 992);
	memcpy(inner.bytes, "TOY", 4);
	packet_udp(&inner, 5001, 5002);
	for (uint16_t half = 0; half < 2; half++) {
		packet_begin(&tunnelled, inner.bytes + half * 480, half ? 520 : 480);
		packet_ipv4_fragment(&tunnelled, 1, 2, 9, half * 480u, half == 0);
		packet_put(&tunnelled, (uint8_t[4]){ 0, 0, 8, 0 }, 4);
		for (uint16_t piece = 0; piece < 2; piece++) {
			uint32_t at = piece * 248u, end = piece ? tunnelled.len : 248;

			packet_begin(&pkt, tunnelled.bytes + at, end - at);
			packet_ipv4_fragment(&pkt, 101, 102, half, at, piece == 0);
			pkt.bytes[9] = 47;
			give(LINK_IPV4, pkt.len);
			assert_conserved();
		}
	}
}

static void
fragments_inside_fragments_come_together_and_count_all_their_frames(void **state)
{
	(void)state;
	give_fragments_in_fragments();
	assert_int_equal(keeper.n, 1);
	assert_int_equal(packets_in(COUNTS_SWARM), 4);
	assert_int_equal(packets_in(COUNTS_WAITING), 0);
	assert_int_equal(decode_counts(d)->reassembled, 3);
	assert_int_equal(decode_counts(d)->wraps[WRAP_GRE], 2);
}

static void
a_swarm_may_use_the_port_of_a_tunnel(void **state)
{
	static const uint16_t ports[] = { 4789, 8472, 2152 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		packet_begin(&pkt, "TOY\0 and more", 13);
		packet_udp(&pkt, 5001, ports[i]);
		packet_ipv4(&pkt, 1, 2, 17);
		give(LINK_IPV4, pkt.len);
		assert_int_equal(keeper.n, i + 1);
	}
	assert_int_equal(packets_in(COUNTS_SWARM), 3);
	assert_int_equal(decode_counts(d)->wraps[WRAP_VXLAN], 0);
	assert_int_equal(decode_counts(d)->wraps[WRAP_GTPU], 0);
}

#define with_decode(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_decode(peers_are_those_of_the_innermost_header),
		with_decode(a_packet_is_opened_down_to_the_limit_and_no_deeper),
		with_decode(what_a_tunnel_carries_and_is_not_ip_is_of_no_swarm),
		with_decode(headers_inside_are_cut_or_bad_like_those_outside),
		with_decode(fragments_inside_fragments_come_together_and_count_all_their_frames),
		with_decode(a_swarm_may_use_the_port_of_a_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
