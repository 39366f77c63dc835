/* SPDX-License-Identifier: Apache-2.0 */
#include "base/outfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

struct outfile {
	FILE *stream;
	char *path, *temporary; /* owned; NULL when written directly */
	bool standard;          /* standard output: flushed, not closed */
};

static int
error_of(int error)
{
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return ERR_FULL;
	return error == EACCES || error == EPERM || error == EROFS ? ERR_PERMISSION : ERR_IO;
}

static char *
joined(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	char *text = malloc(na + nb + 1);

	if (text == NULL)
		abort();
	memcpy(text, a, na);
	memcpy(text + na, b, nb + 1);
	return text;
}

static int
open_temporary(struct outfile *o, const char *path)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	o->path = joined(path, "");
	o->temporary = joined(path, ".XXXXXX");
	fd = mkstemp(o->temporary);
	if (fd < 0)
		return error_of(errno);
	if (fchmod(fd, 0666 & ~mask) != 0 || (o->stream = fdopen(fd, "w")) == NULL) {
		int err = error_of(errno);

		close(fd);
		unlink(o->temporary);
		return err;
	}
	return 0;
}

static void
forget(struct outfile *o)
{
	free(o->path);
	free(o->temporary);
	free(o);
}

int
outfile_open(const char *path, struct outfile **out)
{
	struct outfile *o = calloc(1, sizeof *o);
	struct stat st;
	int err = 0;

	if (o == NULL)
		abort();
	if (path == NULL || strcmp(path, "-") == 0) {
		o->standard = true;
		o->stream = stdout;
	} else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		o->stream = fopen(path, "w");
		err = o->stream == NULL ? error_of(errno) : 0;
	} else {
		err = open_temporary(o, path);
	}
	if (err != 0) {
		int saved = errno;

		forget(o);
		errno = saved;
		return err;
	}
	*out = o;
	return 0;
}

FILE *
outfile_stream(struct outfile *o)
{
	return o->stream;
}

/* Everything written, down to the medium where there is one. */
static int
settle(struct outfile *o)
{
	int err = 0;

	errno = 0;
	if (fflush(o->stream) != 0 || ferror(o->stream))
		err = error_of(errno ? errno : EIO);
	else if (o->temporary != NULL && fsync(fileno(o->stream)) != 0)
		err = error_of(errno);
	if (!o->standard && fclose(o->stream) != 0 && err == 0)
		err = error_of(errno);
	return err;
}

int
outfile_commit(struct outfile *o)
{
	int err = settle(o), saved;

	if (err == 0 && o->temporary != NULL && rename(o->temporary, o->path) != 0)
		err = error_of(errno);
	saved = errno;
	if (err != 0 && o->temporary != NULL)
		unlink(o->temporary);
	forget(o);
	errno = saved;
	return err;
}

void
outfile_abandon(struct outfile *o)
{
	if (o == NULL)
		return;
	if (!o->standard)
		fclose(o->stream);
	if (o->temporary != NULL)
		unlink(o->temporary);
	forget(o);
}
