/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/zio.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/err.h"

#define BUFFER_BYTES 262144
#define WINDOW_LOG_MAX 27
#define ZSTD_FRAME_BYTES 5  /* least that tells a frame's kind */
#define ZSTD_HEADER_BYTES 3 /* of a block */

enum form { PLAIN, GZIP, ZSTD };

struct zio {
	int fd;
	int error;         /* stays */
	enum form form;
	bool ended;        /* the file has no more bytes */
	bool inside;       /* a member or frame has begun and not ended */
	uint64_t members;  /* gzip: members that have ended */
	bool padding;      /* gzip: zeros behind the last member */
	uint64_t position, size;
	uint8_t *in;       /* BUFFER_BYTES: file bytes at..len not yet used */
	size_t at, len;
	z_stream gz;
	ZSTD_DStream *zstd;
	size_t zstd_wants; /* input bytes up to the end of a block */
	bool full;         /* the last output was full: more of it may wait inside */
	uint8_t unread[ZIO_UNREAD]; /* its last unreads bytes were given back */
	size_t unreads;
	FILE *file;
	char *file_buffer;
};

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* More bytes of the file, when all are used. */
static int
fill(struct zio *z)
{
	ssize_t n;

	if (z->at < z->len || z->ended)
		return 0;
	do
		n = read(z->fd, z->in, BUFFER_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return z->error = ERR_IO;
	z->ended = n == 0;
	z->at = 0;
	z->len = (size_t)n;
	z->position += (uint64_t)n;
	return 0;
}

/* The first bytes: as many as 4 even of a pipe that gives one at a time. */
static int
fill_head(struct zio *z)
{
	while (z->len < 4 && !z->ended) {
		ssize_t n = read(z->fd, z->in + z->len, BUFFER_BYTES - z->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EACCES || errno == EPERM ? ERR_PERMISSION : ERR_IO;
		z->ended = n == 0;
		z->len += (size_t)n;
		z->position += (uint64_t)n;
	}
	return 0;
}

/* A zstd frame, or one to be skipped, with which some compressors begin. */
static bool
is_zstd(const uint8_t head[4])
{
	static const uint8_t frame[4] = { 0x28, 0xb5, 0x2f, 0xfd },
			     skip[3] = { 0x2a, 0x4d, 0x18 };

	return memcmp(head, frame, 4) == 0 ||
	       ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, skip, 3) == 0);
}

static void
detect(struct zio *z)
{
	if (z->len >= 2 && z->in[0] == 0x1f && z->in[1] == 0x8b) {
		z->form = GZIP;
		if (inflateInit2(&z->gz, 15 + 16) != Z_OK)
			abort();
	} else if (z->len >= 4 && is_zstd(z->in)) {
		z->form = ZSTD;
		z->zstd = ZSTD_createDStream();
		if (z->zstd == NULL)
			abort();
		ZSTD_DCtx_setParameter(z->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
		z->zstd_wants = ZSTD_FRAME_BYTES;
	}
}

static int
open_fd(const char *path, int *fd)
{
	*fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	return errno == EACCES || errno == EPERM ? ERR_PERMISSION : ERR_IO;
}

int
zio_open(const char *path, struct zio **out)
{
	struct zio *z;
	struct stat st;
	int fd, err = open_fd(path, &fd);

	if (err != 0)
		return err;
	z = calloc(1, sizeof *z);
	if (z == NULL || (z->in = malloc(BUFFER_BYTES)) == NULL)
		abort();
	z->fd = fd;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		z->size = (uint64_t)st.st_size;
	err = fill_head(z);
	if (err != 0) {
		int saved = errno;

		zio_close(z);
		errno = saved;
		return err;
	}
	detect(z);
	*out = z;
	return 0;
}

void
zio_close(struct zio *z)
{
	if (z == NULL)
		return;
	if (z->file != NULL)
		fclose(z->file);
	if (z->form == GZIP)
		inflateEnd(&z->gz);
	ZSTD_freeDStream(z->zstd);
	close(z->fd);
	free(z->file_buffer);
	free(z->in);
	free(z);
}

/* Straight into the caller's buffer once the first bytes are used up. */
static int64_t
read_plain(struct zio *z, void *buf, size_t n)
{
	size_t left = z->len - z->at;
	ssize_t got;

	if (left == 0) {
		do
			got = read(z->fd, buf, n);
		while (got < 0 && errno == EINTR);
		z->position += got > 0 ? (uint64_t)got : 0;
		return got < 0 ? (z->error = ERR_IO) : got;
	}
	n = least(n, left);
	memcpy(buf, z->in + z->at, n);
	z->at += n;
	return (int64_t)n;
}

/* Between members, with bytes at hand: does another member begin? Zeros up to the
 * end are the padding of tapes and fixed-size blocks; anything else is damage. */
static bool
begin_member(struct zio *z)
{
	if (z->in[z->at] == 0 && z->members > 0)
		z->padding = true;
	while (z->padding && z->at < z->len && z->in[z->at] == 0)
		z->at++;
	if (z->padding && z->at < z->len)
		z->error = ERR_DAMAGED;
	z->inside = !z->padding;
	return z->inside;
}

static void
inflate_some(struct zio *z)
{
	int rc;

	z->gz.next_in = z->in + z->at;
	z->gz.avail_in = (uInt)(z->len - z->at);
	rc = inflate(&z->gz, Z_NO_FLUSH);
	z->at = z->len - z->gz.avail_in;
	if (rc == Z_STREAM_END) {
		z->inside = false;
		z->members++;
		inflateReset(&z->gz);
	} else if (rc != Z_OK && rc != Z_BUF_ERROR) {
		z->error = ERR_DAMAGED;
	}
}

static int64_t
read_gzip(struct zio *z, void *buf, size_t n)
{
	z->gz.next_out = buf;
	z->gz.avail_out = (uInt)n;
	if (z->full && z->inside)
		inflate_some(z);
	while (z->gz.avail_out == n && z->error == 0) {
		if (fill(z) != 0)
			break;
		if (z->at == z->len)
			return z->error = z->inside ? ERR_TRUNCATED : 0;
		if (z->inside || begin_member(z))
			inflate_some(z);
	}
	z->full = z->gz.avail_out == 0;
	return z->gz.avail_out < n ? (int64_t)(n - z->gz.avail_out) : z->error;
}

static int
zstd_error(size_t rc)
{
	return ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge ? ERR_LIMIT :
	       ERR_DAMAGED;
}

/*
 * What is wrong takes everything along that the same call has decoded. So a block
 * goes in alone, without the header of the next that the library would like, and
 * what is left of its output comes out before more goes in.
 */
static ZSTD_inBuffer
next_block(const struct zio *z)
{
	size_t wants = z->zstd_wants;

	if (z->full)
		wants = 0;
	else if (wants > ZSTD_HEADER_BYTES)
		wants -= ZSTD_HEADER_BYTES;
	return (ZSTD_inBuffer){ z->in, z->at + least(z->len - z->at, wants), z->at };
}

static int64_t
read_zstd(struct zio *z, void *buf, size_t n)
{
	ZSTD_outBuffer out = { buf, n, 0 };

	while (out.pos == 0) {
		bool ended, offered = !z->full;
		ZSTD_inBuffer in;
		size_t rc;

		if (offered && fill(z) != 0)
			return z->error;
		ended = offered && z->at == z->len;
		if (ended && !z->inside)
			return 0;
		in = next_block(z);
		rc = ZSTD_decompressStream(z->zstd, &out, &in);
		if (ZSTD_isError(rc))
			return z->error = zstd_error(rc);
		if (ended && out.pos == 0 && rc != 0)
			return z->error = ERR_TRUNCATED;
		z->at = in.pos;
		z->inside = rc != 0;
		z->zstd_wants = rc != 0 ? rc : ZSTD_FRAME_BYTES;
		z->full = out.pos == n;
	}
	return (int64_t)out.pos;
}

int64_t
zio_read(struct zio *z, void *buf, size_t n)
{
	if (z->unreads > 0) {
		n = least(n, z->unreads);
		memcpy(buf, z->unread + ZIO_UNREAD - z->unreads, n);
		z->unreads -= n;
		return (int64_t)n;
	}
	if (z->error != 0)
		return z->error;
	if (n == 0)
		return 0;
	n = least(n, BUFFER_BYTES);
	switch (z->form) {
	case PLAIN:
		return read_plain(z, buf, n);
	case GZIP:
		return read_gzip(z, buf, n);
	case ZSTD:
		return read_zstd(z, buf, n);
	}
	return z->error = ERR_IO;
}

void
zio_unread(struct zio *z, const void *bytes, size_t n)
{
	assert(z->unreads == 0 && n <= ZIO_UNREAD);
	z->unreads = n;
	if (n > 0)
		memcpy(z->unread + ZIO_UNREAD - n, bytes, n);
}

static ssize_t
cookie_read(void *cookie, char *buf, size_t n)
{
	int64_t got = zio_read(cookie, buf, n);

	if (got >= 0)
		return (ssize_t)got;
	if (got != ERR_IO)
		errno = EIO;
	return -1;
}

/* Whoever was given the FILE may close it; the stream itself stays. */
static int
cookie_close(void *cookie)
{
	struct zio *z = cookie;

	z->file = NULL;
	return 0;
}

FILE *
zio_file(struct zio *z)
{
	cookie_io_functions_t io = { .read = cookie_read, .close = cookie_close };

	if (z->file != NULL)
		return z->file;
	z->file = fopencookie(z, "rb", io);
	if (z->file_buffer == NULL)
		z->file_buffer = malloc(BUFFER_BYTES);
	if (z->file == NULL || z->file_buffer == NULL)
		abort();
	setvbuf(z->file, z->file_buffer, _IOFBF, BUFFER_BYTES);
	return z->file;
}

int
zio_error(const struct zio *z)
{
	return z->error;
}

uint64_t
zio_position(const struct zio *z)
{
	return z->position - (z->len - z->at);
}

uint64_t
zio_size(const struct zio *z)
{
	return z->size;
}
