/*
 * zio - an input stream that may be compressed: plain, gzip (zlib) or zstd, told
 * by its first bytes, never by its name. "-" is standard input.
 *
 * Several members or frames one after another read as one stream; zeros behind the
 * last gzip member are padding, anything else behind it is damage. A zstd window
 * larger than 128 MiB is refused, so memory is bounded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ZIO_H
#define BASE_ZIO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ZIO_UNREAD 24u

struct zio;

/* 0 and *z, to be closed by zio_close; or ERR_IO, ERR_PERMISSION with errno. */
int zio_open(const char *path, struct zio **z);
void zio_close(struct zio *z); /* takes NULL */

/* Up to n bytes; 0 at the end; or ERR_IO (errno), ERR_DAMAGED (compressed data
 * wrong), ERR_TRUNCATED (compressed data end early), ERR_LIMIT (window too large).
 * Errors stay. */
int64_t zio_read(struct zio *z, void *buf, size_t n);

/* Gives bytes back that were read, to be read again: no more than ZIO_UNREAD, once,
 * before zio_file. */
void zio_unread(struct zio *z, const void *bytes, size_t n);

/* A FILE over the same stream, for libraries that want one; closed with z unless
 * its user has closed it before. After it says end or error, zio_error says why. */
FILE *zio_file(struct zio *z);
int zio_error(const struct zio *z); /* 0 or the error that stays */

/* Bytes taken from the file so far, and its size (0 if it is no regular file). */
uint64_t zio_position(const struct zio *z);
uint64_t zio_size(const struct zio *z);

#endif
