/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/codec.h"
#include "tests/unit/sample.h"

static size_t
encoded(const struct observation *o, uint8_t bytes[CODEC_MAX])
{
	struct writer w = writer_over(bytes, CODEC_MAX);

	assert_true(codec_encode(o, &w));
	return writer_len(&w);
}

static enum codec_result
decoded(const uint8_t *bytes, size_t len, union obs_buf *buf)
{
	struct reader r = reader_over(bytes, len);

	return codec_decode(&r, buf);
}

/* Where a field lies in the record of o, which names nobody. */
static size_t
field_at(const struct observation *o, const char *name)
{
	static const size_t sizes[] = { 1, 2, 4, 8, 8, 1 };
	size_t at = 4;

	for (unsigned pass = 0; pass < 2; pass++) {
		size_t n;
		const struct codec_field *f = codec_fields(pass ? o->kind : 0, &n);

		for (size_t i = 0; i < n; at += sizes[f[i].type], i++)
			if (strcmp(f[i].name, name) == 0)
				return at;
	}
	fail_msg("no field %s", name);
	return 0;
}

static void
every_observation_comes_back_as_it_went(void **state)
{
	uint8_t bytes[CODEC_MAX], again[CODEC_MAX];
	union obs_buf in, out;
	uint64_t seed = 1;

	(void)state;
	for (int turn = 0; turn < 2000; turn++)
		for (unsigned kind = 1; kind < OBS_KINDS; kind++) {
			struct observation *o = sample_any(&in, kind, &seed);
			size_t len = encoded(o, bytes);

			memset(&out, 0xa5, sizeof out);
			assert_int_equal(decoded(bytes, len, &out), CODEC_RECORD);
			assert_int_equal(obs_size(&out.o), obs_size(o));
			assert_memory_equal(&out, &in, obs_size(o));
			assert_int_equal(encoded(&out.o, again), len);
			assert_memory_equal(again, bytes, len);
		}
}

static void
the_largest_of_each_kind_fits(void **state)
{
	uint8_t bytes[CODEC_MAX];
	union obs_buf buf, out;

	(void)state;
	for (unsigned kind = 1; kind < OBS_KINDS; kind++) {
		size_t len = encoded(sample_largest(&buf, kind), bytes);

		assert_int_equal(decoded(bytes, len, &out), CODEC_RECORD);
		assert_memory_equal(&out, &buf, obs_size(&buf.o));
	}
}

static void
the_bytes_are_those_of_the_page(void **state)
{
	static const uint8_t want[] = {
		79, 0, 4, 1,                                    /* length, kind, version */
		0x08, 7, 6, 5, 4, 3, 2, 1,                      /* t_ns */
		0x11, 0, 0, 0, 0, 0, 0, 0x22,                   /* channel */
		0x33, 0, 0, 0, 0, 0, 0, 0x44,                   /* peer_id */
		0xe8, 3, 0, 0, 0, 0, 0, 0,                      /* offset */
		1, 0, 0, 0,                                     /* width */
		0x09, 0, 0x34, 0x12, 3, 9, 0,                   /* flags .. action */
		4, 10, 77, 0, 5, 0x70, 0x17,                    /* peer 10.77.0.5:6000 */
		6, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, /* to [2001:db8::1]:80 */
		0, 0, 0, 1, 80, 0,
		0x78, 0x56, 0x34, 0x12, 0xff, 0xff,             /* bytes, hops */
	};
	static const uint8_t to[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
	uint8_t bytes[CODEC_MAX];
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_TRANSFER, 0x0102030405060708);

	(void)state;
	o->channel = 0x2200000000000011;
	o->peer_id = 0x4400000000000033;
	o->offset = 1000;
	o->width = 1;
	o->flags = OBS_ALL | OBS_RETRANSMISSION;
	o->vantage = 0x1234;
	o->origin = OBS_SIMULATED;
	o->protocol = 9;
	o->peer = endpoint_ipv4(0x0a4d0005, 6000);
	o->to = endpoint_ipv6(to, 80);
	o->u.transfer.bytes = 0x12345678;
	o->u.transfer.hops = UINT16_MAX;
	assert_int_equal(encoded(o, bytes), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
}

static void
without_room_nothing_is_written(void **state)
{
	uint8_t bytes[CODEC_MAX];
	union obs_buf buf;
	struct observation *o = sample_largest(&buf, OBS_GAP);
	size_t len = encoded(o, bytes);

	(void)state;
	for (size_t room = 0; room < len; room++) {
		struct writer w = writer_over(bytes, room);

		assert_false(codec_encode(o, &w));
		assert_int_equal(writer_len(&w), 0);
		assert_false(w.failed);
	}
}

static void
a_cut_record_is_short_and_stays(void **state)
{
	uint8_t bytes[CODEC_MAX];
	union obs_buf buf, out = { .space = { 1 } };
	size_t len = encoded(sample_largest(&buf, OBS_CHANNEL), bytes);

	(void)state;
	assert_int_equal(decoded(bytes, 0, &out), CODEC_END);
	for (size_t cut = 1; cut < len; cut++) {
		struct reader r = reader_over(bytes, cut);

		assert_int_equal(codec_decode(&r, &out), CODEC_SHORT);
		assert_int_equal(reader_left(&r), cut);
		assert_false(r.failed);
	}
	assert_int_equal(out.space[0], 1);
}

/* A record of kind and version between two of ours; what becomes of it. */
static enum codec_result
between(const uint8_t *middle, size_t len)
{
	uint8_t bytes[3 * CODEC_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	union obs_buf buf, out;
	struct observation *o = obs_begin(&buf, OBS_JOIN, 7);
	struct reader r;
	enum codec_result result;

	assert_true(codec_encode(o, &w));
	writer_bytes(&w, middle, len);
	o->t_ns = 8;
	assert_true(codec_encode(o, &w));
	r = reader_over(bytes, writer_len(&w));
	assert_int_equal(codec_decode(&r, &out), CODEC_RECORD);
	result = codec_decode(&r, &out);
	if (result != CODEC_RECORD)
		assert_int_equal(out.o.t_ns, 7);
	assert_int_equal(codec_decode(&r, &out), CODEC_RECORD);
	assert_int_equal(out.o.t_ns, 8);
	assert_int_equal(codec_decode(&r, &out), CODEC_END);
	return result;
}

static void
unknown_kinds_are_passed_over(void **state)
{
	static const uint8_t next[] = { 6, 0, OBS_KINDS, 1, 0xff, 0xff };
	static const uint8_t far[] = { 4, 0, 255, 255 };
	static const uint8_t none[] = { 4, 0, 0, 1 };

	(void)state;
	assert_int_equal(between(next, sizeof next), CODEC_SKIPPED);
	assert_int_equal(between(far, sizeof far), CODEC_SKIPPED);
	assert_int_equal(between(none, sizeof none), CODEC_MALFORMED);
}

static void
what_a_newer_version_adds_is_passed_over(void **state)
{
	uint8_t bytes[CODEC_MAX + 8] = { 0 };
	union obs_buf buf, out;
	struct observation *o = obs_begin(&buf, OBS_BUFFER_MAP, 3);
	size_t len, flags = field_at(o, "flags"), action = field_at(o, "action");

	(void)state;
	obs_set_range(o, 10, 9);
	obs_set(o, 8);
	len = encoded(o, bytes);
	bytes[0] = (uint8_t)(len + 5); /* five bytes behind the tail */
	assert_int_equal(between(bytes, len + 5), CODEC_MALFORMED);
	bytes[3] = CODEC_VERSION + 1;
	assert_int_equal(between(bytes, len + 5), CODEC_RECORD);
	bytes[flags + 1] = 0x80;
	assert_int_equal(decoded(bytes, len + 5, &out), CODEC_RECORD);
	assert_memory_equal(&out, &buf, obs_size(o));
	bytes[action] = OBS_ACTIONS;
	assert_int_equal(between(bytes, len + 5), CODEC_SKIPPED);
}

static void
there_is_no_version_zero(void **state)
{
	uint8_t bytes[CODEC_MAX];
	union obs_buf buf;
	size_t len = encoded(obs_begin(&buf, OBS_JOIN, 3), bytes);

	(void)state;
	assert_int_equal(between(bytes, len), CODEC_RECORD);
	bytes[3] = 0;
	assert_int_equal(between(bytes, len), CODEC_MALFORMED);
}

static void
a_length_below_the_prefix_ends_the_reading(void **state)
{
	union obs_buf out;

	(void)state;
	for (uint8_t length = 0; length < 4; length++) {
		const uint8_t bytes[] = { length, 0, 9, 1, 4, 0, 255, 1 };
		struct reader r = reader_over(bytes, sizeof bytes);

		assert_int_equal(codec_decode(&r, &out), CODEC_MALFORMED);
		assert_int_equal(codec_decode(&r, &out), CODEC_END);
	}
}

/* Field of a record that names nobody, set to value: is that still a record? */
static enum codec_result
patched(struct observation *o, const char *field, uint64_t value, size_t width)
{
	uint8_t bytes[CODEC_MAX];
	union obs_buf out;
	size_t len = encoded(o, bytes);
	struct writer w = writer_over(bytes + field_at(o, field), width);

	for (size_t i = 0; i < width; i++)
		writer_u8(&w, (uint8_t)(value >> (8 * i)));
	return decoded(bytes, len, &out);
}

static void
values_out_of_range_are_malformed(void **state)
{
	static const struct {
		uint8_t kind;
		const char *field;
		uint64_t good, bad;
		size_t width;
	} rows[] = {
		{ OBS_JOIN, "origin", OBS_SIMULATED, OBS_SIMULATED + 1, 1 },
		{ OBS_JOIN, "flags", OBS_PROMPT, OBS_PROMPT * 2, 2 },
		{ OBS_JOIN, "action", OBS_BOOTSTRAP, OBS_ACTIONS, 1 },
		{ OBS_JOIN, "action", OBS_REGISTERED, 255, 1 },
		{ OBS_JOIN, "width", 0, 1, 4 },
		{ OBS_TRANSFER, "width", OBS_MAX_WIDTH, OBS_MAX_WIDTH + 1, 4 },
		{ OBS_BUFFER_MAP, "width", 0, 1, 4 },
		{ OBS_BUFFER_MAP, "substreams", 0, 1, 2 },
		{ OBS_CONTACTS, "n", 0, 1, 4 },
		{ OBS_CONTACTS, "n", 0, UINT32_MAX / 18 + 1, 4 },
		{ OBS_CHANNEL, "id_bits", 31, 30, 1 },
		{ OBS_CHANNEL, "id_len", 0, 1, 1 },
		{ OBS_CHANNEL, "name_len", 0, 1, 1 },
		{ OBS_GAP, "cause", OBS_GAP_FILE, OBS_GAP_FILE + 1, 1 },
		{ OBS_GAP, "cause", OBS_GAP_DROPPED, 0, 1 },
		{ OBS_FLOW, "peer", 0, 5, 1 },
		{ OBS_FLOW, "to", 0, 255, 1 },
	};
	union obs_buf buf;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct observation *o = obs_begin(&buf, rows[i].kind, 1);

		if (rows[i].kind == OBS_GAP)
			o->u.gap.cause = OBS_GAP_CUT;
		assert_int_equal(patched(o, rows[i].field, rows[i].good, rows[i].width),
		                 CODEC_RECORD);
		assert_int_equal(patched(o, rows[i].field, rows[i].bad, rows[i].width),
		                 CODEC_MALFORMED);
	}
}

static void
actions_stand_with_their_kinds_only(void **state)
{
	static const uint8_t kind_of[OBS_ACTIONS] = {
		[OBS_ASKED] = OBS_REQUEST,   [OBS_GRANTED] = OBS_REQUEST,
		[OBS_REFUSED] = OBS_REQUEST, [OBS_GOOD] = OBS_VERIFY,
		[OBS_BAD] = OBS_VERIFY,      [OBS_ADDED] = OBS_PARTNER,
		[OBS_REMOVED] = OBS_PARTNER, [OBS_DECLINED] = OBS_PARTNER,
		[OBS_REGISTERED] = OBS_JOIN, [OBS_HANDSHAKE] = OBS_JOIN,
		[OBS_BOOTSTRAP] = OBS_JOIN,  [OBS_GOODBYE] = OBS_LEAVE,
		[OBS_CLOSED] = OBS_LEAVE,
	};
	union obs_buf buf;

	(void)state;
	for (unsigned kind = 1; kind < OBS_KINDS; kind++)
		for (unsigned action = 0; action < 256; action++) {
			struct observation *o = sample_largest(&buf, kind);

			o->action = (uint8_t)action;
			assert_int_equal(codec_valid(o),
			                 action == 0 || (action < OBS_ACTIONS &&
			                                 kind_of[action] == kind));
		}
}

static void
a_set_past_its_limit_is_refused(void **state)
{
	union obs_buf buf;
	struct observation *o = sample_largest(&buf, OBS_HAVE);

	(void)state;
	assert_true(codec_valid(o));
	o->width++;
	assert_false(codec_valid(o));
	o->flags = OBS_ALL;
	o->tail_len = 0;
	assert_false(codec_valid(o));
	o->width--;
	assert_true(codec_valid(o));
	o->offset = UINT64_MAX - o->width;
	assert_true(codec_valid(o));
	o->offset++;
	assert_false(codec_valid(o));
	o = sample_largest(&buf, OBS_CONTACTS);
	o->u.contacts.n++;
	o->tail_len += 18;
	assert_false(codec_valid(o));
	o = sample_largest(&buf, OBS_CHANNEL);
	o->u.channel.id_len++;
	o->tail_len++;
	assert_false(codec_valid(o));
	o = obs_begin(&buf, OBS_BUFFER_MAP, 1);
	o->u.map.substreams = OBS_MAX_SUBSTREAMS;
	o->tail_len = OBS_MAX_SUBSTREAMS * 8 + 8;
	assert_true(codec_valid(o));
	o->width = 1;
	assert_false(codec_valid(o));
	o->width = 0;
	o->u.map.substreams++;
	o->tail_len += 9;
	assert_false(codec_valid(o));
	o = obs_begin(&buf, OBS_KINDS, 1);
	assert_false(codec_valid(o));
	o->kind = 0;
	assert_false(codec_valid(o));
}

static void
a_tail_of_another_length_is_refused(void **state)
{
	union obs_buf buf;

	(void)state;
	for (unsigned kind = 1; kind < OBS_KINDS; kind++) {
		struct observation *o = sample_largest(&buf, kind);

		o->tail_len++;
		assert_false(codec_valid(o));
		o->tail_len -= 2; /* may wrap; wrong either way */
		assert_false(codec_valid(o));
	}
}

static void
bits_past_the_width_are_malformed(void **state)
{
	uint8_t bytes[CODEC_MAX];
	union obs_buf buf, out;
	struct observation *o = obs_begin(&buf, OBS_HAVE, 1);
	size_t len;

	(void)state;
	obs_set_range(o, 0, 9);
	obs_set(o, 8);
	len = encoded(o, bytes);
	bytes[len - 1] = 2;
	assert_int_equal(decoded(bytes, len, &out), CODEC_MALFORMED);
	o->tail[1] = 2;
	assert_false(codec_valid(o));
	o = obs_begin(&buf, OBS_BUFFER_MAP, 1);
	o->u.map.substreams = 3;
	o->tail_len = 25;
	memset(o->tail, 0xff, 24);
	o->tail[24] = 7;
	assert_true(codec_valid(o));
	len = encoded(o, bytes);
	bytes[len - 1] = 15;
	assert_int_equal(decoded(bytes, len, &out), CODEC_MALFORMED);
}

static void
an_endpoint_has_one_form_only(void **state)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, [15] = 1 };
	static const uint8_t none[16] = { 0 };
	uint8_t bytes[CODEC_MAX];
	union obs_buf buf, out;
	struct observation *o = obs_begin(&buf, OBS_JOIN, 1);
	size_t at = field_at(o, "to"), len;

	(void)state;
	memset(o->to.addr, 0x20, sizeof o->to.addr);
	len = encoded(o, bytes);
	assert_int_equal(bytes[at], 6);
	memcpy(bytes + at + 1, mapped, sizeof mapped);
	assert_int_equal(decoded(bytes, len, &out), CODEC_MALFORMED);
	memcpy(bytes + at + 1, none, sizeof none);
	assert_int_equal(decoded(bytes, len, &out), CODEC_MALFORMED);
	bytes[at + 17] = 1; /* [::]:1 is somebody */
	assert_int_equal(decoded(bytes, len, &out), CODEC_RECORD);
}

/* Whatever decodes is what its bytes say, and nothing else. */
static void
changed_bytes_give_an_observation_or_are_malformed(void **state)
{
	uint8_t bytes[CODEC_MAX], again[CODEC_MAX];
	union obs_buf buf, out;
	uint64_t seed = 2;
	unsigned records = 0, malformed = 0;

	(void)state;
	for (unsigned turn = 0; turn < 40000; turn++) {
		struct observation *o = sample_any(&buf, 1 + turn % (OBS_KINDS - 1), &seed);
		size_t len = encoded(o, bytes);

		bytes[2 + sample_random(&seed) % (len - 2)] = (uint8_t)sample_random(&seed);
		bytes[3] = CODEC_VERSION;
		switch (decoded(bytes, len, &out)) {
		case CODEC_RECORD:
			assert_int_equal(encoded(&out.o, again), len);
			assert_memory_equal(again, bytes, len);
			records++;
			break;
		case CODEC_MALFORMED:
			malformed++;
			break;
		case CODEC_SKIPPED:
			assert_true(bytes[2] >= OBS_KINDS);
			break;
		case CODEC_END:
		case CODEC_SHORT:
			fail();
		}
	}
	assert_true(records > 1000 && malformed > 1000);
}

static void
the_tables_name_every_kind(void **state)
{
	size_t n = 99;

	(void)state;
	for (unsigned kind = 0; kind < OBS_KINDS; kind++)
		assert_non_null(codec_fields(kind, &n));
	assert_null(codec_fields(OBS_KINDS, &n));
	assert_string_equal(codec_type_name(CODEC_U8), "u8");
	assert_string_equal(codec_type_name(CODEC_ENDPOINT), "endpoint");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_observation_comes_back_as_it_went),
		cmocka_unit_test(the_largest_of_each_kind_fits),
		cmocka_unit_test(the_bytes_are_those_of_the_page),
		cmocka_unit_test(without_room_nothing_is_written),
		cmocka_unit_test(a_cut_record_is_short_and_stays),
		cmocka_unit_test(unknown_kinds_are_passed_over),
		cmocka_unit_test(what_a_newer_version_adds_is_passed_over),
		cmocka_unit_test(there_is_no_version_zero),
		cmocka_unit_test(a_length_below_the_prefix_ends_the_reading),
		cmocka_unit_test(values_out_of_range_are_malformed),
		cmocka_unit_test(actions_stand_with_their_kinds_only),
		cmocka_unit_test(a_set_past_its_limit_is_refused),
		cmocka_unit_test(a_tail_of_another_length_is_refused),
		cmocka_unit_test(bits_past_the_width_are_malformed),
		cmocka_unit_test(an_endpoint_has_one_form_only),
		cmocka_unit_test(changed_bytes_give_an_observation_or_are_malformed),
		cmocka_unit_test(the_tables_name_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
