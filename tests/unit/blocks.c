/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/blocks.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "base/err.h"

const struct blockfile_head blocks_head = {
	.magic = { 'T', 'E', 'S', 'T' }, .version = 2, .len = 4, .body = (const uint8_t *)"body"
};

int
blocks_put(struct blockfile_writer *w, uint32_t number)
{
	struct writer *space = blockfile_space(w);

	for (uint32_t i = 0; i < 50; i++)
		writer_le32(space, number * 1000 + i);
	return blockfile_put(w, number, 50);
}

void
blocks_put_all(struct blockfile_writer *w, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		assert_int_equal(blocks_put(w, i), 0);
}

void
blocks_make(const char *path, uint32_t blocks)
{
	struct blockfile_writer *w;

	assert_int_equal(blockfile_create(&w, path, &blocks_head), 0);
	blocks_put_all(w, 0, blocks);
	assert_int_equal(blockfile_close(w), 0);
}

void
blocks_append(const char *path, uint32_t from, uint32_t to)
{
	struct blockfile_writer *w;

	assert_int_equal(blockfile_append(&w, path, &blocks_head), 0);
	blocks_put_all(w, from, to);
	assert_int_equal(blockfile_close(w), 0);
}

void
blocks_check(struct blockfile_block *b)
{
	assert_int_equal(b->count, 50);
	assert_int_equal(reader_left(&b->raw), 200);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(reader_le32(&b->raw), (uint32_t)b->first * 1000 + i);
}

int
blocks_walk(const char *path, struct blocks_walk *to)
{
	struct blockfile_reader *r;
	struct blockfile_block b;
	int rc = blockfile_open(&r, path, blocks_head.magic, blocks_head.version);

	*to = (struct blocks_walk){ .n = 0 };
	if (rc != 0)
		return rc;
	while ((rc = blockfile_next(r, &b)) == 1 || rc == ERR_DAMAGED) {
		if (rc == ERR_DAMAGED) {
			to->damages++;
			continue;
		}
		blocks_check(&b);
		assert_true(to->n < 64);
		to->numbers[to->n++] = (uint32_t)b.first;
	}
	to->end = rc;
	to->lost = blockfile_lost(r);
	blockfile_free(r);
	return 0;
}

void
blocks_assert(const char *path, uint32_t n)
{
	struct blocks_walk w;

	assert_int_equal(blocks_walk(path, &w), 0);
	assert_int_equal(w.end, 0);
	assert_int_equal(w.damages, 0);
	assert_int_equal(w.n, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(w.numbers[i], i);
}

size_t
blocks_at(const uint8_t *file, uint32_t i)
{
	size_t at = BLOCKS_HEAD;

	for (; i > 0; i--) {
		struct reader r = reader_over(file + at + 4, 4);

		at += BLOCKS_PREFIX + reader_le32(&r) + 4;
	}
	return at;
}

void
blocks_seal(uint8_t *block)
{
	struct reader r = reader_over(block + 4, 4);
	size_t len = BLOCKS_PREFIX + reader_le32(&r);
	struct writer w = writer_over(block + len, 4);

	writer_le32(&w, crc32c(0, block, len));
}
