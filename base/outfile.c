/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

#define MAX_PENDING 8

struct outfile {
	FILE *stream;
	char *path, *temporary; /* owned; NULL when written directly */
	bool standard;          /* standard output: flushed, not closed */
};

/* Temporaries that a signal would leave behind; the ninth is not remembered. */
static char *volatile pending[MAX_PENDING];

static int
error_of(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG ? ERR_FULL : ERR_IO;
}

static void
replace_pending(char *was, char *now)
{
	for (int i = 0; i < MAX_PENDING; i++)
		if (pending[i] == was) {
			pending[i] = now;
			return;
		}
}

void
outfile_abandon_all(void)
{
	for (int i = 0; i < MAX_PENDING; i++)
		if (pending[i] != NULL)
			unlink(pending[i]);
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

/* The mode that a new file gets here. */
static mode_t
new_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static void
unlink_temporary(struct outfile *o)
{
	int saved = errno;

	unlink(o->temporary);
	replace_pending(o->temporary, NULL);
	errno = saved;
}

/* old is the file that it will take the place of; NULL if there is none. */
static int
open_temporary(struct outfile *o, const char *path, const struct stat *old)
{
	int fd, saved;

	if (old != NULL && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
		return error_of(errno);
	o->path = old != NULL ? realpath(path, NULL) : joined(path, "");
	if (o->path == NULL)
		return error_of(errno);
	o->temporary = joined(o->path, ".XXXXXX");
	fd = mkstemp(o->temporary);
	if (fd < 0)
		return error_of(errno);
	replace_pending(NULL, o->temporary);
	if (fchmod(fd, old != NULL ? old->st_mode & 0777 : new_mode()) == 0 &&
	    (o->stream = fdopen(fd, "w")) != NULL)
		return 0;
	saved = errno;
	close(fd);
	unlink_temporary(o);
	errno = saved;
	return error_of(errno);
}

static void
forget(struct outfile *o)
{
	int saved = errno;

	free(o->path);
	free(o->temporary);
	free(o);
	errno = saved;
}

static int
open_stream(struct outfile *o, const char *path)
{
	struct stat st;
	bool there;

	if (path == NULL || strcmp(path, "-") == 0) {
		o->standard = true;
		o->stream = stdout;
		return 0;
	}
	there = stat(path, &st) == 0;
	if (!there || S_ISREG(st.st_mode))
		return open_temporary(o, path, there ? &st : NULL);
	o->stream = fopen(path, "w");
	return o->stream == NULL ? error_of(errno) : 0;
}

int
outfile_open(const char *path, struct outfile **out)
{
	struct outfile *o = calloc(1, sizeof *o);
	int err;

	if (o == NULL)
		abort();
	err = open_stream(o, path);
	if (err != 0) {
		forget(o);
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
	int error = 0;

	errno = 0;
	if (fflush(o->stream) != 0 || ferror(o->stream))
		error = errno != 0 ? errno : EIO;
	else if (o->temporary != NULL && fsync(fileno(o->stream)) != 0)
		error = errno;
	if (!o->standard && fclose(o->stream) != 0 && error == 0)
		error = errno;
	errno = error;
	return error != 0 ? error_of(error) : 0;
}

int
outfile_commit(struct outfile *o)
{
	int err = settle(o);

	if (err == 0 && o->temporary != NULL && rename(o->temporary, o->path) != 0)
		err = error_of(errno);
	if (err != 0 && o->temporary != NULL)
		unlink_temporary(o);
	else
		replace_pending(o->temporary, NULL);
	forget(o);
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
		unlink_temporary(o);
	forget(o);
}
