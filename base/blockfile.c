/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/blockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "base/blockfile_form.h"
#include "base/crc32c.h"
#include "base/err.h"

#define WINDOW_BYTES (2u * BLOCKFILE_MAX_BLOCK)

static const uint8_t frame_magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };

struct blockfile_reader {
	int fd;
	bool own_fd;
	uint64_t at;        /* in the file: the next block */
	uint64_t lost;      /* bytes of damage passed over */
	uint64_t cut;       /* bytes of a cut block at the end */
	uint32_t mistakes;  /* damaged places, and what looked like a block in one */
	uint64_t window_at; /* of window[0] in the file */
	size_t window_len;
	uint8_t *window, *raw; /* owned */
	ZSTD_DCtx *zstd;       /* owned */
	struct blockfile_head head;
	uint8_t body[BLOCKFILE_MAX_BODY];
};

/* A block as it lies in the window. */
struct block {
	uint32_t raw_len, count;
	uint64_t first;
	struct reader frame;
	size_t size; /* bytes in the file */
};

enum state { STATE_SOUND, STATE_BAD, STATE_CUT, STATE_END, STATE_ERROR };

static void *
need(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

int
blockfile_error(int error)
{
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return ERR_FULL;
	return error == EACCES || error == EPERM || error == EROFS ? ERR_PERMISSION : ERR_IO;
}

/* Fills the window from at on, until n bytes are there or the file ends. */
static bool
load(struct blockfile_reader *r, uint64_t at, size_t n)
{
	ssize_t got = 1;

	r->window_at = at;
	r->window_len = 0;
	while (r->window_len < n && got != 0) {
		got = pread(r->fd, r->window + r->window_len, WINDOW_BYTES - r->window_len,
		            (off_t)(at + r->window_len));
		if (got < 0 && errno != EINTR)
			return false;
		r->window_len += got > 0 ? (size_t)got : 0;
		got = got < 0 ? 1 : got;
	}
	return true;
}

/* The file from at on: at least n bytes where it has them. False if unreadable. */
static bool
look(struct blockfile_reader *r, uint64_t at, size_t n, struct reader *in)
{
	if (at < r->window_at || at + n > r->window_at + r->window_len)
		if (!load(r, at, n))
			return false;
	*in = reader_over(r->window + (at - r->window_at),
	                  r->window_len - (size_t)(at - r->window_at));
	return true;
}

/* What stands at this place of the file? */
static enum state
check(struct blockfile_reader *r, uint64_t at, struct block *b)
{
	struct reader in;
	const uint8_t *start;
	uint32_t stored_len, crc;

	if (!look(r, at, BLOCKFILE_PREFIX + sizeof frame_magic, &in))
		return STATE_ERROR;
	if (reader_left(&in) == 0)
		return STATE_END;
	b->raw_len = reader_le32(&in);
	stored_len = reader_le32(&in);
	b->first = reader_le64(&in);
	b->count = reader_le32(&in);
	start = reader_take(&in, sizeof frame_magic);
	if (in.failed)
		return STATE_CUT;
	if (b->raw_len == 0 || b->raw_len > BLOCKFILE_MAX_RAW ||
	    stored_len < sizeof frame_magic || stored_len > BLOCKFILE_MAX_STORED ||
	    memcmp(start, frame_magic, sizeof frame_magic) != 0)
		return STATE_BAD;
	b->size = BLOCKFILE_PREFIX + (size_t)stored_len + BLOCKFILE_CRC;
	if (!look(r, at, b->size, &in))
		return STATE_ERROR;
	start = in.pos;
	reader_take(&in, BLOCKFILE_PREFIX);
	b->frame = reader_sub(&in, stored_len);
	crc = reader_le32(&in);
	if (in.failed)
		return STATE_CUT;
	return crc == crc32c(0, start, b->size - BLOCKFILE_CRC) ? STATE_SOUND : STATE_BAD;
}

/* Next place in the window where a frame begins, from *at on (the block's start);
 * else *at is where to look on, or the end of the file: false. */
static bool
next_frame(struct blockfile_reader *r, uint64_t *at, bool *error)
{
	const size_t n = BLOCKFILE_PREFIX + sizeof frame_magic;
	const uint8_t *found;
	struct reader in;

	for (;;) {
		if (!look(r, *at, n, &in)) {
			*error = true;
			return false;
		}
		if (reader_left(&in) < n) {
			*at += reader_left(&in);
			return false;
		}
		found = memmem(in.pos + BLOCKFILE_PREFIX, reader_left(&in) - BLOCKFILE_PREFIX,
		               frame_magic, sizeof frame_magic);
		if (found != NULL) {
			*at += (uint64_t)(found - in.pos) - BLOCKFILE_PREFIX;
			return true;
		}
		*at += reader_left(&in) - n + 1;
	}
}

static void
count_mistake(struct blockfile_reader *r)
{
	if (r->mistakes < BLOCKFILE_MAX_MISTAKES)
		r->mistakes++;
}

/* The next sound block behind the damage at r->at. STATE_SOUND: *at is its start;
 * STATE_END: none is left, *at is the end of the file. A wrong checksum costs up to
 * BLOCKFILE_MAX_STORED bytes of work, so it counts against a limit. */
static enum state
find_sound(struct blockfile_reader *r, uint64_t *at)
{
	struct block b;
	bool error = false;

	for (*at = r->at + 1; next_frame(r, at, &error); (*at)++) {
		enum state s = STATE_BAD;

		if (r->mistakes < BLOCKFILE_MAX_MISTAKES)
			s = check(r, *at, &b);
		if (s == STATE_SOUND || s == STATE_ERROR)
			return s;
		count_mistake(r);
	}
	return error ? STATE_ERROR : STATE_END;
}

/* Passes over what is no sound block; was says what it looked like. */
static int
pass_over(struct blockfile_reader *r, enum state was)
{
	uint64_t to;
	enum state s = find_sound(r, &to);

	if (s == STATE_ERROR)
		return ERR_IO;
	if (s == STATE_END && was == STATE_CUT) {
		r->cut = to - r->at;
		return ERR_TRUNCATED;
	}
	count_mistake(r);
	r->lost += to - r->at;
	r->at = to;
	return ERR_DAMAGED;
}

/* Steps over the next block: 1 with *b, or as blockfile_next. */
static int
step(struct blockfile_reader *r, struct block *b)
{
	enum state s = check(r, r->at, b);

	r->cut = 0;
	switch (s) {
	case STATE_SOUND:
		r->at += b->size;
		return 1;
	case STATE_END:
		return 0;
	case STATE_ERROR:
		return ERR_IO;
	case STATE_BAD:
	case STATE_CUT:
		break;
	}
	return pass_over(r, s);
}

/* Steps to the end of the file; *end is behind the last sound block. */
static int
find_end(struct blockfile_reader *r, uint64_t *end)
{
	struct block b;
	int rc;

	*end = r->at;
	while ((rc = step(r, &b)) == 1 || rc == ERR_DAMAGED)
		if (rc == 1)
			*end = r->at;
	if (r->mistakes >= BLOCKFILE_MAX_MISTAKES)
		return ERR_DAMAGED;
	return rc == ERR_TRUNCATED ? 0 : rc;
}

int
blockfile_next(struct blockfile_reader *r, struct blockfile_block *out)
{
	struct block b;
	int rc = step(r, &b);
	size_t len, stored;

	if (rc != 1)
		return rc;
	stored = reader_left(&b.frame);
	len = ZSTD_decompressDCtx(r->zstd, r->raw, BLOCKFILE_MAX_RAW, b.frame.pos, stored);
	if (len != b.raw_len || ZSTD_findFrameCompressedSize(b.frame.pos, stored) != stored) {
		r->lost += b.size;
		return ERR_DAMAGED;
	}
	out->raw = reader_over(r->raw, len);
	out->first = b.first;
	out->count = b.count;
	return 1;
}

uint64_t
blockfile_lost(const struct blockfile_reader *r)
{
	return r->lost + r->cut;
}

const struct blockfile_head *
blockfile_head(const struct blockfile_reader *r)
{
	return &r->head;
}

/* Reads the head; the next block is then behind it. */
static int
read_head(struct blockfile_reader *r, const uint8_t magic[4], uint16_t version)
{
	struct reader in;
	const uint8_t *start, *body;
	uint32_t crc;

	if (!look(r, 0, BLOCKFILE_MAX_HEAD, &in))
		return errno == ESPIPE ? ERR_NOT_CAPTURE : blockfile_error(errno);
	start = in.pos;
	if (reader_left(&in) < 4)
		return memcmp(start, magic, reader_left(&in)) ? ERR_NOT_CAPTURE : ERR_TRUNCATED;
	if (memcmp(reader_take(&in, 4), magic, 4) != 0)
		return ERR_NOT_CAPTURE;
	r->head.version = reader_le16(&in);
	r->head.len = reader_le16(&in);
	if (in.failed)
		return ERR_TRUNCATED;
	if (r->head.version > version)
		return ERR_VERSION;
	if (r->head.version == 0 || r->head.len > BLOCKFILE_MAX_BODY)
		return ERR_DAMAGED;
	body = reader_take(&in, r->head.len);
	crc = reader_le32(&in);
	if (in.failed)
		return ERR_TRUNCATED;
	if (crc != crc32c(0, start, BLOCKFILE_HEAD + r->head.len))
		return ERR_DAMAGED;
	memcpy(r->head.magic, magic, 4);
	memcpy(r->body, body, r->head.len);
	r->head.body = r->body;
	r->at = BLOCKFILE_HEAD + r->head.len + BLOCKFILE_CRC;
	return 0;
}

static struct blockfile_reader *
reader_new(int fd, bool own_fd)
{
	struct blockfile_reader *r = need(calloc(1, sizeof *r));

	r->fd = fd;
	r->own_fd = own_fd;
	r->window = need(malloc(WINDOW_BYTES));
	r->raw = need(malloc(BLOCKFILE_MAX_RAW));
	r->zstd = need(ZSTD_createDCtx());
	return r;
}

void
blockfile_free(struct blockfile_reader *r)
{
	int saved = errno;

	if (r == NULL)
		return;
	if (r->own_fd)
		close(r->fd);
	ZSTD_freeDCtx(r->zstd);
	free(r->raw);
	free(r->window);
	free(r);
	errno = saved;
}

int
blockfile_open(struct blockfile_reader **out, const char *path, const uint8_t magic[4],
               uint16_t version)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	struct blockfile_reader *r;

	if (fd < 0)
		return blockfile_error(errno);
	r = reader_new(fd, true);
	err = read_head(r, magic, version);
	if (err == ERR_TRUNCATED && r->window_len < 4)
		err = ERR_NOT_CAPTURE; /* too little to say what it is */
	if (err != 0) {
		blockfile_free(r);
		return err;
	}
	*out = r;
	return 0;
}

int
blockfile_borrow(struct blockfile_reader **out, int fd, const struct blockfile_head *ours,
                 uint64_t *end)
{
	struct blockfile_reader *r = reader_new(fd, false);
	int err = read_head(r, ours->magic, ours->version);
	uint64_t at;

	if (err == 0)
		err = find_end(r, end);
	else if (err == ERR_TRUNCATED && find_sound(r, &at) != STATE_END)
		err = ERR_DAMAGED;
	if (err != 0) {
		blockfile_free(r);
		return err;
	}
	*out = r;
	return 0;
}

