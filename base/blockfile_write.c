/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "base/blockfile.h"
#include "base/blockfile_form.h"
#include "base/crc32c.h"
#include "base/err.h"
#include "base/outfile.h"

#define LEVEL 3 /* of zstd; part of the promise of same bytes */

_Static_assert(ZSTD_COMPRESSBOUND(BLOCKFILE_MAX_RAW) <= BLOCKFILE_MAX_STORED,
               "what zstd cannot shrink still fits");

struct blockfile_writer {
	int fd;
	int old_fd;          /* keeps the lock of the file to be replaced; or -1 */
	struct outfile *out; /* NULL: appended in place */
	off_t end;           /* of the last block written */
	struct writer space;
	uint8_t *raw, *block; /* owned: the space, the block as it is written */
	ZSTD_CCtx *zstd;      /* owned */
	struct blockfile_head head;
	uint8_t body[BLOCKFILE_MAX_BODY];
};

static void *
need(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static struct blockfile_writer *
writer_new(void)
{
	struct blockfile_writer *w = need(calloc(1, sizeof *w));

	w->fd = w->old_fd = -1;
	w->raw = need(malloc(BLOCKFILE_MAX_RAW));
	w->block = need(malloc(BLOCKFILE_MAX_BLOCK));
	w->space = writer_over(w->raw, BLOCKFILE_MAX_RAW);
	w->zstd = need(ZSTD_createCCtx());
	return w;
}

/* All but the descriptors. */
static void
writer_free(struct blockfile_writer *w)
{
	int saved = errno;

	if (w->old_fd >= 0)
		close(w->old_fd);
	ZSTD_freeCCtx(w->zstd);
	free(w->block);
	free(w->raw);
	free(w);
	errno = saved;
}

void
blockfile_abandon(struct blockfile_writer *w)
{
	if (w == NULL)
		return;
	if (w->out != NULL)
		outfile_abandon(w->out);
	else if (w->fd >= 0)
		close(w->fd);
	writer_free(w);
}

int
blockfile_close(struct blockfile_writer *w)
{
	int err = 0;

	if (w->out != NULL) {
		err = outfile_commit(w->out);
	} else {
		if (fsync(w->fd) != 0)
			err = blockfile_error(errno);
		if (close(w->fd) != 0 && err == 0)
			err = blockfile_error(errno);
	}
	writer_free(w);
	return err;
}

/* All of it at the end of the file, or nothing. */
static int
write_whole(struct blockfile_writer *w, const uint8_t *p, size_t len)
{
	size_t done = 0;
	int saved;

	while (done < len) {
		ssize_t n = write(w->fd, p + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	if (done == len) {
		w->end += (off_t)len;
		return 0;
	}
	saved = errno;
	if (ftruncate(w->fd, w->end) == 0)
		lseek(w->fd, w->end, SEEK_SET);
	errno = saved;
	return blockfile_error(saved);
}

static void
set_head(struct blockfile_writer *w, const struct blockfile_head *head)
{
	w->head = *head;
	w->head.body = w->body;
	if (head->len > 0)
		memcpy(w->body, head->body, head->len);
}

static int
write_head(struct blockfile_writer *w, const struct blockfile_head *head)
{
	uint8_t bytes[BLOCKFILE_MAX_HEAD];
	struct writer to = writer_over(bytes, sizeof bytes);

	writer_bytes(&to, head->magic, sizeof head->magic);
	writer_le16(&to, head->version);
	writer_le16(&to, head->len);
	writer_bytes(&to, head->body, head->len);
	writer_le32(&to, crc32c(0, bytes, writer_len(&to)));
	set_head(w, head);
	return write_whole(w, bytes, writer_len(&to));
}

/* Takes the lock that tells others of a writer. */
static int
lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? ERR_LOCKED : ERR_IO;
}

/* Locks the file that ours will replace, if there is one. */
static int
lock_old(struct blockfile_writer *w, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	w->old_fd = open(path, O_RDONLY | O_CLOEXEC);
	return w->old_fd < 0 ? blockfile_error(errno) : lock(w->old_fd);
}

int
blockfile_create(struct blockfile_writer **out, const char *path,
                 const struct blockfile_head *head)
{
	struct blockfile_writer *w;
	int err;

	if (head->len > BLOCKFILE_MAX_BODY)
		return ERR_LIMIT;
	w = writer_new();
	err = lock_old(w, path);
	if (err == 0)
		err = outfile_open(path, &w->out);
	if (err == 0) {
		w->fd = outfile_fd(w->out);
		err = write_head(w, head);
	}
	if (err != 0) {
		blockfile_abandon(w);
		return err;
	}
	*out = w;
	return 0;
}

/* Takes over the file as it is: its head, and the place to write on. */
static int
take_over(struct blockfile_writer *w, const struct blockfile_head *head)
{
	struct blockfile_reader *r;
	uint64_t end;
	int err = blockfile_borrow(&r, w->fd, head, &end);

	if (err != 0)
		return err;
	w->end = (off_t)end;
	set_head(w, blockfile_head(r));
	blockfile_free(r);
	return 0;
}

/* Is the locked file still the one that the path names? */
static bool
still_there(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static int
begin_append(struct blockfile_writer *w, const char *path, const struct blockfile_head *head)
{
	int err;

	w->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (w->fd < 0)
		return blockfile_error(errno);
	err = lock(w->fd);
	if (err == 0 && !still_there(w->fd, path))
		err = ERR_LOCKED;
	if (err != 0)
		return err;
	err = take_over(w, head);
	if (err != 0 && err != ERR_TRUNCATED)
		return err;
	if (ftruncate(w->fd, w->end) != 0 || lseek(w->fd, w->end, SEEK_SET) < 0)
		return blockfile_error(errno);
	return err == 0 ? 0 : write_head(w, head);
}

int
blockfile_append(struct blockfile_writer **out, const char *path,
                 const struct blockfile_head *head)
{
	struct blockfile_writer *w;
	int err;

	if (head->len > BLOCKFILE_MAX_BODY)
		return ERR_LIMIT;
	w = writer_new();
	err = begin_append(w, path, head);
	if (err != 0) {
		blockfile_abandon(w);
		return err;
	}
	*out = w;
	return 0;
}

const struct blockfile_head *
blockfile_written(const struct blockfile_writer *w)
{
	return &w->head;
}

struct writer *
blockfile_space(struct blockfile_writer *w)
{
	return &w->space;
}

int
blockfile_put(struct blockfile_writer *w, uint64_t first, uint32_t count)
{
	struct writer block = writer_over(w->block, BLOCKFILE_MAX_BLOCK);
	size_t len = writer_len(&w->space), stored;
	int err;

	if (len == 0)
		return 0;
	stored = ZSTD_compressCCtx(w->zstd, w->block + BLOCKFILE_PREFIX, BLOCKFILE_MAX_STORED,
	                           w->raw, len, LEVEL);
	if (ZSTD_isError(stored))
		return ERR_IO;
	writer_le32(&block, (uint32_t)len);
	writer_le32(&block, (uint32_t)stored);
	writer_le64(&block, first);
	writer_le32(&block, count);
	writer_give(&block, stored);
	writer_le32(&block, crc32c(0, w->block, writer_len(&block)));
	err = write_whole(w, w->block, writer_len(&block));
	if (err == 0)
		w->space = writer_over(w->raw, BLOCKFILE_MAX_RAW);
	return err;
}
