/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/writer.h"
#include "probe/inputs.h"
#include "probe/probe.h"
#include "record/observation.h"
#include "tests/unit/packets.h"
#include "tests/unit/toy.h"

enum { LINKTYPE_ETHERNET = 1, LINKTYPE_PPP = 9, LINKTYPE_RAW = 101 };

/* A digest of all observations in their order. */
struct digest {
	struct obs_sink sink;
	uint64_t value;
	unsigned n, gaps;
	union obs_buf last;
};

static char dir[] = "test_probe.XXXXXX";
static struct packet pkt, inner;
static struct digest digest;
static struct probe *p;

static void
digest_put(struct obs_sink *self, const struct observation *o)
{
	struct digest *g = (struct digest *)self;

	g->value = hash_bytes(o, obs_size(o), g->value);
	g->n++;
	g->gaps += o->kind == OBS_GAP;
	memcpy(&g->last, o, obs_size(o));
}

static void
begin_probe(void)
{
	static const struct decode_options options = { .protocols = toy_table };

	digest = (struct digest){ .sink.put = digest_put };
	p = probe_new(&options, &digest.sink);
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(dir + sizeof dir - 7, "XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	begin_probe();
	return 0;
}

static int
tear_down(void **state)
{
	char command[64];

	(void)state;
	probe_free(p);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static const char *
path(const char *name)
{
	static char text[4][64];
	static unsigned next;
	char *t = text[next++ % 4];

	snprintf(t, sizeof text[0], "%s/%s", dir, name);
	return t;
}

static FILE *
create(const char *name)
{
	FILE *f = fopen(path(name), "wb");

	assert_non_null(f);
	return f;
}

/* The n-th packet of the made-up capture: peers talk, some of it in fragments,
 * some of it not theirs. */
static void
build(unsigned n)
{
	uint8_t code = n % 11 == 10 ? TOY_MALFORMED : TOY_OBSERVED;
	uint8_t payload[64] = { 'T', 'O', 'Y', code };

	if (n % 5 == 4) {
		packet_whole(&pkt, (uint8_t)n, 1, "not of theirs", 13);
		return;
	}
	if (n % 5 < 3) {
		packet_whole(&pkt, (uint8_t)(n % 7), (uint8_t)(n % 3 + 7), payload,
		             10 + n % 50);
		return;
	}
	packet_begin_counting(&inner, 200);
	memcpy(inner.bytes, payload, 4);
	packet_udp(&inner, 5001, 5002);
	packet_piece(&pkt, (uint16_t)(n / 10), &inner, n % 10 < 5 ? 104 : 0, 104);
}

static int64_t
time_of(unsigned n)
{
	return INT64_C(1800000000123456789) + n / 2 * INT64_C(1000000);
}

/* Every step-th of its packets from..to-1, each kept up to snap bytes. */
static void
write_some(const char *name, unsigned from, unsigned to, unsigned step, uint32_t snap)
{
	FILE *f = create(name);

	packets_pcap_header(f, LINKTYPE_ETHERNET);
	for (unsigned n = from; n < to; n += step) {
		build(n);
		packets_pcap_packet(f, time_of(n), pkt.bytes, pkt.len < snap ? pkt.len : snap,
		                    pkt.len);
	}
	fclose(f);
}

static void
write_capture(const char *name, unsigned from, unsigned to, uint32_t snap)
{
	write_some(name, from, to, 1, snap);
}

static uint64_t
bytes_of_capture(unsigned to)
{
	uint64_t sum = 0;

	for (unsigned n = 0; n < to; n++) {
		build(n);
		sum += pkt.len;
	}
	return sum;
}

static void
assert_conserved(uint64_t packets, uint64_t bytes)
{
	const struct counts *c = probe_counts(p);
	struct counts_sum sum = { 0, 0 };

	for (int i = 0; i < COUNTS_CLASSES; i++) {
		sum.packets += c->class[i].packets;
		sum.bytes += c->class[i].bytes;
	}
	assert_int_equal(c->total.packets, packets);
	assert_int_equal(c->total.bytes, bytes);
	assert_int_equal(sum.packets, packets);
	assert_int_equal(sum.bytes, bytes);
	assert_int_equal(c->class[COUNTS_WAITING].packets, 0);
}

static void
a_capture_is_read_to_the_last_byte_and_nanosecond(void **state)
{
	const struct counts *c = probe_counts(p);
	uint64_t done, total;

	(void)state;
	write_capture("a", 0, 100, 65535);
	assert_int_equal(probe_add_file(p, path("a")), 0);
	assert_int_equal(probe_run(p), 0);
	assert_conserved(100, bytes_of_capture(100));
	c = probe_counts(p);
	assert_true(c->first_ns == time_of(0) && c->last_ns == time_of(99));
	assert_true(c->reassembled > 0);
	assert_int_equal(c->observations, digest.n);
	assert_int_equal(c->backwards, 0);
	assert_int_equal(probe_warnings(p), 0);
	probe_progress(p, &done, &total);
	assert_true(done == total && total > 0);
}

/* Digest and counts of the files, read in steps of this size. */
static void
read_all(const char *first, const char *second, uint64_t step, struct counts *counts)
{
	int more;

	probe_free(p);
	begin_probe();
	assert_int_equal(probe_add_file(p, path(first)), 0);
	if (second != NULL)
		assert_int_equal(probe_add_file(p, path(second)), 0);
	while ((more = probe_step(p, step)) > 0)
		continue;
	assert_int_equal(more, 0);
	*counts = *probe_counts(p);
}

static void
assert_same_as(const struct digest *d, const struct counts *c, const struct counts *other)
{
	assert_true(digest.value == d->value);
	assert_int_equal(digest.n, d->n);
	assert_memory_equal(c, other, sizeof *c);
}

static void
neither_steps_nor_a_split_nor_the_order_of_files_change_anything(void **state)
{
	static const unsigned cuts[] = { 2, 13, 50, 51, 99 };
	struct counts whole, c;
	struct digest d;

	(void)state;
	write_capture("whole", 0, 100, 65535);
	read_all("whole", NULL, UINT64_MAX, &whole);
	d = digest;
	assert_true(d.n > 20);
	read_all("whole", NULL, 1, &c);
	assert_same_as(&d, &c, &whole);
	read_all("whole", NULL, 7, &c);
	assert_same_as(&d, &c, &whole);
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		write_capture("z-first", 0, cuts[i], 65535);
		write_capture("a-second", cuts[i], 100, 65535);
		read_all("z-first", "a-second", 10, &c);
		assert_same_as(&d, &c, &whole);
		read_all("a-second", "z-first", 10, &c);
		assert_same_as(&d, &c, &whole);
	}
}

static void
more_files_than_are_kept_open_are_merged_by_time(void **state)
{
	enum { FILES = 3 * INPUTS_OPEN };
	struct counts whole;
	struct digest d;
	char name[16];

	(void)state;
	write_capture("whole", 0, 4 * FILES, 65535);
	read_all("whole", NULL, UINT64_MAX, &whole);
	d = digest;
	probe_free(p);
	begin_probe();
	for (unsigned i = FILES; i-- > 0;) {
		snprintf(name, sizeof name, "part%u", i);
		write_capture(name, 4 * i, 4 * (i + 1), 65535);
		assert_int_equal(probe_add_file(p, path(name)), 0);
	}
	assert_int_equal(probe_run(p), 0);
	assert_same_as(&d, probe_counts(p), &whole);
}

static void
captures_of_the_same_time_are_merged_packet_by_packet(void **state)
{
	char name[] = "part0";
	struct counts whole;
	struct digest d;

	(void)state;
	write_capture("whole", 0, 100, 65535);
	read_all("whole", NULL, UINT64_MAX, &whole);
	d = digest;
	probe_free(p);
	begin_probe();
	for (unsigned i = 0; i < 6; i++) {
		name[4] = (char)('0' + i);
		write_some(name, i, 100, 6, 65535);
		assert_int_equal(probe_add_file(p, path(name)), 0);
	}
	assert_int_equal(probe_run(p), 0);
	assert_same_as(&d, probe_counts(p), &whole);
}

static void
link_types_may_differ_from_file_to_file(void **state)
{
	FILE *f = create("raw");

	(void)state;
	write_capture("ethernet", 0, 2, 65535);
	packets_pcap_header(f, LINKTYPE_RAW);
	build(1);
	packets_pcap_packet(f, time_of(1), pkt.bytes + 14, pkt.len - 14, pkt.len - 14);
	fclose(f);
	assert_int_equal(probe_add_file(p, path("ethernet")), 0);
	assert_int_equal(probe_add_file(p, path("raw")), 0);
	assert_int_equal(probe_run(p), 0);
	assert_int_equal(probe_counts(p)->protocol[PROTO_GRAPES].observed, 3);
}

static void
every_snap_length_accounts_for_the_same_bytes(void **state)
{
	uint64_t bytes = bytes_of_capture(60), last = 0;
	const struct counts *c;

	(void)state;
	for (uint32_t snap = 0; snap <= 200; snap++) {
		write_capture("a", 0, 60, snap);
		probe_free(p);
		begin_probe();
		assert_int_equal(probe_add_file(p, path("a")), 0);
		assert_int_equal(probe_run(p), 0);
		assert_conserved(60, bytes);
		c = probe_counts(p);
		assert_true(c->protocol[PROTO_GRAPES].sum.bytes >= last);
		last = c->protocol[PROTO_GRAPES].sum.bytes;
		assert_int_equal(c->class[COUNTS_UNDECODABLE].packets, 0);
	}
	assert_true(last > 0);
}

/* What the file held up to where it was cut counts; the rest is a warning. */
static void
a_file_cut_anywhere_gives_what_came_before(void **state)
{
	uint64_t read = 0;
	struct stat st;

	(void)state;
	write_capture("a", 0, 5, 65535);
	assert_int_equal(stat(path("a"), &st), 0);
	for (off_t len = st.st_size - 1; len >= 24; len--) {
		probe_free(p);
		begin_probe();
		assert_int_equal(truncate(path("a"), len), 0);
		assert_int_equal(probe_add_file(p, path("a")), 0);
		assert_int_equal(probe_run(p), 0);
		read = probe_counts(p)->total.packets;
		assert_conserved(read, bytes_of_capture((unsigned)read));
		assert_int_equal(digest.gaps, probe_warnings(p) > 0 && read > 0);
		if (probe_warnings(p) == 0)
			continue; /* cut between two packets */
		assert_non_null(strstr(probe_warning(p, 0), path("a")));
		assert_non_null(strstr(probe_warning(p, 0), "in the middle of a packet"));
		assert_true(read == 0 || digest.last.o.u.gap.cause == OBS_GAP_FILE);
		assert_true(read == 0 || digest.last.o.t_ns == time_of((unsigned)read - 1));
	}
	assert_int_equal(read, 0);
}

static void
one_truncated_file_does_not_stop_the_others(void **state)
{
	(void)state;
	write_capture("a", 0, 10, 65535);
	write_capture("b", 10, 20, 65535);
	assert_int_equal(truncate(path("a"), 100), 0);
	assert_int_equal(probe_add_file(p, path("a")), 0);
	assert_int_equal(probe_add_file(p, path("b")), 0);
	assert_int_equal(probe_run(p), 0);
	assert_int_equal(probe_warnings(p), 1);
	assert_int_equal(probe_counts(p)->total.packets, 1 + 10);
}

static void
assert_refused(const char *name, int err, const char *what)
{
	char text[128];

	assert_int_equal(probe_add_file(p, path(name)), err);
	snprintf(text, sizeof text, "%s: ", path(name));
	assert_ptr_equal(strstr(probe_error_text(p), text), probe_error_text(p));
	if (strstr(probe_error_text(p), what) == NULL)
		fail_msg("'%s' does not say '%s'", probe_error_text(p), what);
	assert_non_null(strchr(probe_error_text(p), '(')); /* what to do next */
	assert_null(strchr(probe_error_text(p), '\n'));
	assert_int_equal(probe_run(p), 0);
	assert_int_equal(probe_counts(p)->total.packets, 0);
}

static void
what_is_no_capture_is_refused_in_one_line(void **state)
{
	FILE *f = create("text");

	(void)state;
	fputs("This is no capture, though long enough to have a header.\n", f);
	fclose(f);
	fclose(create("empty"));
	f = create("short");
	fwrite("\x4d\x3c\xb2\xa1\x02\x00", 6, 1, f);
	fclose(f);
	f = create("ppp");
	packets_pcap_header(f, LINKTYPE_PPP);
	fclose(f);
	assert_refused("text", ERR_NOT_CAPTURE, "not a capture");
	assert_refused("empty", ERR_NOT_CAPTURE, "empty");
	assert_refused("short", ERR_NOT_CAPTURE, "inside its file header");
	assert_refused("ppp", ERR_LINK_TYPE, "link type PPP (9)");
	assert_refused("missing", ERR_IO, "No such file");
	assert_int_equal(mkdir(path("folder"), 0700), 0);
	assert_refused("folder", ERR_IO, "directory");
}

static void
a_file_that_may_not_be_read_is_a_matter_of_permission(void **state)
{
	(void)state;
	write_capture("a", 0, 1, 65535);
	assert_int_equal(chmod(path("a"), 0), 0);
	if (geteuid() == 0 && seteuid(65534) != 0) /* root reads everything */
		skip();
	assert_refused("a", ERR_PERMISSION, "ermission denied");
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void
thousands_of_inputs_need_few_open_files_and_one_more_is_refused(void **state)
{
	const struct rlimit few = { 4 * INPUTS_OPEN, 4 * INPUTS_OPEN };

	(void)state;
	write_capture("a", 0, 1, 65535);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (unsigned i = 0; i < INPUTS_MAX; i++)
		assert_int_equal(probe_add_file(p, path("a")), 0);
	assert_int_equal(probe_add_file(p, path("a")), ERR_LIMIT);
	assert_non_null(strstr(probe_error_text(p), "limit is 4096"));
	assert_int_equal(probe_run(p), 0);
	assert_int_equal(probe_counts(p)->total.packets, INPUTS_MAX);
}

static void
put_block(FILE *f, uint32_t type, const void *body, uint32_t len)
{
	uint8_t h[8], t[4];
	struct writer w = writer_over(h, sizeof h), v = writer_over(t, sizeof t);

	writer_le32(&w, type);
	writer_le32(&w, len + 12);
	writer_le32(&v, len + 12);
	fwrite(h, sizeof h, 1, f);
	fwrite(body, len, 1, f);
	fwrite(t, sizeof t, 1, f);
}

static void
put_interface(FILE *f, uint8_t linktype, uint8_t snap)
{
	const uint8_t body[8] = { linktype, 0, 0, 0, snap };

	put_block(f, 1, body, sizeof body);
}

/* A pcapng with two interfaces and one packet on the second. */
static void
write_pcapng(const char *name, uint8_t type1, uint8_t snap1, uint8_t type2, uint8_t snap2)
{
	static const uint8_t section[16] = {
		0x4d, 0x3c, 0x2b, 0x1a, 1, [8] = 255, 255, 255, 255, 255, 255, 255, 255,
	};
	uint8_t body[20 + 64] = { 1, [4] = 0xff, 0xff, 5, 0 };
	FILE *f = create(name);

	packet_whole(&pkt, 1, 2, "TOY\0\0\0", 6);
	body[12] = body[16] = (uint8_t)pkt.len;
	memcpy(body + 20, pkt.bytes, pkt.len);
	put_block(f, 0x0a0d0d0a, section, sizeof section);
	put_interface(f, type1, snap1);
	put_interface(f, type2, snap2);
	put_block(f, 6, body, 20 + pkt.len);
	fclose(f);
}

static void
interfaces_of_a_pcapng_must_agree(void **state)
{
	(void)state;
	write_pcapng("types", LINKTYPE_ETHERNET, 0, LINKTYPE_RAW, 0);
	write_pcapng("snaps", LINKTYPE_ETHERNET, 0, LINKTYPE_ETHERNET, 96);
	write_pcapng("good", LINKTYPE_ETHERNET, 0, LINKTYPE_ETHERNET, 0);
	assert_refused("types", ERR_LINK_TYPE, "different link types");
	assert_refused("snaps", ERR_LINK_TYPE, "different snapshot lengths");
	assert_int_equal(probe_add_file(p, path("good")), 0);
	assert_int_equal(probe_run(p), 0);
	assert_int_equal(probe_counts(p)->protocol[PROTO_GRAPES].observed, 1);
}

static void
record_headers_that_lie_are_survived(void **state)
{
	FILE *f = create("a");

	(void)state;
	packets_pcap_header(f, LINKTYPE_ETHERNET);
	build(0);
	packets_pcap_packet(f, time_of(0), pkt.bytes, pkt.len, 20); /* more than the wire */
	packets_pcap_packet(f, time_of(0), pkt.bytes, pkt.len, UINT32_MAX);
	packets_pcap_packet(f, INT64_C(4000000000000000005), pkt.bytes, pkt.len, pkt.len);
	packets_pcap_packet(f, time_of(1), pkt.bytes, 0, 0);
	packets_pcap_record(f, time_of(1), 0x7fffffff, 60); /* too large: damage */
	fclose(f);
	assert_int_equal(probe_add_file(p, path("a")), 0);
	assert_int_equal(probe_run(p), 0);
	assert_conserved(4, 20 + (uint64_t)UINT32_MAX + pkt.len);
	assert_true(probe_counts(p)->last_ns == INT64_C(4000000000000000005));
	assert_int_equal(probe_counts(p)->backwards, 1);
	assert_int_equal(probe_warnings(p), 1);
	assert_non_null(strstr(probe_warning(p, 0), "damaged after 4 packets"));
}

#define with_probe(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_probe(a_capture_is_read_to_the_last_byte_and_nanosecond),
		with_probe(neither_steps_nor_a_split_nor_the_order_of_files_change_anything),
		with_probe(more_files_than_are_kept_open_are_merged_by_time),
		with_probe(captures_of_the_same_time_are_merged_packet_by_packet),
		with_probe(link_types_may_differ_from_file_to_file),
		with_probe(every_snap_length_accounts_for_the_same_bytes),
		with_probe(a_file_cut_anywhere_gives_what_came_before),
		with_probe(one_truncated_file_does_not_stop_the_others),
		with_probe(what_is_no_capture_is_refused_in_one_line),
		with_probe(a_file_that_may_not_be_read_is_a_matter_of_permission),
		with_probe(thousands_of_inputs_need_few_open_files_and_one_more_is_refused),
		with_probe(interfaces_of_a_pcapng_must_agree),
		with_probe(record_headers_that_lie_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
