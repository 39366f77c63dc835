/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams through the whole probe: a handshake, maps and chunks of PyPPSPP in TCP
 * segments made by hand, in every arrangement that a wire or a capture makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/writer.h"
#include "probe/probe.h"
#include "probe/stream.h"

#define S_NS INT64_C(1000000000)
#define T0_NS (INT64_C(1795471860) * S_NS)
#define FRAMES 12u
#define OPENER 40000u
#define LISTENER 6778u

struct seen {
	struct obs_sink sink;
	unsigned n[OBS_KINDS];
	uint64_t chunks; /* bit i: chunk i went by */
	uint64_t gap_bytes;
};

struct rig {
	struct probe *probe;
	struct seen seen;
	int64_t t_ns;
	uint8_t stream[16384];
	uint32_t len;
};

static void
note(struct obs_sink *self, const struct observation *o)
{
	struct seen *s = (struct seen *)self;

	s->n[o->kind]++;
	if (o->kind == OBS_TRANSFER)
		s->chunks |= UINT64_C(1) << (o->offset % 64);
	if (o->kind == OBS_GAP)
		s->gap_bytes += o->u.gap.bytes;
}

static void
put_hello(struct writer *w)
{
	static const uint8_t options[] = { 0, 1, 1, 1, 2, 0, 4, 's', 'w', 'r', 'm', 6, 2, 7, 0, 0,
		3, 0xe8, 255 };

	writer_be32(w, 4 + 1 + 4 + sizeof options);
	writer_be32(w, 0);
	writer_u8(w, 0);
	writer_be32(w, 0x1234);
	writer_bytes(w, options, sizeof options);
}

static void
put_chunk(struct writer *w, uint32_t chunk)
{
	static const uint8_t zeros[1024];

	writer_be32(w, 4 + 17 + 1024);
	writer_be32(w, 0x5678);
	writer_u8(w, 1);
	writer_be32(w, chunk);
	writer_be32(w, chunk);
	writer_be64(w, (uint64_t)(T0_NS / 1000));
	writer_bytes(w, zeros, sizeof zeros);
}

static void
rig_init(struct rig *r)
{
	struct writer w = writer_over(r->stream, sizeof r->stream);

	memset(&r->seen, 0, sizeof r->seen);
	r->seen.sink.put = note;
	r->probe = probe_new(NULL, &r->seen.sink);
	r->t_ns = T0_NS;
	put_hello(&w);
	for (uint32_t i = 0; i < FRAMES; i++)
		put_chunk(&w, i);
	r->len = (uint32_t)writer_len(&w);
	assert_false(w.failed);
}

static void
rig_fini(struct rig *r)
{
	probe_free(r->probe);
}

/* Ethernet, IPv4, TCP; of what it holds only the first captured bytes are there. */
static void
packet(struct rig *r, uint32_t host, uint16_t port, uint32_t seq, uint8_t flags,
       const uint8_t *bytes, uint32_t len, uint32_t captured)
{
	uint8_t frame[14 + 20 + 20 + 2048];
	struct writer w = writer_over(frame, sizeof frame);

	writer_bytes(&w, "\2\0\0\0\0\1\2\0\0\0\0\2\10\0", 14);
	writer_bytes(&w, "\x45\0", 2);
	writer_be16(&w, (uint16_t)(40 + len));
	writer_bytes(&w, "\0\0\0\0\x40\6\0\0", 8);
	writer_be32(&w, host);
	writer_be32(&w, 0x0a4d0001);
	writer_be16(&w, port);
	writer_be16(&w, LISTENER);
	writer_be32(&w, seq);
	writer_be32(&w, 0);
	writer_u8(&w, 0x50);
	writer_u8(&w, flags);
	writer_bytes(&w, "\1\0\0\0\0\0", 6);
	if (captured > 0)
		writer_bytes(&w, bytes, captured);
	assert_false(w.failed);
	probe_packet(r->probe, LINK_ETHERNET, r->t_ns, frame, writer_len(&w), 54 + len);
	r->t_ns += 1000;
}

static void
segment(struct rig *r, uint32_t from, uint32_t to)
{
	packet(r, 0x0a4d0002, OPENER, 1000 + from, TCP_ACK, r->stream + from, to - from, to - from);
}

static void
syn(struct rig *r)
{
	packet(r, 0x0a4d0002, OPENER, 999, TCP_SYN, NULL, 0, 0);
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void
assert_all(struct rig *r)
{
	probe_end(r->probe);
	assert_int_equal(r->seen.n[OBS_JOIN], 1);
	assert_int_equal(r->seen.n[OBS_CHANNEL], 1);
	assert_int_equal(r->seen.n[OBS_TRANSFER], FRAMES);
	assert_int_equal(r->seen.chunks, (1u << FRAMES) - 1);
	assert_int_equal(r->seen.n[OBS_GAP], 0);
}

static void
segments_of_any_size_give_the_same(void **state)
{
	(void)state;
	for (uint32_t size = 1; size <= 1400; size += size < 40 ? 1 : 97) {
		struct rig r;

		rig_init(&r);
		syn(&r);
		for (uint32_t at = 0; at < r.len; at += size)
			segment(&r, at, least(at + size, r.len));
		assert_all(&r);
		rig_fini(&r);
	}
}

static void
backwards_in_groups_gives_the_same(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	syn(&r);
	for (uint32_t group = 0; group < r.len; group += 4000)
		for (uint32_t at = least(group + 4000, r.len); at > group;) {
			uint32_t from = at > group + 700 ? at - 700 : group;

			segment(&r, from, at);
			segment(&r, from, at);
			at = from;
		}
	assert_all(&r);
	rig_fini(&r);
}

/* A hole of any place and length: the messages that it touches are missing, and only
 * those; the hole is told. */
static void
a_hole_costs_the_messages_that_it_touches(void **state)
{
	const uint32_t head = 4 + 4 + 5 + 19, frame = 4 + 4 + 17 + 1024;

	(void)state;
	for (uint32_t hole = 40; hole + 1200 < 6 * frame; hole += 211)
		for (uint32_t len = 1; len < 1200; len += 400) {
			uint32_t first = (hole - head) / frame;
			uint32_t last = (hole + len - 1 - head) / frame;
			struct rig r;

			rig_init(&r);
			syn(&r);
			for (uint32_t at = 0; at < hole; at += 1000)
				segment(&r, at, least(at + 1000, hole));
			for (uint32_t at = hole + len; at < r.len; at += 1000)
				segment(&r, at, least(at + 1000, r.len));
			probe_end(r.probe);
			assert_int_equal(r.seen.n[OBS_GAP], 1);
			assert_int_equal(r.seen.gap_bytes, len);
			for (uint32_t i = 0; i < FRAMES; i++)
				if (i < first || i > last + 1)
					assert_true(r.seen.chunks >> i & 1);
			rig_fini(&r);
		}
}

static void
a_capture_may_begin_in_the_middle_of_a_message(void **state)
{
	(void)state;
	for (uint32_t from = 1; from < 1500; from += 37) {
		struct rig r;

		rig_init(&r);
		for (uint32_t at = from; at < r.len; at += 900)
			segment(&r, at, least(at + 900, r.len));
		probe_end(r.probe);
		assert_true(r.seen.n[OBS_TRANSFER] >= FRAMES - 2);
		rig_fini(&r);
	}
}

/* A message's head in a segment of which 60 bytes were kept. */
static void
cut_segments_keep_the_stream_in_step(void **state)
{
	const uint32_t head = 4 + 4 + 5 + 19, frame = 4 + 4 + 17 + 1024;
	struct rig r;

	(void)state;
	rig_init(&r);
	syn(&r);
	segment(&r, 0, head);
	for (uint32_t at = head; at < r.len; at += frame)
		packet(&r, 0x0a4d0002, OPENER, 1000 + at, TCP_ACK, r.stream + at, frame, 60);
	assert_all(&r);
	rig_fini(&r);
}

static void
other_streams_are_strangers(void **state)
{
	static const char *text[] = { "GET / HTTP/1.1\r\n\r\n", "\x16\3\1\2\0\1\0\1\xfc\3\3",
		"\0\0\0\x05hello", "\0\0\0\x06{\"a\":1}" };
	struct rig r;

	(void)state;
	rig_init(&r);
	for (unsigned i = 0; i < 4; i++)
		packet(&r, 0x0a4d0003 + i, OPENER, 5, TCP_ACK, (const uint8_t *)text[i],
		       i < 2 ? 11 : 9, i < 2 ? 11 : 9);
	probe_end(r.probe);
	assert_int_equal(probe_counts(r.probe)->class[COUNTS_NOT_SWARM].packets, 4);
	assert_int_equal(probe_counts(r.probe)->observations, 0);
	rig_fini(&r);
}

/* 1 M connections of one packet each, half of them with a hole to wait for. */
static void
a_flood_of_connections_stays_under_the_ceiling(void **state)
{
	uint8_t bytes[64] = { 0, 0, 0, 60 };
	struct rusage before, after;
	struct rig r;

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	rig_init(&r);
	for (uint32_t i = 0; i < 1000000; i++)
		packet(&r, 0x0b000000 + i, (uint16_t)(1024 + i % 60000), i,
		       i % 2 ? TCP_ACK : TCP_SYN, bytes, 40, 40);
	probe_end(r.probe);
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(probe_counts(r.probe)->total.packets, 1000000);
	assert_true(after.ru_maxrss - before.ru_maxrss < 160 * 1024);
	rig_fini(&r);
}

/* What a swarm's connection is must not be pushed out by strangers. */
static void
a_flood_leaves_recognised_streams_alone(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	syn(&r);
	segment(&r, 0, 1200);
	for (uint32_t i = 0; i < 50000; i++)
		packet(&r, 0x0b000000 + i, OPENER, i, TCP_SYN, NULL, 0, 0);
	for (uint32_t at = 1200; at < r.len; at += 1200)
		segment(&r, at, least(at + 1200, r.len));
	assert_all(&r);
	assert_int_equal(probe_counts(r.probe)->streams_evicted, 0);
	rig_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_of_any_size_give_the_same),
		cmocka_unit_test(backwards_in_groups_gives_the_same),
		cmocka_unit_test(a_hole_costs_the_messages_that_it_touches),
		cmocka_unit_test(a_capture_may_begin_in_the_middle_of_a_message),
		cmocka_unit_test(cut_segments_keep_the_stream_in_step),
		cmocka_unit_test(other_streams_are_strangers),
		cmocka_unit_test(a_flood_of_connections_stays_under_the_ceiling),
		cmocka_unit_test(a_flood_leaves_recognised_streams_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
