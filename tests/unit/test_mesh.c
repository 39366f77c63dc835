/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mesh.h"

struct kept {
	struct obs_sink sink;
	unsigned n;
	union obs_buf last[4];
};

static void
keep(struct obs_sink *self, const struct observation *o)
{
	struct kept *k = (struct kept *)self;

	assert_true(k->n < 4);
	memcpy(&k->last[k->n++], o, obs_size(o));
}

static uint8_t key[MESH_KEY], signature[MESH_SIGNATURE], media[100];
static uint8_t list[2 * MESH_CONTACT], heads[32];

static void
make_contacts(void)
{
	struct mesh_contact c = { endpoint_ipv4(0x0a000001, 7000), 5, 60, 3 };
	struct writer w = writer_over(list, sizeof list);

	mesh_write_contact(&w, &c);
	c.at.port++;
	mesh_write_contact(&w, &c);
}

static const struct mesh_chunk a_chunk = { .chunk = 1003, .source_ns = 123456789, .hops = 2,
	.fragments = 1, .total = sizeof media, .signature = signature, .media = media,
	.media_len = sizeof media, .media_here = sizeof media };
static const struct mesh_hello a_hello = { .flags = MESH_IS_SOURCE, .chunk_us = 250000,
	.bitrate_kbps = 400, .head = 9, .key = key, .ticket = media, .ticket_len = 5 };

/* One frame of each type, with something in every field. */
static struct mesh_frame
frame_of(enum mesh_type type)
{
	static const uint8_t bits[] = { 0x0b, 0x02 }, subscribed[] = { 0x05 };
	struct mesh_set set = { .offset = 1000, .width = 10, .bits = bits };
	struct mesh_frame frames[MESH_TYPES] = {
		[MESH_HELLO] = { .u.hello = a_hello },
		[MESH_BUFFER_MAP] = { .u.map = { set, 1002, 512, 240, 30 } },
		[MESH_SUBSTREAM_MAP] = { .u.substreams = { 4, heads, subscribed } },
		[MESH_CHUNK_REQUEST] = { .u.request = { set, 900 } },
		[MESH_CHUNK] = { .u.chunk = a_chunk },
		[MESH_CANCEL] = { .u.cancel = { set, MESH_BUSY } },
		[MESH_SUBSCRIBE] = { .u.subscription = { 1, 4, 1000 } },
		[MESH_UNSUBSCRIBE] = { .u.subscription = { 1, 4, 1000 } },
		[MESH_GOSSIP] = { .contacts = { 2, list } },
		[MESH_PARTNER_OFFER] = { .u.offer = { true, 2 } },
		[MESH_PARTNER_ACCEPT] = { .code = 1, .contacts = { 1, list } },
		[MESH_PARTNER_REFUSE] = { .code = 0, .contacts = { 2, list } },
		[MESH_PING] = { .code = 1, .u.nonce = 99 },
		[MESH_GOODBYE] = { .code = 1, .contacts = { 1, list } },
	};
	struct mesh_frame f = frames[type];

	make_contacts();
	f.type = (uint8_t)type;
	f.channel = 0x0102030405060708;
	f.peer = 77;
	return f;
}

static size_t
bytes_of(const struct mesh_frame *f, uint8_t out[1024])
{
	struct writer w = writer_over(out, 1024);

	mesh_write(&w, f);
	assert_false(w.failed);
	return writer_len(&w);
}

static struct packet_meta
meta_of(size_t wire_len)
{
	return (struct packet_meta){ .t_ns = 5000, .src = endpoint_ipv4(0x0a000001, 7000),
		.dst = endpoint_ipv4(0x0a000002, 7000), .wire_len = (uint32_t)wire_len,
		.transport = PROTO_UDP };
}

static enum proto_verdict
decode(const uint8_t *bytes, size_t len, size_t wire_len, struct kept *k)
{
	struct packet_meta m = meta_of(wire_len);
	struct reader in = reader_over(bytes, len);

	*k = (struct kept){ .sink.put = keep };
	return proto_mesh.decode(NULL, &m, &in, &k->sink);
}

static void
every_frame_reads_back_what_was_written(void **state)
{
	uint8_t first[1024], again[1024];

	(void)state;
	for (int type = 1; type < MESH_TYPES; type++) {
		struct mesh_frame f = frame_of((enum mesh_type)type), got;
		size_t len = bytes_of(&f, first);
		struct reader in = reader_over(first, len);

		assert_int_equal(mesh_read(&in, &got), PROTO_OBSERVED);
		assert_int_equal(reader_left(&in), 0);
		assert_int_equal(got.type, type);
		assert_int_equal(bytes_of(&got, again), len);
		assert_memory_equal(first, again, len);
	}
}

static void
a_cut_frame_is_short_and_a_wrong_length_malformed(void **state)
{
	uint8_t bytes[1024];
	struct kept k;

	(void)state;
	for (int type = 1; type < MESH_TYPES; type++) {
		struct mesh_frame f = frame_of((enum mesh_type)type);
		size_t len = bytes_of(&f, bytes);
		size_t whole = type == MESH_CHUNK ? MESH_HEAD + MESH_CHUNK_FIXED : len;

		for (size_t cut = 1; cut < whole; cut++)
			assert_int_equal(decode(bytes, cut, len, &k), PROTO_SHORT);
		assert_int_equal(decode(bytes, len, len + 1, &k), PROTO_MALFORMED);
		bytes[7]++; /* claims a byte more than its fields have */
		if (type != MESH_CHUNK)
			assert_int_equal(decode(bytes, len + 1, len + 1, &k), PROTO_MALFORMED);
	}
}

static void
what_breaks_the_rules_is_malformed(void **state)
{
	static const struct { enum mesh_type type; size_t at; uint8_t value; } bad[] = {
		{ MESH_PING, 4, 2 },              /* version */
		{ MESH_PING, 5, MESH_TYPES },     /* type */
		{ MESH_PING, 24, 2 },             /* answer */
		{ MESH_HELLO, 24, 1 },            /* unknown flag */
		{ MESH_HELLO, 76, 2 },            /* ticket of 512 bytes */
		{ MESH_BUFFER_MAP, 48, 0x80 },    /* width over the limit */
		{ MESH_BUFFER_MAP, 51, 0x04 },    /* a bit past the width */
		{ MESH_SUBSTREAM_MAP, 24, 65 },   /* too many sub-streams */
		{ MESH_SUBSTREAM_MAP, 24, 0 },
		{ MESH_CANCEL, 24, MESH_CANCELS },
		{ MESH_CHUNK, 45, 0 },            /* fragment 0 of 0 */
		{ MESH_CHUNK, 49, 99 },           /* more media than the chunk has */
		{ MESH_SUBSCRIBE, 24, 4 },
		{ MESH_GOSSIP, 24, MESH_MAX_CONTACTS + 1 },
		{ MESH_GOODBYE, 24, MESH_GOODBYES },
		{ MESH_GOODBYE, 25, 2 },          /* two contacts */
		{ MESH_PARTNER_OFFER, 24, 2 },
		{ MESH_PARTNER_REFUSE, 24, MESH_REFUSES },
	};
	uint8_t bytes[1024];
	struct kept k;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct mesh_frame f = frame_of(bad[i].type);
		size_t len = bytes_of(&f, bytes);

		assert_true(decode(bytes, len, len, &k) <= PROTO_OTHER);
		bytes[bad[i].at] = bad[i].value;
		assert_int_equal(decode(bytes, len, len, &k), PROTO_MALFORMED);
		assert_int_equal(k.n, 0);
	}
}

static void
other_traffic_is_not_ours(void **state)
{
	static const uint8_t dns[] = { 0x12, 0x34, 1, 0, 0, 1 }, near[] = { 0xe7, 'S', 'W', 'N' };
	struct kept k;

	(void)state;
	assert_int_equal(decode(dns, sizeof dns, sizeof dns, &k), PROTO_NOT_MINE);
	assert_int_equal(decode(near, sizeof near, sizeof near, &k), PROTO_NOT_MINE);
	assert_int_equal(decode(dns, 0, 0, &k), PROTO_NOT_MINE);
}

static void
a_map_tells_chunks_and_play_position(void **state)
{
	struct mesh_frame f = frame_of(MESH_BUFFER_MAP);
	uint8_t bytes[1024];
	struct kept k;
	const struct observation *o = &k.last[0].o;
	size_t len = bytes_of(&f, bytes);

	(void)state;
	assert_int_equal(decode(bytes, len, len, &k), PROTO_OBSERVED);
	assert_int_equal(k.n, 1);
	assert_int_equal(o->kind, OBS_BUFFER_MAP);
	assert_int_equal(o->t_ns, 5000);
	assert_int_equal(o->offset, 1000);
	assert_int_equal(o->width, 10);
	assert_int_equal(obs_held(o), 4);
	assert_true(obs_has(o, 1000) && obs_has(o, 1003) && obs_has(o, 1009));
	assert_int_equal(o->u.map.play, 1002);
	assert_true(o->flags & OBS_HAS_PLAY);
	f.u.map.play = MESH_NO_PLAY;
	assert_int_equal(decode(bytes, bytes_of(&f, bytes), len, &k), PROTO_OBSERVED);
	assert_false(o->flags & OBS_HAS_PLAY);
}

static void
a_chunk_tells_its_receiver_and_its_birth_even_when_cut(void **state)
{
	struct mesh_frame f = frame_of(MESH_CHUNK);
	uint8_t bytes[1024];
	struct kept k;
	size_t len = bytes_of(&f, bytes);

	(void)state;
	assert_int_equal(decode(bytes, len - sizeof media, len, &k), PROTO_OBSERVED);
	assert_int_equal(k.n, 2);
	assert_int_equal(k.last[0].o.kind, OBS_TRANSFER);
	assert_int_equal(k.last[0].o.u.transfer.bytes, sizeof media);
	assert_int_equal(k.last[0].o.peer.addr[15], 2);
	assert_int_equal(k.last[1].o.kind, OBS_MARK);
	assert_int_equal(k.last[1].o.peer.addr[15], 1);
	assert_int_equal(k.last[1].o.u.mark.source_ns, 123456789);
}

static void
hello_and_goodbye_bound_a_session(void **state)
{
	struct mesh_frame f = frame_of(MESH_HELLO);
	uint8_t bytes[1024];
	struct kept k;
	size_t len = bytes_of(&f, bytes);

	(void)state;
	assert_int_equal(decode(bytes, len, len, &k), PROTO_OBSERVED);
	assert_int_equal(k.last[0].o.kind, OBS_JOIN);
	assert_int_equal(k.last[0].o.action, OBS_HANDSHAKE);
	assert_true(k.last[0].o.flags & OBS_SOURCE);
	assert_int_equal(k.last[1].o.kind, OBS_CHANNEL);
	assert_int_equal(k.last[1].o.u.channel.chunk_ns, 250000000);
	assert_int_equal(k.last[1].o.channel, obs_id_hash("\1\2\3\4\5\6\7\10", 8));
	f.u.hello.flags = MESH_ANSWER;
	assert_int_equal(decode(bytes, bytes_of(&f, bytes), len, &k), PROTO_OBSERVED);
	assert_int_equal(k.n, 1);
	f = frame_of(MESH_GOODBYE);
	len = bytes_of(&f, bytes);
	assert_int_equal(decode(bytes, len, len, &k), PROTO_OBSERVED);
	assert_int_equal(k.last[0].o.kind, OBS_LEAVE);
	bytes[24] = MESH_PARTING;
	assert_int_equal(decode(bytes, len, len, &k), PROTO_OBSERVED);
	assert_int_equal(k.last[0].o.kind, OBS_PARTNER);
	assert_int_equal(k.last[0].o.action, OBS_REMOVED);
	assert_int_equal(k.last[1].o.kind, OBS_CONTACTS);
}

static void
a_refused_request_is_told_of_the_one_who_asked(void **state)
{
	struct mesh_frame f = frame_of(MESH_CANCEL);
	uint8_t bytes[1024];
	struct kept k;
	size_t len = bytes_of(&f, bytes);

	(void)state;
	assert_int_equal(decode(bytes, len, len, &k), PROTO_OBSERVED);
	assert_int_equal(k.last[0].o.action, OBS_REFUSED);
	assert_int_equal(k.last[0].o.peer.addr[15], 2);
	f.u.cancel.reason = MESH_WITHDRAWN;
	assert_int_equal(decode(bytes, bytes_of(&f, bytes), len, &k), PROTO_OTHER);
}

static void
a_stream_s_chunk_may_be_longer_than_what_is_kept_of_it(void **state)
{
	struct mesh_frame f = frame_of(MESH_CHUNK);
	uint8_t bytes[1024];
	size_t len = bytes_of(&f, bytes);
	struct packet_meta m = meta_of(0);
	struct reader in = reader_over(bytes, len - 1);
	struct kept k = { .sink.put = keep };

	(void)state;
	m.transport = PROTO_TCP;
	m.wire_len = (uint32_t)len;
	assert_int_equal(proto_mesh.decode(NULL, &m, &in, &k.sink), PROTO_OBSERVED);
	assert_int_equal(k.n, 2); /* the chunk and when it was made */
}

static void
a_stream_is_cut_into_frames(void **state)
{
	struct mesh_frame f = frame_of(MESH_BUFFER_MAP);
	uint8_t bytes[1024];
	size_t len = bytes_of(&f, bytes);

	(void)state;
	assert_int_equal(mesh_length(reader_over(bytes, len)), len);
	for (size_t n = 1; n < 8; n++) /* up to its length */
		assert_int_equal(mesh_length(reader_over(bytes, n)), 0);
	assert_int_equal(mesh_length(reader_over(bytes, 8)), len);
	for (size_t at = 0; at < 6; at++) {
		bytes[at] ^= 0x80;
		assert_int_equal(mesh_length(reader_over(bytes, len)), -1);
		bytes[at] ^= 0x80;
	}
}

static void
a_substream_map_tells_heads_and_subscriptions(void **state)
{
	struct mesh_frame f = frame_of(MESH_SUBSTREAM_MAP);
	uint8_t bytes[1024];
	struct kept k;
	size_t len;

	(void)state;
	heads[7] = 40;
	len = bytes_of(&f, bytes);
	assert_int_equal(decode(bytes, len, len, &k), PROTO_OBSERVED);
	assert_int_equal(k.last[0].o.u.map.substreams, 4);
	assert_int_equal(k.last[0].o.tail_len, 33);
	assert_int_equal(k.last[0].o.tail[0], 40);
	assert_int_equal(k.last[0].o.tail[32], 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frame_reads_back_what_was_written),
		cmocka_unit_test(a_cut_frame_is_short_and_a_wrong_length_malformed),
		cmocka_unit_test(what_breaks_the_rules_is_malformed),
		cmocka_unit_test(other_traffic_is_not_ours),
		cmocka_unit_test(a_map_tells_chunks_and_play_position),
		cmocka_unit_test(a_chunk_tells_its_receiver_and_its_birth_even_when_cut),
		cmocka_unit_test(hello_and_goodbye_bound_a_session),
		cmocka_unit_test(a_refused_request_is_told_of_the_one_who_asked),
		cmocka_unit_test(a_stream_s_chunk_may_be_longer_than_what_is_kept_of_it),
		cmocka_unit_test(a_stream_is_cut_into_frames),
		cmocka_unit_test(a_substream_map_tells_heads_and_subscriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
