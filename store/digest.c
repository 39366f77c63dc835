/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "base/err.h"
#include "store/backend.h"

static void
finish(struct sha256_ctx *c, char hex[STORE_SHA256_HEX])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(c, sizeof digest, digest);
	for (unsigned i = 0; i < sizeof digest; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void
store_sha256_text(const char *text, char hex[STORE_SHA256_HEX])
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, strlen(text), (const uint8_t *)text);
	finish(&c, hex);
}

int
store_sha256(const char *path, char hex[STORE_SHA256_HEX], uint64_t *bytes)
{
	uint8_t piece[1 << 16];
	struct sha256_ctx c;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return ERR_IO;
	sha256_init(&c);
	*bytes = 0;
	while ((n = read(fd, piece, sizeof piece)) > 0) {
		sha256_update(&c, (size_t)n, piece);
		*bytes += (uint64_t)n;
	}
	close(fd);
	if (n < 0)
		return ERR_IO;
	finish(&c, hex);
	return 0;
}
