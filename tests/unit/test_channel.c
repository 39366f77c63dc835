/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "inference/channel.h"
#include "record/codec.h"
#include "tests/unit/words.h"

#define T0_NS WORDS_T0_NS
#define MS_NS WORDS_MS_NS
#define S_NS (1000 * MS_NS)
#define MAX_KEYS 512

/* A swarm: chunk c is made at epoch + c * 100 ms and goes by 20 ms later. */
struct swarm {
	struct endpoint source;
	int64_t epoch_ns;
	uint32_t mask; /* of chunk numbers on the wire */
};

/* What came out of stage 1, by channel. */
struct seen {
	uint64_t key;
	unsigned marks, maps, tellings, leaves;
	uint64_t newest; /* of marks and of maps' last chunks */
	uint16_t flags;  /* of the last mark */
	union obs_buf told;
};

static struct inference_options opt;
static struct channels *stage;
static void *memory;
static struct seen seen[MAX_KEYS];
static unsigned n_seen, n_others;
static uint64_t last_key; /* of the last map */

static struct seen *
of(uint64_t key)
{
	for (unsigned i = 0; i < n_seen; i++)
		if (seen[i].key == key)
			return &seen[i];
	assert_true(n_seen < MAX_KEYS);
	memset(&seen[n_seen], 0, sizeof seen[0]);
	seen[n_seen].key = key;
	return &seen[n_seen++];
}

static void
take(struct obs_sink *self, const struct observation *o)
{
	struct seen *s = of(o->channel);

	(void)self;
	assert_true(codec_valid(o));
	switch (o->kind) {
	case OBS_MARK:
		s->marks++;
		s->flags = o->flags;
		s->newest = o->offset > s->newest ? o->offset : s->newest;
		break;
	case OBS_BUFFER_MAP:
		s->maps++;
		last_key = o->channel;
		if (o->offset + o->width > s->newest + 1)
			s->newest = o->offset + o->width - 1;
		break;
	case OBS_CHANNEL:
		s->tellings++;
		memcpy(&s->told, o, obs_size(o));
		break;
	case OBS_LEAVE:
		s->leaves += endpoint_is_none(&o->peer);
		break;
	default:
		n_others++;
	}
}

static struct obs_sink sink = { take };

static void
begin(uint32_t max_channels, uint8_t id_bits)
{
	free(memory);
	inference_defaults(&opt);
	opt.max_channels = max_channels;
	opt.max_peers = 64;
	opt.id_bits[1] = id_bits;
	memory = calloc(1, channels_size(&opt));
	assert_non_null(memory);
	stage = channels_init(memory, &opt, &sink);
	n_seen = n_others = 0;
	last_key = 0;
}

static int
fresh(void **state)
{
	(void)state;
	begin(8, 32);
	return 0;
}

static int
done(void **state)
{
	(void)state;
	free(memory);
	memory = NULL;
	return 0;
}

static struct swarm
swarm_at(unsigned host, int64_t epoch_ms)
{
	return (struct swarm){ words_peer(host), T0_NS + epoch_ms * MS_NS, UINT32_MAX };
}

/* Made when? Milliseconds after T0. */
static int64_t
made_ms(const struct swarm *w, uint64_t chunk)
{
	return (w->epoch_ns - T0_NS) / MS_NS + (int64_t)chunk * 100;
}

static void
send(const struct swarm *w, uint64_t chunk, unsigned to)
{
	channels_put(stage,
	             words_mark(made_ms(w, chunk) + 20, w->source, words_peer(to), chunk & w->mask,
	                        w->epoch_ns + (int64_t)chunk * 100 * MS_NS));
	channels_put(stage, words_transfer(made_ms(w, chunk) + 20, w->source, words_peer(to),
	                                   chunk & w->mask, 1000));
}

static void
send_all(const struct swarm *w, uint64_t from, uint64_t to, unsigned host)
{
	for (uint64_t c = from; c < to; c++)
		send(w, c, host);
}

/* A forged chunk: made now, with any number. */
static void
forge(int64_t ms, unsigned to, uint64_t chunk, int64_t source_ns)
{
	channels_put(stage, words_mark(ms, words_peer(66), words_peer(to), chunk, source_ns));
}

static uint64_t
key_of_map(int64_t ms, unsigned host, unsigned to, uint64_t offset, uint32_t width)
{
	last_key = 0;
	channels_put(stage, words_range(ms, words_peer(host), words_peer(to), offset, width));
	return last_key;
}

static unsigned
named(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_seen; i++)
		n += seen[i].tellings > 0 && seen[i].told.o.u.channel.id_len > 0;
	return n;
}

static void
each_chunk_is_marked_once(void **state)
{
	struct swarm w = swarm_at(1, -100000);

	(void)state;
	send_all(&w, 1000, 1020, 2);
	send_all(&w, 1010, 1020, 3);
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].marks, 20);
	assert_int_equal(seen[0].newest, 1019);
	assert_int_equal(channels_unassigned(stage), 0);
}

static void
a_channels_clock_comes_with_its_marks(void **state)
{
	struct swarm w = swarm_at(1, -100000);
	const struct observation *told = &seen[0].told.o;

	(void)state;
	send_all(&w, 1000, 1050, 2);
	channels_end(stage);
	assert_int_equal(told->u.channel.chunk_ns, 100 * MS_NS);
	assert_true(told->u.channel.chunk_lo_ns <= 100 * MS_NS);
	assert_true(told->u.channel.chunk_hi_ns >= 100 * MS_NS);
	assert_int_equal(told->u.channel.clock_ns, 20 * MS_NS);
	assert_int_equal(told->u.channel.head, 1049);
	assert_int_equal(told->u.channel.bitrate_kbps, 80);
	assert_true(endpoint_same(&told->peer, &w.source));
	assert_int_equal(told->flags & OBS_ESTIMATED, 0);
}

static void
the_id_is_the_sources_address_port_and_epoch(void **state)
{
	struct swarm w = swarm_at(1, -100000);
	const struct observation *told = &seen[0].told.o;
	uint32_t epoch = (uint32_t)(w.epoch_ns / S_NS);
	uint8_t want[10] = { 10, 77, 0, 1, 6000 >> 8, 6000 & 0xff, (uint8_t)(epoch >> 24),
	                     (uint8_t)(epoch >> 16), (uint8_t)(epoch >> 8), (uint8_t)epoch };

	(void)state;
	send_all(&w, 1000, 1050, 2);
	assert_int_equal(told->u.channel.id_len, sizeof want);
	assert_memory_equal(told->tail, want, sizeof want);
}

static void
no_id_is_made_up_from_few_marks_before_the_end(void **state)
{
	struct swarm w = swarm_at(1, -100000);

	(void)state;
	for (uint64_t c = 0; c < 9; c++)
		send(&w, 1000 + c * 15, 2); /* told about every second */
	assert_true(seen[0].tellings > 3);
	assert_int_equal(named(), 0);
	send(&w, 1000 + 9 * 15, 2);
	assert_int_equal(named(), 1);
	begin(8, 32);
	send_all(&w, 1000, 1003, 2);
	assert_int_equal(named(), 0);
	channels_end(stage);
	assert_int_equal(named(), 1);
}

static void
the_source_is_who_says_so(void **state)
{
	struct swarm w = swarm_at(1, -100000);
	struct endpoint self = words_peer(2);
	struct observation *o;

	(void)state;
	send_all(&w, 1000, 1005, 2);
	o = words_range(500, self, words_peer(3), 1000, 4);
	o->flags |= OBS_SOURCE;
	channels_put(stage, o);
	send_all(&w, 1005, 1050, 3);
	assert_true(endpoint_same(&seen[0].told.o.peer, &self));
}

static void
two_swarms_at_once_come_apart(void **state)
{
	struct swarm a = swarm_at(1, -100000), b = swarm_at(11, -900000);

	(void)state;
	for (uint64_t c = 0; c < 50; c++) {
		send(&a, 1000 + c, 2);
		send(&b, 9000 + c, 12);
	}
	assert_int_equal(n_seen, 2);
	assert_int_equal(seen[0].marks, 50);
	assert_int_equal(seen[1].marks, 50);
	assert_int_equal(named(), 2);
	assert_int_equal(key_of_map(5000, 2, 3, 1020, 30), seen[0].key);
	assert_int_equal(key_of_map(5000, 12, 13, 9020, 30), seen[1].key);
	assert_int_equal(key_of_map(5000, 20, 21, 9020, 30), seen[1].key);
}

/* The channel with most marks, but not that one; at most one more may have a few: of
 * two first chunks nobody can tell whether they belong together. */
static struct seen *
biggest(const struct seen *but)
{
	struct seen *best = NULL;

	for (unsigned i = 0; i < n_seen; i++)
		if (&seen[i] != but && seen[i].key != 0 &&
		    (best == NULL || seen[i].marks > best->marks))
			best = &seen[i];
	assert_non_null(best);
	return best;
}

/* Numbers in the same range at the same time: the other's are by behind, made late_ms
 * later. */
static void
come_apart(uint64_t behind, int64_t late_ms)
{
	struct swarm a = swarm_at(1, -100000),
		     b = swarm_at(11, -100000 + (int64_t)behind * 100 + late_ms);
	struct seen *ours, *theirs;

	begin(8, 32);
	for (uint64_t c = 0; c < 100; c++) {
		send(&a, 1000 + c, 2);
		send(&b, 1000 + c - behind, 12);
	}
	channels_end(stage);
	assert_int_equal(named(), 2);
	theirs = biggest(biggest(NULL));
	ours = biggest(theirs);
	if (n_seen > 3 || ours->marks < 90 || theirs->marks < 90)
		fail_msg("%d behind, %d ms: %u channels, %u and %u marks", (int)behind,
		         (int)late_ms, n_seen, ours->marks, theirs->marks);
	if (key_of_map(10000, 2, 3, 1050, 40) != ours->key) {
		ours = theirs;
		theirs = biggest(ours);
	}
	assert_int_equal(key_of_map(10000, 2, 3, 1050, 40), ours->key);
	assert_int_equal(key_of_map(10000, 12, 13, 1050 - behind, 40), theirs->key);
	assert_int_equal(key_of_map(10000, 20, 21, 1050 - behind, 40), 0);
	assert_int_equal(key_of_map(10000, 20, 12, 1050 - behind, 40), theirs->key);
}

static void
two_swarms_with_the_same_chunk_numbers_come_apart(void **state)
{
	(void)state;
	for (uint64_t behind = 2; behind < 120; behind++)
		for (int64_t late_ms = -90; late_ms < 100; late_ms += 20) {
			come_apart(behind, late_ms);
			come_apart(-behind, late_ms);
		}
}

static void
numbers_go_on_past_the_end_of_the_wires_bits(void **state)
{
	static const unsigned bits[] = { 31, 32 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t end = UINT64_C(1) << bits[i];
		struct swarm w = swarm_at(1, (int64_t)end * -100);

		begin(8, (uint8_t)bits[i]);
		w.mask = (uint32_t)(end - 1);
		w.epoch_ns = T0_NS - (int64_t)end * 100 * MS_NS;
		send_all(&w, end - 100, end + 100, 2);
		assert_int_equal(n_seen, 1);
		assert_int_equal(seen[0].marks, 200);
		assert_int_equal(seen[0].newest, end + 99);
		assert_int_equal(key_of_map(10100, 2, 3, end - 20, 60), seen[0].key);
		assert_int_equal(key_of_map(10100, 2, 3, 90, 20), seen[0].key);
		assert_int_equal(seen[0].newest, end + 109);
	}
}

static void
a_peer_may_move_from_one_swarm_to_the_other(void **state)
{
	struct swarm a = swarm_at(1, -100000), b = swarm_at(11, -110000);

	(void)state;
	for (uint64_t c = 0; c < 50; c++) {
		send(&a, 1000 + c, 2);
		send(&b, 1100 + c, 12);
	}
	assert_int_equal(key_of_map(5000, 2, 3, 1010, 40), seen[0].key);
	send_all(&b, 1150, 1155, 2);
	assert_int_equal(key_of_map(5600, 2, 12, 1150, 5), seen[1].key);
	send_all(&a, 1055, 1060, 2);
	assert_int_equal(key_of_map(6100, 2, 3, 1055, 5), seen[0].key);
}

static void
forged_chunks_do_not_push_out_a_settled_swarm(void **state)
{
	struct swarm w = swarm_at(1, -100000);

	(void)state;
	begin(4, 32);
	send_all(&w, 1000, 1020, 2);
	for (uint64_t i = 0; i < 200; i++)
		forge(2000 + (int64_t)i, 99, 77777 + i * 1000, T0_NS - (int64_t)i * 777 * S_NS);
	send_all(&w, 1022, 1050, 2);
	assert_int_equal(seen[0].marks, 48);
	assert_int_equal(key_of_map(5000, 2, 3, 1020, 30), seen[0].key);
	assert_true(channels_evicted(stage) >= 197);
}

/* Who takes stage 1's words must learn which channel made room, to do the same. */
static void
who_makes_room_is_told(void **state)
{
	(void)state;
	begin(2, 32);
	for (uint64_t i = 0; i < 5; i++)
		forge((int64_t)i, 99, 77777 + i * 1000, T0_NS - (int64_t)i * 777 * S_NS);
	assert_int_equal(channels_evicted(stage), 3);
	assert_int_equal(n_seen, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(seen[i].leaves, i < 3);
}

static void
a_chunk_from_the_future_does_not_move_the_clock(void **state)
{
	struct swarm w = swarm_at(1, -100000);

	(void)state;
	send_all(&w, 1000, 1050, 2);
	/* on the line, an hour ahead */
	forge(5000, 99, 1050 + 36000, w.epoch_ns + (1050 + 36000) * 100 * MS_NS);
	send_all(&w, 1050, 1080, 2);
	channels_end(stage);
	assert_int_equal(seen[0].marks, 80);
	assert_int_equal(seen[0].told.o.u.channel.head, 1079);
	assert_int_equal(seen[0].told.o.u.channel.clock_ns, 20 * MS_NS);
	assert_int_equal(key_of_map(8000, 2, 3, 1050, 30), seen[0].key);
}

static void
a_forged_chunk_does_not_move_a_viewer(void **state)
{
	struct swarm w = swarm_at(1, -100000);

	(void)state;
	send_all(&w, 1000, 1050, 2);
	forge(5000, 2, 1049, w.epoch_ns + 1049 * 100 * MS_NS + 9 * S_NS);
	assert_int_equal(key_of_map(5010, 2, 3, 1020, 30), seen[0].key);
}

/* Long after, when the chunk is forgotten and the line has bent. */
static void
the_founding_chunk_again_founds_nothing(void **state)
{
	struct swarm w = swarm_at(1, -100000);

	(void)state;
	send_all(&w, 1000, 3000, 2);
	w.epoch_ns += 4 * S_NS;
	for (uint64_t c = 3000; c < 8000; c++) {
		w.epoch_ns += MS_NS;
		send(&w, c, 2);
	}
	assert_int_equal(n_seen, 2); /* a clock that steps is another swarm's */
	forge(800000, 2, 1000, T0_NS);
	channels_put(stage, words_mark(800000, words_peer(1), words_peer(2), 1000, T0_NS));
	for (unsigned i = 0; i < n_seen; i++)
		for (unsigned j = 0; j < i; j++)
			assert_true(seen[i].key != seen[j].key);
}

static void
a_channel_on_the_wire_keeps_its_key_id_and_name(void **state)
{
	(void)state;
	channels_put(stage, words_channel(0, 4711, "swarm", "News at six"));
	for (int i = 0; i < 30; i++) {
		struct observation *o = words_range(i * 200, words_peer(2), words_peer(3), 500,
		                                    10 + 2 * (uint32_t)i);

		o->channel = 4711;
		channels_put(stage, o);
	}
	channels_end(stage);
	assert_int_equal(n_seen, 1);
	assert_int_equal(key_of_map(6000, 20, 21, 520, 20), 0); /* without a key: not its */
	assert_int_equal(seen[0].key, 4711);
	assert_int_equal(seen[0].told.o.u.channel.id_len, 5);
	assert_memory_equal(seen[0].told.o.tail, "swarmNews at six", 16);
	assert_int_equal(seen[0].told.o.u.channel.name_len, 11);
}

static void
without_source_times_the_newest_chunk_shown_tells_the_time(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		struct observation *o = words_range(i * 200, words_peer(2 + (unsigned)i % 3),
		                                    words_peer(9), 500, 10 + 2 * (uint32_t)i);

		o->channel = 4711;
		channels_put(stage, o);
		o = words_range(i * 200 + 50, words_peer(7), words_peer(9), 490, 10);
		o->channel = 4711;
		channels_put(stage, o);
	}
	channels_end(stage);
	assert_int_equal(seen[0].marks, 30);
	assert_true(seen[0].flags & OBS_ESTIMATED);
	assert_int_equal(seen[0].told.o.u.channel.chunk_ns, 100 * MS_NS);
	assert_true(seen[0].told.o.flags & OBS_ESTIMATED);
}

static void
what_belongs_to_no_swarm_is_counted_and_handed_on(void **state)
{
	struct endpoint none = { { 0 }, 0 };
	struct observation *gap;

	(void)state;
	assert_int_equal(key_of_map(0, 2, 3, 1000, 10), 0);
	assert_int_equal(of(0)->maps, 1);
	channels_put(stage, words_say(OBS_CONTACTS, 1, words_peer(2), words_peer(3)));
	assert_int_equal(channels_unassigned(stage), 2);
	channels_put(stage, words_say(OBS_FLOW, 2, words_peer(2), words_peer(3)));
	gap = words_say(OBS_GAP, 3, none, none);
	gap->u.gap.cause = OBS_GAP_DROPPED;
	channels_put(stage, gap);
	assert_int_equal(channels_unassigned(stage), 2);
	assert_int_equal(n_others, 3);
}

static void
constants_of_an_unnamed_channel_tell_nothing(void **state)
{
	(void)state;
	channels_put(stage, words_channel(0, 0, "id", ""));
	assert_int_equal(channels_unassigned(stage), 1);
	assert_int_equal(n_seen, 0);
}

static void
a_newcomer_belongs_where_it_registers(void **state)
{
	struct swarm a = swarm_at(1, -100000), b = swarm_at(11, -100530);

	(void)state;
	for (uint64_t c = 0; c < 50; c++) {
		send(&a, 1000 + c, 2);
		send(&b, 1000 + c, 12);
	}
	assert_int_equal(key_of_map(5000, 20, 21, 1010, 20), 0);
	channels_put(stage, words_say(OBS_JOIN, 5001, words_peer(20), words_peer(11)));
	assert_int_equal(key_of_map(5002, 20, 21, 1010, 20), seen[1].key);
}

static void
a_set_out_of_every_range_belongs_nowhere(void **state)
{
	struct swarm w = swarm_at(1, -1000000);

	(void)state;
	send_all(&w, 10000, 10050, 2);
	assert_int_equal(key_of_map(5000, 2, 3, 10000 + 50 + 300, 10), 0);
	assert_int_equal(key_of_map(5000, 2, 3, 10000 - 4096 - 100, 10), 0);
	assert_int_equal(key_of_map(5000, 2, 3, 9990, 40), seen[0].key);
	/* a minute later the newest mark is 600 chunks behind */
	assert_int_equal(key_of_map(65000, 2, 3, 10000 + 50 + 600, 10), seen[0].key);
}

static void
a_given_chunk_rate_is_believed_within_reason(void **state)
{
	static const double rates[] = { 20, 1e-300, 1e300 };
	struct swarm w = swarm_at(1, -100000);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		begin(8, 32);
		opt.chunk_rate = rates[i];
		send_all(&w, 1000, 1050, 2);
		channels_end(stage);
		assert_true(seen[0].told.o.u.channel.chunk_ns > 0);
		if (i == 0)
			assert_int_equal(seen[0].told.o.u.channel.chunk_ns, 50 * MS_NS);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
	const struct CMUnitTest tests[] = {
		TEST(each_chunk_is_marked_once),
		TEST(a_channels_clock_comes_with_its_marks),
		TEST(the_id_is_the_sources_address_port_and_epoch),
		TEST(no_id_is_made_up_from_few_marks_before_the_end),
		TEST(the_source_is_who_says_so),
		TEST(two_swarms_at_once_come_apart),
		TEST(two_swarms_with_the_same_chunk_numbers_come_apart),
		TEST(numbers_go_on_past_the_end_of_the_wires_bits),
		TEST(a_peer_may_move_from_one_swarm_to_the_other),
		TEST(forged_chunks_do_not_push_out_a_settled_swarm),
		TEST(who_makes_room_is_told),
		TEST(a_chunk_from_the_future_does_not_move_the_clock),
		TEST(a_forged_chunk_does_not_move_a_viewer),
		TEST(the_founding_chunk_again_founds_nothing),
		TEST(a_channel_on_the_wire_keeps_its_key_id_and_name),
		TEST(without_source_times_the_newest_chunk_shown_tells_the_time),
		TEST(what_belongs_to_no_swarm_is_counted_and_handed_on),
		TEST(constants_of_an_unnamed_channel_tell_nothing),
		TEST(a_newcomer_belongs_where_it_registers),
		TEST(a_set_out_of_every_range_belongs_nowhere),
		TEST(a_given_chunk_rate_is_believed_within_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
