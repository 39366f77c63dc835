/*
 * One engine with hand-made partners: what it says, what it takes, what it bears.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/engine.h"
#include "peer/rng.h"
#include "peer/state.h"
#include "peer/tracker.h"

#define CHANNEL 42u
#define GUARD 64u
#define ELSEWHERE 0x10000u /* numbers of peers in another network */

struct rig {
	struct engine_out out;
	uint8_t *mem;
	struct engine *e;
	struct signer_digest digest;
	int64_t now;
	unsigned sent[MESH_TYPES];
	struct endpoint last_to[MESH_TYPES];
	uint8_t last[MESH_TYPES][2048];
	size_t last_len[MESH_TYPES];
	unsigned truths[TRUTH_KINDS], chunks;
};

static void
on_send(struct engine_out *self, const struct endpoint *to, const uint8_t *frame, size_t len,
        const struct mesh_chunk *media)
{
	struct rig *r = (struct rig *)self;
	uint8_t type = frame[5];

	assert_true(type > 0 && type < MESH_TYPES && len <= sizeof r->last[0]);
	assert_true((media != NULL) == (type == MESH_CHUNK));
	r->sent[type]++;
	r->last_to[type] = *to;
	memcpy(r->last[type], frame, len);
	r->last_len[type] = len;
}

static void
on_chunk(struct engine_out *self, const struct mesh_chunk *c)
{
	(void)c;
	((struct rig *)self)->chunks++;
}

static void
on_truth(struct engine_out *self, const struct truth_event *ev)
{
	((struct rig *)self)->truths[ev->kind]++;
}

static struct endpoint
peer_at(uint32_t i)
{
	return endpoint_ipv4(0x0a000000 + i, 7000);
}

static void
rig_init(struct rig *r, bool source)
{
	struct engine_options opt;
	size_t size = engine_size();

	memset(r, 0, sizeof *r);
	r->out = (struct engine_out){ on_send, on_chunk, on_truth };
	r->digest = signer_digest(1);
	r->mem = malloc(size + GUARD);
	assert_non_null(r->mem);
	memset(r->mem, 0xa5, size + GUARD);
	engine_defaults(&opt);
	opt.channel.id = CHANNEL;
	opt.channel.tracker = peer_at(1);
	opt.self = peer_at(2);
	opt.peer_id = 2;
	opt.signer = &r->digest.signer;
	opt.source = source;
	r->e = engine_init(r->mem, &opt, &r->out);
	r->now = 1000 * SECOND_NS;
	engine_join(r->e, r->now);
}

static void
rig_fini(struct rig *r)
{
	for (unsigned i = 0; i < GUARD; i++)
		assert_int_equal(r->mem[engine_size() + i], 0xa5);
	free(r->mem);
}

static void
run_for(struct rig *r, int64_t ns)
{
	int64_t until = r->now + ns;

	while (engine_due(r->e) <= until) {
		r->now = engine_due(r->e) > r->now ? engine_due(r->e) : r->now;
		engine_timer(r->e, r->now);
	}
	r->now = until;
}

static void
say(struct rig *r, uint32_t from, struct mesh_frame *f)
{
	uint8_t bytes[4096];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct endpoint at = peer_at(from);

	f->channel = CHANNEL;
	f->peer = from;
	mesh_write(&w, f);
	assert_false(w.failed);
	engine_frame(r->e, &at, bytes, writer_len(&w),
	             writer_len(&w) + (f->type == MESH_CHUNK ? f->u.chunk.media_len : 0), r->now);
}

static void
become_partner(struct rig *r, uint32_t from)
{
	say(r, from, &(struct mesh_frame){ .type = MESH_PARTNER_OFFER });
}

static void
say_map(struct rig *r, uint32_t from, uint64_t offset, uint32_t width)
{
	uint8_t bits[64];
	struct mesh_frame f = { .type = MESH_BUFFER_MAP };

	memset(bits, 0xff, sizeof bits);
	if (width % 8 != 0)
		bits[width / 8] = (uint8_t)((1u << width % 8) - 1);
	f.u.map = (struct mesh_map){ { offset, width, bits }, offset, 5000, 448, 0 };
	say(r, from, &f);
}

static void
say_chunk(struct rig *r, uint32_t from, uint64_t chunk, bool genuine)
{
	uint8_t signature[MESH_SIGNATURE];
	struct mesh_frame f = { .type = MESH_CHUNK };

	f.u.chunk = (struct mesh_chunk){ .chunk = chunk, .source_ns = r->now, .fragments = 1,
		.total = 12500, .media_len = 12500, .signature = signature };
	r->digest.signer.sign(&r->digest.signer, CHANNEL, &f.u.chunk, signature);
	signature[0] ^= !genuine;
	say(r, from, &f);
}

/* Chunks of the last request are delivered by whom it went to. */
static void
deliver_last_request(struct rig *r, uint32_t from)
{
	struct reader in = reader_over(r->last[MESH_CHUNK_REQUEST],
	                               r->last_len[MESH_CHUNK_REQUEST]);
	struct mesh_frame f;
	struct mesh_set set;

	assert_int_equal(mesh_read(&in, &f), PROTO_OBSERVED);
	set = f.u.request.set;
	for (uint32_t i = 0; i < set.width; i++)
		if (set.bits[i / 8] >> (i % 8) & 1)
			say_chunk(r, from, set.offset + i, true);
}

static void
it_registers_and_asks_whom_the_tracker_names(void **state)
{
	struct rig r;
	uint8_t list[MESH_CONTACT];
	struct writer w = writer_over(list, sizeof list);
	struct mesh_contact c = { peer_at(3), 3, 60, 0 };
	struct mesh_frame f = { .type = MESH_GOSSIP, .contacts = { 1, list } };

	(void)state;
	rig_init(&r, false);
	assert_int_equal(r.sent[MESH_HELLO], 1);
	assert_int_equal(r.truths[TRUTH_JOIN], 1);
	assert_int_equal(r.truths[TRUTH_FIRST_PACKET], 1);
	mesh_write_contact(&w, &c);
	say(&r, 9, &f); /* a stranger's word */
	assert_int_equal(r.sent[MESH_PARTNER_OFFER], 0);
	say(&r, 1, &f);
	assert_int_equal(r.sent[MESH_PARTNER_OFFER], 1);
	assert_true(endpoint_same(&r.last_to[MESH_PARTNER_OFFER], &c.at));
	rig_fini(&r);
}

static void
it_plays_once_the_threshold_is_there(void **state)
{
	struct rig r;
	struct mesh_frame map;
	struct reader in;

	(void)state;
	rig_init(&r, false);
	become_partner(&r, 3);
	assert_int_equal(r.sent[MESH_PARTNER_ACCEPT], 1);
	in = reader_over(r.last[MESH_BUFFER_MAP], r.last_len[MESH_BUFFER_MAP]);
	assert_int_equal(mesh_read(&in, &map), PROTO_OBSERVED);
	assert_int_equal(map.u.map.set.offset, 0); /* nothing is cached */
	assert_int_equal(map.u.map.set.width, 0);
	say_map(&r, 3, 1000, 40);
	run_for(&r, 300 * MS_NS);
	assert_true(r.sent[MESH_CHUNK_REQUEST] > 0);
	for (int i = 0; i < 20 && r.truths[TRUTH_PLAY] == 0; i++) {
		deliver_last_request(&r, 3);
		run_for(&r, 50 * MS_NS);
	}
	assert_int_equal(r.truths[TRUTH_PLAY], 1);
	assert_int_equal(r.truths[TRUTH_CHUNK], r.chunks);
	assert_int_equal(engine_player(r.e)->state, PLAYER_PLAY);
	rig_fini(&r);
}

static void
a_polluter_is_banned_and_its_chunk_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, false);
	become_partner(&r, 3);
	say_map(&r, 3, 1000, 40);
	run_for(&r, 300 * MS_NS);
	say_chunk(&r, 3, r.last[MESH_CHUNK_REQUEST][MESH_HEAD + 9] + 768u, false);
	assert_int_equal(engine_counts(r.e).dropped[ENGINE_POLLUTED], 1);
	assert_int_equal(engine_counts(r.e).partners_dropped, 1);
	assert_int_equal(r.chunks, 0);
	assert_int_equal(engine_partners(r.e), 0);
	become_partner(&r, 3); /* may not come back */
	assert_int_equal(engine_partners(r.e), 0);
	rig_fini(&r);
}

static void
chunks_that_nobody_asked_for_are_dropped(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, false);
	become_partner(&r, 3);
	say_map(&r, 3, 1000, 40);
	run_for(&r, 300 * MS_NS);
	say_chunk(&r, 3, 1400, true);
	say_chunk(&r, 4, 1001, true); /* not even a partner */
	assert_int_equal(r.chunks, 0);
	assert_int_equal(engine_counts(r.e).dropped[ENGINE_UNASKED], 1);
	assert_int_equal(engine_counts(r.e).dropped[ENGINE_STRANGER], 1);
	rig_fini(&r);
}

static void
a_full_mesh_splits_a_partnership_for_a_newcomer(void **state)
{
	struct rig r;
	struct mesh_frame f = { .type = MESH_PARTNER_OFFER };

	(void)state;
	rig_init(&r, false);
	for (uint32_t i = 0; i < 14; i++)
		become_partner(&r, 100 + i);
	assert_int_equal(engine_partners(r.e), 14);
	become_partner(&r, 200);
	assert_int_equal(r.sent[MESH_PARTNER_REFUSE], 1);
	for (uint32_t i = 0; i < 14; i++)
		say_map(&r, 100 + i, 0, 0);
	run_for(&r, 5 * SECOND_NS);
	f.u.offer.split = true;
	say(&r, 200, &f);
	assert_int_equal(engine_partners(r.e), 14);
	assert_int_equal(r.sent[MESH_GOODBYE], 1);
	assert_int_equal(r.last[MESH_GOODBYE][MESH_HEAD], MESH_PARTING);
	assert_int_equal(r.last[MESH_GOODBYE][MESH_HEAD + 1], 1); /* names the newcomer */
	assert_int_equal(r.last[MESH_PARTNER_ACCEPT][MESH_HEAD + 1], 1); /* and who left */
	rig_fini(&r);
}

static void
an_origin_serves_at_its_rate_and_turns_the_rest_away(void **state)
{
	struct rig r;
	uint8_t all[8];
	struct mesh_frame f = { .type = MESH_CHUNK_REQUEST };
	unsigned got;

	(void)state;
	memset(all, 0xff, sizeof all);
	rig_init(&r, true);
	become_partner(&r, 3);
	for (uint64_t c = 5000; c < 5064; c++)
		engine_media(r.e, &(struct mesh_chunk){ .chunk = c, .fragments = 1,
		                      .total = 12500, .media_len = 12500 }, r.now);
	f.u.request.set = (struct mesh_set){ 5000, 64, all };
	say(&r, 3, &f);
	assert_true(r.sent[MESH_CANCEL] >= 1);
	run_for(&r, 4 * SECOND_NS);
	got = r.sent[MESH_CHUNK];
	assert_in_range(got, 10, 24); /* 1.2 s of its line and what is always taken */
	f.u.request.set.offset = 9000;
	say(&r, 3, &f);
	assert_int_equal(r.last[MESH_CANCEL][MESH_HEAD], MESH_NOT_HELD);
	assert_int_equal(r.sent[MESH_CHUNK], got);
	rig_fini(&r);
}

static void
goodbye_is_said_to_partners_and_tracker(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, false);
	become_partner(&r, 3);
	become_partner(&r, 4);
	engine_leave(r.e, r.now);
	assert_int_equal(r.sent[MESH_GOODBYE], 3);
	assert_int_equal(r.truths[TRUTH_LEAVE], 1);
	assert_true(engine_due(r.e) == INT64_MAX);
	become_partner(&r, 5);
	assert_int_equal(r.sent[MESH_PARTNER_ACCEPT], 2);
	rig_fini(&r);
}

/* --- hostile ------------------------------------------------------------------- */

/* A frame with a sound head and any body, or a sound frame with a few bytes off. */
static size_t
hostile_frame(struct rng *rng, uint8_t *bytes, const struct rig *r)
{
	uint8_t type = (uint8_t)(1 + rng_below(rng, MESH_TYPES));
	size_t len = MESH_HEAD + rng_below(rng, 200);
	struct mesh_frame f = { .type = MESH_PING, .channel = CHANNEL };
	struct writer w = writer_over(bytes, 2048);

	mesh_write(&w, &f);
	if (type < MESH_TYPES && r->last_len[type] > 0 && rng_below(rng, 2)) {
		len = r->last_len[type];
		memcpy(bytes, r->last[type], len);
		for (int i = 0; i < 3; i++)
			bytes[MESH_HEAD + rng_below(rng, (uint32_t)(len - MESH_HEAD) + 1)] =
			    (uint8_t)rng_next(rng);
		return len;
	}
	bytes[5] = type;
	bytes[6] = (uint8_t)((len - MESH_HEAD) >> 8);
	bytes[7] = (uint8_t)(len - MESH_HEAD);
	for (size_t i = MESH_HEAD; i < len; i++)
		bytes[i] = (uint8_t)(rng_below(rng, 3) ? rng_below(rng, 3) : rng_next(rng));
	return len;
}

static void
ten_thousand_hostile_frames_change_no_bound(void **state)
{
	struct rig r;
	struct rng rng = rng_seeded(11, 0);
	uint8_t bytes[2048 + 1];
	unsigned frames = 0, truths = 0;

	(void)state;
	rig_init(&r, false);
	for (int i = 0; i < 10000; i++) {
		uint32_t from = 1 + rng_below(&rng, 40);
		struct endpoint at = peer_at(from);
		size_t len = hostile_frame(&rng, bytes, &r);

		if (i % 7 == 0)
			become_partner(&r, from);
		engine_frame(r.e, &at, bytes, len, len, r.now);
		run_for(&r, (int64_t)rng_below(&rng, 20) * MS_NS);
		assert_true(r.e->n_requests <= ENGINE_REQUESTS && r.e->n_queue <= ENGINE_QUEUE);
		assert_true(r.e->members.n <= MEMBERS_MAX && engine_partners(r.e) <= 14);
	}
	for (int i = 1; i < MESH_TYPES; i++)
		frames += r.sent[i];
	for (int i = 1; i < TRUTH_KINDS; i++)
		truths += r.truths[i];
	assert_true(engine_counts(r.e).dropped[ENGINE_MALFORMED] > 1000);
	assert_true(engine_counts(r.e).partners_dropped > 5);
	assert_true(frames < 100000); /* it answers, it does not amplify */
	assert_true(truths < 20000);
	assert_int_equal(r.chunks, 0);
	rig_fini(&r);
}

static void
a_jump_of_the_play_position_is_not_followed(void **state)
{
	struct rig r;
	struct mesh_frame f = { .type = MESH_BUFFER_MAP };
	uint8_t bit = 1;

	(void)state;
	rig_init(&r, false);
	become_partner(&r, 3);
	f.u.map = (struct mesh_map){ { 1000, 1, &bit }, UINT64_MAX - 1, 100, 0, 0 };
	say(&r, 3, &f);
	run_for(&r, SECOND_NS);
	assert_int_equal(engine_player(r.e)->pos, 1000);
	rig_fini(&r);
}

/* --- tracker --------------------------------------------------------------------- */

static size_t
tell_tracker(struct tracker *t, uint32_t from, struct mesh_frame *f, int64_t now,
             uint8_t *reply)
{
	static const uint8_t key[MESH_KEY];
	uint8_t bytes[1024];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct endpoint at = peer_at(from);

	f->channel = CHANNEL;
	f->peer = from;
	if (f->type == MESH_HELLO)
		f->u.hello.key = key;
	mesh_write(&w, f);
	return tracker_frame(t, &at, bytes, writer_len(&w), now, reply, 1024);
}

static void
a_tracker_names_the_origin_and_others_until_their_lease_ends(void **state)
{
	struct tracker_entry list[4];
	struct tracker t = { .list = list, .max = 4, .lease_s = 60, .answer = 8,
		.rng = rng_seeded(1, 1) };
	struct mesh_frame hello = { .type = MESH_HELLO }, bye = { .type = MESH_GOODBYE }, f;
	struct reader in;
	uint8_t reply[1024];
	struct mesh_contact c;
	size_t len;

	(void)state;
	hello.u.hello.flags = MESH_REGISTER | MESH_IS_SOURCE;
	tell_tracker(&t, 3, &hello, 0, reply);
	hello.u.hello.flags = MESH_REGISTER;
	len = tell_tracker(&t, 4, &hello, 0, reply);
	in = reader_over(reply, len);
	assert_int_equal(mesh_read(&in, &f), PROTO_OBSERVED);
	assert_int_equal(f.contacts.n, 1);
	c = mesh_contact_at(&f.contacts, 0);
	assert_int_equal(c.peer, 3);
	assert_int_equal(tracker_peers(&t, CHANNEL, 0), 1);
	for (uint32_t i = 5; i < 12; i++)
		tell_tracker(&t, i, &hello, 0, reply);
	assert_int_equal(t.n, 4);
	assert_int_equal(t.evicted, 5);
	tell_tracker(&t, 11, &bye, 0, reply);
	assert_int_equal(tracker_peers(&t, CHANNEL, 0), 2);
	assert_int_equal(tell_tracker(&t, 4, &(struct mesh_frame){ .type = MESH_PING }, 0, reply),
	                 0);
	assert_int_equal(t.dropped, 1);
	len = tell_tracker(&t, 12, &hello, 61 * SECOND_NS, reply);
	in = reader_over(reply, len);
	assert_int_equal(mesh_read(&in, &f), PROTO_OBSERVED);
	assert_int_equal(f.contacts.n, 0);
}

/* Of an answer: peers of the asker's network, and others. */
static void
count_near(struct tracker *t, uint32_t from, unsigned *near, unsigned *far)
{
	struct mesh_frame hello = { .type = MESH_HELLO }, f;
	struct reader in;
	uint8_t reply[1024];
	size_t len;

	hello.u.hello.flags = MESH_REGISTER;
	len = tell_tracker(t, from, &hello, 0, reply);
	in = reader_over(reply, len);
	assert_int_equal(mesh_read(&in, &f), PROTO_OBSERVED);
	*near = *far = 0;
	for (unsigned i = 0; i < f.contacts.n; i++) {
		struct mesh_contact c = mesh_contact_at(&f.contacts, i);

		*near += c.peer < ELSEWHERE && c.peer != 0;
		*far += c.peer >= ELSEWHERE;
	}
}

static void
a_tracker_may_name_neighbours_first(void **state)
{
	struct tracker_entry list[64];
	struct tracker t = { .list = list, .max = 64, .lease_s = 60, .answer = 8, .near = true,
		.rng = rng_seeded(1, 1) };
	unsigned near, far;

	(void)state;
	for (uint32_t i = 2; i < 14; i++)
		count_near(&t, i, &near, &far);
	assert_int_equal(near, 8); /* where there are no others */
	assert_int_equal(far, 0);
	for (uint32_t i = 0; i < 12; i++)
		count_near(&t, ELSEWHERE + i, &near, &far);
	count_near(&t, 20, &near, &far);
	assert_int_equal(near, 4);
	assert_int_equal(far, 4);
	assert_true(t.told_near > 0 && t.told_far > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_registers_and_asks_whom_the_tracker_names),
		cmocka_unit_test(it_plays_once_the_threshold_is_there),
		cmocka_unit_test(a_polluter_is_banned_and_its_chunk_refused),
		cmocka_unit_test(chunks_that_nobody_asked_for_are_dropped),
		cmocka_unit_test(a_full_mesh_splits_a_partnership_for_a_newcomer),
		cmocka_unit_test(an_origin_serves_at_its_rate_and_turns_the_rest_away),
		cmocka_unit_test(goodbye_is_said_to_partners_and_tracker),
		cmocka_unit_test(ten_thousand_hostile_frames_change_no_bound),
		cmocka_unit_test(a_jump_of_the_play_position_is_not_followed),
		cmocka_unit_test(a_tracker_names_the_origin_and_others_until_their_lease_ends),
		cmocka_unit_test(a_tracker_may_name_neighbours_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
