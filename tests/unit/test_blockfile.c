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
#include "base/err.h"
#include "tests/unit/blocks.h"
#include "tests/unit/files.h"

static void
blocks_of_any_size_come_back(void **state)
{
	static const size_t sizes[] = { 1, 3, 4096, BLOCKFILE_MAX_RAW - 1, BLOCKFILE_MAX_RAW };
	static uint8_t noise[BLOCKFILE_MAX_RAW];
	const char *path = files_path("sizes");
	struct blockfile_writer *w;
	struct blockfile_reader *r;
	struct blockfile_block b;

	(void)state;
	for (uint32_t i = 0, x = 1; i < sizeof noise; i++, x = x * 1664525 + 1013904223)
		noise[i] = (uint8_t)(x >> 24);
	assert_int_equal(blockfile_create(&w, path, &blocks_head), 0);
	assert_int_equal(blockfile_put(w, 9, 9), 0); /* empty: no block */
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		writer_bytes(blockfile_space(w), noise, sizes[i]);
		assert_int_equal(blockfile_put(w, UINT64_MAX - i, UINT32_MAX), 0);
	}
	assert_int_equal(blockfile_close(w), 0);
	assert_int_equal(blockfile_open(&r, path, blocks_head.magic, blocks_head.version), 0);
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
	const char *path = files_path("new");
	struct blockfile_writer *w;

	(void)state;
	assert_int_equal(blockfile_create(&w, path, &blocks_head), 0);
	blocks_put_all(w, 0, 3);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(blockfile_close(w), 0);
	blocks_assert(path, 3);
	assert_int_equal(blockfile_create(&w, path, &blocks_head), 0);
	blocks_put_all(w, 0, 1);
	blockfile_abandon(w);
	blocks_assert(path, 3);
}

static void
one_appends_while_others_read(void **state)
{
	const char *path = files_path("two");
	struct blockfile_writer *w, *other;

	(void)state;
	assert_int_equal(blockfile_append(&w, path, &blocks_head), 0);
	blocks_put_all(w, 0, 2);
	assert_int_equal(blockfile_append(&other, path, &blocks_head), ERR_LOCKED);
	assert_int_equal(blockfile_create(&other, path, &blocks_head), ERR_LOCKED);
	blocks_assert(path, 2);
	blocks_put_all(w, 2, 3);
	blocks_assert(path, 3);
	assert_int_equal(blockfile_close(w), 0);
	blocks_append(path, 3, 4);
	blocks_assert(path, 4);
}

static void
a_file_cut_anywhere_is_appended_to_behind_its_last_whole_block(void **state)
{
	const char *path = files_path("cut");
	size_t len, second, third;
	uint8_t *file;
	struct blocks_walk w;

	(void)state;
	blocks_make(path, 4);
	file = files_copy(path, &len);
	second = blocks_at(file, 2);
	third = blocks_at(file, 3);
	for (size_t cut = second; cut < len; cut++) {
		uint32_t whole = cut >= third ? 3 : 2;
		bool clean = cut == second || cut == third;

		files_put(path, file, cut);
		assert_int_equal(blocks_walk(path, &w), 0);
		assert_int_equal(w.n, whole);
		assert_int_equal(w.end, clean ? 0 : ERR_TRUNCATED);
		assert_true(w.lost == cut - (whole == 3 ? third : second));
		if (cut % 16 == 0) { /* nothing new: the rest is cut off all the same */
			blocks_append(path, whole, whole);
			blocks_assert(path, whole);
		}
		blocks_append(path, whole, 5);
		blocks_assert(path, 5);
	}
	free(file);
}

static void
a_file_cut_in_its_head_is_begun_again(void **state)
{
	const char *path = files_path("short");
	size_t len;
	uint8_t *file;
	struct blocks_walk w;

	(void)state;
	blocks_make(path, 1);
	file = files_copy(path, &len);
	for (size_t cut = 0; cut < BLOCKS_HEAD; cut++) {
		files_put(path, file, cut);
		assert_int_equal(blocks_walk(path, &w), cut < 4 ? ERR_NOT_CAPTURE : ERR_TRUNCATED);
		blocks_append(path, 0, 2);
		blocks_assert(path, 2);
	}
	free(file);
}

static void
strangers_and_newer_files_are_refused_and_left_alone(void **state)
{
	static const char capture[] = "\xd4\xc3\xb2\xa1 a capture";
	const char *path = files_path("other"), *newer = files_path("newer");
	struct blockfile_head next = blocks_head;
	struct blockfile_writer *w;
	struct blocks_walk walked;
	size_t len;
	uint8_t *file;

	(void)state;
	files_put(path, capture, sizeof capture);
	assert_int_equal(blocks_walk(path, &walked), ERR_NOT_CAPTURE);
	assert_int_equal(blockfile_append(&w, path, &blocks_head), ERR_NOT_CAPTURE);
	file = files_copy(path, &len);
	assert_int_equal(len, sizeof capture);
	free(file);
	next.version++;
	assert_int_equal(blockfile_create(&w, newer, &next), 0);
	assert_int_equal(blockfile_close(w), 0);
	assert_int_equal(blocks_walk(newer, &walked), ERR_VERSION);
	assert_int_equal(blockfile_append(&w, newer, &blocks_head), ERR_VERSION);
	next.len = BLOCKFILE_MAX_BODY + 1;
	assert_int_equal(blockfile_create(&w, newer, &next), ERR_LIMIT);
	assert_int_equal(blockfile_append(&w, newer, &next), ERR_LIMIT);
	assert_int_equal(blocks_walk(files_path("none"), &walked), ERR_IO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(blocks_walk(".", &walked), ERR_IO);
	assert_int_equal(blockfile_append(&w, files_path("no/where"), &blocks_head), ERR_IO);
	assert_int_equal(blockfile_create(&w, files_path("no/where"), &blocks_head), ERR_IO);
}

static void
nothing_is_taken_from_a_pipe(void **state)
{
	struct blocks_walk w;
	char path[64], text[4];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "TEST", 4), 4);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	assert_int_equal(blocks_walk(path, &w), ERR_NOT_CAPTURE);
	assert_int_equal(read(ends[0], text, 4), 4);
	close(ends[0]);
	close(ends[1]);
}

static void
a_reader_goes_on_when_the_cut_block_is_whole(void **state)
{
	const char *path = files_path("grow");
	struct blockfile_reader *r;
	struct blockfile_block b;
	size_t len;
	uint8_t *file;

	(void)state;
	blocks_make(path, 3);
	file = files_copy(path, &len);
	files_put(path, file, len - 1);
	assert_int_equal(blockfile_open(&r, path, blocks_head.magic, blocks_head.version), 0);
	assert_int_equal(blockfile_next(r, &b), 1);
	assert_int_equal(blockfile_next(r, &b), 1);
	assert_int_equal(blockfile_next(r, &b), ERR_TRUNCATED);
	assert_int_equal(blockfile_next(r, &b), ERR_TRUNCATED);
	assert_true(blockfile_lost(r) == len - 1 - blocks_at(file, 2));
	files_put(path, file, len);
	assert_int_equal(blockfile_next(r, &b), 1);
	blocks_check(&b);
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

	if (blockfile_append(&w, path, &blocks_head) != 0)
		_exit(1);
	while (blocks_put(w, from++) == 0)
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

	assert_int_equal(blockfile_open(&r, path, blocks_head.magic, blocks_head.version), 0);
	while (blockfile_next(r, &b) == 1)
		assert_int_equal(b.first, n++);
	blockfile_free(r);
	return n;
}

static void
a_killed_writer_leaves_all_before_and_nothing_twice(void **state)
{
	const char *path = files_path("killed");
	uint32_t n = 0, seen;

	(void)state;
	blocks_make(path, 0);
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
		blocks_append(path, seen, seen + 1);
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

	if (blockfile_append(&w, path, &blocks_head) != 0)
		return 1;
	while ((err = blocks_put(w, i)) == 0)
		i++;
	if (err != ERR_FULL || blocks_put(w, i) != ERR_FULL)
		return 2;
	if (writer_len(blockfile_space(w)) != 2 * (size_t)200) /* both are kept */
		return 3;
	return blockfile_close(w) == 0 ? 0 : 4;
}

static int
fill_new(const char *path)
{
	struct blockfile_writer *w;
	uint32_t i = 0;

	if (blockfile_create(&w, path, &blocks_head) != 0)
		return 1;
	while (blocks_put(w, i) == 0)
		i++;
	blockfile_abandon(w);
	return 0;
}

static void
a_full_disk_is_told_and_leaves_whole_blocks(void **state)
{
	const char *path = files_path("full");
	struct blockfile_writer *w;

	(void)state;
	for (size_t more = 0; more < 300; more += 37) {
		blocks_make(path, 3);
		assert_int_equal(limited(fill_appending, path, 1000 + more), 0);
		assert_true(last_of(path) >= 3);
		blocks_append(path, last_of(path), last_of(path) + 1);
	}
	blocks_make(path, 3);
	assert_int_equal(limited(fill_new, path, 1000), 0);
	blocks_assert(path, 3);
	if (access("/dev/full", W_OK) == 0)
		assert_int_equal(blockfile_create(&w, "/dev/full", &blocks_head), ERR_FULL);
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
		cmocka_unit_test(strangers_and_newer_files_are_refused_and_left_alone),
		cmocka_unit_test(nothing_is_taken_from_a_pipe),
		cmocka_unit_test(a_reader_goes_on_when_the_cut_block_is_whole),
		cmocka_unit_test(a_killed_writer_leaves_all_before_and_nothing_twice),
		cmocka_unit_test(a_full_disk_is_told_and_leaves_whole_blocks),
	};

	return cmocka_run_group_tests(tests, files_begin, files_end);
}
