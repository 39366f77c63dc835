/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
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

#include "base/blockfile.h"
#include "base/crc32c.h"
#include "base/err.h"
#include "tests/unit/scratch.h"

#define HEAD_LEN (8u + 4u + 4u) /* of a file with our body */
#define PREFIX 20u              /* of a block */

static const struct blockfile_head head = {
	.magic = { 'T', 'E', 'S', 'T' }, .version = 2, .len = 4, .body = (const uint8_t *)"body"
};

/* A block whose bytes tell its number. */
static int
put_block(struct blockfile_writer *w, uint32_t number)
{
	struct writer *space = blockfile_space(w);

	for (uint32_t i = 0; i < 50; i++)
		writer_le32(space, number * 1000 + i);
	return blockfile_put(w, number, 50);
}

static void
put_blocks(struct blockfile_writer *w, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		assert_int_equal(put_block(w, i), 0);
}

static void
make_file(const char *path, uint32_t blocks)
{
	struct blockfile_writer *w;

	assert_int_equal(blockfile_create(&w, path, &head), 0);
	put_blocks(w, 0, blocks);
	assert_int_equal(blockfile_close(w), 0);
}

static void
append_blocks(const char *path, uint32_t from, uint32_t to)
{
	struct blockfile_writer *w;

	assert_int_equal(blockfile_append(&w, path, &head), 0);
	put_blocks(w, from, to);
	assert_int_equal(blockfile_close(w), 0);
}

/* Is it whole and as put_block made it? */
static void
assert_block(struct blockfile_block *b)
{
	assert_int_equal(b->count, 50);
	assert_int_equal(reader_left(&b->raw), 200);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(reader_le32(&b->raw), (uint32_t)b->first * 1000 + i);
}

struct walk {
	uint32_t numbers[64], n; /* blocks that were read */
	int damages;             /* times ERR_DAMAGED */
	int end;                 /* how it ended */
	uint64_t lost;
};

/* Reads all; every block that comes must be one of ours, whole. */
static int
walk(const char *path, struct walk *to)
{
	struct blockfile_reader *r;
	struct blockfile_block b;
	int rc = blockfile_open(&r, path, head.magic, head.version);

	*to = (struct walk){ .n = 0 };
	if (rc != 0)
		return rc;
	while ((rc = blockfile_next(r, &b)) == 1 || rc == ERR_DAMAGED) {
		if (rc == ERR_DAMAGED) {
			to->damages++;
			continue;
		}
		assert_block(&b);
		assert_true(to->n < 64);
		to->numbers[to->n++] = (uint32_t)b.first;
	}
	to->end = rc;
	to->lost = blockfile_lost(r);
	blockfile_free(r);
	return 0;
}

static void
assert_blocks(const char *path, uint32_t n)
{
	struct walk w;

	assert_int_equal(walk(path, &w), 0);
	assert_int_equal(w.end, 0);
	assert_int_equal(w.damages, 0);
	assert_int_equal(w.n, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(w.numbers[i], i);
}

/* Where block number i begins, told by the lengths on the way. */
static size_t
block_at(const uint8_t *file, uint32_t i)
{
	size_t at = HEAD_LEN;

	for (; i > 0; i--) {
		struct reader r = reader_over(file + at + 4, 4);

		at += PREFIX + reader_le32(&r) + 4;
	}
	return at;
}

/* Makes the checksum of the block right again. */
static void
seal(uint8_t *block)
{
	struct reader r = reader_over(block + 4, 4);
	size_t len = PREFIX + reader_le32(&r);
	struct writer w = writer_over(block + len, 4);

	writer_le32(&w, crc32c(0, block, len));
}

static void
blocks_of_any_size_come_back(void **state)
{
	static const size_t sizes[] = { 1, 3, 4096, BLOCKFILE_MAX_RAW - 1, BLOCKFILE_MAX_RAW };
	static uint8_t noise[BLOCKFILE_MAX_RAW];
	const char *path = scratch_path("sizes");
	struct blockfile_writer *w;
	struct blockfile_reader *r;
	struct blockfile_block b;

	(void)state;
	for (uint32_t i = 0, x = 1; i < sizeof noise; i++, x = x * 1664525 + 1013904223)
		noise[i] = (uint8_t)(x >> 24);
	assert_int_equal(blockfile_create(&w, path, &head), 0);
	assert_int_equal(blockfile_put(w, 9, 9), 0); /* empty: no block */
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		writer_bytes(blockfile_space(w), noise, sizes[i]);
		assert_int_equal(blockfile_put(w, UINT64_MAX - i, UINT32_MAX), 0);
	}
	assert_int_equal(blockfile_close(w), 0);
	assert_int_equal(blockfile_open(&r, path, head.magic, head.version), 0);
	assert_int_equal(blockfile_head(r)->version, 2);
	assert_int_equal(blockfile_head(r)->len, 4);
	assert_memory_equal(blockfile_head(r)->body, "body", 4);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		assert_int_equal(blockfile_next(r, &b), 1);
		assert_int_equal(reader_left(&b.raw), sizes[i]);
		assert_memory_equal(b.raw.pos, noise, sizes[i]);
		assert_true(b.first == UINT64_MAX - i && b.count == UINT32_MAX);
	}
	assert_int_equal(blockfile_next(r, &b), 0);
	assert_int_equal(blockfile_next(r, &b), 0);
	assert_true(blockfile_lost(r) == 0);
	blockfile_free(r);
}

static void
a_new_file_appears_only_when_it_is_closed(void **state)
{
	const char *path = scratch_path("new");
	struct blockfile_writer *w;

	(void)state;
	assert_int_equal(blockfile_create(&w, path, &head), 0);
	put_blocks(w, 0, 3);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(blockfile_close(w), 0);
	assert_blocks(path, 3);
	assert_int_equal(blockfile_create(&w, path, &head), 0);
	put_blocks(w, 0, 1);
	blockfile_abandon(w);
	assert_blocks(path, 3);
}

static void
one_appends_while_others_read(void **state)
{
	const char *path = scratch_path("two");
	struct blockfile_writer *w, *other;

	(void)state;
	assert_int_equal(blockfile_append(&w, path, &head), 0);
	put_blocks(w, 0, 2);
	assert_int_equal(blockfile_append(&other, path, &head), ERR_LOCKED);
	assert_int_equal(blockfile_create(&other, path, &head), ERR_LOCKED);
	assert_blocks(path, 2);
	put_blocks(w, 2, 3);
	assert_blocks(path, 3);
	assert_int_equal(blockfile_close(w), 0);
	append_blocks(path, 3, 4);
	assert_blocks(path, 4);
}

static void
a_file_cut_anywhere_is_appended_to_behind_its_last_whole_block(void **state)
{
	const char *path = scratch_path("cut");
	size_t len, second, third;
	uint8_t *file;
	struct walk w;

	(void)state;
	make_file(path, 4);
	file = scratch_read(path, &len);
	second = block_at(file, 2);
	third = block_at(file, 3);
	for (size_t cut = second; cut < len; cut++) {
		uint32_t whole = cut >= third ? 3 : 2;
		bool clean = cut == second || cut == third;

		scratch_write(path, file, cut);
		assert_int_equal(walk(path, &w), 0);
		assert_int_equal(w.n, whole);
		assert_int_equal(w.end, clean ? 0 : ERR_TRUNCATED);
		assert_true(w.lost == cut - (whole == 3 ? third : second));
		append_blocks(path, whole, 5);
		assert_blocks(path, 5);
	}
	free(file);
}

static void
a_file_cut_in_its_head_is_begun_again(void **state)
{
	const char *path = scratch_path("short");
	size_t len;
	uint8_t *file;
	struct walk w;

	(void)state;
	make_file(path, 1);
	file = scratch_read(path, &len);
	for (size_t cut = 0; cut < HEAD_LEN; cut++) {
		scratch_write(path, file, cut);
		assert_int_equal(walk(path, &w), cut < 4 ? ERR_NOT_CAPTURE : ERR_TRUNCATED);
		append_blocks(path, 0, 2);
		assert_blocks(path, 2);
	}
	free(file);
}

static void
every_flipped_byte_is_found_and_costs_its_block_only(void **state)
{
	const char *path = scratch_path("flip");
	size_t len;
	uint8_t *file;
	struct walk w;

	(void)state;
	make_file(path, 4);
	file = scratch_read(path, &len);
	for (size_t i = HEAD_LEN; i < len; i++) {
		uint32_t hit = 0;

		while (hit < 3 && i >= block_at(file, hit + 1))
			hit++;
		file[i] ^= 0x55;
		scratch_write(path, file, len);
		file[i] ^= 0x55;
		assert_int_equal(walk(path, &w), 0);
		assert_int_equal(w.n, 3);
		for (uint32_t j = 0; j < 3; j++)
			assert_int_equal(w.numbers[j], j < hit ? j : j + 1);
		/* a length that reaches past the end looks like a cut file */
		assert_true(w.damages == 1 || (hit == 3 && w.end == ERR_TRUNCATED));
		assert_true(w.lost == (hit < 3 ? block_at(file, hit + 1) : len) -
		                          block_at(file, hit));
	}
	free(file);
}

static void
a_damaged_head_is_told_and_left_alone(void **state)
{
	const char *path = scratch_path("head");
	struct blockfile_writer *appender;
	size_t len, after;
	uint8_t *file, *left;
	struct walk w;

	(void)state;
	make_file(path, 2);
	file = scratch_read(path, &len);
	for (size_t i = 0; i < HEAD_LEN; i++) {
		int err;

		file[i] ^= 0x55;
		scratch_write(path, file, len);
		err = walk(path, &w);
		assert_true(err == ERR_NOT_CAPTURE || err == ERR_VERSION ||
		            err == ERR_DAMAGED || err == ERR_TRUNCATED);
		err = blockfile_append(&appender, path, &head);
		assert_true(err == ERR_NOT_CAPTURE || err == ERR_VERSION || err == ERR_DAMAGED);
		left = scratch_read(path, &after);
		assert_int_equal(after, len);
		assert_memory_equal(left, file, len);
		free(left);
		file[i] ^= 0x55;
	}
	free(file);
}

static void
appending_behind_damage_keeps_what_is_sound_on_both_sides(void **state)
{
	const char *path = scratch_path("middle");
	size_t len;
	uint8_t *file;
	struct walk w;

	(void)state;
	make_file(path, 5);
	file = scratch_read(path, &len);
	file[block_at(file, 1) + PREFIX + 10] ^= 1;
	scratch_write(path, file, len);
	append_blocks(path, 5, 6);
	assert_int_equal(walk(path, &w), 0);
	assert_int_equal(w.n, 5);
	assert_int_equal(w.damages, 1);
	assert_int_equal(w.numbers[1], 2);
	assert_int_equal(w.numbers[4], 5);
	free(file);
}

/* One block's length field replaced, its checksum right for what is there. */
static void
lie(const char *path, size_t field, uint32_t value, bool sealed, struct walk *w)
{
	size_t len;
	uint8_t *file;
	struct writer to;

	make_file(path, 3);
	file = scratch_read(path, &len);
	to = writer_over(file + block_at(file, 1) + field, 4);
	writer_le32(&to, value);
	if (sealed)
		seal(file + block_at(file, 1));
	scratch_write(path, file, len);
	free(file);
	assert_int_equal(walk(path, w), 0);
}

static void
lengths_that_lie_cost_one_block(void **state)
{
	static const uint32_t raw[] = { 0, 1, 199, 201, BLOCKFILE_MAX_RAW, UINT32_MAX };
	static const uint32_t stored[] = {
		0, 3, 4, 5, BLOCKFILE_MAX_STORED, BLOCKFILE_MAX_STORED + 1, INT32_MAX, UINT32_MAX
	};
	const char *path = scratch_path("lie");
	struct walk w;

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

/* A file of nothing but beginnings of blocks that claim the most. */
static void
a_file_full_of_false_blocks_is_given_up(void **state)
{
	enum { N = 100000 };
	const char *path = scratch_path("false");
	const size_t one = PREFIX + 4, len = HEAD_LEN + N * one;
	struct blockfile_writer *appender;
	uint8_t *file, *start;
	struct writer to;
	struct walk w;
	size_t head_len;

	(void)state;
	make_file(path, 0);
	start = scratch_read(path, &head_len);
	assert_int_equal(head_len, HEAD_LEN);
	file = malloc(len);
	assert_non_null(file);
	to = writer_over(file, len);
	writer_bytes(&to, start, head_len);
	for (int i = 0; i < N; i++) {
		writer_le32(&to, BLOCKFILE_MAX_RAW);
		writer_le32(&to, i % 2 ? BLOCKFILE_MAX_STORED : 4);
		writer_le64(&to, 0);
		writer_le32(&to, 1);
		writer_be32(&to, 0x28b52ffd);
	}
	assert_false(to.failed);
	scratch_write(path, file, len);
	assert_int_equal(walk(path, &w), 0);
	assert_int_equal(w.n, 0);
	assert_true(w.lost == len - HEAD_LEN);
	assert_int_equal(blockfile_append(&appender, path, &head), ERR_DAMAGED);
	free(start);
	start = scratch_read(path, &head_len);
	assert_int_equal(head_len, len);
	assert_memory_equal(start, file, len);
	free(start);
	free(file);
}

static void
strangers_and_newer_files_are_refused_and_left_alone(void **state)
{
	static const char capture[] = "\xd4\xc3\xb2\xa1 a capture";
	const char *path = scratch_path("other"), *newer = scratch_path("newer");
	struct blockfile_head next = head;
	struct blockfile_writer *w;
	struct walk walked;
	size_t len;
	uint8_t *file;

	(void)state;
	scratch_write(path, capture, sizeof capture);
	assert_int_equal(walk(path, &walked), ERR_NOT_CAPTURE);
	assert_int_equal(blockfile_append(&w, path, &head), ERR_NOT_CAPTURE);
	file = scratch_read(path, &len);
	assert_int_equal(len, sizeof capture);
	free(file);
	next.version++;
	assert_int_equal(blockfile_create(&w, newer, &next), 0);
	assert_int_equal(blockfile_close(w), 0);
	assert_int_equal(walk(newer, &walked), ERR_VERSION);
	assert_int_equal(blockfile_append(&w, newer, &head), ERR_VERSION);
	next.len = BLOCKFILE_MAX_BODY + 1;
	assert_int_equal(blockfile_create(&w, newer, &next), ERR_LIMIT);
	assert_int_equal(blockfile_append(&w, newer, &next), ERR_LIMIT);
	assert_int_equal(walk(scratch_path("none"), &walked), ERR_IO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(walk(".", &walked), ERR_IO);
	assert_int_equal(blockfile_append(&w, scratch_path("no/where"), &head), ERR_IO);
	assert_int_equal(blockfile_create(&w, scratch_path("no/where"), &head), ERR_IO);
}

static void
nothing_is_taken_from_a_pipe(void **state)
{
	struct walk w;
	char path[64], text[4];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "TEST", 4), 4);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	assert_int_equal(walk(path, &w), ERR_NOT_CAPTURE);
	assert_int_equal(read(ends[0], text, 4), 4);
	close(ends[0]);
	close(ends[1]);
}

static void
a_reader_goes_on_when_the_cut_block_is_whole(void **state)
{
	const char *path = scratch_path("grow");
	struct blockfile_reader *r;
	struct blockfile_block b;
	size_t len;
	uint8_t *file;

	(void)state;
	make_file(path, 3);
	file = scratch_read(path, &len);
	scratch_write(path, file, len - 1);
	assert_int_equal(blockfile_open(&r, path, head.magic, head.version), 0);
	assert_int_equal(blockfile_next(r, &b), 1);
	assert_int_equal(blockfile_next(r, &b), 1);
	assert_int_equal(blockfile_next(r, &b), ERR_TRUNCATED);
	assert_int_equal(blockfile_next(r, &b), ERR_TRUNCATED);
	assert_true(blockfile_lost(r) == len - 1 - block_at(file, 2));
	scratch_write(path, file, len);
	assert_int_equal(blockfile_next(r, &b), 1);
	assert_block(&b);
	assert_int_equal(blockfile_next(r, &b), 0);
	assert_true(blockfile_lost(r) == 0);
	blockfile_free(r);
	free(file);
}

/* Appends until it is killed. */
static void
append_forever(const char *path, uint32_t from)
{
	struct blockfile_writer *w;

	if (blockfile_append(&w, path, &head) != 0)
		_exit(1);
	while (put_block(w, from++) == 0)
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

/* The number of the last block; all before it must be there, once. */
static uint32_t
last_of(const char *path)
{
	struct blockfile_reader *r;
	struct blockfile_block b;
	uint32_t n = 0;

	assert_int_equal(blockfile_open(&r, path, head.magic, head.version), 0);
	while (blockfile_next(r, &b) == 1)
		assert_int_equal(b.first, n++);
	blockfile_free(r);
	return n;
}

static void
a_killed_writer_leaves_all_before_and_nothing_twice(void **state)
{
	const char *path = scratch_path("killed");
	uint32_t n = 0, seen;

	(void)state;
	make_file(path, 0);
	for (int turn = 0; turn < 12; turn++) {
		struct timespec nap = { .tv_nsec = turn * 77777 };
		struct stat st;
		pid_t child;
		int status;

		assert_int_equal(stat(path, &st), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			append_forever(path, n);
		wait_until_longer(path, st.st_size);
		nanosleep(&nap, NULL);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		seen = last_of(path);
		assert_true(seen > n);
		append_blocks(path, seen, seen + 1);
		n = last_of(path);
		assert_int_equal(n, seen + 1);
	}
}

/* In a process that may write so many bytes to a file. Its exit status. */
static int
limited(int (*run)(const char *), const char *path, size_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		_exit(setrlimit(RLIMIT_FSIZE, &limit) == 0 ? run(path) : 99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static int
fill_appending(const char *path)
{
	struct blockfile_writer *w;
	uint32_t i = 3;
	int err;

	if (blockfile_append(&w, path, &head) != 0)
		return 1;
	while ((err = put_block(w, i)) == 0)
		i++;
	return err == ERR_FULL && put_block(w, i) == ERR_FULL && blockfile_close(w) == 0 ? 0 : 2;
}

static int
fill_new(const char *path)
{
	struct blockfile_writer *w;
	uint32_t i = 0;

	if (blockfile_create(&w, path, &head) != 0)
		return 1;
	while (put_block(w, i) == 0)
		i++;
	blockfile_abandon(w);
	return 0;
}

static void
a_full_disk_is_told_and_leaves_whole_blocks(void **state)
{
	const char *path = scratch_path("full");
	struct blockfile_writer *w;

	(void)state;
	for (size_t more = 0; more < 300; more += 37) {
		make_file(path, 3);
		assert_int_equal(limited(fill_appending, path, 1000 + more), 0);
		assert_true(last_of(path) >= 3);
		append_blocks(path, last_of(path), last_of(path) + 1);
	}
	make_file(path, 3);
	assert_int_equal(limited(fill_new, path, 1000), 0);
	assert_blocks(path, 3);
	if (access("/dev/full", W_OK) == 0)
		assert_int_equal(blockfile_create(&w, "/dev/full", &head), ERR_FULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_of_any_size_come_back),
		cmocka_unit_test(a_new_file_appears_only_when_it_is_closed),
		cmocka_unit_test(one_appends_while_others_read),
		cmocka_unit_test(a_file_cut_anywhere_is_appended_to_behind_its_last_whole_block),
		cmocka_unit_test(a_file_cut_in_its_head_is_begun_again),
		cmocka_unit_test(every_flipped_byte_is_found_and_costs_its_block_only),
		cmocka_unit_test(a_damaged_head_is_told_and_left_alone),
		cmocka_unit_test(appending_behind_damage_keeps_what_is_sound_on_both_sides),
		cmocka_unit_test(lengths_that_lie_cost_one_block),
		cmocka_unit_test(a_file_full_of_false_blocks_is_given_up),
		cmocka_unit_test(strangers_and_newer_files_are_refused_and_left_alone),
		cmocka_unit_test(nothing_is_taken_from_a_pipe),
		cmocka_unit_test(a_reader_goes_on_when_the_cut_block_is_whole),
		cmocka_unit_test(a_killed_writer_leaves_all_before_and_nothing_twice),
		cmocka_unit_test(a_full_disk_is_told_and_leaves_whole_blocks),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
