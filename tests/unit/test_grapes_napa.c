/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/grapes_napa.h"
#include "tests/unit/grapes_rig.h"

enum { INVITE, CONNECT, READY };
enum { TYPE = 20, MONITOR = 21, OF_PACKET = 22, HEAD = 23 };

static uint8_t space[RIG_MAX_BYTES], datagram[RIG_MAX_BYTES];

static struct writer
chunk(uint32_t id, uint32_t size)
{
	struct writer w = writer_over(space, sizeof space);

	rig_chunk(&w, GRAPES_NAPA, id, size, 3);
	return w;
}

/* A header for len bytes of a message; the caller may patch datagram. */
static size_t
piece(uint32_t offset, uint32_t length, uint32_t number, const struct writer *message, size_t len)
{
	struct writer w = writer_over(datagram, sizeof datagram);

	writer_be32(&w, offset);
	writer_be32(&w, length);
	writer_be32(&w, 7);
	writer_be32(&w, 8);
	writer_be32(&w, number);
	writer_u8(&w, message->start[0]);
	writer_u8(&w, 0);
	writer_u8(&w, 0);
	writer_bytes(&w, message->start + offset, len);
	assert_false(w.failed);
	return writer_len(&w);
}

static enum proto_verdict
give_piece(struct rig *r, const struct writer *message, uint32_t number, uint32_t from, uint32_t to)
{
	size_t n = piece(from, (uint32_t)writer_len(message), number, message, to - from);

	return rig_datagram(r, datagram, n, n);
}

/* A control message of pmtu bytes; the command in the sender's own byte order. */
static size_t
control(uint8_t command, bool big_endian, const struct endpoint *inside,
        const struct endpoint *outside)
{
	struct writer w = writer_over(datagram, sizeof datagram);
	uint8_t zeros[1349] = { 0 };

	writer_be32(&w, 0);
	writer_be32(&w, 1349);
	writer_be32(&w, 7);
	writer_be32(&w, UINT32_MAX);
	writer_be32(&w, 0);
	writer_u8(&w, 127);
	writer_u8(&w, 0);
	writer_u8(&w, 0);
	if (big_endian)
		writer_be32(&w, command);
	else
		writer_le32(&w, command);
	writer_le32(&w, 1372);
	rig_node(&w, GRAPES_CLASSIC, inside);
	rig_node(&w, GRAPES_CLASSIC, outside);
	writer_bytes(&w, zeros, HEAD + 1349 - writer_len(&w));
	return writer_len(&w);
}

static void
an_invitation_is_a_handshake_and_what_follows_is_ours(void **state)
{
	struct rig *r = rig_new(GRAPES_NAPA);

	(void)state;
	for (int big = 0; big < 2; big++) {
		size_t n = control(INVITE, big, &rig_opener, &rig_opener);

		rig_clear(r);
		assert_int_equal(rig_datagram(r, datagram, n, n), PROTO_OBSERVED);
		assert_int_equal(r->puts, 1);
		assert_int_equal(rig_put(r, 0)->kind, OBS_JOIN);
		assert_int_equal(rig_put(r, 0)->action, OBS_HANDSHAKE);
		assert_true(endpoint_same(&rig_put(r, 0)->peer, &rig_opener));
		assert_true(endpoint_same(&rig_put(r, 0)->to, &rig_other));
		for (uint8_t command = CONNECT; command <= READY; command++) {
			n = control(command, big, &rig_opener, &rig_opener);
			assert_int_equal(rig_datagram(r, datagram, n, n), PROTO_OTHER);
		}
		n = control(READY + 1, big, &rig_opener, &rig_opener);
		assert_int_equal(rig_datagram(r, datagram, n, n), PROTO_MALFORMED);
	}
	assert_int_equal(r->puts, 1);
	rig_free(r);
}

static void
a_stranger_that_invites_names_its_own_address(void **state)
{
	const struct endpoint elsewhere = endpoint_ipv4(0xc6336401, 6000);

	(void)state;
	for (int inside = 0; inside < 2; inside++) {
		struct rig *r = rig_new(GRAPES_NAPA);
		size_t n = control(INVITE, false, &elsewhere, &elsewhere);

		assert_int_equal(rig_datagram(r, datagram, n, n), PROTO_NOT_MINE);
		n = control(INVITE, false, inside ? &rig_opener : &elsewhere,
		            inside ? &elsewhere : &rig_opener);
		assert_int_equal(rig_datagram(r, datagram, n, n), PROTO_OBSERVED);
		n = control(INVITE, false, &elsewhere, &elsewhere);
		assert_int_equal(rig_datagram(r, datagram, n, n), PROTO_OBSERVED);
		rig_free(r);
	}
}

static void
a_chunk_is_told_when_its_last_byte_has_come(void **state)
{
	static const uint32_t edges[][2] = { { 1344, 2693 }, { 0, 1344 }, { 2693, 4035 } };
	static const uint8_t orders[][3] = { { 1, 0, 2 }, { 1, 2, 0 }, { 0, 1, 2 }, { 2, 0, 1 } };
	struct rig *r = rig_new(GRAPES_NAPA);

	(void)state;
	rig_introduce(r);
	for (uint32_t n = 0; n < 4; n++) {
		struct writer w = chunk(100 + n, 4000);

		assert_int_equal(writer_len(&w), 4035);
		rig_clear(r);
		for (unsigned i = 0; i < 3; i++) {
			const uint32_t *edge = edges[orders[n][i]];

			assert_int_equal(give_piece(r, &w, n, edge[0], edge[1]),
			                 i == 2 ? PROTO_OBSERVED : PROTO_OTHER);
		}
		assert_int_equal(r->puts, 2);
		assert_int_equal(rig_put(r, 0)->kind, OBS_MARK);
		assert_int_equal(rig_put(r, 1)->kind, OBS_TRANSFER);
		assert_int_equal(rig_put(r, 1)->offset, 100 + n);
		assert_int_equal(rig_put(r, 1)->u.transfer.bytes, 4000);
		assert_int_equal(rig_put(r, 1)->u.transfer.hops, 3);
		assert_int_equal(rig_put(r, 1)->flags, OBS_ALL);
		assert_int_equal(give_piece(r, &w, n, 1344, 2693), PROTO_OTHER); /* sent again */
		assert_int_equal(r->puts, 2);
	}
	rig_free(r);
}

/* Sent again in other pieces: every byte counts once. */
static void
pieces_may_overlap(void **state)
{
	struct rig *r = rig_new(GRAPES_NAPA);
	struct writer w = chunk(5, 965); /* 1000 bytes */

	(void)state;
	assert_int_equal(give_piece(r, &w, 1, 0, 400), PROTO_OTHER);
	assert_int_equal(give_piece(r, &w, 1, 800, 1000), PROTO_OTHER);
	assert_int_equal(give_piece(r, &w, 1, 300, 700), PROTO_OTHER);
	assert_int_equal(give_piece(r, &w, 1, 300, 700), PROTO_OTHER);
	assert_int_equal(give_piece(r, &w, 2, 700, 800), PROTO_OTHER); /* another's */
	assert_int_equal(r->puts, 0);
	assert_int_equal(give_piece(r, &w, 1, 650, 900), PROTO_OBSERVED);
	assert_int_equal(r->puts, 2);
	rig_free(r);
}

/* Every second piece first: as many runs as there is room for, and one more. */
static void
a_chunk_in_more_runs_than_are_kept_is_passed_over(void **state)
{
	(void)state;
	for (uint32_t runs = NAPA_RANGES; runs <= NAPA_RANGES + 1; runs++) {
		struct rig *r = rig_new(GRAPES_NAPA);
		struct writer w = chunk(5, 2 * runs * 100 - 35);

		rig_introduce(r);
		for (uint32_t i = 0; i < runs; i++)
			assert_int_equal(give_piece(r, &w, 1, 200 * i, 200 * i + 100), PROTO_OTHER);
		for (uint32_t i = 0; i < runs; i++)
			give_piece(r, &w, 1, 200 * i + 100, 200 * i + 200);
		assert_int_equal(r->puts, runs > NAPA_RANGES ? 0 : 2);
		rig_free(r);
	}
}

static void
older_chunks_make_room_and_stale_numbers_begin_anew(void **state)
{
	struct rig *r = rig_new(GRAPES_NAPA);
	struct writer w = chunk(5, 165); /* 200 bytes */

	(void)state;
	rig_introduce(r);
	for (uint32_t n = 0; n <= NAPA_PENDING; n++)
		assert_int_equal(give_piece(r, &w, n, 0, 100), PROTO_OTHER);
	assert_int_equal(give_piece(r, &w, 1, 100, 200), PROTO_OBSERVED);
	assert_int_equal(give_piece(r, &w, 0, 100, 200), PROTO_OTHER); /* forgotten */
	r->m.t_ns += INT64_C(4000000001);
	assert_int_equal(give_piece(r, &w, NAPA_PENDING, 100, 200), PROTO_OTHER);
	rig_free(r);
}

static void
what_the_capture_cut_is_told_as_cut(void **state)
{
	struct rig *r = rig_new(GRAPES_NAPA);
	struct writer w = chunk(5, 1965);
	size_t n = piece(0, 2000, 1, &w, 1300);

	(void)state;
	for (size_t kept = HEAD; kept < HEAD + GRAPES_CHUNK_HEAD; kept++)
		assert_int_equal(rig_datagram(r, datagram, kept, n), PROTO_SHORT);
	for (size_t kept = 0; kept < HEAD; kept++)
		assert_int_equal(rig_datagram(r, datagram, kept, n), PROTO_NOT_MINE);
	assert_int_equal(rig_datagram(r, datagram, HEAD + GRAPES_CHUNK_HEAD, n), PROTO_OTHER);
	for (size_t kept = 0; kept < HEAD; kept++)
		assert_int_equal(rig_datagram(r, datagram, kept, n), PROTO_SHORT);
	n = piece(1300, 2000, 1, &w, 700);
	assert_int_equal(rig_datagram(r, datagram, HEAD, n), PROTO_OBSERVED);
	assert_int_equal(rig_put(r, 1)->flags, OBS_ALL | OBS_CUT);
	assert_int_equal(rig_put(r, 1)->u.transfer.hops, GRAPES_HOPS_UNKNOWN);
	rig_free(r);
}

/* Each field of the header at its limit and past it, in an unknown flow. */
static void
headers_keep_to_their_limits(void **state)
{
	static const struct {
		unsigned at;
		uint8_t bytes[4];
		unsigned n;
		enum proto_verdict verdict;
	} cases[] = {
		{ 0, { 0, 0, 0, 1 }, 4, PROTO_NOT_MINE },          /* offset: past the length */
		{ 4, { 0, 0, 0, 24 }, 4, PROTO_NOT_MINE },         /* length: less than is there */
		{ 4, { 0, 16, 0, 1 }, 4, PROTO_NOT_MINE },         /* over a mebibyte */
		{ 8, { 0, 0, 0xff, 0xff }, 4, PROTO_OTHER },       /* connections */
		{ 8, { 0, 1, 0, 0 }, 4, PROTO_NOT_MINE },
		{ 12, { 0, 0, 0xff, 0xff }, 4, PROTO_OTHER },
		{ 12, { 0, 1, 0, 0 }, 4, PROTO_NOT_MINE },
		{ 12, { 0xff, 0xff, 0xff, 0xff }, 4, PROTO_OTHER },
		{ TYPE, { 0x11 }, 1, PROTO_NOT_MINE },             /* not what it begins with */
		{ TYPE, { 0x14 }, 1, PROTO_NOT_MINE },
		{ TYPE, { 127 }, 1, PROTO_NOT_MINE },
		{ TYPE, { 128 }, 1, PROTO_NOT_MINE },
		{ MONITOR, { 1 }, 1, PROTO_NOT_MINE },             /* then it is shorter */
		{ MONITOR, { NAPA_MAX_MONITOR + 1 }, 1, PROTO_NOT_MINE },
		{ OF_PACKET, { NAPA_MAX_MONITOR + 1 }, 1, PROTO_NOT_MINE },
	};
	MESSAGE(w, 100);

	(void)state;
	rig_bitmap(&w, GRAPES_NAPA, 6, 0, 0, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rig *r = rig_new(GRAPES_NAPA);
		size_t n = piece(0, (uint32_t)writer_len(&w), 1, &w, writer_len(&w));

		memcpy(datagram + cases[i].at, cases[i].bytes, cases[i].n);
		assert_int_equal(rig_datagram(r, datagram, n, n), cases[i].verdict);
		rig_free(r);
	}
}

static void
longest_monitoring_headers_are_stepped_over(void **state)
{
	uint8_t header[2 * NAPA_MAX_MONITOR] = { 0 };
	struct rig *r = rig_new(GRAPES_NAPA);
	size_t n;
	MESSAGE(w, 100);

	(void)state;
	rig_bitmap(&w, GRAPES_NAPA, 11, 7, 3, "\7");
	n = piece(0, (uint32_t)writer_len(&w), 1, &w, writer_len(&w));
	memmove(datagram + HEAD + sizeof header, datagram + HEAD, n - HEAD);
	memcpy(datagram + HEAD, header, sizeof header);
	datagram[MONITOR] = datagram[OF_PACKET] = NAPA_MAX_MONITOR;
	n += sizeof header;
	assert_int_equal(rig_datagram(r, datagram, n, n), PROTO_OBSERVED);
	assert_int_equal(rig_put(r, 0)->offset, 7);
	assert_int_equal(rig_put(r, 0)->flags, 0); /* an ACK of the classic is the whole map */
	assert_int_equal(rig_datagram(r, datagram, HEAD + sizeof header, HEAD + sizeof header),
	                 PROTO_SHORT);
	rig_free(r);
}

/* Pieces of what is no chunk, and asking again, are ours but tell nothing. */
static void
what_proves_nothing_is_ours_only_in_a_known_flow(void **state)
{
	struct rig *r = rig_new(GRAPES_NAPA);
	struct writer w = chunk(5, 165);
	size_t n;
	MESSAGE(map, 100);

	(void)state;
	rig_bitmap(&map, GRAPES_NAPA, 11, 7, 80, "0123456789");
	for (int known = 0; known < 2; known++) {
		enum proto_verdict ours = known ? PROTO_OTHER : PROTO_NOT_MINE;

		assert_int_equal(give_piece(r, &map, 1, 0, 20), ours);
		assert_int_equal(give_piece(r, &map, 1, 20, 31), ours);
		assert_int_equal(give_piece(r, &w, 2, 100, 200), ours);
		n = piece(0, 16, 3, &w, 16);
		datagram[TYPE] = 128;
		assert_int_equal(rig_datagram(r, datagram, n, n), ours);
		rig_introduce(r);
	}
	assert_int_equal(r->puts, 0);
	rig_free(r);
}

/* "inside:port-outside:port": who is known by which, wherever the capture was. */
static void
nodes_go_by_the_address_they_are_seen_with(void **state)
{
	static const struct {
		const char *node;
		size_t len;
		enum proto_verdict verdict;
		uint32_t addr;
	} cases[] = {
		{ "192.168.0.7:9-198.51.100.1:80", 30, PROTO_OBSERVED, 0xc6336401 },
		{ "192.168.0.7:9-0.0.0.0:0", 24, PROTO_OBSERVED, 0x0a4d0001 }, /* the sender */
		{ "10.77.0.1:6000-198.51.100.1:80", 31, PROTO_OBSERVED, 0x0a4d0001 },
		{ "198.51.100.9:9-0.0.0.0:0", 25, PROTO_OBSERVED, 0xc6336409 },
		{ "192.168.0.7:9-198.51.100.1:80", 29, PROTO_MALFORMED, 0 }, /* no end */
		{ "192.168.0.7:9", 14, PROTO_MALFORMED, 0 },
		{ "192.168.0.7:0-0.0.0.0:0", 24, PROTO_MALFORMED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rig *r = rig_new(GRAPES_NAPA);
		struct endpoint e = endpoint_ipv4(cases[i].addr, 0);
		size_t n;
		MESSAGE(w, 200);

		writer_u8(&w, GRAPES_SIGNALLING);
		writer_be32(&w, 0);
		writer_be32(&w, 1);
		writer_be32(&w, (uint32_t)(4 + cases[i].len));
		writer_be32(&w, 0);
		writer_be32(&w, 10u << 24 | 60u << 16);
		writer_bytes(&w, cases[i].node, cases[i].len);
		rig_introduce(r);
		n = piece(0, (uint32_t)writer_len(&w), 1, &w, writer_len(&w));
		assert_int_equal(rig_datagram(r, datagram, n, n), cases[i].verdict);
		if (cases[i].verdict == PROTO_OBSERVED)
			assert_true(endpoint_same_addr(&rig_put(r, 0)->peer, &e));
		rig_free(r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invitation_is_a_handshake_and_what_follows_is_ours),
		cmocka_unit_test(a_stranger_that_invites_names_its_own_address),
		cmocka_unit_test(a_chunk_is_told_when_its_last_byte_has_come),
		cmocka_unit_test(pieces_may_overlap),
		cmocka_unit_test(a_chunk_in_more_runs_than_are_kept_is_passed_over),
		cmocka_unit_test(older_chunks_make_room_and_stale_numbers_begin_anew),
		cmocka_unit_test(what_the_capture_cut_is_told_as_cut),
		cmocka_unit_test(headers_keep_to_their_limits),
		cmocka_unit_test(longest_monitoring_headers_are_stepped_over),
		cmocka_unit_test(what_proves_nothing_is_ours_only_in_a_known_flow),
		cmocka_unit_test(nodes_go_by_the_address_they_are_seen_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
