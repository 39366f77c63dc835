/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/err.h"
#include "base/zio.h"
#include "tests/unit/files.h"

#define PLAIN_BYTES 700000 /* more than two buffers, and odd */
#define PACKED_BYTES 2000000

static uint8_t plain[PLAIN_BYTES], packed[PACKED_BYTES], got[2 * PLAIN_BYTES];

/* Bytes that neither repeat at once nor are pure noise. */
static int
fill_plain(void **state)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof plain; i++) {
		x = x * 1664525 + 1013904223;
		plain[i] = (uint8_t)(x >> 24 & 0x3f);
	}
	return files_begin(state);
}

static size_t
gzip(const uint8_t *from, size_t n, uint8_t *to)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (uint8_t *)from;
	z.avail_in = (uInt)n;
	z.next_out = to;
	z.avail_out = PACKED_BYTES / 2;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t
zstd(const uint8_t *from, size_t n, uint8_t *to, int window_log)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_inBuffer in = { from, n, 0 };
	ZSTD_outBuffer out = { to, PACKED_BYTES / 2, 0 };

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	if (window_log > 0)
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
	assert_int_equal(ZSTD_compressStream2(c, &out, &in, ZSTD_e_continue), 0);
	assert_int_equal(ZSTD_compressStream2(c, &out, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(c);
	return out.pos;
}

/* Reads all, step bytes at a time; answers the last zio_read. */
static int64_t
read_all(struct zio *z, size_t step, size_t *len)
{
	int64_t n;

	*len = 0;
	while ((n = zio_read(z, got + *len, step)) > 0) {
		*len += (size_t)n;
		assert_true(*len + step <= sizeof got);
	}
	return n;
}

static void
reads_as(const char *path, const uint8_t *bytes, size_t n, int64_t end)
{
	static const size_t steps[] = { 1000, 4096, 262144, 500000 };

	for (size_t i = 0; i < 4; i++) {
		struct zio *z;
		size_t len;

		assert_int_equal(zio_open(path, &z), 0);
		assert_int_equal(read_all(z, steps[i], &len), end);
		assert_int_equal(len, n);
		assert_memory_equal(got, bytes, n);
		assert_int_equal(zio_read(z, got, 10), end);
		assert_int_equal(zio_error(z), end);
		zio_close(z);
	}
}

static void
a_plain_file_reads_as_it_is(void **state)
{
	(void)state;
	reads_as(files_write("plain", plain, PLAIN_BYTES), plain, PLAIN_BYTES, 0);
	reads_as(files_write("three", plain, 3), plain, 3, 0);
	reads_as(files_write("empty", plain, 0), plain, 0, 0);
}

static void
gzip_and_zstd_are_told_by_their_bytes(void **state)
{
	(void)state;
	reads_as(files_write("a.zst", packed, gzip(plain, PLAIN_BYTES, packed)), plain,
	         PLAIN_BYTES, 0);
	reads_as(files_write("b.gz", packed, zstd(plain, PLAIN_BYTES, packed, 0)), plain,
	         PLAIN_BYTES, 0);
	reads_as(files_write("nothing", packed, gzip(plain, 0, packed)), plain, 0, 0);
	reads_as(files_write("nothing", packed, zstd(plain, 0, packed, 0)), plain, 0, 0);
}

static void
members_and_frames_read_as_one_stream(void **state)
{
	size_t cut = 300001, n;

	(void)state;
	n = gzip(plain, cut, packed);
	n += gzip(plain, 0, packed + n);
	n += gzip(plain + cut, PLAIN_BYTES - cut, packed + n);
	reads_as(files_write("members", packed, n), plain, PLAIN_BYTES, 0);
	n = zstd(plain, cut, packed, 0);
	n += zstd(plain, 0, packed + n, 0);
	n += zstd(plain + cut, PLAIN_BYTES - cut, packed + n, 0);
	reads_as(files_write("frames", packed, n), plain, PLAIN_BYTES, 0);
}

static void
a_frame_to_be_skipped_may_come_first(void **state)
{
	static const uint8_t skip[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
	size_t n;

	(void)state;
	memcpy(packed, skip, sizeof skip);
	n = sizeof skip + zstd(plain, 1000, packed + sizeof skip, 0);
	reads_as(files_write("skip", packed, n), plain, 1000, 0);
}

static void
zeros_behind_gzip_are_padding_and_others_damage(void **state)
{
	size_t n = gzip(plain, 1000, packed);

	(void)state;
	memset(packed + n, 0, 600000);
	reads_as(files_write("zeros", packed, n + 600000), plain, 1000, 0);
	packed[n + 599999] = 1;
	reads_as(files_write("zeros", packed, n + 600000), plain, 1000, ERR_DAMAGED);
	memcpy(packed + n, "garbage", 7);
	reads_as(files_write("garbage", packed, n + 7), plain, 1000, ERR_DAMAGED);
	n = zstd(plain, 1000, packed, 0);
	memcpy(packed + n, "garbage", 7);
	reads_as(files_write("garbage", packed, n + 7), plain, 1000, ERR_DAMAGED);
}

/* What is read is a beginning of the plain bytes; the end says what is wrong. */
static size_t
begins(const char *path, int64_t end)
{
	struct zio *z;
	size_t len;

	assert_int_equal(zio_open(path, &z), 0);
	assert_int_equal(read_all(z, 65536, &len), end);
	assert_int_equal(zio_read(z, got + len, 1), end);
	assert_memory_equal(got, plain, len);
	zio_close(z);
	return len;
}

static void
a_cut_stream_gives_what_it_holds_then_says_so(void **state)
{
	size_t n = gzip(plain, PLAIN_BYTES, packed), m;

	(void)state;
	assert_true(begins(files_write("cut", packed, n / 2), ERR_TRUNCATED) > PLAIN_BYTES / 3);
	begins(files_write("cut", packed, n - 1), ERR_TRUNCATED);
	begins(files_write("cut", packed, 2), ERR_TRUNCATED);
	m = zstd(plain, PLAIN_BYTES, packed, 0);
	assert_true(begins(files_write("cut", packed, m / 2), ERR_TRUNCATED) > PLAIN_BYTES / 3);
	begins(files_write("cut", packed, m - 1), ERR_TRUNCATED);
	begins(files_write("cut", packed, 4), ERR_TRUNCATED);
}

static void
a_damaged_stream_gives_what_came_before(void **state)
{
	size_t n = gzip(plain, PLAIN_BYTES, packed);

	(void)state;
	packed[n - 6] ^= 1; /* the checksum */
	assert_int_equal(begins(files_write("bad", packed, n), ERR_DAMAGED), PLAIN_BYTES);
	n = zstd(plain, PLAIN_BYTES, packed, 0);
	packed[n - 1] ^= 1;
	assert_true(begins(files_write("bad", packed, n), ERR_DAMAGED) > PLAIN_BYTES / 2);
	memcpy(packed, "\x1f\x8b\x09", 3); /* a method that gzip has not */
	assert_int_equal(begins(files_write("bad", packed, 100), ERR_DAMAGED), 0);
}

static void
a_window_larger_than_128_mib_is_refused(void **state)
{
	(void)state;
	begins(files_write("wide", packed, zstd(plain, PLAIN_BYTES, packed, 27)), 0);
	begins(files_write("wide", packed, zstd(plain, PLAIN_BYTES, packed, 28)), ERR_LIMIT);
}

static void
a_missing_file_is_an_error_with_errno(void **state)
{
	struct zio *z = NULL;

	(void)state;
	assert_int_equal(zio_open(files_path("missing"), &z), ERR_IO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(zio_open(files_path("."), &z), ERR_IO);
	assert_int_equal(errno, EISDIR);
	assert_null(z);
}

static void
position_counts_the_files_bytes_up_to_its_size(void **state)
{
	size_t n = zstd(plain, PLAIN_BYTES, packed, 0), len;
	const char *path = files_write("p", packed, n);
	struct zio *z;

	(void)state;
	assert_int_equal(zio_open(path, &z), 0);
	assert_int_equal(zio_size(z), n);
	assert_int_equal(zio_position(z), 0);
	assert_true(zio_read(z, got, 100) > 0);
	assert_in_range(zio_position(z), 1, n - 1);
	assert_int_equal(read_all(z, 4096, &len), 0);
	assert_int_equal(zio_position(z), n);
	zio_close(z);
}

static void
a_file_stream_reads_the_same_and_keeps_the_error(void **state)
{
	size_t n = gzip(plain, PLAIN_BYTES, packed), len;
	struct zio *z;
	FILE *f;

	(void)state;
	assert_int_equal(zio_open(files_write("f", packed, n / 2), &z), 0);
	f = zio_file(z);
	assert_ptr_equal(zio_file(z), f);
	len = fread(got, 1, sizeof got, f);
	assert_true(len > PLAIN_BYTES / 3);
	assert_memory_equal(got, plain, len);
	assert_true(ferror(f));
	assert_int_equal(zio_error(z), ERR_TRUNCATED);
	fclose(f); /* as libpcap does */
	zio_close(z);
	zio_close(NULL);
}

/* From a pipe that gives one byte at a time. */
static void
standard_input_is_a_dash(void **state)
{
	size_t n = gzip(plain, 1000, packed), len;
	int ends[2], kept = dup(0);
	struct zio *z;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		for (size_t i = 0; i < n; i++)
			if (write(ends[1], packed + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], 0);
	close(ends[0]);
	assert_int_equal(zio_open("-", &z), 0);
	assert_int_equal(zio_size(z), 0);
	assert_int_equal(read_all(z, 100, &len), 0);
	assert_int_equal(len, 1000);
	assert_memory_equal(got, plain, 1000);
	zio_close(z);
	dup2(kept, 0);
	close(kept);
	waitpid(child, NULL, 0);
}

static void
bytes_given_back_are_read_again_before_any_others(void **state)
{
	uint8_t head[ZIO_UNREAD], again[ZIO_UNREAD + 6];
	struct zio *z;
	size_t len = 0;

	(void)state;
	files_write("back.gz", packed, gzip(plain, 100, packed));
	for (int as_file = 0; as_file < 2; as_file++) {
		assert_int_equal(zio_open(files_path("back.gz"), &z), 0);
		assert_int_equal(zio_read(z, head, sizeof head), sizeof head);
		zio_unread(z, head, sizeof head);
		for (len = 0; !as_file && len < sizeof again;)
			len += (size_t)zio_read(z, again + len, sizeof again - len);
		if (as_file)
			assert_int_equal(fread(again, 1, sizeof again, zio_file(z)), sizeof again);
		assert_memory_equal(again, plain, sizeof again);
		zio_close(z);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_file_reads_as_it_is),
		cmocka_unit_test(gzip_and_zstd_are_told_by_their_bytes),
		cmocka_unit_test(members_and_frames_read_as_one_stream),
		cmocka_unit_test(a_frame_to_be_skipped_may_come_first),
		cmocka_unit_test(zeros_behind_gzip_are_padding_and_others_damage),
		cmocka_unit_test(a_cut_stream_gives_what_it_holds_then_says_so),
		cmocka_unit_test(a_damaged_stream_gives_what_came_before),
		cmocka_unit_test(a_window_larger_than_128_mib_is_refused),
		cmocka_unit_test(a_missing_file_is_an_error_with_errno),
		cmocka_unit_test(position_counts_the_files_bytes_up_to_its_size),
		cmocka_unit_test(a_file_stream_reads_the_same_and_keeps_the_error),
		cmocka_unit_test(standard_input_is_a_dash),
		cmocka_unit_test(bytes_given_back_are_read_again_before_any_others),
	};

	return cmocka_run_group_tests(tests, fill_plain, files_end);
}
