/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/channel_json.h"
#include "cmd/commands.h"
#include "cmd/token.h"

int
keys_read(const char *path, uint8_t seed[SIGN_SEED])
{
	char text[TOKEN_MOST];
	int rc;

	if (!sign_init())
		return command_fail(ERR_IO, "the cryptographic library cannot be used");
	if (path == NULL) {
		if (getentropy(seed, SIGN_SEED) != 0)
			abort();
		return 0;
	}
	rc = token_read(path, text);
	if (rc != 0)
		return rc;
	if (!channel_key_read(text, seed))
		return command_fail(ERR_CONFIG, "%s is no key (make one with 'meshpeer keygen')",
		                    path);
	return 0;
}

int
keys_make(const char *path, uint8_t seed[SIGN_SEED])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char text[66];

	if (!sign_init())
		abort();
	if (fd < 0)
		return command_fail(ERR_IO, "cannot make %s: %s", path, strerror(errno));
	if (getentropy(seed, SIGN_SEED) != 0)
		abort();
	channel_key_write(seed, text);
	strcat(text, "\n");
	if (write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0)
		return 0;
	unlink(path);
	return command_fail(ERR_IO, "cannot write %s: %s", path, strerror(errno));
}
