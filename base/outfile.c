/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

#define BUFFER_BYTES 65536
#define MAX_PENDING 8

struct outfile {
	FILE *stream;           /* over fd; owned */
	int fd;
	int error;              /* errno of the first write that failed; stays */
	char *path, *temporary; /* owned; NULL when written directly */
	bool standard;          /* standard output: its fd is not ours to close */
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
	size_t size = strlen(a) + strlen(b) + 1;
	char *text = malloc(size);

	if (text == NULL)
		abort();
	snprintf(text, size, "%s%s", a, b);
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

/* The stream's own error flag would not say which error it was. */
static ssize_t
cookie_write(void *cookie, const char *buf, size_t n)
{
	struct outfile *o = cookie;
	size_t done = 0;

	while (done < n && o->error == 0) {
		ssize_t wrote = write(o->fd, buf + done, n - done);

		if (wrote > 0)
			done += (size_t)wrote;
		else if (errno != EINTR)
			o->error = errno;
	}
	return (ssize_t)done;
}

static void
start_stream(struct outfile *o)
{
	cookie_io_functions_t io = { .write = cookie_write };

	o->stream = fopencookie(o, "w", io);
	if (o->stream == NULL)
		abort();
	setvbuf(o->stream, NULL, isatty(o->fd) ? _IOLBF : _IOFBF, BUFFER_BYTES);
}

/* Makes the file and notes it, without a signal in between that would leave it behind. */
static int
make_temporary(char *name)
{
	sigset_t all, before;
	int fd, saved;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	fd = mkstemp(name);
	saved = errno;
	if (fd >= 0)
		replace_pending(NULL, name);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return fd;
}

/* old is the file that it will take the place of; NULL if there is none. */
static int
open_temporary(struct outfile *o, const char *path, const struct stat *old)
{
	if (old != NULL && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
		return error_of(errno);
	o->path = old != NULL ? realpath(path, NULL) : joined(path, "");
	if (o->path == NULL)
		return error_of(errno);
	o->temporary = joined(o->path, ".XXXXXX");
	o->fd = make_temporary(o->temporary);
	if (o->fd < 0)
		return error_of(errno);
	if (fchmod(o->fd, old != NULL ? old->st_mode & 0777 : new_mode()) == 0)
		return 0;
	unlink_temporary(o);
	close(o->fd);
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
open_fd(struct outfile *o, const char *path)
{
	struct stat st;
	bool there;

	if (path == NULL || strcmp(path, "-") == 0) {
		o->standard = true;
		o->fd = STDOUT_FILENO;
		return 0;
	}
	there = stat(path, &st) == 0;
	if (!there || S_ISREG(st.st_mode))
		return open_temporary(o, path, there ? &st : NULL);
	o->fd = open(path, O_WRONLY | O_CLOEXEC);
	return o->fd < 0 ? error_of(errno) : 0;
}

int
outfile_open(const char *path, struct outfile **out)
{
	struct outfile *o = calloc(1, sizeof *o);
	int err;

	if (o == NULL)
		abort();
	err = open_fd(o, path);
	if (err != 0) {
		forget(o);
		return err;
	}
	start_stream(o);
	*out = o;
	return 0;
}

int
outfile_fd(const struct outfile *o)
{
	return o->fd;
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
	fclose(o->stream);
	if (o->error == 0 && o->temporary != NULL && fsync(o->fd) != 0)
		o->error = errno;
	if (!o->standard && close(o->fd) != 0 && o->error == 0)
		o->error = errno;
	errno = o->error;
	return o->error != 0 ? error_of(o->error) : 0;
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
	o->error = ECANCELED; /* what is buffered may go */
	fclose(o->stream);
	if (!o->standard)
		close(o->fd);
	if (o->temporary != NULL)
		unlink_temporary(o);
	forget(o);
}
