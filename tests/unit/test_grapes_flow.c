/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/grapes_rig.h"

#define UNIT 50u

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

static void
a_flow_is_recognised_from_any_piece(void **state)
{
	(void)state;
	for (size_t first = 0; first < 4; first++) {
		struct rig *r = rig_new(GRAPES_ENGINE);
		struct writer w = chunk(0, 12, 150), whole = chunk(1, 13, 20);

		for (size_t i = first; i < 4; i++)
			assert_int_equal(rig_piece(r, &w, 1, UNIT, i),
			                 first == 0 && i == 3 ? PROTO_OBSERVED : PROTO_OTHER);
		assert_int_equal(r->puts, first == 0 ? 2 : 0);
		assert_int_equal(rig_message(r, &whole), PROTO_OBSERVED);
		rig_free(r);
	}
}

static void
what_would_prove_nothing_is_ours_only_in_a_known_flow(void **state)
{
	const uint8_t request[] = { 1, 0, 5, 0, 2, 0 }, foreign[] = { 2, 0, 0, 0 };
	const uint8_t tman[] = { 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 2, 0x13, 3 };
	struct rig *r = rig_new(GRAPES_ENGINE);

	(void)state;
	assert_int_equal(rig_datagram(r, tman, sizeof tman, sizeof tman), PROTO_NOT_MINE);
	assert_int_equal(rig_datagram(r, request, 5, 5), PROTO_NOT_MINE);
	rig_introduce(r);
	assert_int_equal(rig_datagram(r, request, 5, 5), PROTO_OTHER);
	assert_int_equal(rig_datagram(r, request, 6, 6), PROTO_MALFORMED);
	assert_int_equal(rig_datagram(r, foreign, 4, 4), PROTO_NOT_MINE);
	assert_int_equal(rig_datagram(r, foreign, 0, 0), PROTO_NOT_MINE);
	assert_int_equal(rig_datagram(r, foreign, 0, 4), PROTO_SHORT);
	assert_int_equal(rig_datagram(r, request, 5, 4), PROTO_NOT_MINE); /* padded */
	rig_free(r);
}

static void
piece_headers_keep_to_their_limits(void **state)
{
	static const struct {
		uint8_t of_high, of_low, index_high, index_low, len;
		enum proto_verdict verdict;
	} cases[] = {
		{ 1, 0, 0, 255, 1, PROTO_OTHER },     /* 256 pieces */
		{ 1, 1, 0, 255, 1, PROTO_MALFORMED }, /* 257 */
		{ 0, 2, 0, 2, 1, PROTO_MALFORMED },   /* piece 2 of 2 */
		{ 0, 0, 0, 0, 1, PROTO_MALFORMED },
		{ 0, 2, 0, 1, 0, PROTO_MALFORMED },   /* a byte more than it says */
		{ 0, 2, 0, 1, 2, PROTO_SHORT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const uint8_t bytes[12] = { 0, 0, 1, cases[i].of_high, cases[i].of_low,
			cases[i].index_high, cases[i].index_low, 0, 0, 0, cases[i].len, 9 };
		struct rig *known = flow(), *unknown = rig_new(GRAPES_ENGINE);

		assert_int_equal(rig_datagram(known, bytes, 12, 12), cases[i].verdict);
		assert_int_equal(rig_datagram(unknown, bytes, 12, 12),
		                 cases[i].verdict == PROTO_OTHER ? PROTO_OTHER :
		                                                   PROTO_NOT_MINE);
		assert_int_equal(rig_datagram(known, bytes, 11, 11),
		                 cases[i].verdict == PROTO_MALFORMED ? PROTO_MALFORMED :
		                                                       PROTO_SHORT);
		rig_free(known);
		rig_free(unknown);
	}
}

static void
the_classics_headers_keep_to_their_limits(void **state)
{
	static const struct {
		uint8_t from_one, of;
		enum proto_verdict verdict;
	} cases[] = {
		{ 0, 0, PROTO_MALFORMED }, { 0, 1, PROTO_MALFORMED }, { 0, 2, PROTO_MALFORMED },
		{ 1, 0, PROTO_MALFORMED }, { 2, 1, PROTO_MALFORMED }, { 3, 2, PROTO_MALFORMED },
		{ 2, 2, PROTO_OTHER }, { 255, 255, PROTO_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const uint8_t bytes[] = { 1, cases[i].from_one, cases[i].of, 0x11, 9 };
		struct rig *r = rig_new(GRAPES_CLASSIC);

		rig_introduce(r);
		assert_int_equal(rig_datagram(r, bytes, 5, 5), cases[i].verdict);
		rig_free(r);
	}
}

static void
a_stranger_must_be_who_it_says_it_is(void **state)
{
	const struct endpoint public = endpoint_ipv4(0xc6336401, 6000);
	const struct endpoint local[] = { endpoint_ipv4(0x0a4d0063, 6000),
		endpoint_ipv4(0xc0a80101, 6000), endpoint_ipv4(0xac1f0001, 6000),
		endpoint_ipv4(0x64400001, 6000), endpoint_ipv4(0xa9fe0101, 6000),
		endpoint_ipv4(0x7f000001, 6000) };

	(void)state;
	for (size_t d = 0; d < RIG_DIALECTS; d++) {
		struct rig *r = rig_new(rig_dialects[d]);
		struct writer mine = over(0), w = over(1), map = over(2), other_port = over(3);
		struct endpoint e = rig_opener;

		rig_gossip(&w, rig_dialects[d], 1, 4, &public, 1);
		assert_int_equal(rig_message(r, &w), PROTO_NOT_MINE);
		rig_signalling(&map, rig_dialects[d], 10, 60, &public, 0, 1, "\0\0\0\0", 4);
		assert_int_equal(rig_message(r, &map), PROTO_NOT_MINE);
		e.port++;
		rig_gossip(&other_port, rig_dialects[d], 1, 4, &e, 1);
		assert_int_equal(rig_message(r, &other_port), PROTO_NOT_MINE);
		for (size_t i = 0; i < 6; i++) { /* behind a NAT */
			memset(r->state, 0, sizeof r->state);
			mine = over(0);
			rig_gossip(&mine, rig_dialects[d], 1, 4, &local[i], 1);
			assert_int_equal(rig_message(r, &mine), PROTO_OBSERVED);
		}
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED); /* known by now */
		rig_free(r);
	}
}

static void
a_classic_stranger_must_have_plausible_metadata(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = { { 3, 0x80 }, { 5, 0x80 }, { 9, 0xff }, { 13, 0xff } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rig *r = rig_new(GRAPES_CLASSIC);
		struct writer w = over(0);

		rig_neighbour(&w, GRAPES_CLASSIC, 0);
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		memset(r->state, 0, sizeof r->state);
		space[0][cases[i].at] = cases[i].value;
		assert_int_equal(rig_message(r, &w), PROTO_NOT_MINE);
		rig_introduce(r);
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		rig_free(r);
	}
}

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Half are noise, half begin as a datagram of one of the dialects does. */
static void
a_million_random_datagrams_are_not_ours(void **state)
{
	static const uint8_t types[] = { 0x10, 0x11, 0x12, 0x22 };
	struct rig *r = rig_new(GRAPES_ENGINE);
	uint64_t seed = 20100101, bytes[24];
	uint8_t *b = (uint8_t *)bytes;
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 1000000; i++) {
		size_t len = next_random(&seed) % sizeof bytes;

		for (size_t k = 0; k < sizeof bytes / sizeof bytes[0]; k++)
			bytes[k] = next_random(&seed);
		if (i % 4 == 0) {
			memset(b, 0, 7);
			b[4] = 1 + i / 4 % 2;
			b[11] = types[i / 8 % 4];
		} else if (i % 4 == 2) {
			b[1] = b[2] = 1;
			b[3] = types[i / 4 % 4];
		}
		if (rig_datagram(r, bytes, len, len) == PROTO_NOT_MINE)
			continue;
		taken++;
		memset(r->state, 0, sizeof r->state);
	}
	print_message("%u of 1000000 random datagrams taken for GRAPES\n", taken);
	assert_int_equal(taken, 0);
	assert_int_equal(r->puts, 0);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_recognised_from_any_piece),
		cmocka_unit_test(what_would_prove_nothing_is_ours_only_in_a_known_flow),
		cmocka_unit_test(piece_headers_keep_to_their_limits),
		cmocka_unit_test(the_classics_headers_keep_to_their_limits),
		cmocka_unit_test(a_stranger_must_be_who_it_says_it_is),
		cmocka_unit_test(a_classic_stranger_must_have_plausible_metadata),
		cmocka_unit_test(a_million_random_datagrams_are_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
