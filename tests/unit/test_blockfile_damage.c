/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "base/err.h"
#include "tests/unit/blocks.h"
#include "tests/unit/files.h"

static void
every_flipped_byte_is_found_and_costs_its_block_only(void **state)
{
	const char *path = files_path("flip");
	size_t len;
	uint8_t *file;
	struct blocks_walk w;

	(void)state;
	blocks_make(path, 4);
	file = files_copy(path, &len);
	for (size_t i = BLOCKS_HEAD; i < len; i++) {
		uint32_t hit = 0;
		bool in_length;

		while (hit < 3 && i >= blocks_at(file, hit + 1))
			hit++;
		in_length = i - blocks_at(file, hit) >= 4 && i - blocks_at(file, hit) < 8;
		file[i] ^= 0x55;
		files_put(path, file, len);
		file[i] ^= 0x55;
		assert_int_equal(blocks_walk(path, &w), 0);
		assert_int_equal(w.n, 3);
		for (uint32_t j = 0; j < 3; j++)
			assert_int_equal(w.numbers[j], j < hit ? j : j + 1);
		/* a length that reaches past the end looks like a cut file */
		if (hit == 3 && in_length && w.damages == 0) {
			assert_int_equal(w.end, ERR_TRUNCATED);
		} else {
			assert_int_equal(w.damages, 1);
			assert_int_equal(w.end, 0);
		}
		assert_true(w.lost == (hit < 3 ? blocks_at(file, hit + 1) : len) -
		                          blocks_at(file, hit));
	}
	free(file);
}

static void
a_damaged_head_is_told_and_left_alone(void **state)
{
	const char *path = files_path("head");
	struct blockfile_writer *appender;
	size_t len, after;
	uint8_t *file, *left;
	struct blocks_walk w;

	(void)state;
	blocks_make(path, 2);
	file = files_copy(path, &len);
	for (size_t i = 0; i < BLOCKS_HEAD; i++) {
		int err;

		file[i] ^= 0x55;
		files_put(path, file, len);
		err = blocks_walk(path, &w);
		assert_true(err == ERR_NOT_CAPTURE || err == ERR_VERSION ||
		            err == ERR_DAMAGED || err == ERR_TRUNCATED);
		err = blockfile_append(&appender, path, &blocks_head);
		assert_true(err == ERR_NOT_CAPTURE || err == ERR_VERSION || err == ERR_DAMAGED);
		left = files_copy(path, &after);
		assert_int_equal(after, len);
		assert_memory_equal(left, file, len);
		free(left);
		file[i] ^= 0x55;
	}
	free(file);
}

/* Its length says that the head, and so the file, ends early. */
static void
a_head_that_seems_cut_does_not_cost_the_blocks_behind(void **state)
{
	const char *path = files_path("seems");
	struct blockfile_writer *w;
	struct blocks_walk walk;
	struct writer to;
	size_t len;
	uint8_t *file;

	(void)state;
	blocks_make(path, 2);
	file = files_copy(path, &len);
	to = writer_over(file + 6, 2);
	writer_le16(&to, BLOCKFILE_MAX_BODY);
	assert_true(len < BLOCKFILE_MAX_BODY);
	files_put(path, file, len);
	assert_int_equal(blocks_walk(path, &walk), ERR_TRUNCATED);
	assert_int_equal(blockfile_append(&w, path, &blocks_head), ERR_DAMAGED);
	free(file);
}

static void
appending_behind_damage_keeps_what_is_sound_on_both_sides(void **state)
{
	const char *path = files_path("middle");
	size_t len;
	uint8_t *file;
	struct blocks_walk w;

	(void)state;
	blocks_make(path, 5);
	file = files_copy(path, &len);
	file[blocks_at(file, 1) + BLOCKS_PREFIX + 10] ^= 1;
	files_put(path, file, len);
	blocks_append(path, 5, 6);
	assert_int_equal(blocks_walk(path, &w), 0);
	assert_int_equal(w.n, 5);
	assert_int_equal(w.damages, 1);
	assert_int_equal(w.numbers[1], 2);
	assert_int_equal(w.numbers[4], 5);
	free(file);
}

static void
appending_cuts_damage_off_the_end(void **state)
{
	const char *path = files_path("tail");
	size_t len;
	uint8_t *file;

	(void)state;
	blocks_make(path, 4);
	file = files_copy(path, &len);
	file[len - 1] ^= 1;
	file[blocks_at(file, 2) + BLOCKS_PREFIX + 10] ^= 1;
	files_put(path, file, len);
	blocks_append(path, 2, 5);
	blocks_assert(path, 5);
	free(file);
}

/* One block's length field replaced, its checksum right for what is there. */
static void
lie(const char *path, size_t field, uint32_t value, bool sealed, struct blocks_walk *w)
{
	size_t len;
	uint8_t *file;
	struct writer to;

	blocks_make(path, 3);
	file = files_copy(path, &len);
	to = writer_over(file + blocks_at(file, 1) + field, 4);
	writer_le32(&to, value);
	if (sealed)
		blocks_seal(file + blocks_at(file, 1));
	files_put(path, file, len);
	free(file);
	assert_int_equal(blocks_walk(path, w), 0);
}

static void
lengths_that_lie_cost_one_block(void **state)
{
	static const uint32_t raw[] = { 0, 1, 199, 201, BLOCKFILE_MAX_RAW, UINT32_MAX };
	static const uint32_t stored[] = {
		0, 3, 4, 5, BLOCKFILE_MAX_STORED, BLOCKFILE_MAX_STORED + 1, INT32_MAX, UINT32_MAX
	};
	const char *path = files_path("lie");
	struct blocks_walk w;

	(void)state;
	for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
		lie(path, 0, raw[i], true, &w);
		assert_int_equal(w.n, 2);
		assert_int_equal(w.numbers[1], 2);
		assert_int_equal(w.damages, 1);
	}
	for (size_t i = 0; i < sizeof stored / sizeof stored[0]; i++) {
		lie(path, 4, stored[i], false, &w);
		assert_int_equal(w.n, 2);
		assert_int_equal(w.numbers[1], 2);
		assert_int_equal(w.damages, 1);
	}
}

/* What becomes of a file whose only block has this frame and a right checksum. */
static int
framed(const char *path, const uint8_t *frame, size_t len, uint32_t raw)
{
	uint8_t *start, *file = calloc(1, BLOCKS_HEAD + BLOCKS_PREFIX + len + 4);
	size_t head_len;
	struct writer to = writer_over(file, BLOCKS_HEAD + BLOCKS_PREFIX + len + 4);
	struct blockfile_reader *r;
	struct blockfile_block b;
	int rc;

	assert_non_null(file);
	blocks_make(path, 0);
	start = files_copy(path, &head_len);
	writer_bytes(&to, start, head_len);
	writer_le32(&to, raw);
	writer_le32(&to, (uint32_t)len);
	writer_give(&to, 12);
	writer_bytes(&to, frame, len);
	writer_give(&to, 4);
	assert_false(to.failed);
	blocks_seal(file + BLOCKS_HEAD);
	files_put(path, file, writer_len(&to));
	free(start);
	free(file);
	assert_int_equal(blockfile_open(&r, path, blocks_head.magic, blocks_head.version), 0);
	rc = blockfile_next(r, &b);
	assert_true(blockfile_lost(r) == (rc == 1 ? 0 : writer_len(&to) - BLOCKS_HEAD));
	blockfile_free(r);
	return rc;
}

static void
frames_that_are_not_what_they_say_are_damage(void **state)
{
	static uint8_t zeros[BLOCKFILE_MAX_RAW + 1], frame[4096];
	const char *path = files_path("frame");
	const uint32_t max = BLOCKFILE_MAX_RAW;
	size_t len;

	(void)state;
	len = ZSTD_compress(frame, sizeof frame, zeros, max, 1);
	assert_false(ZSTD_isError(len));
	assert_int_equal(framed(path, frame, len, max), 1);
	assert_int_equal(framed(path, frame, len, max - 1), ERR_DAMAGED);
	assert_int_equal(framed(path, frame, len - 1, max), ERR_DAMAGED);
	len = ZSTD_compress(frame, sizeof frame, zeros, max + 1, 1);
	assert_int_equal(framed(path, frame, len, max), ERR_DAMAGED);
	assert_int_equal(framed(path, frame, len, max + 1), ERR_DAMAGED);
	len = ZSTD_compress(frame, sizeof frame, zeros, 0, 1);
	assert_int_equal(framed(path, frame, len, 0), ERR_DAMAGED);
	len = ZSTD_compress(frame, sizeof frame, zeros, 100, 1);
	len += ZSTD_compress(frame + len, sizeof frame - len, zeros, 100, 1);
	assert_int_equal(framed(path, frame, len, 200), ERR_DAMAGED);
}

/* The reader's window ends here and there in what it searches. */
static void
a_sound_block_is_found_behind_damage_of_any_length(void **state)
{
	const size_t window = 2 * (BLOCKS_PREFIX + BLOCKFILE_MAX_STORED + 4);
	const char *path = files_path("window");
	uint8_t *start, *file = calloc(1, window + 1000);
	struct blocks_walk w;
	size_t len, first;

	(void)state;
	assert_non_null(file);
	blocks_make(path, 2);
	start = files_copy(path, &len);
	first = blocks_at(start, 1);
	for (int delta = -25; delta < 3; delta += delta < -19 ? 1 : 4) {
		size_t at = window + (size_t)delta;

		memset(file, 0xff, window + 1000);
		memcpy(file, start, first);
		memcpy(file + at, start + first, len - first);
		files_put(path, file, at + len - first);
		assert_int_equal(blocks_walk(path, &w), 0);
		assert_int_equal(w.n, 2);
		assert_int_equal(w.damages, 1);
		assert_true(w.lost == at - first);
	}
	free(start);
	free(file);
}

/* A file of nothing but beginnings of blocks that claim the most. */
static void
a_file_full_of_false_blocks_is_given_up(void **state)
{
	enum { N = 100000 };
	const char *path = files_path("false");
	const size_t one = BLOCKS_PREFIX + 4, len = BLOCKS_HEAD + N * one;
	struct blockfile_writer *appender;
	uint8_t *file, *start;
	struct writer to;
	struct blocks_walk w;
	size_t head_len;

	(void)state;
	blocks_make(path, 0);
	start = files_copy(path, &head_len);
	assert_int_equal(head_len, BLOCKS_HEAD);
	file = malloc(len);
	assert_non_null(file);
	to = writer_over(file, len);
	writer_bytes(&to, start, head_len);
	for (int i = 0; i < N; i++) {
		writer_le32(&to, BLOCKFILE_MAX_RAW);
		writer_le32(&to, i % 8 == 0 ? BLOCKFILE_MAX_STORED : 4);
		writer_le64(&to, 0);
		writer_le32(&to, 1);
		writer_be32(&to, 0x28b52ffd);
	}
	assert_false(to.failed);
	files_put(path, file, len);
	assert_int_equal(blocks_walk(path, &w), 0);
	assert_int_equal(w.n, 0);
	assert_true(w.lost == len - BLOCKS_HEAD);
	assert_int_equal(blockfile_append(&appender, path, &blocks_head), ERR_DAMAGED);
	free(start);
	start = files_copy(path, &head_len);
	assert_int_equal(head_len, len);
	assert_memory_equal(start, file, len);
	free(start);
	free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flipped_byte_is_found_and_costs_its_block_only),
		cmocka_unit_test(a_damaged_head_is_told_and_left_alone),
		cmocka_unit_test(a_head_that_seems_cut_does_not_cost_the_blocks_behind),
		cmocka_unit_test(appending_behind_damage_keeps_what_is_sound_on_both_sides),
		cmocka_unit_test(appending_cuts_damage_off_the_end),
		cmocka_unit_test(lengths_that_lie_cost_one_block),
		cmocka_unit_test(frames_that_are_not_what_they_say_are_damage),
		cmocka_unit_test(a_sound_block_is_found_behind_damage_of_any_length),
		cmocka_unit_test(a_file_full_of_false_blocks_is_given_up),
	};

	return cmocka_run_group_tests(tests, files_begin, files_end);
}
