/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/heap.h"
#include "peer/members.h"
#include "peer/player.h"
#include "peer/rng.h"
#include "peer/signer.h"
#include "peer/window.h"

#define MS 1000000LL

/* --- window ------------------------------------------------------------------ */

static void
a_window_agrees_with_a_plain_set(void **state)
{
	enum { RANGE = 2000 };
	static bool plain[RANGE];
	struct rng rng = rng_seeded(7, 0);
	struct window w;
	uint64_t low = 0, got, c;

	(void)state;
	memset(plain, 0, sizeof plain);
	window_reset(&w, 0);
	for (int i = 0; i < 20000; i++) {
		c = low + rng_below(&rng, WINDOW_SPAN + 40);
		assert_int_equal(window_set(&w, c), c - low < WINDOW_SPAN);
		if (c - low < WINDOW_SPAN && c < RANGE)
			plain[c] = true;
		if (i % 20 == 19 && low + WINDOW_SPAN + 90 < RANGE)
			window_advance(&w, low += rng_below(&rng, 4));
		c = low + rng_below(&rng, WINDOW_SPAN);
		assert_int_equal(window_has(&w, c), plain[c]);
		if (rng_below(&rng, 4) == 0) {
			window_clear(&w, c);
			plain[c] = false;
		}
	}
	for (c = low; c < low + WINDOW_SPAN && !plain[c]; c++)
		;
	assert_true(window_next(&w, 0, &got));
	assert_int_equal(got, c);
	for (c = low + WINDOW_SPAN - 1; !plain[c]; c--)
		;
	assert_true(window_newest(&w, &got));
	assert_int_equal(got, c);
}

static void
a_map_moves_a_window_and_keeps_what_was_behind_it(void **state)
{
	static const uint8_t first[] = { 0xff, 0x01 }, second[] = { 0x05 };
	struct mesh_set map = { 1000, 9, first };
	struct window w;
	uint8_t bits[2];

	(void)state;
	window_reset(&w, 0);
	window_take_map(&w, &map, 192);
	assert_true(window_has(&w, 1000) && window_has(&w, 1008) && !window_has(&w, 1009));
	window_bits(&w, 1000, 9, bits);
	assert_memory_equal(bits, first, 2);
	map = (struct mesh_set){ 1004, 3, second };
	window_take_map(&w, &map, 192);
	assert_true(window_has(&w, 1003)); /* before the offset: still believed */
	assert_true(window_has(&w, 1004) && !window_has(&w, 1005) && window_has(&w, 1006));
	assert_false(window_has(&w, 1008)); /* told to be gone */
	map.offset = UINT64_MAX - 3;
	window_take_map(&w, &map, 192);
	assert_false(window_has(&w, 1004));
	assert_true(window_has(&w, UINT64_MAX - 3));
	map.offset = 4;
	window_take_map(&w, &map, 192);
	assert_true(window_has(&w, 4) && !window_has(&w, UINT64_MAX - 3));
}

static void
maps_of_any_place_and_width_are_taken_bit_by_bit(void **state)
{
	struct rng rng = rng_seeded(9, 0);
	uint8_t bits[128], back[128];
	struct window w;
	uint64_t offset = 5000;

	(void)state;
	window_reset(&w, 0);
	for (int round = 0; round < 3000; round++) {
		uint32_t width = rng_below(&rng, 600);
		struct mesh_set map = { offset, width, bits };

		for (unsigned i = 0; i < sizeof bits; i++)
			bits[i] = (uint8_t)rng_next(&rng);
		if (width % 8 != 0)
			bits[width / 8] &= (uint8_t)((1u << width % 8) - 1);
		window_take_map(&w, &map, 192);
		for (uint32_t i = 0; i < 600; i++) {
			bool told = i < width && bits[i / 8] >> (i % 8) & 1;

			assert_int_equal(window_has(&w, offset + i),
			                 told && window_covers(&w, offset + i));
		}
		window_bits(&w, offset, 300, back);
		for (uint32_t i = 0; i < 300; i++)
			assert_int_equal(back[i / 8] >> (i % 8) & 1,
			                 window_has(&w, offset + i));
		offset += rng_below(&rng, 70) - 5u;
	}
}

/* --- player ------------------------------------------------------------------- */

static const struct player_options opt = { .chunk_ns = 250 * MS, .prebuffer_chunks = 2,
	.resume_chunks = 2, .max_skip_chunks = 2, .give_up_ns = 2000 * MS,
	.reboot_ns = 10000 * MS, .policy = PLAYER_SKIPS };

static struct window
holding(uint64_t from, unsigned n)
{
	struct window w;

	window_reset(&w, 100);
	for (unsigned i = 0; i < n; i++)
		window_set(&w, from + i);
	return w;
}

static void
a_chunk_that_no_partner_can_have_is_wanted_late_not_never(void **state)
{
	struct player p = { .state = PLAYER_IDLE };
	int64_t far;

	(void)state;
	player_fill(&p, 100, 0);
	assert_int_equal(player_deadline(&p, &opt, 104, 7 * MS), 1007 * MS);
	far = player_deadline(&p, &opt, UINT64_MAX - 1, 7 * MS);
	assert_true(far > player_deadline(&p, &opt, 10000, 7 * MS));
	p.state = PLAYER_PLAY;
	assert_true(player_deadline(&p, &opt, UINT64_MAX - 1, 7 * MS) > 0);
}

static void
a_player_starts_at_its_threshold_and_stalls_when_dry(void **state)
{
	struct window w = holding(100, 1);
	struct player p = { .state = PLAYER_IDLE };
	struct player_event ev;

	(void)state;
	player_fill(&p, 100, 0);
	assert_false(player_step(&p, &opt, &w, 10 * MS, &ev));
	window_set(&w, 101);
	assert_true(player_step(&p, &opt, &w, 20 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_STARTED);
	assert_int_equal(ev.t_ns, 20 * MS);
	/* asked late, it still tells the true time: two chunks after the start */
	assert_true(player_step(&p, &opt, &w, 900 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_STALLED);
	assert_int_equal(ev.t_ns, 520 * MS);
	assert_int_equal(p.pos, 102);
	window_set(&w, 102);
	assert_false(player_step(&p, &opt, &w, 910 * MS, &ev));
	window_set(&w, 103);
	assert_true(player_step(&p, &opt, &w, 920 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_RESUMED);
	assert_int_equal(p.stalled_ns, 400 * MS);
	assert_int_equal(player_due(&p, &opt), 1170 * MS);
}

static void
a_small_hole_is_skipped_and_a_wide_one_waited_for(void **state)
{
	struct window w = holding(100, 2);
	struct player p = { .state = PLAYER_IDLE };
	struct player_event ev;

	(void)state;
	window_set(&w, 103);
	window_set(&w, 104);
	window_set(&w, 108);
	window_set(&w, 109);
	player_fill(&p, 100, 0);
	assert_true(player_step(&p, &opt, &w, 0, &ev));
	assert_true(player_step(&p, &opt, &w, 500 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_SKIPPED);
	assert_int_equal(ev.t_ns, 500 * MS);
	assert_int_equal(ev.chunk, 102);
	assert_int_equal(ev.chunks, 1);
	assert_int_equal(p.pos, 103);
	assert_true(player_step(&p, &opt, &w, 1000 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_STALLED);
	assert_false(player_step(&p, &opt, &w, 2999 * MS, &ev));
	assert_true(player_step(&p, &opt, &w, 3000 * MS, &ev)); /* gives it up */
	assert_int_equal(ev.kind, PLAYER_SKIPPED);
	assert_int_equal(ev.chunks, 3);
	assert_true(player_step(&p, &opt, &w, 3000 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_RESUMED);
	assert_int_equal(p.played, 5);
	assert_int_equal(p.skipped, 4);
}

static void
a_freezing_player_waits_and_reboots_in_the_end(void **state)
{
	struct player_options freezing = opt;
	struct window w = holding(100, 2);
	struct player p = { .state = PLAYER_IDLE };
	struct player_event ev;

	(void)state;
	freezing.policy = PLAYER_FREEZES;
	player_fill(&p, 100, 0);
	assert_true(player_step(&p, &freezing, &w, 0, &ev));
	assert_true(player_step(&p, &freezing, &w, 500 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_STALLED);
	assert_int_equal(player_due(&p, &freezing), 10500 * MS);
	assert_true(player_step(&p, &freezing, &w, 10500 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_REBOOTS);
	assert_int_equal(p.state, PLAYER_IDLE);
	assert_int_equal(p.stalled_ns, 10000 * MS);
}

static void
a_viewer_left_behind_plays_what_it_has_and_passes_the_rest(void **state)
{
	struct window w = holding(100, 2);
	struct player p = { .state = PLAYER_IDLE };
	struct player_event ev;

	(void)state;
	window_set(&w, 107);
	player_fill(&p, 100, 0);
	assert_true(player_step(&p, &opt, &w, 0, &ev));
	assert_false(player_catch_up(&p, &w, 120, 0, &ev)); /* it plays */
	assert_true(player_step(&p, &opt, &w, 500 * MS, &ev));
	assert_false(player_catch_up(&p, &w, 101, 500 * MS, &ev)); /* not behind */
	assert_true(player_catch_up(&p, &w, 120, 600 * MS, &ev));
	assert_int_equal(ev.chunks, 5);
	assert_int_equal(p.pos, 107);
	assert_true(player_step(&p, &opt, &w, 600 * MS, &ev));
	assert_int_equal(ev.kind, PLAYER_RESUMED);
}

/* --- the rest -------------------------------------------------------------------- */

static void
exponential_draws_have_their_mean(void **state)
{
	struct rng rng = rng_seeded(1, 2), same = rng_seeded(1, 2), other = rng_seeded(1, 3);
	int64_t sum = 0, above = 0, x;

	(void)state;
	assert_true(rng_next(&rng) == rng_next(&same) && rng_next(&rng) != rng_next(&other));
	for (int i = 0; i < 100000; i++) {
		x = rng_exp_ns(&rng, 1000 * MS);
		assert_true(x >= 0);
		sum += x;
		above += x > 1000 * MS;
	}
	assert_in_range(sum / 100000, 985 * MS, 1015 * MS);
	assert_in_range(above, 36000, 37600); /* 100,000 / e = 36,788 */
}

static void
the_heap_gives_back_in_order_of_time_and_making(void **state)
{
	static struct happening room[500];
	struct heap h = { .list = room, .max = 500 };
	struct rng rng = rng_seeded(3, 0);
	struct happening got, last = { .t_ns = -1 };

	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		assert_true(heap_push(&h, (struct happening){ .t_ns = rng_below(&rng, 50) }));
	assert_false(heap_push(&h, (struct happening){ .t_ns = 1 }));
	while (heap_pop(&h, &got)) {
		assert_true(got.t_ns > last.t_ns ||
		            (got.t_ns == last.t_ns && got.seq > last.seq));
		last = got;
	}
	assert_int_equal(h.n, 0);
}

static struct mesh_contact
contact(uint32_t i, uint16_t lease_s)
{
	return (struct mesh_contact){ endpoint_ipv4(0x0a000000 + i, 7000), i, lease_s, 1 };
}

static void
members_fade_without_gossip_and_are_bounded(void **state)
{
	struct members m = { .n = 0 };
	struct rng rng = rng_seeded(4, 0);
	struct mesh_contact c = contact(1, 10), out[8];
	struct endpoint first = c.at;

	(void)state;
	members_heard(&m, &c, 0, 60, &rng);
	assert_int_equal(members_sample(&m, 0, 8, out, &rng), 0); /* nobody spoke to it */
	members_find(&m, &first)->verified = true;
	assert_int_equal(members_sample(&m, 0, 8, out, &rng), 1);
	assert_int_equal(out[0].lease_s, 10);
	for (uint32_t i = 2; i < 1000; i++) {
		c = contact(i, 60000);
		members_heard(&m, &c, 0, 60, &rng);
	}
	assert_int_equal(m.n, MEMBERS_MAX);
	assert_non_null(members_find(&m, &first)); /* strangers made room for strangers */
	members_expire(&m, 10000 * MS);
	assert_null(members_find(&m, &first));
	members_expire(&m, 60000 * MS);
	assert_int_equal(m.n, 0);
	assert_null(members_pick(&m, 0, &rng));
}

static void
a_digest_vouches_for_statement_and_media(void **state)
{
	struct signer_digest d = signer_digest(5), other = signer_digest(6);
	uint8_t signature[MESH_SIGNATURE], media[4] = { 1, 2, 3, 4 };
	struct mesh_chunk c = { .chunk = 9, .total = 4, .media = media, .media_len = 4,
		.media_here = 4, .signature = signature };

	(void)state;
	d.signer.sign(&d.signer, 1, &c, signature);
	assert_true(d.signer.verify(&d.signer, 1, &c));
	assert_false(d.signer.verify(&d.signer, 2, &c));
	assert_false(other.signer.verify(&other.signer, 1, &c));
	media[3] = 5;
	assert_false(d.signer.verify(&d.signer, 1, &c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_agrees_with_a_plain_set),
		cmocka_unit_test(a_map_moves_a_window_and_keeps_what_was_behind_it),
		cmocka_unit_test(maps_of_any_place_and_width_are_taken_bit_by_bit),
		cmocka_unit_test(a_chunk_that_no_partner_can_have_is_wanted_late_not_never),
		cmocka_unit_test(a_player_starts_at_its_threshold_and_stalls_when_dry),
		cmocka_unit_test(a_small_hole_is_skipped_and_a_wide_one_waited_for),
		cmocka_unit_test(a_freezing_player_waits_and_reboots_in_the_end),
		cmocka_unit_test(a_viewer_left_behind_plays_what_it_has_and_passes_the_rest),
		cmocka_unit_test(exponential_draws_have_their_mean),
		cmocka_unit_test(the_heap_gives_back_in_order_of_time_and_making),
		cmocka_unit_test(members_fade_without_gossip_and_are_bounded),
		cmocka_unit_test(a_digest_vouches_for_statement_and_media),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
