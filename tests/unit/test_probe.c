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
#include "probe/inputs.h"
#include "tests/unit/scene.h"

static struct packet pkt;

/* Digest and counts of the files, read in steps of this size. */
static void
read_all(const char *first, const char *second, uint64_t step, struct counts *counts)
{
	int more;

	scene_anew();
	assert_int_equal(probe_add_file(scene.probe, scene_path(first)), 0);
	if (second != NULL)
		assert_int_equal(probe_add_file(scene.probe, scene_path(second)), 0);
	while ((more = probe_step(scene.probe, step)) > 0)
		continue;
	assert_int_equal(more, 0);
	*counts = *probe_counts(scene.probe);
}

static void
assert_same_as(const struct digest *d, const struct counts *c, const struct counts *other)
{
	assert_true(scene.digest.value == d->value);
	assert_int_equal(scene.digest.n, d->n);
	assert_memory_equal(c, other, sizeof *c);
}

static void
a_capture_is_read_to_the_last_byte_and_nanosecond(void **state)
{
	const struct counts *c;
	uint64_t done, total;

	(void)state;
	scene_write("a", 0, 100, 65535);
	assert_int_equal(probe_add_file(scene.probe, scene_path("a")), 0);
	assert_int_equal(probe_run(scene.probe), 0);
	scene_assert_conserved(100, scene_bytes(100));
	c = probe_counts(scene.probe);
	assert_true(c->first_ns == scene_time(0) && c->last_ns == scene_time(99));
	assert_true(c->reassembled > 0);
	assert_int_equal(c->observations, scene.digest.n);
	assert_int_equal(c->backwards, 0);
	assert_int_equal(probe_warnings(scene.probe), 0);
	probe_progress(scene.probe, &done, &total);
	assert_true(done == total && total > 0);
}

static void
neither_steps_nor_a_split_nor_the_order_of_files_change_anything(void **state)
{
	static const unsigned cuts[] = { 2, 13, 50, 51, 99 };
	struct counts whole, c;
	struct digest d;

	(void)state;
	scene_write("whole", 0, 100, 65535);
	read_all("whole", NULL, UINT64_MAX, &whole);
	d = scene.digest;
	assert_true(d.n > 20);
	read_all("whole", NULL, 1, &c);
	assert_same_as(&d, &c, &whole);
	read_all("whole", NULL, 7, &c);
	assert_same_as(&d, &c, &whole);
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		scene_write("z-first", 0, cuts[i], 65535);
		scene_write("a-second", cuts[i], 100, 65535);
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
	scene_write("whole", 0, 4 * FILES, 65535);
	read_all("whole", NULL, UINT64_MAX, &whole);
	d = scene.digest;
	scene_anew();
	for (unsigned i = FILES; i-- > 0;) {
		snprintf(name, sizeof name, "part%u", i);
		scene_write(name, 4 * i, 4 * (i + 1), 65535);
		assert_int_equal(probe_add_file(scene.probe, scene_path(name)), 0);
	}
	assert_int_equal(probe_run(scene.probe), 0);
	assert_same_as(&d, probe_counts(scene.probe), &whole);
}

static void
captures_of_the_same_time_are_merged_packet_by_packet(void **state)
{
	char name[] = "part0";
	struct counts whole;
	struct digest d;

	(void)state;
	scene_write("whole", 0, 100, 65535);
	read_all("whole", NULL, UINT64_MAX, &whole);
	d = scene.digest;
	scene_anew();
	for (unsigned i = 0; i < 6; i++) {
		name[4] = (char)('0' + i);
		scene_write_some(name, i, 100, 6, 65535);
		assert_int_equal(probe_add_file(scene.probe, scene_path(name)), 0);
	}
	assert_int_equal(probe_run(scene.probe), 0);
	assert_same_as(&d, probe_counts(scene.probe), &whole);
}

static void
link_types_may_differ_from_file_to_file(void **state)
{
	FILE *f = scene_create("raw");

	(void)state;
	scene_write("ethernet", 0, 2, 65535);
	packets_pcap_header(f, LINKTYPE_RAW);
	scene_build(1, &pkt);
	packets_pcap_packet(f, scene_time(1), pkt.bytes + 14, pkt.len - 14, pkt.len - 14);
	fclose(f);
	assert_int_equal(probe_add_file(scene.probe, scene_path("ethernet")), 0);
	assert_int_equal(probe_add_file(scene.probe, scene_path("raw")), 0);
	assert_int_equal(probe_run(scene.probe), 0);
	assert_int_equal(probe_counts(scene.probe)->protocol[PROTO_GRAPES].observed, 3);
}

static void
every_snap_length_accounts_for_the_same_bytes(void **state)
{
	uint64_t bytes = scene_bytes(60), last = 0;
	const struct counts *c;

	(void)state;
	for (uint32_t snap = 0; snap <= 200; snap++) {
		scene_write("a", 0, 60, snap);
		scene_anew();
		assert_int_equal(probe_add_file(scene.probe, scene_path("a")), 0);
		assert_int_equal(probe_run(scene.probe), 0);
		scene_assert_conserved(60, bytes);
		c = probe_counts(scene.probe);
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
	scene_write("a", 0, 5, 65535);
	assert_int_equal(stat(scene_path("a"), &st), 0);
	for (off_t len = st.st_size - 1; len >= 24; len--) {
		scene_anew();
		assert_int_equal(truncate(scene_path("a"), len), 0);
		assert_int_equal(probe_add_file(scene.probe, scene_path("a")), 0);
		assert_int_equal(probe_run(scene.probe), 0);
		read = probe_counts(scene.probe)->total.packets;
		scene_assert_conserved(read, scene_bytes((unsigned)read));
		assert_int_equal(scene.digest.gaps, probe_warnings(scene.probe) > 0 && read > 0);
		if (probe_warnings(scene.probe) == 0)
			continue; /* cut between two packets */
		assert_non_null(strstr(probe_warning(scene.probe, 0), scene_path("a")));
		assert_non_null(strstr(probe_warning(scene.probe, 0), "in the middle of a packet"));
		assert_true(read == 0 || scene.digest.last.o.u.gap.cause == OBS_GAP_FILE);
		assert_true(read == 0 ||
		            scene.digest.last.o.t_ns == scene_time((unsigned)read - 1));
	}
	assert_int_equal(read, 0);
}

static void
one_truncated_file_does_not_stop_the_others(void **state)
{
	(void)state;
	scene_write("a", 0, 10, 65535);
	scene_write("b", 10, 20, 65535);
	assert_int_equal(truncate(scene_path("a"), 100), 0);
	assert_int_equal(probe_add_file(scene.probe, scene_path("a")), 0);
	assert_int_equal(probe_add_file(scene.probe, scene_path("b")), 0);
	assert_int_equal(probe_run(scene.probe), 0);
	assert_int_equal(probe_warnings(scene.probe), 1);
	assert_int_equal(probe_counts(scene.probe)->total.packets, 1 + 10);
}

static void
compressed_captures_give_what_plain_ones_give(void **state)
{
	struct counts plain, c;
	struct digest d;

	(void)state;
	scene_write("a", 0, 100, 65535);
	scene_write("b", 0, 100, 65535);
	read_all("a", NULL, UINT64_MAX, &plain);
	d = scene.digest;
	scene_compress_gzip("a", "a.gz");
	scene_compress_zstd("b", "b.zst");
	read_all("a.gz", NULL, UINT64_MAX, &c);
	assert_same_as(&d, &c, &plain);
	read_all("b.zst", NULL, UINT64_MAX, &c);
	assert_same_as(&d, &c, &plain);
}

static void
compressed_captures_cut_anywhere_give_what_came_before(void **state)
{
	static const char *const names[] = { "a.gz", "b.zst" };
	uint64_t last = UINT64_MAX;
	struct stat st;

	(void)state;
	scene_write("a", 0, 100, 65535);
	scene_write("b", 0, 100, 65535);
	scene_compress_gzip("a", "a.gz");
	scene_compress_zstd("b", "b.zst");
	for (int i = 0; i < 2; i++, last = UINT64_MAX) {
		assert_int_equal(stat(scene_path(names[i]), &st), 0);
		for (off_t len = st.st_size - 1; len > 0; len -= 7) {
			int err;

			scene_anew();
			assert_int_equal(truncate(scene_path(names[i]), len), 0);
			err = probe_add_file(scene.probe, scene_path(names[i]));
			assert_true(err == 0 || err == ERR_NOT_CAPTURE);
			assert_int_equal(probe_run(scene.probe), 0);
			assert_int_equal(probe_warnings(scene.probe), err == 0);
			assert_true(probe_counts(scene.probe)->total.packets <= last);
			last = probe_counts(scene.probe)->total.packets;
		}
	}
}

static void
thousands_of_inputs_need_few_open_files_and_one_more_is_refused(void **state)
{
	const struct rlimit few = { 4 * INPUTS_OPEN, 4 * INPUTS_OPEN };

	(void)state;
	scene_write("a", 0, 1, 65535);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (unsigned i = 0; i < INPUTS_MAX; i++)
		assert_int_equal(probe_add_file(scene.probe, scene_path("a")), 0);
	assert_int_equal(probe_add_file(scene.probe, scene_path("a")), ERR_LIMIT);
	assert_non_null(strstr(probe_error_text(scene.probe), "limit is 4096"));
	assert_int_equal(probe_run(scene.probe), 0);
	assert_int_equal(probe_counts(scene.probe)->total.packets, INPUTS_MAX);
}

#define with_probe(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)

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
		with_probe(compressed_captures_give_what_plain_ones_give),
		with_probe(compressed_captures_cut_anywhere_give_what_came_before),
		with_probe(thousands_of_inputs_need_few_open_files_and_one_more_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
