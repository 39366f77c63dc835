/*
 * Any bytes as an input file, plain or compressed. Whatever the steps in which it
 * is read, also through a FILE, the same bytes come and the same end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/zio.h"

#define MOST_BYTES 400000 /* of the plain bytes; bombs end here */
#define STEP_MAX 300000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t bytes, hash;
	int64_t end;
};

static uint8_t buf[STEP_MAX];

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
note(struct seen *seen, size_t n)
{
	for (size_t i = 0; i < n; i++) /* not by pieces: they differ */
		seen->hash = (seen->hash ^ buf[i]) * UINT64_C(0x100000001b3);
	seen->bytes += n;
}

static struct seen
read_steps(const char *path, size_t step)
{
	struct seen seen = { 0 };
	struct zio *z;
	uint64_t before = 0;

	must(zio_open(path, &z) == 0);
	while (seen.bytes < MOST_BYTES) {
		size_t most = MOST_BYTES - seen.bytes;
		int64_t n = zio_read(z, buf, step < most ? step : most);

		must(n <= (int64_t)step && zio_position(z) >= before);
		before = zio_position(z);
		seen.end = n;
		if (n <= 0)
			break;
		note(&seen, (size_t)n);
	}
	must(zio_position(z) <= zio_size(z) && zio_error(z) <= 0);
	zio_close(z);
	return seen;
}

static struct seen
read_stream(const char *path)
{
	struct seen seen = { 0 };
	struct zio *z;
	size_t n;

	must(zio_open(path, &z) == 0);
	while (seen.bytes < MOST_BYTES) {
		size_t most = MOST_BYTES - seen.bytes;

		n = fread(buf, 1, 1000 < most ? 1000 : most, zio_file(z));
		seen.end = n > 0 ? 1 : zio_error(z);
		if (n == 0)
			break;
		note(&seen, n);
	}
	must(n > 0 || (zio_error(z) != 0) == (ferror(zio_file(z)) != 0));
	zio_close(z);
	return seen;
}

static void
same(struct seen a, struct seen b)
{
	must(a.bytes == b.bytes && a.hash == b.hash);
	must(a.end == b.end || (a.end > 0 && b.end > 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 61, 4096, STEP_MAX };
	int fd = memfd_create("fuzz", 0);
	struct seen first;
	char path[64];

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	first = read_stream(path);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		same(first, read_steps(path, steps[i]));
	close(fd);
	return 0;
}
