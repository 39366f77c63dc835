/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "record/codec.h"
#include "record/sso.h"
#include "tests/unit/sample.h"
#include "tests/unit/files.h"

#define SECOND_NS INT64_C(1000000000)

static const uint8_t magic[4] = { 'S', 'S', 'O', '1' };
static const struct sso_meta meta = {
	.start_ns = INT64_C(1795469677900000000), .clock = SSO_CLOCK_SIMULATED, .vantage = "sønd 1"
};

/* JOIN number i, half a second after the one before. */
static int
put_join(struct sso_writer *w, uint32_t i)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_JOIN, i * SECOND_NS / 2);

	o->channel = i;
	return sso_writer_put(w, o);
}

static void
append_joins(const char *path, uint32_t from, uint32_t to)
{
	struct sso_writer w;

	assert_int_equal(sso_writer_append(&w, path, &meta), 0);
	for (uint32_t i = from; i < to; i++)
		assert_int_equal(put_join(&w, i), 0);
	assert_int_equal(sso_writer_close(&w), 0);
}

/* Those that are read, which must rise; how it ended; damage on the way. */
struct seen {
	uint32_t n, first, last;
	int end, damages;
};

static struct seen
read_joins(const char *path)
{
	struct seen s = { .n = 0 };
	struct sso_reader r;
	union obs_buf buf;

	s.end = sso_reader_open(&r, path);
	if (s.end != 0)
		return s;
	while ((s.end = sso_reader_next(&r, &buf)) == 1 || s.end == ERR_DAMAGED) {
		if (s.end == ERR_DAMAGED) {
			s.damages++;
			continue;
		}
		assert_int_equal(buf.o.kind, OBS_JOIN);
		assert_true(buf.o.t_ns == (int64_t)buf.o.channel * SECOND_NS / 2);
		if (s.n++ == 0)
			s.first = (uint32_t)buf.o.channel;
		else
			assert_true(buf.o.channel > s.last);
		s.last = (uint32_t)buf.o.channel;
	}
	assert_true(r.malformed == 0 && r.skipped == 0);
	sso_reader_close(&r);
	return s;
}

static uint32_t
blocks_of(const char *path)
{
	struct blockfile_reader *r;
	struct blockfile_block b;
	uint32_t n = 0;

	assert_int_equal(blockfile_open(&r, path, magic, SSO_VERSION), 0);
	for (; blockfile_next(r, &b) == 1; n++)
		assert_true(reader_left(&b.raw) <= SSO_BLOCK_BYTES);
	blockfile_free(r);
	return n;
}

static void
write_samples(const char *path, int n)
{
	union obs_buf buf;
	struct sso_writer w;
	uint64_t seed = 3;

	assert_int_equal(sso_writer_open(&w, path, &meta), 0);
	for (int i = 0; i < n; i++)
		w.sink.put(&w.sink, sample_any(&buf, 1 + (unsigned)i % (OBS_KINDS - 1), &seed));
	assert_true(w.refused == 0);
	assert_int_equal(sso_writer_close(&w), 0);
}

static void
what_a_sink_took_is_read_again(void **state)
{
	const char *path = files_path("kinds");
	union obs_buf want, got;
	struct sso_reader r;
	uint64_t seed = 3;

	(void)state;
	write_samples(path, 3000);
	assert_int_equal(sso_reader_open(&r, path), 0);
	assert_true(r.meta.start_ns == meta.start_ns);
	assert_int_equal(r.meta.clock, SSO_CLOCK_SIMULATED);
	assert_string_equal(r.meta.vantage, meta.vantage);
	for (unsigned i = 0; i < 3000; i++) {
		sample_any(&want, 1 + i % (OBS_KINDS - 1), &seed);
		assert_int_equal(sso_reader_next(&r, &got), 1);
		assert_memory_equal(&got, &want, obs_size(&want.o));
	}
	assert_int_equal(sso_reader_next(&r, &got), 0);
	assert_true(r.skipped == 0 && r.malformed == 0 && sso_reader_lost(&r) == 0);
	sso_reader_close(&r);
}

static void
the_same_observations_give_the_same_bytes(void **state)
{
	const char *one = files_path("one"), *two = files_path("two");
	size_t len, other_len;
	uint8_t *bytes, *other;

	(void)state;
	write_samples(one, 5000);
	write_samples(two, 5000);
	bytes = files_copy(one, &len);
	other = files_copy(two, &other_len);
	assert_int_equal(len, other_len);
	assert_memory_equal(bytes, other, len);
	free(bytes);
	free(other);
}

static void
a_block_closes_after_five_seconds_of_event_time(void **state)
{
	const char *path = files_path("seconds");
	struct sso_writer w;
	union obs_buf buf;

	(void)state;
	append_joins(path, 0, 10); /* 0 .. 4.5 s */
	assert_int_equal(blocks_of(path), 1);
	append_joins(path, 10, 21); /* 5 .. 10 s: the last opens a new one */
	assert_int_equal(blocks_of(path), 3);
	assert_int_equal(sso_writer_open(&w, path, &meta), 0);
	for (int i = 0; i < 4; i++) /* times that fall do not */
		sso_writer_put(&w, obs_begin(&buf, OBS_JOIN, -(int64_t)i * 60 * SECOND_NS));
	sso_writer_put(&w, obs_begin(&buf, OBS_JOIN, INT64_MIN));
	assert_int_equal(sso_writer_flush(&w), 0);
	assert_int_equal(sso_writer_flush(&w), 0); /* nothing: no block */
	sso_writer_put(&w, obs_begin(&buf, OBS_JOIN, INT64_MIN));
	sso_writer_put(&w, obs_begin(&buf, OBS_JOIN, INT64_MAX));
	assert_int_equal(sso_writer_close(&w), 0);
	assert_int_equal(blocks_of(path), 3);
}

static void
a_block_closes_at_its_size(void **state)
{
	const char *path = files_path("size");
	struct sso_writer w;
	union obs_buf buf;

	(void)state;
	assert_int_equal(sso_writer_open(&w, path, &meta), 0);
	sample_largest(&buf, OBS_BUFFER_MAP);
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(sso_writer_put(&w, &buf.o), 0);
	assert_int_equal(sso_writer_close(&w), 0);
	assert_in_range(blocks_of(path), 4, 5);
}

static void
what_breaks_the_rules_is_counted_and_left_out(void **state)
{
	const char *path = files_path("refused");
	struct sso_writer w;
	union obs_buf buf;
	struct seen s;

	(void)state;
	assert_int_equal(sso_writer_open(&w, path, &meta), 0);
	assert_int_equal(put_join(&w, 0), 0);
	assert_int_equal(sso_writer_put(&w, obs_begin(&buf, OBS_KINDS, 0)), 0);
	assert_int_equal(put_join(&w, 1), 0);
	assert_true(w.refused == 1);
	assert_int_equal(sso_writer_close(&w), 0);
	s = read_joins(path);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.last, 1);
}

static void
a_file_is_appended_to_by_its_own_vantage_only(void **state)
{
	const char *path = files_path("vantage");
	struct sso_meta other = meta, later = meta;
	struct sso_writer w;
	struct sso_reader r;

	(void)state;
	append_joins(path, 0, 3);
	other.vantage[0] = 'x';
	assert_int_equal(sso_writer_append(&w, path, &other), ERR_USAGE);
	other = meta;
	other.clock = SSO_CLOCK_SYSTEM;
	assert_int_equal(sso_writer_append(&w, path, &other), ERR_USAGE);
	later.start_ns += SECOND_NS;
	assert_int_equal(sso_writer_append(&w, path, &later), 0);
	assert_int_equal(put_join(&w, 3), 0);
	assert_int_equal(sso_writer_close(&w), 0);
	assert_int_equal(read_joins(path).n, 4);
	assert_int_equal(sso_reader_open(&r, path), 0);
	assert_true(r.meta.start_ns == meta.start_ns);
	sso_reader_close(&r);
}

static void
the_longest_vantage_comes_back(void **state)
{
	const char *path = files_path("long");
	struct sso_meta longest = { .start_ns = INT64_MIN };
	struct sso_writer w;
	struct sso_reader r;

	(void)state;
	memset(longest.vantage, 'v', SSO_MAX_VANTAGE);
	assert_int_equal(sso_writer_open(&w, path, &longest), 0);
	assert_int_equal(sso_writer_close(&w), 0);
	assert_int_equal(sso_reader_open(&r, path), 0);
	assert_string_equal(r.meta.vantage, longest.vantage);
	assert_true(r.meta.start_ns == INT64_MIN);
	sso_reader_close(&r);
}

/* A file with this body of its head, and these records in one block. */
static void
forge(const char *path, const void *body, uint16_t len, const struct writer *records,
      uint32_t count)
{
	struct blockfile_head head = { .version = SSO_VERSION, .len = len, .body = body };
	struct blockfile_writer *w;

	memcpy(head.magic, magic, sizeof magic);
	assert_int_equal(blockfile_create(&w, path, &head), 0);
	writer_bytes(blockfile_space(w), records->start, writer_len(records));
	assert_int_equal(blockfile_put(w, 0, count), 0);
	assert_int_equal(blockfile_close(w), 0);
}

static void
a_head_that_makes_no_sense_is_damage(void **state)
{
	static const uint8_t good[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 2, 'a', 'b', 'm', 'o' };
	static const uint8_t clock[] = { 1, 2, 3, 4, 5, 6, 7, 8, SSO_CLOCKS, 0 };
	const char *path = files_path("body");
	const struct writer none = writer_over(NULL, 0);
	struct sso_reader r;

	(void)state;
	for (uint16_t len = 0; len <= sizeof good; len++) {
		forge(path, good, len, &none, 0);
		assert_int_equal(sso_reader_open(&r, path), len < 12 ? ERR_DAMAGED : 0);
		if (len < 12)
			continue;
		assert_string_equal(r.meta.vantage, "ab");
		sso_reader_close(&r);
	}
	forge(path, clock, sizeof clock, &none, 0);
	assert_int_equal(sso_reader_open(&r, path), ERR_DAMAGED);
}

static void
bad_records_of_a_sound_block_are_counted(void **state)
{
	static const uint8_t body[10];
	const char *path = files_path("forged");
	uint8_t bytes[4096];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct sso_reader r;
	union obs_buf buf;

	(void)state;
	assert_true(codec_encode(obs_begin(&buf, OBS_JOIN, 1), &w));
	writer_be32(&w, 0x0500ff01); /* five bytes of kind 255 */
	writer_u8(&w, 0);
	writer_be32(&w, 0x04000101); /* a buffer map without fields */
	assert_true(codec_encode(obs_begin(&buf, OBS_LEAVE, 2), &w));
	writer_be32(&w, 0xff000101); /* longer than the block */
	forge(path, body, sizeof body, &w, 9);
	assert_int_equal(sso_reader_open(&r, path), 0);
	assert_int_equal(sso_reader_next(&r, &buf), 1);
	assert_int_equal(buf.o.kind, OBS_JOIN);
	assert_int_equal(sso_reader_next(&r, &buf), 1);
	assert_int_equal(buf.o.kind, OBS_LEAVE);
	assert_int_equal(sso_reader_next(&r, &buf), 0);
	assert_true(r.skipped == 1);
	assert_true(r.malformed == 3); /* no fields, too long, and too few */
	sso_reader_close(&r);
}

static void
every_flipped_byte_costs_some_records_and_invents_none(void **state)
{
	const char *path = files_path("flip");
	size_t len;
	uint8_t *file;

	(void)state;
	append_joins(path, 0, 40); /* four blocks */
	file = files_copy(path, &len);
	for (size_t i = 0; i < len; i++) {
		struct seen s;

		file[i] ^= 0x80;
		files_put(path, file, len);
		file[i] ^= 0x80;
		s = read_joins(path);
		assert_true(s.end != 0 || s.damages == 1);
		assert_true(s.n == 30 || s.n == 0); /* a block, or the head */
	}
	free(file);
}

static void
a_file_cut_anywhere_keeps_what_came_before(void **state)
{
	const char *path = files_path("cut");
	size_t len;
	uint8_t *file;
	struct seen s;

	(void)state;
	append_joins(path, 0, 30); /* three blocks */
	file = files_copy(path, &len);
	for (size_t cut = len / 2; cut < len; cut += 5) {
		files_put(path, file, cut);
		s = read_joins(path);
		assert_int_equal(s.damages, 0);
		assert_true(s.n == 10 || s.n == 20);
		assert_true(s.first == 0 && s.last == s.n - 1);
		append_joins(path, s.n, 50);
		s = read_joins(path);
		assert_true(s.end == 0 && s.n == 50 && s.last == 49);
	}
	free(file);
}

static void
append_until_killed(const char *path, uint32_t from)
{
	struct sso_writer w;

	if (sso_writer_append(&w, path, &meta) != 0)
		_exit(1);
	while (put_join(&w, from++) == 0)
		;
	_exit(1);
}

static void
wait_until_longer(const char *path, off_t than)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	struct stat st = { .st_size = 0 };

	for (int i = 0; i < 10000 && st.st_size <= than; i++) {
		nanosleep(&nap, NULL);
		assert_int_equal(stat(path, &st), 0);
	}
	assert_true(st.st_size > than);
}

static void
a_killed_writer_loses_its_last_block_at_most(void **state)
{
	const char *path = files_path("killed");
	struct seen s = { .n = 0 };

	(void)state;
	append_joins(path, 0, 0);
	for (int turn = 0; turn < 8; turn++) {
		struct timespec nap = { .tv_nsec = turn * 99999 };
		uint32_t before = s.n;
		struct stat st;
		pid_t child;

		assert_int_equal(stat(path, &st), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			append_until_killed(path, before);
		wait_until_longer(path, st.st_size);
		nanosleep(&nap, NULL);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		s = read_joins(path);
		assert_int_equal(s.damages, 0);
		assert_true(s.n > before && s.first == 0 && s.last == s.n - 1);
		append_joins(path, s.n, s.n + 1);
		s = read_joins(path);
		assert_true(s.end == 0 && s.last == s.n - 1);
	}
}

/* In a child that may write 2000 bytes to a file: 0 if both writers say so. */
static int
fill(const char *path, const char *old)
{
	const struct rlimit limit = { .rlim_cur = 2000, .rlim_max = 2000 };
	struct sso_writer w;
	uint32_t i = 20;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || sso_writer_append(&w, path, &meta) != 0)
		return 1;
	while (put_join(&w, i) == 0)
		i++;
	if (put_join(&w, i) != ERR_FULL || sso_writer_close(&w) != ERR_FULL)
		return 2;
	if (sso_writer_open(&w, old, &meta) != 0)
		return 3;
	for (i = 0; put_join(&w, i) == 0; i++)
		;
	return sso_writer_close(&w) == ERR_FULL ? 0 : 4;
}

static void
a_full_disk_is_told_and_earlier_files_stay(void **state)
{
	const char *path = files_path("full"), *old = files_path("old");
	struct seen s;
	pid_t child;
	int status;

	(void)state;
	append_joins(path, 0, 20);
	append_joins(old, 0, 20);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(fill(path, old));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	s = read_joins(path);
	assert_true(s.end == 0 && s.n >= 20 && s.n % 10 == 0 && s.last == s.n - 1);
	assert_int_equal(read_joins(old).n, 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_sink_took_is_read_again),
		cmocka_unit_test(the_same_observations_give_the_same_bytes),
		cmocka_unit_test(a_block_closes_after_five_seconds_of_event_time),
		cmocka_unit_test(a_block_closes_at_its_size),
		cmocka_unit_test(what_breaks_the_rules_is_counted_and_left_out),
		cmocka_unit_test(a_file_is_appended_to_by_its_own_vantage_only),
		cmocka_unit_test(the_longest_vantage_comes_back),
		cmocka_unit_test(a_head_that_makes_no_sense_is_damage),
		cmocka_unit_test(bad_records_of_a_sound_block_are_counted),
		cmocka_unit_test(every_flipped_byte_costs_some_records_and_invents_none),
		cmocka_unit_test(a_file_cut_anywhere_keeps_what_came_before),
		cmocka_unit_test(a_killed_writer_loses_its_last_block_at_most),
		cmocka_unit_test(a_full_disk_is_told_and_earlier_files_stay),
	};

	return cmocka_run_group_tests(tests, files_begin, files_end);
}
