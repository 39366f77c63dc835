/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/grapes_rig.h"

/* Every kind of message, whole, in w; false past the last. */
static bool
sample(enum grapes_dialect dialect, int i, struct writer *w)
{
	const uint32_t ids[] = { 5, 3, 900 };
	const uint8_t set[] = { 0, 0, 0, 9, 0xff, 3 };

	switch (i) {
	case 0: rig_gossip(w, dialect, 1, 4, &rig_opener, 1); return true;
	case 1: rig_gossip(w, dialect, 2, 1, &rig_opener, 1); return true;
	case 2: rig_neighbour(w, dialect, 0); return true;
	case 3: rig_signalling(w, dialect, 10, 60, &rig_opener, 10, 1, set, 6); return true;
	case 4: rig_bitmap(w, dialect, 11, 77, 20, "\1\2\3"); return true;
	case 5: rig_bitmap(w, dialect, 4, 77, 3, "\7"); return true;
	case 6: rig_list(w, dialect, 6, ids, 3); return true;
	case 7:
		rig_signalling(w, dialect, 12, 0, &rig_opener, 0, UINT32_MAX, NULL, 0);
		return true;
	case 8: rig_chunk(w, dialect, 12, 90, 1); return true;
	default: return false;
	}
}

/* Bytes of a sample's datagram, framed; NAPA has its own test of prefixes, since
 * there what ends early is a piece. */
static size_t
framed(enum grapes_dialect dialect, const struct writer *w, uint8_t *bytes)
{
	size_t len = writer_len(w), head = dialect == GRAPES_ENGINE ? 11 : 3;
	const uint8_t high = (uint8_t)(len >> 8), low = (uint8_t)len;
	const uint8_t engine[11] = { 0, 0, 5, 0, 1, 0, 0, 0, 0, high, low };
	const uint8_t classic[3] = { 5, 1, 1 };

	memcpy(bytes, dialect == GRAPES_ENGINE ? engine : classic, head);
	memcpy(bytes + head, w->start, len);
	return head + len;
}

/* A chunk's head is all it takes; anything else tells nothing until it is whole. */
static void
check_prefix(struct rig *r, const uint8_t *bytes, size_t n, size_t len, bool known)
{
	size_t head = r->dialect == GRAPES_ENGINE ? 11 : 3;
	bool chunk = n >= head + GRAPES_CHUNK_HEAD && bytes[head] == GRAPES_CHUNK;
	enum proto_verdict whole, cut;

	memset(r->state, 0, sizeof r->state);
	if (known)
		rig_introduce(r);
	rig_clear(r);
	whole = rig_datagram(r, bytes, n, n); /* the datagram itself ends early */
	assert_true(whole == (known && n > 0 ? PROTO_SHORT : PROTO_NOT_MINE));
	cut = rig_datagram(r, bytes, n, len); /* the capture does */
	if (chunk) {
		assert_int_equal(cut, PROTO_OBSERVED);
		assert_int_equal(rig_put(r, 1)->flags, OBS_ALL | OBS_CUT);
		assert_int_equal(rig_put(r, 1)->u.transfer.hops, GRAPES_HOPS_UNKNOWN);
		return;
	}
	assert_int_equal(r->puts, 0);
	if (known)
		assert_int_equal(cut, PROTO_SHORT);
	else if (r->dialect == GRAPES_ENGINE && n >= head)
		assert_true(cut == PROTO_SHORT);
	else
		assert_int_equal(cut, PROTO_NOT_MINE);
}

static void
no_prefix_of_a_message_is_taken_for_the_message(void **state)
{
	static uint8_t bytes[2000];

	(void)state;
	EACH_DIALECT(r) {
		for (int i = 0; r->dialect != GRAPES_NAPA; i++) {
			size_t len;
			MESSAGE(w, 1000);

			if (!sample(r->dialect, i, &w))
				break;
			len = framed(r->dialect, &w, bytes);
			for (size_t n = 0; n < len; n++) {
				check_prefix(r, bytes, n, len, false);
				check_prefix(r, bytes, n, len, true);
			}
			memset(r->state, 0, sizeof r->state);
			assert_true(rig_datagram(r, bytes, len, len) <= PROTO_OTHER);
			bytes[len] = 0; /* one byte too many */
			assert_true(rig_datagram(r, bytes, len + 1, len + 1) > PROTO_NOT_MINE);
		}
	}
}

static void
gossip_cut_behind_an_entry_is_no_shorter_gossip(void **state)
{
	static uint8_t bytes[2000];
	const struct endpoint nodes[] = { rig_opener, rig_other };

	(void)state;
	EACH_DIALECT(r) {
		size_t len;
		MESSAGE(w, 1000);

		if (r->dialect == GRAPES_NAPA)
			continue;
		rig_gossip(&w, r->dialect, 1, 4, nodes, 2);
		len = framed(r->dialect, &w, bytes);
		rig_introduce(r);
		for (size_t n = 1; n < len; n++)
			assert_int_equal(rig_datagram(r, bytes, n, len), PROTO_SHORT);
		assert_int_equal(r->puts, 0);
	}
}

static void
sets_keep_to_their_limit(void **state)
{
	static uint8_t bits[4096], bytes[5000];

	(void)state;
	memset(bits, 0xff, sizeof bits);
	EACH_DIALECT(r) {
		const uint32_t at[] = { 7, OBS_MAX_WIDTH + 6 },
			       over[] = { 7, OBS_MAX_WIDTH + 7 };
		struct writer w = writer_over(bytes, sizeof bytes);
		MESSAGE(list, 100);
		MESSAGE(wide, 100);

		rig_bitmap(&w, r->dialect, 11, 7, OBS_MAX_WIDTH, bits);
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		assert_int_equal(obs_held(rig_put(r, 0)), OBS_MAX_WIDTH);
		w = writer_over(bytes, sizeof bytes);
		rig_bitmap(&w, r->dialect, 11, 7, OBS_MAX_WIDTH + 1, bits);
		assert_int_equal(rig_message(r, &w), PROTO_MALFORMED);
		rig_list(&list, r->dialect, 6, at, 2);
		assert_int_equal(rig_message(r, &list), PROTO_OBSERVED);
		assert_int_equal(rig_put(r, 1)->width, OBS_MAX_WIDTH);
		rig_list(&wide, r->dialect, 6, over, 2);
		assert_int_equal(rig_message(r, &wide), PROTO_MALFORMED);
		assert_int_equal(r->puts, 2);
	}
}

static void
chunk_ids_end_at_32_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		MESSAGE(last, 100);
		MESSAGE(past, 100);

		rig_bitmap(&last, rig_dialects[i], 11, UINT32_MAX - 7, 8, "\xff");
		assert_int_equal(rig_introduced(rig_dialects[i], &last), PROTO_OBSERVED);
		rig_bitmap(&past, rig_dialects[i], 11, UINT32_MAX - 6, 8, "\xff");
		assert_int_equal(rig_introduced(rig_dialects[i], &past), PROTO_MALFORMED);
	}
}

static void
hostile_counts_are_malformed_before_they_are_used(void **state)
{
	static const uint32_t counts[] = { UINT32_MAX, UINT32_MAX - 6, 0x40000000, 0x80000001 };

	(void)state;
	for (size_t d = 0; d < RIG_DIALECTS; d++)
		for (size_t i = 0; i < 4; i++)
			for (uint32_t coding = 0; coding < 4; coding++) {
				MESSAGE(w, 100);

				rig_signalling(&w, rig_dialects[d], 11, 0, NULL, counts[i],
				               coding, "\0\0\0\0", 4);
				assert_int_equal(rig_introduced(rig_dialects[d], &w),
				                 PROTO_MALFORMED);
				assert_int_equal(rig_alone(rig_dialects[d], &w),
				                 PROTO_NOT_MINE);
			}
}

static void
contacts_keep_to_their_limit_and_to_the_cache(void **state)
{
	static uint8_t bytes[20000];
	struct endpoint nodes[OBS_MAX_CONTACTS + 1];

	(void)state;
	for (unsigned i = 0; i < OBS_MAX_CONTACTS + 1; i++)
		nodes[i] = i == 0 ? rig_opener : endpoint_ipv4(0x0a4e0000 + i, 6000);
	for (size_t d = 0; d < RIG_DIALECTS; d++) {
		struct writer w = writer_over(bytes, sizeof bytes);

		rig_gossip(&w, rig_dialects[d], 1, 1, nodes, OBS_MAX_CONTACTS);
		assert_int_equal(rig_alone(rig_dialects[d], &w), PROTO_OBSERVED);
		bytes[5]--; /* a cache for one entry less than there are */
		assert_int_equal(rig_introduced(rig_dialects[d], &w), PROTO_MALFORMED);
		w = writer_over(bytes, sizeof bytes);
		rig_gossip(&w, rig_dialects[d], 1, 1, nodes, OBS_MAX_CONTACTS + 1);
		assert_int_equal(rig_introduced(rig_dialects[d], &w), PROTO_MALFORMED);
		w = writer_over(bytes, sizeof bytes);
		rig_gossip(&w, rig_dialects[d], 1, 1, nodes, 0);
		assert_int_equal(rig_introduced(rig_dialects[d], &w), PROTO_SHORT);
	}
}

static void
nodes_must_be_addresses_with_a_port(void **state)
{
	static const char *const bad[] = {
		"-",
		":-",
		"10.77.0.1-",
		"10.77.0.1:-",
		"10.77.0.1:0-",
		"10.77.0.1:65536-",
		"10.77.0.1:123456-",
		"10.77.0.1:000080-",
		"10.77.0.1:6x-",
		"10.77.0.256:6000-",
		"host:6000-",
		"10.77.0.1:6000:1-",
		"10.77.0.1 :6000-",
		"[::1]:6000-",
		"1111111111111111111111111111111111111111111111111111111111111111:1-",
	};
	static const char *const good[] = {
		"10.77.0.1:1-", "10.77.0.1:65535-", "2001:db8::1:6000-", "::ffff:10.77.0.1:80-",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0] + sizeof good / sizeof good[0]; i++) {
		bool is_good = i >= sizeof bad / sizeof bad[0];
		const char *text = is_good ? good[i - sizeof bad / sizeof bad[0]] : bad[i];
		MESSAGE(w, 200);

		writer_bytes(&w, "\x10\x01\0\0\0\x02\0\0\0\x03\0\0\0\x01", 14);
		writer_bytes(&w, text, strlen(text));
		writer_bytes(&w, "\0\0\0", 3);
		assert_int_equal(rig_introduced(GRAPES_ENGINE, &w),
		                 is_good ? PROTO_OBSERVED : PROTO_MALFORMED);
	}
}

static void
the_classics_nodes_are_of_internet_families(void **state)
{
	MESSAGE(w, 300);
	const struct endpoint v6 = { { 0x20, 1, 0xd, 0xb8, [15] = 1 }, 6000 };
	struct endpoint got;
	struct rig *r = rig_new(GRAPES_CLASSIC);

	(void)state;
	rig_gossip(&w, GRAPES_CLASSIC, 1, 1, &rig_opener, 1);
	w_bytes[14] = 10;
	memset(w_bytes + 18, 0, 4);
	memcpy(w_bytes + 22, v6.addr, 16);
	w_bytes[16] = (uint8_t)(v6.port >> 8);
	w_bytes[17] = (uint8_t)v6.port;
	r->m.src = v6;
	assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
	got = obs_contact(rig_put(r, 0), 0);
	assert_true(endpoint_same(&got, &v6));
	w_bytes[14] = 1;
	assert_int_equal(rig_message(r, &w), PROTO_MALFORMED);
	w_bytes[14] = 2;
	w_bytes[16] = w_bytes[17] = 0;
	assert_int_equal(rig_message(r, &w), PROTO_MALFORMED);
	rig_free(r);
}

static void
fields_out_of_their_range_are_malformed(void **state)
{
	static const struct {
		int sample, at;
		uint8_t value;
	} cases[] = {
		{ 0, 1, 0 }, { 0, 1, 7 }, { 0, 9, 4 },   /* kind of gossip, metadata's length */
		{ 3, 12, 3 }, { 3, 12, 133 },            /* meta's length */
		{ 4, 8, 0 }, { 4, 8, 3 },                /* coding */
		{ 4, 20, 0 }, { 4, 20, 3 }, { 4, 20, 13 }, /* what */
		{ 8, 7, 0xff }, { 4, 0, 0x14 },          /* source time; type */
	};

	(void)state;
	for (size_t d = 0; d < RIG_DIALECTS; d++)
		for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			MESSAGE(w, 1000);

			sample(rig_dialects[d], cases[i].sample, &w);
			w_bytes[cases[i].at] = cases[i].value;
			assert_int_equal(rig_introduced(rig_dialects[d], &w), PROTO_MALFORMED);
			assert_int_equal(rig_alone(rig_dialects[d], &w), PROTO_NOT_MINE);
		}
}

static void
a_meta_is_what_it_must_hold_and_a_node_at_most(void **state)
{
	(void)state;
	for (size_t d = 0; d < RIG_DIALECTS; d++) {
		MESSAGE(low, 100);
		MESSAGE(more, 300);

		writer_bytes(&low, "\x12\0\0\0\0\0\0\0\1\0\0\0\3\0\0\0\0\x0b\0\0", 20);
		assert_int_equal(rig_introduced(rig_dialects[d], &low), PROTO_MALFORMED);
		rig_signalling(&more, rig_dialects[d], 10, 60, &rig_opener, 0, 1, "\0\0\0\0",
		               4);
		writer_u8(&more, 0);
		more_bytes[12]++; /* a byte behind the node */
		assert_int_equal(rig_introduced(rig_dialects[d], &more), PROTO_MALFORMED);
	}
}

static void
sources_live_before_2106(void **state)
{
	static const uint64_t last_us = UINT64_C(4294967295999999);

	(void)state;
	for (size_t d = 0; d < RIG_DIALECTS; d++)
		for (uint64_t over = 0; over < 2; over++) {
			MESSAGE(w, 200);
			struct writer at = writer_over(w_bytes + 7, 8);

			rig_chunk(&w, rig_dialects[d], 1, 20, 1);
			writer_be64(&at, last_us + over);
			assert_int_equal(rig_introduced(rig_dialects[d], &w),
			                 over ? PROTO_MALFORMED : PROTO_OBSERVED);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_prefix_of_a_message_is_taken_for_the_message),
		cmocka_unit_test(gossip_cut_behind_an_entry_is_no_shorter_gossip),
		cmocka_unit_test(sets_keep_to_their_limit),
		cmocka_unit_test(chunk_ids_end_at_32_bits),
		cmocka_unit_test(hostile_counts_are_malformed_before_they_are_used),
		cmocka_unit_test(contacts_keep_to_their_limit_and_to_the_cache),
		cmocka_unit_test(nodes_must_be_addresses_with_a_port),
		cmocka_unit_test(the_classics_nodes_are_of_internet_families),
		cmocka_unit_test(fields_out_of_their_range_are_malformed),
		cmocka_unit_test(a_meta_is_what_it_must_hold_and_a_node_at_most),
		cmocka_unit_test(sources_live_before_2106),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
