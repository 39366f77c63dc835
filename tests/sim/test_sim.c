/*
 * Whole swarms in virtual time: the same bytes for a seed, truths that fit together,
 * the budgets of a streaming system, and what attackers can and cannot do.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "peer/signer_ed25519.h"
#include "peer/state.h"
#include "probe/decode.h"
#include "record/codec.h"
#include "tests/sim/tally.h"

#define NUMBERS 2048u

/* --- same seed, same bytes; a capture says what the observations say ------------- */

struct heard {
	struct tap tap;
	struct obs_sink direct, decoded;
	struct decode *decode;
	uint64_t direct_digest, decoded_digest, packet_digest;
	uint64_t n_direct, n_decoded;
};

static uint64_t
digest_of(const struct observation *o, uint64_t before)
{
	uint8_t bytes[CODEC_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);

	assert_true(codec_encode(o, &w));
	return hash_bytes(bytes, writer_len(&w), before);
}

static void
hear_direct(struct obs_sink *self, const struct observation *o)
{
	struct heard *h = (struct heard *)((char *)self - offsetof(struct heard, direct));

	h->direct_digest = digest_of(o, h->direct_digest);
	h->n_direct++;
}

static void
hear_decoded(struct obs_sink *self, const struct observation *o)
{
	struct heard *h = (struct heard *)((char *)self - offsetof(struct heard, decoded));

	if (o->kind == OBS_FLOW)
		return;
	h->decoded_digest = digest_of(o, h->decoded_digest);
	h->n_decoded++;
}

static void
hear_packet(struct tap *self, int64_t t_ns, const uint8_t *bytes, size_t len, size_t wire_len)
{
	struct heard *h = (struct heard *)self;

	h->packet_digest = hash_bytes(bytes, len, h->packet_digest + (uint64_t)t_ns);
	decode_packet(h->decode, LINK_RAW, t_ns, bytes, len, (uint32_t)wire_len);
}

static struct tally *
hear(struct heard *h, const struct scenario *s, uint64_t seed)
{
	struct decode_options opt = { .origin = OBS_SIMULATED };
	struct tally *t;

	memset(h, 0, sizeof *h);
	h->direct.put = hear_direct;
	h->decoded.put = hear_decoded;
	h->tap.obs = &h->direct;
	h->tap.packet = hear_packet;
	h->decode = decode_new(&opt, &h->decoded);
	t = tally_run(s, seed, NULL, &h->tap);
	decode_end(h->decode);
	decode_free(h->decode);
	return t;
}

static void
a_seed_gives_the_same_bytes_and_packets_say_the_same(void **state)
{
	struct scenario s;
	struct heard first, again, other;
	struct tally *a, *b, *c;

	(void)state;
	tally_scenario(&s, "zapping");
	s.duration_ms = 60000;
	a = hear(&first, &s, 3);
	b = hear(&again, &s, 3);
	c = hear(&other, &s, 4);
	assert_true(first.n_direct > 20000);
	assert_true(a->digest == b->digest && a->digest != c->digest);
	assert_true(first.direct_digest == again.direct_digest);
	assert_true(first.packet_digest == again.packet_digest);
	assert_true(first.direct_digest != other.direct_digest);
	assert_int_equal(first.n_direct, first.n_decoded);
	assert_true(first.direct_digest == first.decoded_digest);
	tally_free(a);
	tally_free(b);
	tally_free(c);
}

static void
views_hide_without_changing_the_truth(void **state)
{
	struct scenario s;
	struct heard all, some;
	struct tally *a, *b;

	(void)state;
	tally_scenario(&s, "partial-view-30");
	s.n_steps = 0;
	s.duration_ms = 50000;
	s.view.loss_ppm = 100000;
	a = hear(&some, &s, 1);
	s.view = (struct scenario_view){ .fraction_ppm = SCENARIO_MILLION, .chunks = true };
	b = hear(&all, &s, 1);
	assert_true(a->digest == b->digest);
	assert_in_range(some.n_direct, all.n_direct / 10, all.n_direct / 2);
	assert_in_range(some.tap.lost, some.tap.seen / 12, some.tap.seen / 7);
	tally_free(a);
	tally_free(b);
}

/* --- what maps and truth have to do with each other ------------------------------- */

struct viewer_model {
	int64_t play_ns;  /* pos began to be played then; 0: not playing */
	uint64_t pos;
	int64_t event_ns; /* of the last event */
	uint64_t start;   /* first offset that is not 0, of this start */
	unsigned zeros, fills, plays;
	bool stalled, here, asked;
};

struct maps {
	struct tap tap;
	struct obs_sink sink;
	struct viewer_model viewers[NUMBERS];
	unsigned checked;
};

static struct viewer_model *
model_of(struct maps *m, const struct endpoint *at)
{
	uint32_t number = (uint32_t)(at->addr[14] << 8 | at->addr[15]);

	return &m->viewers[number % NUMBERS];
}

/* The rule of the protocol: nothing, the start position, then the play position. */
static void
check_map(struct obs_sink *self, const struct observation *o)
{
	struct maps *m = (struct maps *)((char *)self - offsetof(struct maps, sink));
	struct viewer_model *v = model_of(m, &o->peer);
	int64_t chunk_ns = 250000000, delay = 80000000;

	if (o->kind != OBS_BUFFER_MAP || !v->here || o->t_ns - v->event_ns < 2 * delay)
		return;
	if (v->play_ns != 0) {
		uint64_t before = v->pos + (uint64_t)((o->t_ns - delay - v->play_ns) / chunk_ns);
		uint64_t now = v->pos + (uint64_t)((o->t_ns - v->play_ns) / chunk_ns);

		assert_in_range(o->offset, before, now);
		assert_true(o->flags & OBS_HAS_PLAY && o->u.map.play == o->offset);
		m->checked++;
		v->plays++;
	} else if (v->stalled) {
		assert_int_equal(o->offset, v->pos);
	} else if (o->offset == 0) {
		assert_int_equal(o->width, 0);
		assert_int_equal(v->start, 0); /* never back to nothing */
		v->zeros++;
	} else {
		assert_true(v->start == 0 || v->start <= o->offset);
		v->start = o->offset;
		v->fills++;
	}
}

static void
follow_stall(struct viewer_model *v, const struct truth_event *ev)
{
	assert_true(v->play_ns != 0);
	/* it lasts to the end of the chunk, and the next is missing */
	assert_int_equal(ev->chunk, v->pos + (uint64_t)((ev->t_ns - v->play_ns) / 250000000));
	v->stalled = true;
	v->play_ns = 0;
	v->pos = ev->chunk;
}

static void
follow_play(struct viewer_model *v, const struct truth_event *ev)
{
	assert_true(v->here && v->play_ns == 0 && v->stalled == (ev->kind == TRUTH_RESUME));
	v->stalled = false;
	v->play_ns = ev->t_ns;
	v->pos = ev->chunk;
}

static void
follow_truth(void *ctx, const struct sim_viewer *who, const struct truth_event *ev)
{
	struct viewer_model *v = model_of(ctx, &who->at);

	if (ev->kind == TRUTH_CHUNK || ev->kind == TRUTH_MISSED || ev->kind == TRUTH_IMPAIR)
		return;
	assert_true(ev->t_ns >= v->event_ns);
	switch ((enum truth_kind)ev->kind) {
	case TRUTH_JOIN:
	case TRUTH_SWITCH:
	case TRUTH_REBOOT:
		assert_true(v->here == (ev->kind != TRUTH_JOIN));
		*v = (struct viewer_model){ .here = true, .asked = true };
		break;
	case TRUTH_FIRST_PACKET:
		assert_true(v->asked && v->play_ns == 0);
		break;
	case TRUTH_PLAY:
	case TRUTH_RESUME:
		follow_play(v, ev);
		break;
	case TRUTH_STALL:
		follow_stall(v, ev);
		break;
	case TRUTH_SKIP:
		assert_true(v->stalled || v->play_ns != 0);
		v->play_ns = v->play_ns != 0 ? ev->t_ns : 0;
		v->pos = ev->chunk + ev->chunks;
		break;
	case TRUTH_LEAVE:
		assert_true(v->here);
		v->here = false;
		break;
	case TRUTH_CHUNK:
	case TRUTH_MISSED:
	case TRUTH_IMPAIR:
	case TRUTH_KINDS:
		break;
	}
	v->event_ns = ev->t_ns;
}

/* What must always hold inside an engine. */
static void
check_engine(const struct engine *e)
{
	unsigned waiting[ENGINE_PARTNERS] = { 0 };

	for (uint32_t i = 0; i < e->n_requests; i++) {
		const struct request *r = &e->requests[i];

		assert_true(window_has(&e->flight, r->chunk));
		assert_true(e->partners[r->partner].state == PARTNER_OPEN);
		assert_false(window_has(&e->have, r->chunk));
		waiting[r->partner]++;
		for (uint32_t k = 0; k < i; k++) /* asked of one partner at a time */
			assert_true(e->requests[k].chunk != r->chunk);
	}
	for (unsigned i = 0; i < ENGINE_PARTNERS; i++)
		assert_int_equal(e->partners[i].waiting,
		                 e->partners[i].state == PARTNER_OPEN ? waiting[i] : 0);
	for (uint32_t i = 0; i < e->n_queue; i++) {
		assert_true(e->partners[e->queue[i].partner].state == PARTNER_OPEN);
		for (uint32_t k = 0; k < i; k++)
			assert_true(e->queue[k].chunk != e->queue[i].chunk ||
			            e->queue[k].partner != e->queue[i].partner);
	}
	if (e->player.state == PLAYER_PLAY) {
		assert_true(window_has(&e->have, e->player.pos));
		assert_true(e->have.low <= e->player.pos);
	}
}

static void
look_inside(struct sim *sim, void *ctx)
{
	struct sim_viewer v;

	(void)ctx;
	for (uint32_t i = 0; i < sim_slots(sim); i++)
		if (sim_viewer(sim, i, &v))
			check_engine(v.engine);
}

static struct tally *
check_scenario(const char *name, unsigned *checked)
{
	struct maps *m = calloc(1, sizeof *m);
	struct scenario s;
	struct tally *t;

	assert_non_null(m);
	tally_scenario(&s, name);
	s.view = (struct scenario_view){ .fraction_ppm = SCENARIO_MILLION, .chunks = true };
	m->sink.put = check_map;
	m->tap.obs = &m->sink;
	t = tally_watch(&s, 2, NULL, &m->tap, look_inside, follow_truth, m);
	*checked = m->checked;
	free(m);
	return t;
}

static void
maps_truth_and_engines_agree_whatever_befalls_them(void **state)
{
	static const char *const names[] = { "steady", "dips", "reboots", "behind-nat" };
	struct tally *t;
	unsigned checked;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		t = check_scenario(names[i], &checked);
		assert_true(checked > 30000);
		assert_int_equal(t->events[TRUTH_JOIN], t->counts.arrivals);
		assert_int_equal(t->events[TRUTH_MISSED], t->counts.skipped);
		if (strcmp(names[i], "reboots") == 0)
			assert_true(t->events[TRUTH_REBOOT] >= 6);
		if (strcmp(names[i], "dips") == 0)
			assert_true(t->events[TRUTH_STALL] >= 20);
		tally_free(t);
	}
}

/* --- budgets ------------------------------------------------------------------------ */

static void
a_swarm_with_spare_supply_streams(void **state)
{
	struct scenario s;
	struct tally *t;

	(void)state;
	tally_swarm(&s, 100, 1.2, 120, 300);
	s.duration_ms = 240000;
	t = tally_run(&s, 1, NULL, NULL);
	printf("100 viewers at 1.2: continuity %.5f, start-up %.2f s, skew %.2f s\n",
	       t->whole.continuity, tally_at(t->startups, t->n_startups, 50),
	       tally_at(t->skews, t->n_skews, 95));
	assert_true(t->whole.continuity >= 0.999 && t->whole.rebuffering <= 0.002);
	assert_true(tally_at(t->startups, t->n_startups, 50) <= 1.0);
	assert_true(tally_at(t->skews, t->n_skews, 95) <= 2.0);
	tally_free(t);
}

static void
viewers_who_switch_wait_less_than_a_second(void **state)
{
	struct scenario s;
	struct tally *t;

	(void)state;
	tally_scenario(&s, "zapping");
	t = tally_run(&s, 1, NULL, NULL);
	assert_true(t->n_switchings > 100);
	assert_true(tally_at(t->switchings, t->n_switchings, 50) <= 1.0);
	tally_free(t);
}

static void
a_starved_swarm_gets_what_the_fluid_limit_leaves(void **state)
{
	struct scenario s;
	struct tally *t;

	(void)state;
	tally_swarm(&s, 60, 0.9, 40, 0);
	s.duration_ms = 240000;
	t = tally_run(&s, 1, NULL, NULL);
	printf("60 viewers at 0.9: received %.3f, played %.3f of the stream\n",
	       t->settled.received, t->settled.played);
	assert_true(t->settled.received >= 0.8 && t->settled.received <= 0.92);
	assert_true(t->settled.played >= 0.7 && t->settled.played <= 0.92);
	tally_free(t);
}

/* --- attacks ------------------------------------------------------------------------ */

static void
polluters_are_banned_and_their_chunks_never_played(void **state)
{
	struct scenario s;
	struct tally *t;

	(void)state;
	tally_scenario(&s, "polluter");
	t = tally_run(&s, 1, NULL, NULL);
	assert_true(t->counts.engines.dropped[ENGINE_POLLUTED] > 20);
	assert_true(t->counts.engines.partners_dropped >= 20);
	assert_true(t->whole.continuity >= 0.995);
	tally_free(t);
}

static void
liars_slow_nobody_down(void **state)
{
	struct scenario s;
	struct tally *t;

	(void)state;
	tally_scenario(&s, "map-liar");
	t = tally_run(&s, 1, NULL, NULL);
	assert_true(t->counts.engines.refused > 100);
	assert_true(t->whole.continuity >= 0.995);
	tally_free(t);
}

static void
real_signatures_change_nothing_else(void **state)
{
	static const uint8_t seed[SIGN_SEED] = { 1 };
	struct signer_ed25519 real;
	struct scenario s;
	struct tally *a, *b;

	(void)state;
	assert_true(sign_init());
	signer_ed25519(&real, seed);
	tally_scenario(&s, "signed");
	s.duration_ms = 30000;
	a = tally_run(&s, 1, &real.signer, NULL);
	b = tally_run(&s, 1, NULL, NULL);
	assert_true(a->counts.engines.chunks_in > 1000);
	assert_int_equal(a->counts.engines.dropped[ENGINE_POLLUTED], 0);
	assert_true(a->digest == b->digest);
	tally_free(a);
	tally_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_gives_the_same_bytes_and_packets_say_the_same),
		cmocka_unit_test(views_hide_without_changing_the_truth),
		cmocka_unit_test(maps_truth_and_engines_agree_whatever_befalls_them),
		cmocka_unit_test(a_swarm_with_spare_supply_streams),
		cmocka_unit_test(viewers_who_switch_wait_less_than_a_second),
		cmocka_unit_test(a_starved_swarm_gets_what_the_fluid_limit_leaves),
		cmocka_unit_test(polluters_are_banned_and_their_chunks_never_played),
		cmocka_unit_test(liars_slow_nobody_down),
		cmocka_unit_test(real_signatures_change_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
