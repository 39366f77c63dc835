/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/grapes_fragments.h"
#include "tests/unit/grapes_rig.h"

#define UNIT 50u
#define SECOND_NS INT64_C(1000000000)

static uint8_t space[4][RIG_MAX_BYTES];

static struct writer
over(int i)
{
	return writer_over(space[i], sizeof space[i]);
}

/* A flow of the engine that is recognised. */
static struct rig *
flow(void)
{
	struct rig *r = rig_new(GRAPES_ENGINE);

	rig_introduce(r);
	return r;
}

static struct writer
chunk(int i, uint32_t id, uint32_t size)
{
	struct writer w = over(i);

	rig_chunk(&w, GRAPES_ENGINE, id, size, 3);
	return w;
}

/* A query with so many entries that it takes several pieces of UNIT bytes. */
static struct writer
gossip(int i, size_t entries)
{
	struct endpoint nodes[64];
	struct writer w = over(i);

	for (size_t n = 0; n < entries; n++)
		nodes[n] = n == 0 ? rig_opener : endpoint_ipv4(0x0a4e0000 + (uint32_t)n, 6000);
	rig_gossip(&w, GRAPES_ENGINE, 1, 1, nodes, entries);
	return w;
}

/* Sends the message's pieces in this order: OTHER until the last of them. */
static void
send_in_order(struct rig *r, const struct writer *w, const size_t *order, size_t n,
              size_t unit)
{
	uint16_t number = r->number++;

	for (size_t i = 0; i < n; i++) {
		r->m.t_ns += 1000;
		assert_int_equal(r->puts, 0);
		assert_int_equal(rig_piece(r, w, number, unit, order[i]),
		                 i < n - 1 ? PROTO_OTHER : PROTO_OBSERVED);
	}
	assert_int_equal(rig_put(r, 0)->t_ns, r->m.t_ns);
}

static const size_t orders[][4] = {
	{ 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 3, 0, 2, 1 }, { 1, 3, 0, 2 }, { 2, 0, 1, 3 },
};

static void
a_chunk_is_told_when_its_last_missing_piece_comes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		struct rig *r = flow();
		struct writer w = chunk(0, 12, 150); /* 175 bytes: 50, 50, 50, 25 */

		send_in_order(r, &w, orders[i], 4, UNIT);
		assert_int_equal(r->puts, 2);
		assert_int_equal(rig_put(r, 0)->kind, OBS_MARK);
		assert_int_equal(rig_put(r, 1)->kind, OBS_TRANSFER);
		assert_int_equal(rig_put(r, 1)->offset, 12);
		assert_int_equal(rig_put(r, 1)->u.transfer.bytes, 150);
		assert_int_equal(rig_put(r, 1)->u.transfer.hops, 3);
		rig_free(r);
	}
}

static void
gossip_is_put_together_in_any_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		struct rig *r = flow();
		struct writer w = gossip(0, 8); /* 10 and 8 entries of 20 bytes */

		send_in_order(r, &w, orders[i], 4, UNIT);
		assert_int_equal(r->puts, 1);
		assert_int_equal(rig_put(r, 0)->kind, OBS_CONTACTS);
		assert_int_equal(rig_put(r, 0)->u.contacts.n, 8);
		rig_free(r);
	}
}

static void
a_piece_that_comes_again_tells_nothing_new(void **state)
{
	struct rig *r = flow();
	struct writer w = chunk(0, 12, 150);

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (int again = 0; again < 3; again++)
			assert_int_equal(rig_piece(r, &w, 8, UNIT, i),
			                 i == 3 && again == 0 ? PROTO_OBSERVED : PROTO_OTHER);
	assert_int_equal(r->puts, 2);
	rig_free(r);
}

static void
a_number_that_comes_back_later_is_another_message(void **state)
{
	struct rig *r = flow();
	struct writer a = chunk(0, 12, 150), b = chunk(1, 99, 150);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		rig_piece(r, &a, 8, UNIT, i); /* its last piece is lost */
	r->m.t_ns += 4 * SECOND_NS + 1;
	assert_int_equal(rig_piece(r, &b, 8, UNIT, 3), PROTO_OTHER);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(rig_piece(r, &b, 8, UNIT, i), PROTO_OTHER);
	assert_int_equal(rig_piece(r, &b, 8, UNIT, 2), PROTO_OBSERVED);
	assert_int_equal(rig_put(r, 1)->offset, 99);
	rig_free(r);
}

static void
messages_may_interleave_and_both_directions_use_the_same_numbers(void **state)
{
	struct rig *r = flow();
	struct writer w[4] = { chunk(0, 1, 150), chunk(1, 2, 150), gossip(2, 8),
		               chunk(3, 4, 150) };
	enum proto_verdict verdict;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (uint16_t k = 0; k < 4; k++) {
			rig_direction(r, k == 3);
			verdict = rig_piece(r, &w[k], k % 3, UNIT, i);
			assert_int_equal(verdict, i < 3 ? PROTO_OTHER : PROTO_OBSERVED);
		}
	assert_int_equal(r->puts, 7);
	assert_int_equal(rig_put(r, 1)->offset, 1);
	assert_int_equal(rig_put(r, 3)->offset, 2);
	assert_int_equal(rig_put(r, 4)->u.contacts.n, 8);
	assert_int_equal(rig_put(r, 6)->offset, 4);
	assert_true(endpoint_same(&rig_put(r, 6)->peer, &rig_opener));
	rig_free(r);
}

static void
a_captures_clock_may_step_back(void **state)
{
	struct rig *r = flow();
	struct writer w = chunk(0, 12, 150);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(rig_piece(r, &w, 1, UNIT, i),
		                 i < 3 ? PROTO_OTHER : PROTO_OBSERVED);
		r->m.t_ns -= SECOND_NS;
	}
	rig_free(r);
}

static void
chunks_leave_the_hold_to_others(void **state)
{
	struct rig *r = flow();
	struct writer g = gossip(0, 8), c = chunk(1, 12, 150);

	(void)state;
	rig_piece(r, &g, 1, UNIT, 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rig_piece(r, &c, 2, UNIT, i),
		                 i < 3 ? PROTO_OTHER : PROTO_OBSERVED);
	rig_clear(r);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(rig_piece(r, &g, 1, UNIT, i),
		                 i < 3 ? PROTO_OTHER : PROTO_OBSERVED);
	assert_int_equal(rig_put(r, 0)->u.contacts.n, 8);
	rig_free(r);
}

static void
the_newest_message_has_the_hold(void **state)
{
	struct rig *r = flow();
	struct writer a = gossip(0, 8), b = gossip(1, 7);

	(void)state;
	rig_piece(r, &a, 1, UNIT, 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(rig_piece(r, &b, 2, UNIT, i), PROTO_OTHER);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(rig_piece(r, &a, 1, UNIT, i), PROTO_OTHER);
	assert_int_equal(r->puts, 0); /* a's first bytes had to make room */
	for (size_t i = 2; i < 4; i++)
		assert_int_equal(rig_piece(r, &b, 2, UNIT, i),
		                 i == 3 ? PROTO_OBSERVED : PROTO_OTHER);
	assert_int_equal(rig_put(r, 0)->u.contacts.n, 7);
	rig_free(r);
}

static void
messages_larger_than_the_hold_are_passed_over(void **state)
{
	static uint8_t bits[2048];
	const size_t in_order[] = { 0, 1 }, last_first[] = { 1, 0 };

	(void)state;
	/* 1 + 12 + 4 + bits + 4 bytes: as many as the hold has, and one more */
	for (uint32_t over_by = 0; over_by < 2; over_by++)
		for (int order = 0; order < 2; order++) {
			struct rig *r = flow();
			struct writer w = over(0);
			uint32_t bytes = GRAPES_HOLD - 21 + over_by;
			const size_t *o = order ? last_first : in_order;

			rig_bitmap(&w, GRAPES_ENGINE, 11, 5, bytes * 8, bits);
			assert_int_equal(writer_len(&w), GRAPES_HOLD + over_by);
			assert_int_equal(rig_piece(r, &w, 1, 1000, o[0]), PROTO_OTHER);
			assert_int_equal(rig_piece(r, &w, 1, 1000, o[1]),
			                 over_by ? PROTO_OTHER : PROTO_OBSERVED);
			assert_int_equal(r->puts, 1 - over_by);
			rig_free(r);
		}
}

static void
only_the_newest_messages_are_waited_for(void **state)
{
	struct rig *r = flow();

	(void)state;
	for (uint32_t i = 0; i <= GRAPES_PENDING; i++) {
		struct writer w = chunk(0, i, 60);

		assert_int_equal(rig_piece(r, &w, (uint16_t)i, UNIT, 0), PROTO_OTHER);
	}
	for (uint32_t i = GRAPES_PENDING + 1; i-- > 0;) {
		struct writer w = chunk(0, i, 60);

		assert_int_equal(rig_piece(r, &w, (uint16_t)i, UNIT, 1),
		                 i > 0 ? PROTO_OBSERVED : PROTO_OTHER);
	}
	rig_free(r);
}

static void
a_chunks_pieces_must_be_as_long_as_its_head_says(void **state)
{
	struct rig *r = flow();
	struct writer w = chunk(0, 12, 150), other = chunk(1, 12, 150);

	(void)state;
	space[0][18] = 200; /* too long for four pieces of 50 bytes */
	assert_int_equal(rig_piece(r, &w, 1, UNIT, 0), PROTO_MALFORMED);
	space[0][18] = 110; /* three would do */
	assert_int_equal(rig_piece(r, &w, 2, UNIT, 0), PROTO_MALFORMED);
	space[0][18] = 149; /* fits four, but not the last piece's length */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rig_piece(r, &w, 3, UNIT, i),
		                 i < 3 ? PROTO_OTHER : PROTO_MALFORMED);
	assert_int_equal(rig_piece(r, &other, 4, UNIT, 0), PROTO_OTHER);
	assert_int_equal(rig_piece(r, &other, 4, UNIT - 5, 1), PROTO_MALFORMED);
	assert_int_equal(rig_piece(r, &other, 5, UNIT + 5, 3), PROTO_OTHER); /* 10 bytes */
	other = chunk(1, 12, 7); /* 32 bytes in pieces of 8: too small for a head */
	assert_int_equal(rig_piece(r, &other, 5, 8, 1), PROTO_MALFORMED);
	assert_int_equal(rig_piece(r, &other, 6, 8, 0), PROTO_MALFORMED);
	assert_int_equal(r->puts, 0);
	rig_free(r);
}

static void
a_last_piece_longer_than_the_others_is_malformed(void **state)
{
	const uint8_t first[] = { 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 2, 0x12, 0 };
	const uint8_t last[] = { 0, 0, 1, 0, 2, 0, 1, 0, 0, 0, 3, 1, 2, 3 };
	struct rig *r = flow();

	(void)state;
	assert_int_equal(rig_datagram(r, first, sizeof first, sizeof first), PROTO_OTHER);
	assert_int_equal(rig_datagram(r, last, sizeof last, sizeof last), PROTO_MALFORMED);
	assert_int_equal(rig_datagram(r, last, sizeof last, sizeof last), PROTO_OTHER);
	assert_int_equal(rig_datagram(r, first, sizeof first, sizeof first), PROTO_MALFORMED);
	rig_free(r);
}

static void
only_chunks_and_long_messages_come_in_pieces(void **state)
{
	const uint8_t bad[] = { 0x22, 0x00, 0x14, 0xff };

	(void)state;
	for (size_t i = 0; i < sizeof bad; i++) {
		struct rig *r = flow();
		struct writer w = gossip(0, 8);

		space[0][0] = bad[i];
		assert_int_equal(rig_piece(r, &w, 1, UNIT, 0), PROTO_MALFORMED);
		rig_free(r);
	}
}

static void
a_message_that_breaks_the_rules_is_found_when_it_is_whole(void **state)
{
	struct rig *r = flow();
	struct writer w = gossip(0, 8);

	(void)state;
	space[0][1] = 0;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rig_piece(r, &w, 1, UNIT, i),
		                 i < 3 ? PROTO_OTHER : PROTO_MALFORMED);
	assert_int_equal(r->puts, 0);
	rig_free(r);
}

/* One of a message's four pieces, of which the capture has the first n bytes. */
static enum proto_verdict
cut_piece(struct rig *r, const struct writer *w, size_t index, size_t n)
{
	size_t len = index == 3 ? writer_len(w) - 3 * UNIT : UNIT;
	uint8_t bytes[11 + UNIT] = { 0, 0, 1, 0, 4, 0, (uint8_t)index, 0, 0, 0, (uint8_t)len };

	memcpy(bytes + 11, w->start + index * UNIT, len);
	return rig_datagram(r, bytes, 11 + (n < len ? n : len), 11 + len);
}

static void
cut_pieces_count_by_their_heads(void **state)
{
	(void)state;
	for (size_t n = 0; n < UNIT; n++) {
		struct rig *r = rig_new(GRAPES_ENGINE);
		struct writer w = chunk(0, 12, 150);
		bool head = n >= GRAPES_CHUNK_HEAD;

		assert_int_equal(cut_piece(r, &w, 1, n), PROTO_OTHER);
		assert_int_equal(cut_piece(r, &w, 0, n), head ? PROTO_OTHER : PROTO_SHORT);
		assert_int_equal(cut_piece(r, &w, 2, n), PROTO_OTHER);
		assert_int_equal(cut_piece(r, &w, 3, n), head ? PROTO_OBSERVED : PROTO_OTHER);
		assert_int_equal(r->puts, head ? 2 : 0);
		if (head) {
			assert_int_equal(rig_put(r, 1)->flags, OBS_ALL | OBS_CUT);
			assert_int_equal(rig_put(r, 1)->u.transfer.bytes, 150);
			assert_int_equal(rig_put(r, 1)->u.transfer.hops, GRAPES_HOPS_UNKNOWN);
		}
		w = gossip(1, 8);
		rig_clear(r);
		r->m.t_ns += 5 * SECOND_NS;
		for (size_t i = 0; i < 4; i++)
			cut_piece(r, &w, i, n < 48 ? n : 48);
		assert_int_equal(r->puts, 0);
		rig_free(r);
	}
}

static void
the_classics_largest_chunks_come_in_pieces_too(void **state)
{
	struct rig *r = rig_new(GRAPES_CLASSIC);
	struct writer w = over(0);

	(void)state;
	rig_chunk(&w, GRAPES_CLASSIC, 2022519257, 65000, 1);
	for (int type = 0; type < 256; type++) { /* nor does any other beginning */
		space[0][0] = (uint8_t)type;
		if (type != GRAPES_CHUNK)
			assert_int_equal(rig_piece(r, &w, 1, 60000, 0), PROTO_NOT_MINE);
	}
	space[0][0] = GRAPES_CHUNK;
	assert_int_equal(rig_piece(r, &w, 1, 60000, 1), PROTO_NOT_MINE); /* proves nothing */
	assert_int_equal(rig_piece(r, &w, 1, 60000, 0), PROTO_OTHER);
	assert_int_equal(rig_piece(r, &w, 1, 60000, 1), PROTO_OBSERVED);
	assert_int_equal(rig_put(r, 1)->u.transfer.bytes, 65000);
	assert_int_equal(rig_put(r, 1)->u.transfer.hops, 1);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chunk_is_told_when_its_last_missing_piece_comes),
		cmocka_unit_test(gossip_is_put_together_in_any_order),
		cmocka_unit_test(a_piece_that_comes_again_tells_nothing_new),
		cmocka_unit_test(a_number_that_comes_back_later_is_another_message),
		cmocka_unit_test(
		    messages_may_interleave_and_both_directions_use_the_same_numbers),
		cmocka_unit_test(a_captures_clock_may_step_back),
		cmocka_unit_test(chunks_leave_the_hold_to_others),
		cmocka_unit_test(the_newest_message_has_the_hold),
		cmocka_unit_test(messages_larger_than_the_hold_are_passed_over),
		cmocka_unit_test(only_the_newest_messages_are_waited_for),
		cmocka_unit_test(a_chunks_pieces_must_be_as_long_as_its_head_says),
		cmocka_unit_test(a_last_piece_longer_than_the_others_is_malformed),
		cmocka_unit_test(only_chunks_and_long_messages_come_in_pieces),
		cmocka_unit_test(a_message_that_breaks_the_rules_is_found_when_it_is_whole),
		cmocka_unit_test(cut_pieces_count_by_their_heads),
		cmocka_unit_test(the_classics_largest_chunks_come_in_pieces_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
