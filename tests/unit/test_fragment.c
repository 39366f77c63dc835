/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/fragment.h"

#define FRAME 100u /* bytes each fragment's frame is said to have */

static const struct counts_sum frame = { 1, FRAME };

static uint8_t content[FRAGMENT_MAX_BYTES];
static struct fragments *table;
static struct fragment_done done;

static int
set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)(i * 7 + i / 251);
	table = fragments_new(4);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fragments_free(table);
	return 0;
}

static struct ip_packet
fragment(uint32_t id, uint32_t offset, uint32_t len, bool more)
{
	return (struct ip_packet){
		.src = endpoint_ipv4(0x0a000001, 0),
		.dst = endpoint_ipv4(0x0a000002, 0),
		.payload = part_over(content + offset, len, len),
		.id = id,
		.offset = (uint16_t)offset,
		.more = more,
		.protocol = IP_UDP,
	};
}

static enum fragment_verdict
give_at(int64_t t_ns, uint32_t id, uint32_t offset, uint32_t len, bool more)
{
	struct ip_packet ip = fragment(id, offset, len, more);

	return fragments_add(table, &ip, t_ns, &frame, &done);
}

static enum fragment_verdict
give(uint32_t id, uint32_t offset, uint32_t len, bool more)
{
	return give_at(0, id, offset, len, more);
}

static enum fragment_verdict
give_cut(uint32_t id, uint32_t offset, uint32_t len, bool more, uint32_t captured)
{
	struct ip_packet ip = fragment(id, offset, len, more);

	ip.payload = part_over(content + offset, captured, len);
	return fragments_add(table, &ip, 0, &frame, &done);
}

static void
assert_done(uint32_t wire_len, uint32_t captured, unsigned frames)
{
	assert_int_equal(done.payload.wire_len, wire_len);
	assert_int_equal(reader_left(&done.payload.in), captured);
	assert_memory_equal(done.payload.in.pos, content, captured);
	assert_int_equal(done.sum.packets, frames);
	assert_int_equal(done.sum.bytes, frames * FRAME);
}

static void
fragments_in_any_order_give_the_datagram(void **state)
{
	static const uint8_t orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};

	(void)state;
	for (uint32_t o = 0; o < 6; o++) {
		for (uint32_t i = 0; i < 3; i++) {
			uint32_t n = orders[o][i];
			enum fragment_verdict v = give(o, n * 1480, n < 2 ? 1480 : 13, n < 2);

			assert_int_equal(v, i < 2 ? FRAGMENT_WAITING : FRAGMENT_COMPLETE);
		}
		assert_done(2 * 1480 + 13, 2 * 1480 + 13, 3);
	}
	assert_int_equal(fragments_counts(table)->completed, 6);
	assert_int_equal(fragments_counts(table)->waiting.bytes, 0);
	assert_int_equal(fragments_counts(table)->overlaps, 0);
}

static void
the_largest_datagram_fits_and_a_larger_one_is_bad(void **state)
{
	(void)state;
	assert_int_equal(give(1, 65528, 8, false), FRAGMENT_BAD);
	assert_int_equal(give(1, 65528, 7, false), FRAGMENT_WAITING);
	assert_int_equal(give(1, 0, 65528, true), FRAGMENT_COMPLETE);
	assert_done(65535, 65535, 2);
	for (uint32_t at = 0; at < 65528; at += 8)
		assert_int_equal(give(2, at, 8, true), FRAGMENT_WAITING);
	assert_int_equal(give(2, 65528, 7, false), FRAGMENT_COMPLETE);
	assert_done(65535, 65535, 8192);
}

static void
what_came_first_stays_where_fragments_overlap(void **state)
{
	struct ip_packet ip = fragment(1, 8, 24, true);
	uint8_t other[32];

	(void)state;
	memset(other, 0xee, sizeof other);
	assert_int_equal(give(1, 16, 8, true), FRAGMENT_WAITING);
	ip.payload = part_over(other, 24, 24); /* 8..32; 16..24 is there */
	assert_int_equal(fragments_add(table, &ip, 0, &frame, &done), FRAGMENT_WAITING);
	assert_int_equal(give(1, 0, 16, true), FRAGMENT_WAITING); /* 8..16 is there */
	assert_int_equal(give(1, 32, 5, false), FRAGMENT_COMPLETE);
	assert_int_equal(done.payload.wire_len, 37);
	assert_memory_equal(done.payload.in.pos, content, 8);
	assert_memory_equal(done.payload.in.pos + 8, other, 8);
	assert_memory_equal(done.payload.in.pos + 16, content + 16, 8);
	assert_memory_equal(done.payload.in.pos + 24, other, 8);
	assert_memory_equal(done.payload.in.pos + 32, content + 32, 5);
	assert_int_equal(done.sum.packets, 4);
	assert_int_equal(fragments_counts(table)->overlaps, 2);
}

static void
a_repeated_fragment_completes_nothing(void **state)
{
	(void)state;
	assert_int_equal(give(1, 0, 8, true), FRAGMENT_WAITING);
	assert_int_equal(give(1, 0, 8, true), FRAGMENT_WAITING);
	assert_int_equal(give(1, 16, 4, false), FRAGMENT_WAITING);
	assert_int_equal(give(1, 16, 4, false), FRAGMENT_WAITING);
	assert_int_equal(give(1, 8, 8, true), FRAGMENT_COMPLETE);
	assert_done(20, 20, 5);
}

static void
unsound_fragments_are_bad_and_leave_no_trace(void **state)
{
	(void)state;
	assert_int_equal(give(1, 0, 0, true), FRAGMENT_BAD);
	assert_int_equal(give(1, 8, 0, false), FRAGMENT_BAD);
	assert_int_equal(give(1, 0, 12, true), FRAGMENT_BAD);
	assert_int_equal(fragments_counts(table)->waiting.packets, 0);
	assert_int_equal(give(1, 8, 8, false), FRAGMENT_WAITING); /* ends at 16 */
	assert_int_equal(give(1, 16, 8, true), FRAGMENT_BAD);
	assert_int_equal(give(1, 8, 4, false), FRAGMENT_BAD);
	assert_int_equal(give(1, 0, 8, true), FRAGMENT_COMPLETE);
	assert_done(16, 16, 2);
	assert_int_equal(give(2, 16, 8, true), FRAGMENT_WAITING);
	assert_int_equal(give(2, 8, 8, false), FRAGMENT_BAD); /* ends before that */
	assert_int_equal(fragments_counts(table)->seen, 9);
}

static void
cut_fragments_give_the_bytes_up_to_the_first_hole(void **state)
{
	(void)state;
	assert_int_equal(give_cut(1, 0, 1480, true, 1480), FRAGMENT_WAITING);
	assert_int_equal(give_cut(1, 1480, 1480, true, 45), FRAGMENT_WAITING);
	assert_int_equal(give_cut(1, 2960, 99, false, 99), FRAGMENT_COMPLETE);
	assert_done(3059, 1480 + 45, 3);
	assert_true(part_is_cut(&done.payload));
	assert_int_equal(give_cut(2, 8, 8, false, 8), FRAGMENT_WAITING);
	assert_int_equal(give_cut(2, 0, 8, true, 0), FRAGMENT_COMPLETE);
	assert_done(16, 0, 2);
	assert_int_equal(give_cut(3, 0, 8, true, 8), FRAGMENT_WAITING);
	assert_int_equal(give_cut(3, 8, 5, false, 4), FRAGMENT_COMPLETE);
	assert_done(13, 12, 2);
	assert_int_equal(give_cut(4, 0, 16, true, 8), FRAGMENT_WAITING);
	assert_int_equal(give_cut(4, 16, 5, false, 5), FRAGMENT_COMPLETE);
	assert_done(21, 8, 2);
}

static void
the_datagram_begun_first_makes_room(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < 5; id++)
		assert_int_equal(give(id, 0, 8, true), FRAGMENT_WAITING);
	assert_int_equal(fragments_counts(table)->evicted, 1);
	assert_int_equal(fragments_counts(table)->lost.bytes, FRAME);
	assert_int_equal(fragments_counts(table)->waiting.packets, 4);
	assert_int_equal(give(4, 8, 8, false), FRAGMENT_COMPLETE);
	assert_int_equal(give(0, 8, 8, false), FRAGMENT_WAITING); /* begun anew */
	assert_int_equal(give(1, 8, 8, false), FRAGMENT_COMPLETE);
	fragments_end(table);
	assert_int_equal(fragments_counts(table)->incomplete, 3);
	assert_int_equal(fragments_counts(table)->waiting.bytes, 0);
	assert_int_equal(fragments_counts(table)->lost.packets, 4);
}

static void
a_datagram_waits_thirty_seconds_either_way(void **state)
{
	const int64_t t0 = 100 * FRAGMENT_TIMEOUT_NS;

	(void)state;
	give_at(t0, 1, 0, 8, true);
	assert_int_equal(give_at(t0 + FRAGMENT_TIMEOUT_NS, 1, 8, 8, false), FRAGMENT_COMPLETE);
	give_at(t0, 2, 0, 8, true);
	assert_int_equal(give_at(t0 + FRAGMENT_TIMEOUT_NS + 1, 2, 8, 8, false), FRAGMENT_WAITING);
	give_at(t0, 3, 0, 8, true);
	assert_int_equal(give_at(t0 - FRAGMENT_TIMEOUT_NS - 1, 3, 8, 8, false), FRAGMENT_WAITING);
	assert_int_equal(fragments_counts(table)->expired, 2);
	assert_int_equal(fragments_counts(table)->lost.packets, 2);
}

static void
identity_is_addresses_id_and_in_ipv4_the_protocol(void **state)
{
	struct ip_packet ip = fragment(1, 8, 8, false);

	(void)state;
	give(1, 0, 8, true);
	ip.dst = endpoint_ipv4(0x0a000003, 0);
	assert_int_equal(fragments_add(table, &ip, 0, &frame, &done), FRAGMENT_WAITING);
	ip = fragment(1, 8, 8, false);
	ip.protocol = 1;
	assert_int_equal(fragments_add(table, &ip, 0, &frame, &done), FRAGMENT_WAITING);
	assert_int_equal(give(1, 8, 8, false), FRAGMENT_COMPLETE);
	ip = fragment(9, 8, 8, false);
	ip.v6 = true;
	ip.protocol = 60; /* only the first fragment's counts */
	assert_int_equal(fragments_add(table, &ip, 0, &frame, &done), FRAGMENT_WAITING);
	ip = fragment(9, 0, 8, true);
	ip.v6 = true;
	assert_int_equal(fragments_add(table, &ip, 0, &frame, &done), FRAGMENT_COMPLETE);
	assert_int_equal(done.protocol, IP_UDP);
}

/* A tunnel's datagram of three frames, put together, holds a fragment that begins
 * another: its bytes lie in the slot that the tunnel's have just left. */
static void
a_fragment_inside_a_datagram_just_put_together_keeps_its_bytes(void **state)
{
	struct ip_packet ip = fragment(7, 0, 1600, true);
	struct counts_sum outer;

	(void)state;
	give(1, 0, 800, true);
	give(1, 800, 800, true);
	assert_int_equal(give(1, 1600, 100, false), FRAGMENT_COMPLETE);
	outer = done.sum;
	part_take(&done.payload, 20);
	ip.payload = done.payload;
	part_trim(&ip.payload, 1600);
	assert_int_equal(fragments_add(table, &ip, 0, &outer, &done), FRAGMENT_WAITING);
	assert_int_equal(fragments_counts(table)->waiting.packets, 3);
	assert_int_equal(give(7, 1600, 8, false), FRAGMENT_COMPLETE);
	assert_int_equal(done.sum.packets, 4);
	assert_int_equal(done.sum.bytes, 4 * FRAME);
	assert_memory_equal(done.payload.in.pos, content + 20, 1600);
	assert_memory_equal(done.payload.in.pos + 1600, content + 1600, 8);
}

#define with_table(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_table(fragments_in_any_order_give_the_datagram),
		with_table(the_largest_datagram_fits_and_a_larger_one_is_bad),
		with_table(what_came_first_stays_where_fragments_overlap),
		with_table(a_repeated_fragment_completes_nothing),
		with_table(unsound_fragments_are_bad_and_leave_no_trace),
		with_table(cut_fragments_give_the_bytes_up_to_the_first_hole),
		with_table(the_datagram_begun_first_makes_room),
		with_table(a_datagram_waits_thirty_seconds_either_way),
		with_table(a_fragment_inside_a_datagram_just_put_together_keeps_its_bytes),
		with_table(identity_is_addresses_id_and_in_ipv4_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
