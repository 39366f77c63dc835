/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "cmd/commands.h"

static bool
is_private(FILE *f)
{
	struct stat st;

	return fstat(fileno(f), &st) == 0 && (st.st_mode & 077) == 0;
}

int
token_read(const char *path, char token[TOKEN_MOST])
{
	FILE *f = path != NULL ? fopen(path, "r") : NULL;
	bool private, read;

	token[0] = '\0';
	if (path == NULL)
		return 0;
	if (f == NULL)
		return command_fail(ERR_IO, "cannot read %s: %s", path, strerror(errno));
	private = is_private(f);
	read = fgets(token, TOKEN_MOST, f) != NULL;
	fclose(f);
	token[strcspn(token, "\r\n")] = '\0';
	if (!private)
		return command_fail(ERR_CONFIG, "%s can be read by others (chmod 600 it)", path);
	if (!read || token[0] == '\0')
		return command_fail(ERR_CONFIG, "%s has no token in its first line", path);
	return 0;
}

bool
token_same(const char *a, const char *b)
{
	size_t n = strlen(a), len = strlen(b);
	unsigned differs = n != len;

	for (size_t i = 0; i < n; i++)
		differs |= (unsigned)(a[i] ^ b[i < len ? i : 0]);
	return differs == 0;
}
