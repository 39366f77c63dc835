/*
 * An .sso file: first byte 1 sets all checksums right before it is read, so that
 * what they guard is reached; 0 leaves them. Then the file is appended to: all
 * that was read before must be read again, and one observation more.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/err.h"
#include "base/hash.h"
#include "record/codec.h"
#include "record/sso.h"

#define BODY 8u    /* where the head's body begins */
#define PREFIX 20u /* bytes of a block before its frame */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct content {
	uint64_t n, hash, lost;
	int end;
	struct sso_meta meta;
};

/* Sets the checksum behind n bytes of file from at on right; false if it is not
 * there. */
static bool
seal(uint8_t *file, size_t len, size_t at, size_t n)
{
	struct writer w;

	if (at > len || n > len - at || len - at - n < 4)
		return false;
	w = writer_over(file + at + n, 4);
	writer_le32(&w, crc32c(0, file + at, n));
	return true;
}

/* That of the head, and of each block that a frame shows. */
static void
seal_all(uint8_t *file, size_t len)
{
	static const uint8_t frame[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	struct reader body = reader_over(file + 6, len < 8 ? 0 : 2), stored;
	size_t at = BODY + (size_t)reader_le16(&body), n;

	if (!seal(file, len, 0, at))
		return;
	for (at += 4; at + PREFIX < len;) {
		uint8_t *found = memmem(file + at + PREFIX, len - at - PREFIX, frame, sizeof frame);

		if (found == NULL)
			return;
		at = (size_t)(found - file) - PREFIX;
		stored = reader_over(file + at + 4, 4);
		n = PREFIX + (size_t)reader_le32(&stored);
		at += seal(file, len, at, n) ? n + 4 : 1;
	}
}

static struct content
content_of(const char *path, size_t len)
{
	struct content c = { .n = 0 };
	struct sso_reader r;
	union obs_buf buf;
	int rc = sso_reader_open(&r, path);

	c.end = rc;
	if (rc != 0)
		return c;
	while ((rc = sso_reader_next(&r, &buf)) == 1 || rc == ERR_DAMAGED) {
		if (rc == ERR_DAMAGED)
			continue;
		if (!codec_valid(&buf.o))
			abort();
		c.hash = hash_bytes(&buf.o, obs_size(&buf.o), c.hash);
		c.n++;
	}
	c.end = rc;
	c.meta = r.meta;
	c.lost = sso_reader_lost(&r);
	if (c.lost > len || (rc != 0 && rc != ERR_TRUNCATED))
		abort();
	sso_reader_close(&r);
	return c;
}

static void
check_append(const char *path, const struct content *before)
{
	struct sso_writer w;
	struct content after;
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_LEAVE, 5);

	if (sso_writer_append(&w, path, &before->meta) != 0)
		return;
	sso_writer_put(&w, o);
	if (sso_writer_close(&w) != 0)
		abort();
	after = content_of(path, SIZE_MAX);
	if (after.end != 0 || after.n != before->n + 1 ||
	    after.hash != hash_bytes(o, obs_size(o), before->hash))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct content before;
	char path[64];
	uint8_t *file;
	int fd;

	if (size == 0)
		return 0;
	file = malloc(size);
	fd = memfd_create("sso", MFD_CLOEXEC);
	if (file == NULL || fd < 0)
		abort();
	memcpy(file, data + 1, size - 1);
	if (data[0] & 1)
		seal_all(file, size - 1);
	if (write(fd, file, size - 1) != (ssize_t)size - 1)
		abort();
	free(file);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	before = content_of(path, size);
	check_append(path, &before);
	close(fd);
	return 0;
}
