/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/grapes_rig.h"

static void
assert_head(const struct rig *r, size_t i, enum obs_kind kind)
{
	const struct observation *o = rig_put(r, i);

	assert_int_equal(o->kind, kind);
	assert_int_equal(o->t_ns, RIG_CLOCK_NS);
	assert_int_equal(o->protocol, PROTO_GRAPES);
	assert_int_equal(o->channel, 0);
	assert_int_equal(o->vantage, 7);
	assert_int_equal(o->origin, OBS_ACTIVE);
}

static void
assert_peers(const struct rig *r, size_t i, const struct endpoint *peer,
             const struct endpoint *to)
{
	assert_true(endpoint_same(&rig_put(r, i)->peer, peer));
	assert_true(endpoint_same(&rig_put(r, i)->to, to));
}

static void
gossip_tells_contacts_the_sender_first(void **state)
{
	(void)state;
	EACH_DIALECT(r) {
		struct endpoint nodes[3] = { rig_opener, rig_other,
			                     endpoint_ipv4(0x0a4d0009, 80) };
		struct endpoint got;
		MESSAGE(w, 1000);

		rig_gossip(&w, r->dialect, 2, 1, nodes, 3);
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		assert_int_equal(r->puts, 1);
		assert_head(r, 0, OBS_CONTACTS);
		assert_peers(r, 0, &rig_opener, &rig_other);
		assert_int_equal(rig_put(r, 0)->u.contacts.n, 3);
		assert_int_equal(rig_put(r, 0)->tail_len, 3 * 18);
		for (uint32_t i = 0; i < 3; i++) {
			got = obs_contact(rig_put(r, 0), i);
			assert_true(endpoint_same(&got, &nodes[i]));
		}
	}
}

static void
only_a_newcomers_lone_query_is_a_join(void **state)
{
	static const struct {
		uint8_t sub;
		uint32_t age;
		size_t nodes;
		bool joins;
	} cases[] = {
		{ 1, 4, 1, true }, { 1, 1, 1, false }, { 2, 4, 1, false }, { 1, 4, 2, false },
	};
	struct endpoint nodes[2] = { rig_opener, rig_other };

	(void)state;
	EACH_DIALECT(r) {
		for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			MESSAGE(w, 1000);

			rig_clear(r);
			rig_gossip(&w, r->dialect, cases[i].sub, cases[i].age, nodes,
			           cases[i].nodes);
			assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
			assert_int_equal(r->puts, cases[i].joins ? 2 : 1);
			assert_head(r, r->puts - 1, OBS_CONTACTS);
			if (!cases[i].joins)
				continue;
			assert_head(r, 0, OBS_JOIN);
			assert_int_equal(rig_put(r, 0)->action, OBS_BOOTSTRAP);
			assert_peers(r, 0, &rig_opener, &rig_other);
		}
	}
}

static void
neighbours_are_added_and_removed_and_say_goodbye(void **state)
{
	static const struct {
		enum obs_kind kind;
		enum obs_action action;
	} told[] = {
		{ OBS_PARTNER, OBS_ADDED },
		{ OBS_PARTNER, OBS_REMOVED },
		{ OBS_LEAVE, OBS_GOODBYE },
	};

	(void)state;
	EACH_DIALECT(r) {
		for (uint8_t sub = 0; sub < 4; sub++) {
			MESSAGE(w, 100);

			rig_clear(r);
			rig_neighbour(&w, r->dialect, sub);
			if (sub == 3 || (sub == 2 && r->dialect != GRAPES_ENGINE)) {
				assert_int_equal(rig_message(r, &w), PROTO_MALFORMED);
				continue;
			}
			assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
			assert_head(r, 0, told[sub].kind);
			assert_int_equal(rig_put(r, 0)->action, told[sub].action);
			assert_peers(r, 0, &rig_opener, &rig_other);
		}
	}
}

static void
a_buffer_map_tells_window_source_and_chunks(void **state)
{
	const uint8_t set[] = { 0, 0, 0, 100, 0xff, 0xff };

	(void)state;
	EACH_DIALECT(r) {
		const struct observation *o;
		MESSAGE(w, 300);
		MESSAGE(source, 300);

		rig_signalling(&w, r->dialect, 10, 60, &rig_opener, 12, 1, set, sizeof set);
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		assert_head(r, 0, OBS_BUFFER_MAP);
		assert_peers(r, 0, &rig_opener, &rig_other);
		o = rig_put(r, 0);
		assert_int_equal(o->flags, 0);
		assert_int_equal(o->u.map.window, 60);
		assert_int_equal(o->offset, 100);
		assert_int_equal(o->width, 12);
		assert_int_equal(o->tail_len, 2);
		assert_int_equal(o->tail[0], 0xff);
		assert_int_equal(o->tail[1], 0x0f); /* the wire's bits past the width are not */
		rig_signalling(&source, r->dialect, 10, 0, &rig_opener, 12, 1, set, sizeof set);
		assert_int_equal(rig_message(r, &source), PROTO_OBSERVED);
		assert_int_equal(rig_put(r, 1)->flags, OBS_SOURCE);
	}
}

static void
a_map_is_its_owners_unless_a_nat_hides_the_sender(void **state)
{
	const struct endpoint elsewhere = endpoint_ipv4(0xc6336401, 6000);
	const uint8_t set[] = { 0, 0, 0, 100 };

	(void)state;
	EACH_DIALECT(r) {
		MESSAGE(w, 300);
		MESSAGE(behind, 300);

		rig_introduce(r);
		rig_signalling(&w, r->dialect, 10, 60, &elsewhere, 0, 1, set, sizeof set);
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		assert_peers(r, 0, &elsewhere, &rig_other);
		r->m.src = elsewhere;
		rig_signalling(&behind, r->dialect, 10, 60, &rig_opener, 0, 1, set, sizeof set);
		assert_int_equal(rig_message(r, &behind), PROTO_OBSERVED);
		assert_peers(r, 1, &elsewhere, &rig_other);
	}
}

static void
only_the_engines_ack_leaves_out_what_it_acknowledges(void **state)
{
	(void)state;
	EACH_DIALECT(r) {
		const struct observation *o;
		MESSAGE(w, 100);
		MESSAGE(empty, 100);

		rig_bitmap(&w, r->dialect, 11, 0x80000001, 3, "\x05");
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		o = rig_put(r, 0);
		assert_head(r, 0, OBS_BUFFER_MAP);
		assert_int_equal(o->flags, r->dialect == GRAPES_ENGINE ? OBS_MINUS_ACKED : 0);
		assert_int_equal(o->u.map.window, 0);
		assert_int_equal(o->offset, 0x80000001);
		assert_true(obs_has(o, 0x80000001) && obs_has(o, 0x80000003));
		assert_int_equal(obs_held(o), 2);
		rig_bitmap(&empty, r->dialect, 11, 0, 0, NULL);
		assert_int_equal(rig_message(r, &empty), PROTO_OBSERVED);
		assert_int_equal(rig_put(r, 1)->width, 0);
		assert_int_equal(rig_put(r, 1)->tail_len, 0);
	}
}

static void
an_offer_adds_and_an_accept_asks(void **state)
{
	const uint32_t ids[] = { 52, 40, 51, 40 };

	(void)state;
	EACH_DIALECT(r) {
		const struct observation *o;
		MESSAGE(offer, 100);
		MESSAGE(accept, 100);
		MESSAGE(request, 100);

		rig_bitmap(&offer, r->dialect, 4, 40, 8, "\x81");
		assert_int_equal(rig_message(r, &offer), PROTO_OBSERVED);
		assert_head(r, 0, OBS_HAVE);
		assert_int_equal(obs_held(rig_put(r, 0)), 2);
		rig_direction(r, true);
		rig_list(&accept, r->dialect, 6, ids, 4);
		assert_int_equal(rig_message(r, &accept), PROTO_OBSERVED);
		o = rig_put(r, 1);
		assert_head(r, 1, OBS_REQUEST);
		assert_peers(r, 1, &rig_other, &rig_opener);
		assert_int_equal(o->action, OBS_ASKED);
		assert_int_equal(o->offset, 40);
		assert_int_equal(o->width, 13);
		assert_int_equal(obs_held(o), 3);
		assert_true(obs_has(o, 40) && obs_has(o, 51) && obs_has(o, 52));
		rig_bitmap(&request, r->dialect, 1, 7, 1, "\x01");
		assert_int_equal(rig_message(r, &request), PROTO_OBSERVED);
		assert_int_equal(rig_put(r, 2)->action, OBS_ASKED);
	}
}

static void
what_tells_nothing_is_ours_but_not_put(void **state)
{
	(void)state;
	EACH_DIALECT(r) {
		MESSAGE(none, 100);
		MESSAGE(clear, 100);
		MESSAGE(deliver, 100);
		MESSAGE(ask, 300);
		MESSAGE(setless, 100);
		MESSAGE(tman, 100);

		rig_list(&none, r->dialect, 6, NULL, 0);
		rig_bitmap(&clear, r->dialect, 6, 7, 8, "\0");
		rig_bitmap(&deliver, r->dialect, 2, 7, 8, "\1");
		rig_signalling(&ask, r->dialect, 12, 0, &rig_opener, 0, UINT32_MAX, NULL, 0);
		rig_signalling(&setless, r->dialect, 11, 0, NULL, 0, UINT32_MAX, NULL, 0);
		writer_bytes(&tman, "\x13\x03", 2);
		assert_int_equal(rig_message(r, &none), PROTO_OTHER);
		assert_int_equal(rig_message(r, &clear), PROTO_OTHER);
		assert_int_equal(rig_message(r, &deliver), PROTO_OTHER);
		assert_int_equal(rig_message(r, &ask), PROTO_OTHER);
		assert_int_equal(rig_message(r, &setless), PROTO_OTHER);
		assert_int_equal(rig_message(r, &tman), PROTO_OTHER);
		assert_int_equal(r->puts, 0);
	}
}

static void
a_chunk_is_a_mark_and_a_transfer(void **state)
{
	(void)state;
	EACH_DIALECT(r) {
		const struct observation *o;
		MESSAGE(w, 1000);

		rig_chunk(&w, r->dialect, 2022519257, 700, 259);
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		assert_int_equal(r->puts, 2);
		o = rig_put(r, 0);
		assert_head(r, 0, OBS_MARK);
		assert_peers(r, 0, &rig_opener, &rig_other);
		assert_int_equal(o->offset, 2022519257);
		assert_int_equal(o->u.mark.source_ns, RIG_SOURCE_US * 1000);
		assert_int_equal(o->u.mark.error_ns, 0);
		o = rig_put(r, 1);
		assert_head(r, 1, OBS_TRANSFER);
		assert_peers(r, 1, &rig_other, &rig_opener);
		assert_int_equal(o->offset, 2022519257);
		assert_int_equal(o->width, 1);
		assert_int_equal(o->u.transfer.bytes, 700);
		assert_int_equal(o->u.transfer.hops, 259);
		assert_int_equal(o->flags, OBS_ALL);
	}
}

static void
attributes_of_another_size_leave_the_hops_unknown(void **state)
{
	(void)state;
	EACH_DIALECT(r) {
		MESSAGE(w, 1000);

		rig_introduce(r);
		rig_chunk(&w, r->dialect, 1, 100, 2);
		w_bytes[18] = 0; /* size and attributes, both of 100-odd bytes in all */
		w_bytes[22] = (uint8_t)(writer_len(&w) - 23);
		assert_int_equal(rig_message(r, &w), PROTO_OBSERVED);
		assert_int_equal(rig_put(r, 1)->u.transfer.hops, GRAPES_HOPS_UNKNOWN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gossip_tells_contacts_the_sender_first),
		cmocka_unit_test(only_a_newcomers_lone_query_is_a_join),
		cmocka_unit_test(neighbours_are_added_and_removed_and_say_goodbye),
		cmocka_unit_test(a_buffer_map_tells_window_source_and_chunks),
		cmocka_unit_test(a_map_is_its_owners_unless_a_nat_hides_the_sender),
		cmocka_unit_test(only_the_engines_ack_leaves_out_what_it_acknowledges),
		cmocka_unit_test(an_offer_adds_and_an_accept_asks),
		cmocka_unit_test(what_tells_nothing_is_ours_but_not_put),
		cmocka_unit_test(a_chunk_is_a_mark_and_a_transfer),
		cmocka_unit_test(attributes_of_another_size_leave_the_hops_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
