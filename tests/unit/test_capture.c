/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/writer.h"
#include "tests/unit/scene.h"

static struct packet pkt;

static void
damage_in_compressed_data_is_a_warning(void **state)
{
	FILE *f;

	(void)state;
	scene_write("a", 0, 200, 65535);
	scene_compress_gzip("a", "a.gz");
	f = fopen(scene_path("a.gz"), "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, -8, SEEK_END), 0); /* the checksum */
	fwrite("wrong", 5, 1, f);
	fclose(f);
	assert_int_equal(probe_add_file(scene.probe, scene_path("a.gz")), 0);
	assert_int_equal(probe_run(scene.probe), 0);
	assert_int_equal(probe_warnings(scene.probe), 1);
	assert_non_null(strstr(probe_warning(scene.probe, 0), "compressed data are damaged"));
	assert_int_equal(scene.digest.gaps, 1);
	assert_int_equal(probe_counts(scene.probe)->total.packets, 200);
}

static void
standard_input_is_an_input_and_named_so(void **state)
{
	int saved = dup(STDIN_FILENO);

	(void)state;
	scene_write("a", 0, 10, 65535);
	assert_non_null(freopen(scene_path("a"), "rb", stdin));
	assert_int_equal(probe_add_file(scene.probe, "-"), 0);
	assert_int_equal(probe_run(scene.probe), 0);
	assert_int_equal(probe_counts(scene.probe)->total.packets, 10);
	assert_int_equal(probe_add_file(scene.probe, "-"), ERR_NOT_CAPTURE); /* at its end */
	assert_non_null(strstr(probe_error_text(scene.probe), "standard input: empty"));
	assert_true(dup2(saved, STDIN_FILENO) >= 0);
	close(saved);
}

static void
assert_refused(const char *name, int err, const char *what)
{
	char text[128];

	assert_int_equal(probe_add_file(scene.probe, scene_path(name)), err);
	snprintf(text, sizeof text, "%s: ", scene_path(name));
	assert_ptr_equal(strstr(probe_error_text(scene.probe), text),
	                 probe_error_text(scene.probe));
	if (strstr(probe_error_text(scene.probe), what) == NULL)
		fail_msg("'%s' does not say '%s'", probe_error_text(scene.probe), what);
	assert_non_null(strchr(probe_error_text(scene.probe), '(')); /* what to do next */
	assert_null(strchr(probe_error_text(scene.probe), '\n'));
	assert_int_equal(probe_run(scene.probe), 0);
	assert_int_equal(probe_counts(scene.probe)->total.packets, 0);
}

static void
what_is_no_capture_is_refused_in_one_line(void **state)
{
	FILE *f = scene_create("text");

	(void)state;
	fputs("This is no capture, though long enough to have a header.\n", f);
	fclose(f);
	fclose(scene_create("empty"));
	f = scene_create("short");
	fwrite("\x4d\x3c\xb2\xa1\x02\x00", 6, 1, f);
	fclose(f);
	f = scene_create("header.gz");
	fwrite("\x1f\x8b\x08\0\0\0\0\0\0\0", 10, 1, f);
	fclose(f);
	f = scene_create("garbage.gz");
	fwrite("\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff\xff\xff", 14, 1, f);
	fclose(f);
	f = scene_create("window.zst"); /* of 2 GiB */
	fwrite("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9, 1, f);
	fclose(f);
	f = scene_create("radio");
	packets_pcap_header(f, LINKTYPE_IEEE802_11);
	fclose(f);
	assert_refused("text", ERR_NOT_CAPTURE, "not a capture");
	assert_refused("empty", ERR_NOT_CAPTURE, "empty");
	assert_refused("short", ERR_NOT_CAPTURE, "inside its file header");
	assert_refused("header.gz", ERR_NOT_CAPTURE, "inside its file header");
	assert_refused("garbage.gz", ERR_NOT_CAPTURE, "damaged");
	assert_refused("window.zst", ERR_LIMIT, "128 MiB");
	assert_refused("radio", ERR_LINK_TYPE, "link type IEEE802_11 (105)");
	assert_refused("missing", ERR_IO, "No such file");
	assert_int_equal(mkdir(scene_path("folder"), 0700), 0);
	assert_refused("folder", ERR_IO, "directory");
}

static void
a_file_that_may_not_be_read_is_a_matter_of_permission(void **state)
{
	(void)state;
	scene_write("a", 0, 1, 65535);
	assert_int_equal(chmod(scene_path("a"), 0), 0);
	if (geteuid() == 0 && seteuid(65534) != 0) /* root reads everything */
		skip();
	assert_refused("a", ERR_PERMISSION, "ermission denied");
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
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
	FILE *f = scene_create(name);

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
	assert_int_equal(probe_add_file(scene.probe, scene_path("good")), 0);
	assert_int_equal(probe_run(scene.probe), 0);
	assert_int_equal(probe_counts(scene.probe)->protocol[PROTO_GRAPES].observed, 1);
}

static void
record_headers_that_lie_are_survived(void **state)
{
	FILE *f = scene_create("a");

	(void)state;
	packets_pcap_header(f, LINKTYPE_ETHERNET);
	scene_build(0, &pkt);
	packets_pcap_packet(f, scene_time(0), pkt.bytes, pkt.len, 20); /* more than the wire */
	packets_pcap_packet(f, scene_time(0), pkt.bytes, pkt.len, UINT32_MAX);
	packets_pcap_packet(f, INT64_C(4000000000000000005), pkt.bytes, pkt.len, pkt.len);
	packets_pcap_packet(f, scene_time(1), pkt.bytes, 0, 0);
	packets_pcap_record(f, scene_time(1), 0x7fffffff, 60); /* too large: damage */
	fclose(f);
	assert_int_equal(probe_add_file(scene.probe, scene_path("a")), 0);
	assert_int_equal(probe_run(scene.probe), 0);
	scene_assert_conserved(4, 20 + (uint64_t)UINT32_MAX + pkt.len);
	assert_true(probe_counts(scene.probe)->last_ns == INT64_C(4000000000000000005));
	assert_int_equal(probe_counts(scene.probe)->backwards, 1);
	assert_int_equal(probe_warnings(scene.probe), 1);
	assert_non_null(strstr(probe_warning(scene.probe, 0), "damaged after 4 packets"));
}

#define with_probe(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_probe(what_is_no_capture_is_refused_in_one_line),
		with_probe(a_file_that_may_not_be_read_is_a_matter_of_permission),
		with_probe(interfaces_of_a_pcapng_must_agree),
		with_probe(record_headers_that_lie_are_survived),
		with_probe(damage_in_compressed_data_is_a_warning),
		with_probe(standard_input_is_an_input_and_named_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
