/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "swarm/hls.h"
#include "swarm/ts.h"

#define QUARTER INT64_C(250000000)

static void
segments_last_two_seconds_or_a_little_more(void **state)
{
	(void)state;
	assert_int_equal(hls_chunks(QUARTER), 8);
	assert_int_equal(hls_chunks(2000000000), 1);
	assert_int_equal(hls_chunks(300000000), 7);
	assert_int_equal(hls_chunks(10000000000), 1);
}

static void
a_playlist_has_whole_segments_only(void **state)
{
	char list[HLS_PLAYLIST];

	(void)state;
	hls_playlist(0, 0, QUARTER, list);
	assert_null(strstr(list, "segment"));
	hls_playlist(801, 815, QUARTER, list); /* 100 began before, 101 is 808 to 815 */
	assert_non_null(strstr(list, "#EXT-X-MEDIA-SEQUENCE:101\n"
	                             "#EXTINF:2.000,\nsegment-101.ts\n"));
	assert_null(strstr(list, "segment-100"));
	assert_null(strstr(list, "segment-102"));
	hls_playlist(801, 814, QUARTER, list);
	assert_null(strstr(list, "segment"));
}

static void
a_playlist_has_the_newest_segments(void **state)
{
	char list[HLS_PLAYLIST];
	size_t len = hls_playlist(1, UINT64_MAX - 8, QUARTER, list), n = 0;

	(void)state;
	assert_int_equal(len, strlen(list));
	for (const char *at = list; (at = strstr(at, "segment-")) != NULL; at++)
		n++;
	assert_int_equal(n, HLS_SEGMENTS);
}

/* A packet of this PID in which a section begins; program 1's PMT is at 0x123. */
static void
put_packet(uint8_t *p, uint16_t pid)
{
	static const uint8_t pat[] = { 0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe1, 0x23,
		1, 2, 3, 4 };

	memset(p, 0xff, TS_PACKET);
	p[0] = 0x47;
	p[1] = (uint8_t)(0x40 | pid >> 8);
	p[2] = (uint8_t)pid;
	p[3] = 0x10;
	if (pid == 0)
		memcpy(p + 4, pat, sizeof pat);
}

static void
a_segment_begins_with_the_stream_s_tables(void **state)
{
	static struct media m;
	uint8_t chunk[3 * TS_PACKET], *out;
	size_t len;

	(void)state;
	put_packet(chunk, 0x101);
	put_packet(chunk + TS_PACKET, 0);
	put_packet(chunk + 2 * TS_PACKET, 0x123);
	for (uint64_t i = 80; i < 88; i++)
		if (i != 83) /* never came */
			media_put(&m, i, chunk, i == 85 ? sizeof chunk : TS_PACKET);
	len = hls_segment(&m, 10, QUARTER, NULL);
	assert_int_equal(len, (2 + 6 + 3) * TS_PACKET);
	out = malloc(len);
	assert_int_equal(hls_segment(&m, 10, QUARTER, out), len);
	assert_int_equal(ts_pid(out), 0);
	assert_int_equal(ts_pid(out + TS_PACKET), 0x123);
	assert_int_equal(ts_pid(out + 2 * TS_PACKET), 0x101);
	assert_int_equal(hls_segment(&m, 11, QUARTER, NULL), 0);
	assert_int_equal(hls_segment(&m, UINT64_MAX, QUARTER, NULL), 0);
	free(out);
	media_free(&m);
}

static void
a_broken_table_names_no_program(void **state)
{
	uint8_t p[TS_PACKET];
	uint16_t pid;

	(void)state;
	put_packet(p, 0);
	assert_true(ts_pmt_pid(p, &pid) && pid == 0x123);
	for (int i = 0; i < 256; i++) { /* whatever the pointer and the lengths say */
		p[4] = (uint8_t)i;
		ts_pmt_pid(p, &pid);
		p[4] = 0;
		p[7] = (uint8_t)i;
		ts_pmt_pid(p, &pid);
		p[7] = 13;
		p[3] = 0x30;
		p[4] = (uint8_t)i;
		ts_pmt_pid(p, &pid);
		p[3] = 0x10;
		p[4] = 0;
	}
	p[5] = 2; /* another table */
	assert_false(ts_pmt_pid(p, &pid));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_last_two_seconds_or_a_little_more),
		cmocka_unit_test(a_playlist_has_whole_segments_only),
		cmocka_unit_test(a_playlist_has_the_newest_segments),
		cmocka_unit_test(a_segment_begins_with_the_stream_s_tables),
		cmocka_unit_test(a_broken_table_names_no_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
