/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "probe/decode.h"
#include "probe/flow.h"
#include "probe/fragment.h"
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
		.flow_slots = 64,
		.fragment_slots = 4,
		.vantage = 3,
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
give_pkt_cut(uint32_t captured)
{
	decode_packet(d, LINK_ETHERNET, 1000, pkt.bytes, captured, pkt.len);
}

/* One toy datagram between 10.0.0.from and .to, with more bytes behind. */
static void
say(uint8_t from, uint8_t to, enum toy_code code)
{
	uint8_t payload[10] = { 'T', 'O', 'Y', (uint8_t)code };

	packet_whole(&pkt, from, to, payload, sizeof payload);
	give_pkt_cut(pkt.len);
}

static void
say_cut(uint8_t from, uint8_t to, enum toy_code code, uint32_t payload_captured)
{
	uint8_t payload[10] = { 'T', 'O', 'Y', (uint8_t)code };

	packet_whole(&pkt, from, to, payload, sizeof payload);
	give_pkt_cut(42 + payload_captured);
}

static const struct counts_protocol *
toy_counts(void)
{
	return &decode_counts(d)->protocol[PROTO_GRAPES];
}

static uint64_t packets_in(enum counts_class class)
{
	return decode_counts(d)->class[class].packets;
}

static void
assert_conserved(void)
{
	const struct counts *c = decode_counts(d);
	struct counts_sum sum = { 0, 0 }, swarm = { 0, 0 };

	for (int i = 0; i < COUNTS_CLASSES; i++) {
		sum.packets += c->class[i].packets;
		sum.bytes += c->class[i].bytes;
	}
	for (int i = 0; i < PROTO_IDS; i++) {
		swarm.packets += c->protocol[i].sum.packets;
		swarm.bytes += c->protocol[i].sum.bytes;
	}
	assert_int_equal(sum.packets, c->total.packets);
	assert_int_equal(sum.bytes, c->total.bytes);
	assert_int_equal(swarm.packets, c->class[COUNTS_SWARM].packets);
	assert_int_equal(swarm.bytes, c->class[COUNTS_SWARM].bytes);
}

static void
a_datagram_reaches_the_decoder_with_who_when_and_how_long(void **state)
{
	struct endpoint src = endpoint_ipv4(0x0a000001, 5001);
	struct endpoint dst = endpoint_ipv4(0x0a000002, 5002);

	(void)state;
	say(1, 2, TOY_OBSERVED);
	assert_int_equal(keeper.n, 1);
	assert_int_equal(keeper.last.o.t_ns, 1000);
	assert_true(endpoint_same(&keeper.last.o.peer, &src));
	assert_true(endpoint_same(&keeper.last.o.to, &dst));
	assert_int_equal(keeper.last.o.flags & OBS_CUT, 0);
	assert_int_equal(decode_counts(d)->observations, 1);
	assert_int_equal(toy_counts()->sum.bytes, 52);
	assert_conserved();
}

static void
rows_are_tried_in_turn_and_only_one_when_told(void **state)
{
	struct decode_options only = { .protocols = toy_table, .only = &toy };

	(void)state;
	packet_whole(&pkt, 1, 2, "TWO\0", 4);
	give_pkt_cut(pkt.len);
	assert_int_equal(decode_counts(d)->protocol[PROTO_NONE].observed, 1);
	decode_free(d);
	d = decode_new(&only, &keeper.sink);
	give_pkt_cut(pkt.len);
	assert_int_equal(packets_in(COUNTS_NOT_SWARM), 1);
	say(1, 3, TOY_OBSERVED);
	assert_int_equal(packets_in(COUNTS_SWARM), 1);
}

static void
state_is_one_for_both_directions_and_reply_tells_them_apart(void **state)
{
	(void)state;
	say(2, 1, TOY_OTHER);
	say(1, 2, TOY_OBSERVED);
	assert_int_equal(keeper.last.o.offset, 2);
	assert_int_equal(keeper.last.o.width, 2); /* reply */
	say(2, 1, TOY_OBSERVED);
	assert_int_equal(keeper.last.o.offset, 3);
	assert_int_equal(keeper.last.o.width, 1);
	assert_int_equal(toy_counts()->flows, 1);
}

static void
who_opened_a_flow_is_known_from_before_it_was_recognised(void **state)
{
	(void)state;
	packet_whole(&pkt, 1, 2, "hello", 5);
	give_pkt_cut(pkt.len);
	say(2, 1, TOY_OBSERVED);
	assert_int_equal(keeper.last.o.width, 2);
}

static void
bad_datagrams_count_by_reason_and_eight_in_a_row_forget_the_flow(void **state)
{
	(void)state;
	say(1, 2, TOY_OBSERVED);
	for (int i = 0; i < DECODE_MAX_BAD - 1; i++)
		say(1, 2, i % 2 ? TOY_MALFORMED : TOY_SHORT);
	say(1, 2, TOY_OTHER);
	for (int i = 0; i < DECODE_MAX_BAD - 1; i++)
		say(1, 2, TOY_NOT_MINE);
	assert_int_equal(toy_counts()->forgotten, 0);
	assert_int_equal(toy_counts()->bad[COUNTS_BROKEN], 3);
	assert_int_equal(toy_counts()->bad[COUNTS_SHORT], 4);
	assert_int_equal(toy_counts()->bad[COUNTS_FOREIGN], 7);
	say(1, 2, TOY_NOT_MINE);
	assert_int_equal(toy_counts()->forgotten, 1);
	say(1, 2, TOY_NOT_MINE); /* a stranger's now */
	assert_int_equal(toy_counts()->bad[COUNTS_FOREIGN], 8);
	say(1, 2, TOY_OBSERVED);
	assert_int_equal(toy_counts()->flows, 2);
	assert_int_equal(keeper.last.o.offset, 1); /* with a fresh state */
	assert_conserved();
}

static void
a_flow_is_not_recognised_by_a_datagram_that_breaks_the_rules(void **state)
{
	(void)state;
	say(1, 2, TOY_MALFORMED);
	say(1, 2, TOY_SHORT);
	assert_int_equal(toy_counts()->flows, 0);
	assert_int_equal(toy_counts()->doubtful, 2);
	assert_int_equal(toy_counts()->bad[COUNTS_BROKEN], 0);
	assert_int_equal(packets_in(COUNTS_NOT_SWARM), 2);
	say(1, 2, TOY_OBSERVED);
	assert_int_equal(keeper.last.o.offset, 1); /* trials leave no state */
	assert_conserved();
}

static void
what_the_capture_cut_is_counted_as_cut(void **state)
{
	(void)state;
	say_cut(1, 2, TOY_OBSERVED, 2); /* ours so far; flow unknown */
	say_cut(1, 2, TOY_OBSERVED, 0);
	assert_int_equal(packets_in(COUNTS_CUT), 2);
	assert_int_equal(toy_counts()->doubtful, 0);
	say_cut(1, 2, TOY_OBSERVED, 5); /* enough for the decoder */
	assert_int_equal(keeper.last.o.flags & OBS_CUT, OBS_CUT);
	for (uint32_t i = 0; i < 3 * DECODE_MAX_BAD; i++)
		say_cut(1, 2, TOY_OBSERVED, i % 4);
	assert_int_equal(toy_counts()->cut, 3 * DECODE_MAX_BAD);
	assert_int_equal(toy_counts()->forgotten, 0);
	assert_int_equal(packets_in(COUNTS_SWARM), 1 + 3 * DECODE_MAX_BAD);
	assert_conserved();
}

static void
each_packet_is_in_the_class_of_what_it_shows(void **state)
{
	(void)state;
	packet_whole(&pkt, 1, 2, "other", 5);
	for (uint32_t n = 0; n <= pkt.len; n++)
		give_pkt_cut(n);
	assert_int_equal(packets_in(COUNTS_CUT), 14 + 20 + 8 + 1);
	assert_int_equal(packets_in(COUNTS_NOT_SWARM), 5);
	pkt.bytes[23] = 132; /* SCTP: told by the IP header alone */
	for (uint32_t n = 34; n <= pkt.len; n++)
		give_pkt_cut(n);
	assert_int_equal(packets_in(COUNTS_NOT_SWARM), 5 + 14);
	pkt.bytes[12] = 0x12;
	give_pkt_cut(14);
	assert_int_equal(packets_in(COUNTS_NOT_IP), 1);
	assert_conserved();
}

static void
headers_that_cannot_be_are_undecodable_by_name(void **state)
{
	const struct counts *c;

	(void)state;
	packet_begin(&pkt, "TOY\0", 4);
	packet_udp(&pkt, 1, 2);
	pkt.bytes[5] = 13; /* of 12 */
	packet_ipv4(&pkt, 1, 2, 17);
	packet_ethernet(&pkt, 0x0800);
	give_pkt_cut(pkt.len);
	pkt.bytes[39] = 7;
	give_pkt_cut(pkt.len);
	pkt.bytes[14] = 0x41;
	give_pkt_cut(pkt.len);
	decode_packet(d, LINK_ETHERNET, 1000, pkt.bytes, 10, 10);
	packet_begin(&pkt, "TOYTOY", 6);
	packet_ipv4(&pkt, 1, 2, 17);
	packet_ethernet(&pkt, 0x0800);
	give_pkt_cut(pkt.len);
	packet_begin(&pkt, "TOYTOY", 6);
	packet_ipv4_fragment(&pkt, 1, 2, 1, 0, 1);
	packet_ethernet(&pkt, 0x0800);
	give_pkt_cut(pkt.len);
	c = decode_counts(d);
	assert_int_equal(c->bad[COUNTS_BAD_UDP], 3);
	assert_int_equal(c->bad[COUNTS_BAD_IP], 1);
	assert_int_equal(c->bad[COUNTS_BAD_LINK], 1);
	assert_int_equal(c->bad[COUNTS_BAD_FRAGMENT], 1);
	assert_int_equal(packets_in(COUNTS_UNDECODABLE), 6);
	assert_conserved();
}

static void
a_udp_length_below_the_ip_length_trims_and_zero_is_the_rest(void **state)
{
	(void)state;
	packet_begin(&pkt, "TOY\0garbage", 11);
	packet_udp(&pkt, 5001, 5002);
	pkt.bytes[5] = 8 + 3;
	packet_ipv4(&pkt, 1, 2, 17);
	packet_ethernet(&pkt, 0x0800);
	give_pkt_cut(pkt.len);
	assert_int_equal(toy_counts()->doubtful, 1); /* 3 bytes: short */
	pkt.bytes[14 + 20 + 5] = 0;
	give_pkt_cut(pkt.len);
	assert_int_equal(toy_counts()->observed, 1);
}

/* A toy datagram of 3,000 bytes as IP payload in inner. */
static void
build_inner(void)
{
	packet_begin_counting(&inner, 3000);
	memcpy(inner.bytes, "TOY\0", 4);
	packet_udp(&inner, 5001, 5002);
}

static void
fragments_are_waiting_until_whole_then_the_datagrams(void **state)
{
	(void)state;
	build_inner();
	packet_piece(&pkt, 7, &inner, 1480, 1480);
	give_pkt_cut(pkt.len);
	packet_piece(&pkt, 7, &inner, 0, 1480);
	give_pkt_cut(pkt.len);
	assert_int_equal(packets_in(COUNTS_WAITING), 2);
	assert_conserved();
	packet_piece(&pkt, 7, &inner, 2960, 48);
	decode_packet(d, LINK_ETHERNET, 2000, pkt.bytes, pkt.len, pkt.len);
	assert_int_equal(packets_in(COUNTS_WAITING), 0);
	assert_int_equal(toy_counts()->sum.packets, 3);
	assert_int_equal(toy_counts()->sum.bytes, 3008 + 3 * 34);
	assert_int_equal(keeper.last.o.t_ns, 2000); /* the last fragment's */
	assert_int_equal(keeper.last.o.flags & OBS_CUT, 0);
	assert_conserved();
}

static void
cut_fragments_still_give_what_was_captured(void **state)
{
	(void)state;
	build_inner();
	packet_piece(&pkt, 7, &inner, 0, 1480);
	give_pkt_cut(100);
	packet_piece(&pkt, 7, &inner, 1480, 1528);
	give_pkt_cut(100);
	assert_int_equal(keeper.n, 1);
	assert_int_equal(keeper.last.o.flags & OBS_CUT, OBS_CUT);
	packet_piece(&pkt, 8, &inner, 0, 1480);
	give_pkt_cut(40); /* not even the UDP header */
	packet_piece(&pkt, 8, &inner, 1480, 1528);
	give_pkt_cut(100);
	assert_int_equal(packets_in(COUNTS_CUT), 2);
	assert_conserved();
}

static void
fragments_without_the_rest_are_undecodable_in_the_end(void **state)
{
	(void)state;
	build_inner();
	for (uint16_t id = 0; id < 6; id++) {
		packet_piece(&pkt, id, &inner, 0, 1480);
		give_pkt_cut(pkt.len);
		assert_conserved();
	}
	assert_int_equal(packets_in(COUNTS_WAITING), 4);
	assert_int_equal(packets_in(COUNTS_UNDECODABLE), 2);
	assert_int_equal(decode_counts(d)->fragments_evicted, 2);
	decode_end(d);
	assert_int_equal(packets_in(COUNTS_WAITING), 0);
	assert_int_equal(decode_counts(d)->bad[COUNTS_LOST_FRAGMENT], 6);
	assert_int_equal(decode_counts(d)->fragments_incomplete, 4);
	assert_conserved();
}

static void
fragments_of_other_protocols_are_not_kept(void **state)
{
	(void)state;
	build_inner();
	packet_piece(&pkt, 7, &inner, 0, 1480);
	pkt.bytes[23] = 6;
	give_pkt_cut(pkt.len);
	assert_int_equal(packets_in(COUNTS_NOT_SWARM), 1);
	assert_int_equal(decode_counts(d)->fragments, 0);
}

/* Two IPv6 fragments; an extension header stands before UDP, in the first. */
static void
give_ipv6_pieces(uint8_t inner_next)
{
	const uint8_t destination[8] = { inner_next, 0, 1, 4 };
	uint8_t fragment[8] = { 60, 0, 0, 1, 0, 0, 0, 9 };
	uint32_t half;

	packet_begin(&inner, "TOY\0 and more bytes", 20);
	packet_udp(&inner, 5001, 5002);
	packet_put(&inner, destination, 8);
	half = 16;
	packet_begin(&pkt, inner.bytes, half);
	packet_put(&pkt, fragment, 8);
	packet_ipv6(&pkt, 1, 2, 44);
	packet_ethernet(&pkt, 0x86dd);
	give_pkt_cut(pkt.len);
	packet_begin(&pkt, inner.bytes + half, inner.len - half);
	fragment[3] = (uint8_t)half;
	packet_put(&pkt, fragment, 8);
	packet_ipv6(&pkt, 1, 2, 44);
	packet_ethernet(&pkt, 0x86dd);
	give_pkt_cut(pkt.len);
}

static void
ipv6_fragments_may_hide_udp_behind_other_headers(void **state)
{
	(void)state;
	give_ipv6_pieces(17);
	assert_int_equal(toy_counts()->observed, 1);
	give_ipv6_pieces(44); /* a fragment in a fragment */
	assert_int_equal(decode_counts(d)->bad[COUNTS_BAD_IP], 2);
	give_ipv6_pieces(132);
	assert_int_equal(packets_in(COUNTS_NOT_SWARM), 2);
	assert_conserved();
}

static void
times_that_go_back_or_out_of_range_are_counted(void **state)
{
	static const int64_t times[] = { 500, 400, 450, INT64_MIN, INT64_MAX, 450 };
	const struct counts *c;

	(void)state;
	packet_whole(&pkt, 1, 2, "TOY\0", 4);
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		decode_packet(d, LINK_ETHERNET, times[i], pkt.bytes, pkt.len, pkt.len);
	c = decode_counts(d);
	assert_int_equal(c->backwards, 3);
	assert_int_equal(c->bad_times, 2);
	assert_int_equal(c->first_ns, 0);
	assert_true(c->last_ns == DECODE_MAX_TIME_NS);
	assert_int_equal(keeper.last.o.t_ns, 450);
}

/* One-packet flows neither take memory nor push out a recognised flow. */
static void
a_million_flows_of_one_packet_leave_the_swarm_alone(void **state)
{
	(void)state;
	for (uint8_t n = 0; n < 50; n++)
		say(n, (uint8_t)(n + 1), TOY_OBSERVED);
	packet_whole(&pkt, 1, 2, "x", 1);
	for (uint32_t n = 0; n < 1000000; n++) {
		memcpy(pkt.bytes + 27, &n, 3);
		give_pkt_cut(pkt.len);
	}
	assert_true(decode_counts(d)->strangers_evicted > 900000);
	assert_int_equal(decode_counts(d)->flows_evicted, 0);
	for (uint8_t n = 0; n < 50; n++) {
		say(n, (uint8_t)(n + 1), TOY_OBSERVED);
		assert_int_equal(keeper.last.o.offset, 2);
	}
	assert_conserved();
}

static long
peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* With the tables of the default size: 18 MiB of fragments, and of flows what
 * the toy's small state needs. A sanitizer's shadow adds an eighth. */
static void
floods_stay_within_the_ceilings(void **state)
{
	struct decode_options options = { .protocols = toy_table };
	long before = peak_kib();

	(void)state;
	decode_free(d);
	d = decode_new(&options, &keeper.sink);
	packet_begin_counting(&inner, 65515);
	for (uint16_t id = 0; id < 1000; id++) {
		for (uint32_t at = 8; at < 65000; at += 1480) {
			packet_piece(&pkt, id, &inner, at, 1000);
			give_pkt_cut(pkt.len);
		}
	}
	packet_whole(&pkt, 1, 2, "TOY\0", 4);
	for (uint32_t n = 0; n < 100000; n++) {
		memcpy(pkt.bytes + 27, &n, 3);
		give_pkt_cut(pkt.len);
	}
	assert_int_equal(decode_counts(d)->fragments_evicted, 1000 - FRAGMENT_SLOTS);
	assert_int_equal(decode_counts(d)->flows_evicted, 100000 - FLOW_SLOTS);
	assert_in_range(peak_kib() - before, 0, 32 * 1024);
	assert_conserved();
}

#define with_decode(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_decode(a_datagram_reaches_the_decoder_with_who_when_and_how_long),
		with_decode(rows_are_tried_in_turn_and_only_one_when_told),
		with_decode(state_is_one_for_both_directions_and_reply_tells_them_apart),
		with_decode(who_opened_a_flow_is_known_from_before_it_was_recognised),
		with_decode(bad_datagrams_count_by_reason_and_eight_in_a_row_forget_the_flow),
		with_decode(a_flow_is_not_recognised_by_a_datagram_that_breaks_the_rules),
		with_decode(what_the_capture_cut_is_counted_as_cut),
		with_decode(each_packet_is_in_the_class_of_what_it_shows),
		with_decode(headers_that_cannot_be_are_undecodable_by_name),
		with_decode(a_udp_length_below_the_ip_length_trims_and_zero_is_the_rest),
		with_decode(fragments_are_waiting_until_whole_then_the_datagrams),
		with_decode(cut_fragments_still_give_what_was_captured),
		with_decode(fragments_without_the_rest_are_undecodable_in_the_end),
		with_decode(fragments_of_other_protocols_are_not_kept),
		with_decode(ipv6_fragments_may_hide_udp_behind_other_headers),
		with_decode(times_that_go_back_or_out_of_range_are_counted),
		with_decode(floods_stay_within_the_ceilings),
		with_decode(a_million_flows_of_one_packet_leave_the_swarm_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
