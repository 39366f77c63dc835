/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/channels.h"

#define ROOM 3

static struct channel_entry room[ROOM];

static struct channel_list
empty(void)
{
	return (struct channel_list){ .list = room, .max = ROOM };
}

static struct channel_entry
entry(uint64_t id, const char *name)
{
	struct channel_entry e = { .channel = { .id = id, .chunk_ns = 250000000,
		.bitrate_kbps = 400 }, .n_trackers = 1 };

	strncpy(e.name, name, sizeof e.name - 1);
	e.trackers[0] = endpoint_ipv4(0x0a000001, 7000);
	return e;
}

static void
channels_stand_in_the_order_of_their_names(void **state)
{
	struct channel_entry b = entry(1, "news"), a = entry(2, "music"), c = entry(3, "sport");
	struct channel_list l = empty();

	(void)state;
	assert_int_equal(channels_publish(&l, &b), CHANNELS_ADDED);
	assert_int_equal(channels_publish(&l, &c), CHANNELS_ADDED);
	assert_int_equal(channels_publish(&l, &a), CHANNELS_ADDED);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.list[0].channel.id, 2);
	assert_int_equal(l.list[1].channel.id, 1);
	assert_int_equal(l.list[2].channel.id, 3);
	assert_true(endpoint_same(&l.list[0].channel.tracker, &a.trackers[0]));
}

static void
who_publishes_again_replaces_and_readers_can_tell(void **state)
{
	struct channel_entry e = entry(1, "news");
	struct channel_list l = empty();
	uint64_t before;

	(void)state;
	channels_publish(&l, &e);
	before = l.version;
	e = entry(1, "late news");
	e.channel.bitrate_kbps = 900;
	assert_int_equal(channels_publish(&l, &e), CHANNELS_REPLACED);
	assert_int_equal(l.n, 1);
	assert_int_equal(channels_find(&l, 1)->channel.bitrate_kbps, 900);
	assert_null(channels_named(&l, "news"));
	assert_true(l.version > before);
}

static void
a_name_belongs_to_one_channel_and_a_full_list_takes_no_more(void **state)
{
	struct channel_entry e = entry(1, "a"), same = entry(9, "a");
	struct channel_list l = empty();

	(void)state;
	channels_publish(&l, &e);
	assert_int_equal(channels_publish(&l, &same), CHANNELS_TAKEN);
	e = entry(2, "b");
	channels_publish(&l, &e);
	e = entry(3, "c");
	channels_publish(&l, &e);
	e = entry(4, "d");
	assert_int_equal(channels_publish(&l, &e), CHANNELS_FULL);
	assert_int_equal(l.n, ROOM);
	assert_true(channels_withdraw(&l, 2));
	assert_false(channels_withdraw(&l, 2));
	assert_int_equal(channels_publish(&l, &e), CHANNELS_ADDED);
	assert_null(channels_find(&l, 2));
}

static void
what_cannot_be_watched_is_not_published(void **state)
{
	struct channel_entry e = entry(0, "a");
	struct channel_list l = empty();

	(void)state;
	assert_int_equal(channels_publish(&l, &e), CHANNELS_UNSOUND);
	e = entry(1, "");
	assert_int_equal(channels_publish(&l, &e), CHANNELS_UNSOUND);
	e = entry(1, "a");
	e.n_trackers = CHANNELS_TRACKERS + 1;
	assert_int_equal(channels_publish(&l, &e), CHANNELS_UNSOUND);
	e = entry(1, "a");
	memset(e.name, 'x', sizeof e.name);
	assert_int_equal(channels_publish(&l, &e), CHANNELS_UNSOUND);
	e = entry(1, "a");
	e.channel.chunk_ns = 0;
	assert_int_equal(channels_publish(&l, &e), CHANNELS_UNSOUND);
	assert_int_equal(l.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(channels_stand_in_the_order_of_their_names),
		cmocka_unit_test(who_publishes_again_replaces_and_readers_can_tell),
		cmocka_unit_test(a_name_belongs_to_one_channel_and_a_full_list_takes_no_more),
		cmocka_unit_test(what_cannot_be_watched_is_not_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
