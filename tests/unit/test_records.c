/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pcap/pcap.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/writer.h"
#include "probe/capture.h"
#include "probe/records.h"
#include "tests/unit/files.h"

#define FILE_HEAD   24u
#define MAX_BYTES   2000000u
#define ETHERNET    1u /* LINKTYPE_ */

/* A pcap file in memory. */
static struct {
	uint8_t bytes[MAX_BYTES];
	size_t len;
	bool big, nano;
} file;

static void
put32(uint32_t n)
{
	struct writer w = writer_over(file.bytes + file.len, 4);

	if (file.big)
		writer_be32(&w, n);
	else
		writer_le32(&w, n);
	file.len += 4;
}

static void
begin(bool big, bool nano, uint32_t snap)
{
	file.big = big;
	file.nano = nano;
	file.len = 0;
	put32(nano ? 0xa1b23c4d : 0xa1b2c3d4);
	put32(big ? 2u << 16 | 4 : 4u << 16 | 2);
	put32(0);
	put32(0);
	put32(snap);
	put32(ETHERNET);
}

static void
add(uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t wire_len)
{
	put32(seconds);
	put32(fraction);
	put32(captured);
	put32(wire_len);
	assert_true(file.len + captured <= sizeof file.bytes);
	for (uint32_t i = 0; i < captured; i++)
		file.bytes[file.len++] = (uint8_t)(i * 7 + captured);
}

static uint32_t
next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* libpcap's seconds have a sign, the format's have none. */
static int64_t
time_of(const struct pcap_pkthdr *h)
{
	return (int64_t)(uint32_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec;
}

/* What the capture says of its next packet is what libpcap says. True: it was one. */
static bool
same_next(struct capture *c, pcap_t *pcap)
{
	struct capture_packet packet;
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got = capture_next(c, &packet, 1), says = pcap_next_ex(pcap, &h, &bytes);

	if (says == 1) {
		int64_t t_ns = time_of(h);

		assert_int_equal(got, 1);
		if (h->ts.tv_usec >= 0) /* else libpcap took a sign where there is none */
			assert_int_equal(packet.t_ns, t_ns);
		assert_int_equal(packet.wire_len, h->len);
		assert_int_equal(packet.captured, h->caplen < h->len ? h->caplen : h->len);
		assert_memory_equal(packet.bytes, bytes, packet.captured);
		return true;
	}
	if (says == PCAP_ERROR_BREAK)
		assert_int_equal(got, 0);
	else
		assert_int_equal(got, strncmp(pcap_geterr(pcap), "truncated", 9) == 0 ?
		                          ERR_TRUNCATED : ERR_DAMAGED);
	assert_int_equal(capture_next(c, &packet, 1), 0); /* over, and stays so */
	return false;
}

/* The file to both; answers how many packets it has. */
static unsigned
compare(void)
{
	char text[PCAP_ERRBUF_SIZE];
	const char *path = files_write("compared", file.bytes, file.len);
	struct capture *c;
	pcap_t *pcap;
	unsigned n = 0;

	pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
	c = capture_new(path);
	assert_non_null(pcap);
	assert_int_equal(capture_open(c), 0);
	while (same_next(c, pcap))
		n++;
	pcap_close(pcap);
	capture_free(c);
	return n;
}

static void
every_order_and_precision_reads_as_libpcap_reads_it(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		begin(kind & 1, kind & 2, 65535);
		add(0, 0, 0, 0);
		add(1700000000, 999999, 60, 60);
		add(UINT32_MAX, 5, 60, 1500);
		add(INT32_MAX, 999999999, 100, 40); /* more than was sent */
		add(7, 0x80000000, 1, 1);
		assert_int_equal(compare(), 5);
	}
}

static void
lengths_are_limited_as_in_libpcap(void **state)
{
	static const struct {
		uint32_t snap, captured;
		unsigned packets;
	} cases[] = {
		{ 96, 95, 2 },      { 96, 96, 2 },         { 96, 97, 2 },
		{ 96, 200000, 2 },  { 0, 200000, 2 },      { 0xffffffff, 200000, 2 },
		{ 96, 262144, 2 },  { 96, 262145, 0 },     { 300000, 262144, 2 },
		{ 300000, 262145, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(false, false, cases[i].snap);
		add(1, 1, cases[i].captured, 300000);
		add(2, 2, 64, 64);
		assert_int_equal(compare(), cases[i].packets);
	}
}

static void
a_file_may_end_anywhere(void **state)
{
	size_t len;

	(void)state;
	begin(false, true, 65535);
	add(1, 1, 30, 30);
	add(2, 2, 0, 30);
	add(3, 3, 9, 30);
	for (len = file.len; len >= FILE_HEAD; len--) {
		file.len = len;
		compare();
	}
}

/* Records of all lengths against the edges of the buffer. */
static void
records_lie_across_the_buffers_edge(void **state)
{
	uint32_t x = 3;

	(void)state;
	begin(true, true, 262144);
	for (unsigned i = 0; i < 60; i++)
		add(i, i, next_random(&x) % (i % 8 == 0 ? 200000 : 9000), 262144);
	assert_int_equal(compare(), 60);
}

static void
damage_reads_as_libpcap_reads_it(void **state)
{
	uint32_t x = 1;
	unsigned packets = 0;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		begin(round & 1, round & 2, 200);
		for (unsigned i = 0; i < 20; i++)
			add(i, i, next_random(&x) % 300, next_random(&x) % 300);
		for (unsigned flips = 1 + round % 4; flips > 0; flips--)
			file.bytes[FILE_HEAD + next_random(&x) % (file.len - FILE_HEAD)] ^=
			    (uint8_t)(1u << next_random(&x) % 8);
		packets += compare();
	}
	assert_true(packets > 2000);
}

static void
many_packets_come_at_once_and_all_of_them_lie_still(void **state)
{
	struct capture_packet packets[64];
	unsigned seen = 0;
	struct capture *c;
	int got;

	(void)state;
	begin(false, false, 65535);
	for (uint32_t i = 0; i < 1000; i++)
		add(i, 0, 700 + i % 9, 800);
	c = capture_new(files_write("many", file.bytes, file.len));
	assert_int_equal(capture_open(c), 0);
	while ((got = capture_next(c, packets, 64)) > 0) {
		assert_true(got <= 64);
		for (int i = 0; i < got; i++, seen++) {
			assert_int_equal(packets[i].t_ns, seen * INT64_C(1000000000));
			assert_int_equal(packets[i].captured, 700 + seen % 9);
			assert_int_equal(packets[i].bytes[1], (uint8_t)(7 + 700 + seen % 9));
		}
	}
	assert_int_equal(got, 0);
	assert_int_equal(seen, 1000);
	capture_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_and_precision_reads_as_libpcap_reads_it),
		cmocka_unit_test(lengths_are_limited_as_in_libpcap),
		cmocka_unit_test(a_file_may_end_anywhere),
		cmocka_unit_test(records_lie_across_the_buffers_edge),
		cmocka_unit_test(damage_reads_as_libpcap_reads_it),
		cmocka_unit_test(many_packets_come_at_once_and_all_of_them_lie_still),
	};

	return cmocka_run_group_tests(tests, files_begin, files_end);
}
