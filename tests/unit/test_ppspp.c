/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "proto/ppspp.h"

#define T_NS (INT64_C(1795470988) * 1000000000)
#define PUTS 64

struct rig {
	struct obs_sink sink;
	_Alignas(8) uint8_t state[PROTO_MAX_STATE];
	union obs_buf put[PUTS];
	unsigned puts;
	bool reply;
	const struct proto *proto;
};

static struct rig rig;
static uint8_t bytes[4096];
static struct writer w;
static const uint8_t zeros[1000];

static void
keep(struct obs_sink *self, const struct observation *o)
{
	struct rig *r = (struct rig *)self;

	assert_true(r->puts < PUTS);
	memcpy(&r->put[r->puts++], o, obs_size(o));
}

static int
begin(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof rig);
	rig.sink.put = keep;
	rig.proto = &proto_ppspp;
	w = writer_over(bytes, sizeof bytes);
	return 0;
}

static const struct observation *
put(unsigned i)
{
	assert_true(i < rig.puts);
	return &rig.put[i].o;
}

/* Gives the first given bytes of what was written, len long on the wire. */
static enum proto_verdict
give(size_t given, size_t len)
{
	struct packet_meta m = { .t_ns = T_NS, .wire_len = (uint32_t)len, .reply = rig.reply,
		.src = endpoint_ipv4(0x0a4d0002, 40000), .dst = endpoint_ipv4(0x0a4d0001, 7001),
		.transport = rig.proto == &proto_ppspp ? PROTO_UDP : PROTO_TCP };
	uint8_t *copy = malloc(given ? given : 1); /* of its own, so that over-reads show */
	struct reader in = reader_over(copy, given);
	enum proto_verdict verdict;

	memcpy(copy, bytes, given);
	rig.puts = 0;
	verdict = rig.proto->decode(rig.state, &m, &in, &rig.sink);
	free(copy);
	return verdict;
}

static enum proto_verdict
all(void)
{
	enum proto_verdict verdict;

	assert_false(w.failed);
	verdict = give(writer_len(&w), writer_len(&w));
	w = writer_over(bytes, sizeof bytes);
	return verdict;
}

static void
head(uint32_t channel)
{
	writer_be32(&w, channel);
}

static void
range(uint8_t type, uint32_t first, uint32_t last)
{
	writer_u8(&w, type);
	writer_be32(&w, first);
	writer_be32(&w, last);
}

static void
hello(uint32_t source, const char *swarm, uint8_t addressing)
{
	writer_u8(&w, 0);
	writer_be32(&w, source);
	writer_bytes(&w, "\0\1\1\1", 4);
	if (swarm != NULL) {
		writer_u8(&w, 2);
		writer_be16(&w, (uint16_t)strlen(swarm));
		writer_bytes(&w, swarm, strlen(swarm));
	}
	writer_u8(&w, 6);
	writer_u8(&w, addressing);
	writer_u8(&w, 255);
}

/* Both handshakes of a channel. */
static void
shake(uint8_t addressing)
{
	head(0);
	hello(0x11, "swarm", addressing);
	assert_int_equal(all(), PROTO_OBSERVED);
	rig.reply = true;
	head(0x11);
	hello(0x22, NULL, addressing);
	assert_int_equal(all(), PROTO_OBSERVED);
	rig.reply = false;
}

static void
a_handshake_tells_the_channel_and_joins(void **state)
{
	(void)state;
	head(0);
	hello(0x11, "swarm", 2);
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(rig.puts, 2);
	assert_int_equal(put(0)->kind, OBS_CHANNEL);
	assert_int_equal(put(0)->channel, obs_id_hash("swarm", 5));
	assert_int_equal(put(0)->u.channel.id_len, 5);
	assert_int_equal(put(1)->kind, OBS_JOIN);
	assert_int_equal(put(1)->action, OBS_HANDSHAKE);
}

static void
swarms_on_one_pair_of_ports_come_out_apart(void **state)
{
	(void)state;
	shake(2);
	head(0);
	hello(0x33, "other", 2);
	assert_int_equal(all(), PROTO_OBSERVED);
	rig.reply = true;
	head(0x33);
	range(3, 0, 31);
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(put(0)->channel, obs_id_hash("other", 5));
	head(0x11);
	range(3, 0, 31);
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(put(0)->channel, obs_id_hash("swarm", 5));
	head(0x44); /* no handshake told of it */
	range(3, 0, 31);
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(put(0)->channel, 0);
}

static void
messages_become_what_they_say(void **state)
{
	(void)state;
	shake(2);
	head(0x22);
	range(3, 64, 127);
	range(2, 5, 5);
	writer_be64(&w, 77);
	range(8, 9, 12);
	range(9, 9, 12);
	range(7, 32, 63);
	writer_be64(&w, (uint64_t)(T_NS / 1000 - 5));
	writer_bytes(&w, zeros, 64);
	range(4, 32, 63);
	writer_bytes(&w, zeros, 20);
	writer_u8(&w, 5);
	writer_be32(&w, 0x0a4d0009);
	writer_be16(&w, 7001);
	writer_bytes(&w, "\6\12\13", 3);
	range(1, 40, 40);
	writer_be64(&w, (uint64_t)(T_NS / 1000));
	writer_bytes(&w, zeros, 1000);
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(rig.puts, 6);
	assert_int_equal(put(0)->kind, OBS_HAVE);
	assert_int_equal(put(0)->width, 64);
	assert_int_equal(put(1)->kind, OBS_HAVE);
	assert_int_equal(put(1)->offset, 5);
	assert_int_equal(put(2)->kind, OBS_REQUEST);
	assert_int_equal(put(2)->width, 4);
	assert_int_equal(put(3)->kind, OBS_MARK);
	assert_int_equal(put(3)->offset, 63);
	assert_int_equal(put(3)->u.mark.source_ns, T_NS - 5000);
	assert_int_equal(put(4)->kind, OBS_CONTACTS);
	assert_int_equal(put(5)->kind, OBS_TRANSFER);
	assert_int_equal(put(5)->offset, 40);
	assert_int_equal(put(5)->u.transfer.bytes, 1000);
	assert_true(endpoint_same_addr(&put(5)->to, &put(4)->peer));
}

static void
every_addressing_method_names_the_same_chunks(void **state)
{
	(void)state;
	for (uint8_t method = 0; method < 5; method++) {
		begin(NULL);
		shake(method);
		head(0x22);
		writer_u8(&w, 3);
		if (method == PPSPP_BINS_32)
			writer_be32(&w, 4 * 2 + 1 + 0); /* layer 1, chunks 4 and 5 */
		else if (method == PPSPP_BINS_64)
			writer_be64(&w, 4 * 2 + 1);
		else if (method == PPSPP_CHUNKS_32)
			writer_be64(&w, UINT64_C(4) << 32 | 5);
		else
			for (uint64_t c = 4; c <= 5; c++)
				writer_be64(&w, method == PPSPP_BYTES_64 ? c * 1024 : c);
		assert_int_equal(all(), PROTO_OBSERVED);
		assert_int_equal(put(0)->offset, 4);
		assert_int_equal(put(0)->width, 2);
	}
	begin(NULL);
	head(0);
	hello(0x11, "swarm", 5);
	assert_int_equal(all(), PROTO_NOT_MINE);
}

static void
a_wider_set_than_fits_keeps_its_newest(void **state)
{
	static const uint32_t width[] = { OBS_MAX_WIDTH - 1, OBS_MAX_WIDTH, OBS_MAX_WIDTH + 1 };

	(void)state;
	shake(2);
	for (unsigned i = 0; i < 3; i++) {
		head(0x22);
		range(3, 100, 100 + width[i] - 1);
		assert_int_equal(all(), PROTO_OBSERVED);
		assert_int_equal(put(0)->offset + put(0)->width, 100 + width[i]);
		assert_int_equal(put(0)->width,
		                 width[i] < OBS_MAX_WIDTH ? width[i] : OBS_MAX_WIDTH);
	}
}

static void
broken_datagrams_put_nothing(void **state)
{
	(void)state;
	shake(2);
	head(0x22);
	range(3, 0, 31);
	range(3, 5, 4); /* ends before it begins */
	assert_int_equal(all(), PROTO_MALFORMED);
	assert_int_equal(rig.puts, 0);
	head(0x22);
	range(3, 0, 31);
	writer_u8(&w, 14);
	assert_int_equal(all(), PROTO_MALFORMED);
	assert_int_equal(rig.puts, 0);
}

/* Each prefix: short on the wire is SHORT or a message less; cut by the capture tells
 * the messages that are whole. */
static void
every_prefix_is_short_or_whole(void **state)
{
	(void)state;
	shake(2);
	head(0x22);
	range(3, 64, 127);
	range(2, 5, 5);
	writer_be64(&w, 77);
	for (size_t n = 1; n <= writer_len(&w); n++) {
		bool whole = n == 4 || n == 13 || n == 30;

		assert_int_equal(give(n, n), !whole ? PROTO_SHORT :
		                 n == 4 ? PROTO_OTHER : PROTO_OBSERVED);
		assert_int_equal(rig.puts, whole ? (n >= 13) + (n >= 30) : 0);
		if (n < writer_len(&w))
			assert_int_equal(give(n, writer_len(&w)), PROTO_SHORT);
		if (n < writer_len(&w))
			assert_int_equal(rig.puts, n >= 13);
	}
}

static void
closing_is_a_partner_less(void **state)
{
	(void)state;
	shake(2);
	head(0x22);
	writer_bytes(&w, "\0\0\0\0\0", 5);
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(put(0)->kind, OBS_LEAVE);
	assert_int_equal(put(0)->action, OBS_CLOSED);
}

static void
the_legacy_dialect_is_read_with_bins(void **state)
{
	(void)state;
	shake(2);
	head(0);
	writer_u8(&w, 4);
	writer_be32(&w, 0x7fffffff);
	writer_bytes(&w, zeros, 20); /* a live swarm has no root */
	writer_u8(&w, 0);
	writer_be32(&w, 0x99);
	writer_u8(&w, 3);
	writer_be32(&w, 0x28bf);
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(put(0)->kind, OBS_HAVE);
	assert_int_equal(put(0)->offset, 5184);
	assert_int_equal(put(0)->width, 64);
	assert_int_equal(put(0)->channel, 0);
}

static void
late_taps_read_on_and_noise_is_not_ppspp(void **state)
{
	uint32_t x = 1;

	(void)state;
	head(0x5555);
	assert_int_equal(all(), PROTO_NOT_MINE); /* a keep-alive proves nothing */
	for (unsigned i = 0; i < 200000; i++) {
		for (unsigned k = 0; k < 5 + i % 60; k++) {
			x = x * 1664525 + 1013904223;
			bytes[k] = (uint8_t)(x >> 24);
		}
		bytes[4] %= 14; /* a message's type, so that there is a chance */
		assert_true(give(5 + i % 60, 5 + i % 60) == PROTO_NOT_MINE || i % 60 < 13);
		memset(rig.state, 0, sizeof rig.state);
	}
	head(0x5555);
	range(3, 64, 127);
	assert_int_equal(all(), PROTO_OBSERVED);
}

static void
frame(const char *text)
{
	writer_be32(&w, (uint32_t)strlen(text));
	writer_bytes(&w, text, strlen(text));
}

static void
the_tracker_registers_and_tells_peers(void **state)
{
	(void)state;
	rig.proto = &proto_pyppspp;
	frame("{\"type\":\"register\",\"swarm_id\":\"5600\",\"endpoint\":[\"10.77.0.2\",6778]}");
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(put(1)->kind, OBS_JOIN);
	assert_int_equal(put(1)->peer.port, 6778);
	assert_int_equal(put(1)->channel, obs_id_hash("\x56\0", 2));
	frame("{\"swarm_id\":\"5600\",\"type\":\"other_peers\","
	      "\"details\":[[\"10.77.0.1\",6778],[\"10.77.0.3\",6778]]}");
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(put(1)->kind, OBS_CONTACTS);
	assert_int_equal(put(1)->u.contacts.n, 2);
	frame("{\"type\":\"register\",\"swarm_id\":\"560\",\"endpoint\":[\"10.77.0.2\",6778]}");
	assert_int_equal(all(), PROTO_MALFORMED);
	frame("{\"type\":\"register\",\"swarm_id\":\"5600\",\"endpoint\":[\"10.77.0.2\",66000]}");
	assert_int_equal(all(), PROTO_MALFORMED);
}

static void
over_tcp_the_haves_of_a_message_are_one_map(void **state)
{
	(void)state;
	rig.proto = &proto_pyppspp;
	writer_be32(&w, 4 + 18);
	head(0x22);
	range(3, 0, 98);
	range(3, 100, 100);
	assert_int_equal(all(), PROTO_OBSERVED);
	assert_int_equal(rig.puts, 1);
	assert_int_equal(put(0)->kind, OBS_BUFFER_MAP);
	assert_int_equal(put(0)->width, 101);
	assert_false(obs_has(put(0), 99));
	assert_int_equal(put(0)->peer.port, 7001); /* by the listener's */
}

static void
frames_are_told_by_their_length(void **state)
{
	static const struct { uint8_t head[4]; int64_t len; } cases[] = {
		{ { 0, 0, 0, 3 }, -1 }, { { 0, 0, 0, 4 }, 8 }, { { 0, 1, 0, 0 }, 65540 },
		{ { 0, 1, 0, 1 }, -1 },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(proto_pyppspp.frame(rig.state, reader_over(cases[i].head, 4)),
		                 cases[i].len);
	assert_int_equal(proto_pyppspp.frame(rig.state, reader_over(cases[0].head, 3)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_handshake_tells_the_channel_and_joins, begin),
		cmocka_unit_test_setup(swarms_on_one_pair_of_ports_come_out_apart, begin),
		cmocka_unit_test_setup(messages_become_what_they_say, begin),
		cmocka_unit_test_setup(every_addressing_method_names_the_same_chunks, begin),
		cmocka_unit_test_setup(a_wider_set_than_fits_keeps_its_newest, begin),
		cmocka_unit_test_setup(broken_datagrams_put_nothing, begin),
		cmocka_unit_test_setup(every_prefix_is_short_or_whole, begin),
		cmocka_unit_test_setup(closing_is_a_partner_less, begin),
		cmocka_unit_test_setup(the_legacy_dialect_is_read_with_bins, begin),
		cmocka_unit_test_setup(late_taps_read_on_and_noise_is_not_ppspp, begin),
		cmocka_unit_test_setup(the_tracker_registers_and_tells_peers, begin),
		cmocka_unit_test_setup(over_tcp_the_haves_of_a_message_are_one_map, begin),
		cmocka_unit_test_setup(frames_are_told_by_their_length, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
