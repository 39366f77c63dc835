/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/recorder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

__attribute__((format(printf, 3, 4))) static int
fail(struct recorder *r, int err, const char *form, ...)
{
	va_list args;

	va_start(args, form);
	vsnprintf(r->why, sizeof r->why, form, args);
	va_end(args);
	return err;
}

static bool
rotates(const struct recorder *r)
{
	return r->opt.most_bytes > 0 || r->opt.most_ns > 0;
}

/* NAME-20261125T214203.007Z.sso */
static void
name_part(struct recorder *r)
{
	size_t len = strlen(r->opt.path);
	int stem = (int)(len > 4 && strcmp(r->opt.path + len - 4, ".sso") == 0 ? len - 4 : len);
	time_t s = (time_t)(r->began_ns / 1000000000);
	char stamp[32];
	struct tm utc;

	gmtime_r(&s, &utc);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &utc);
	snprintf(r->path, sizeof r->path, "%.*s-%s.%03dZ.sso", stem, r->opt.path, stamp,
	         (int)(r->began_ns / 1000000 % 1000));
}

static int
begin(struct recorder *r)
{
	struct sso_meta meta = { .clock = SSO_CLOCK_SYSTEM };
	int err;

	r->began_ns = meta.start_ns = clock_wall_ns();
	if (rotates(r))
		name_part(r);
	else
		snprintf(r->path, sizeof r->path, "%s", r->opt.path);
	snprintf(meta.vantage, sizeof meta.vantage, "%s", r->opt.vantage);
	err = sso_writer_append(&r->file, r->path, &meta);
	r->open = err == 0;
	if (err != 0)
		return fail(r, err, "cannot write %s: %s", r->path,
		            err == ERR_USAGE || err == ERR_DAMAGED ? err_text(err) :
		                                                     strerror(errno));
	return 0;
}

int
recorder_open(struct recorder *r, const struct recorder_options *opt)
{
	*r = (struct recorder){ .opt = *opt };
	return begin(r);
}

void
recorder_put(struct recorder *r, const struct observation *o)
{
	if (r->open && !r->full)
		sso_writer_put(&r->file, o);
	else
		r->unwritten++;
}

/* A file is complete: the oldest beyond those to be kept goes. */
static void
retire(struct recorder *r)
{
	if (r->opt.keep <= 0)
		return;
	r->kept[r->n_kept++] = strdup(r->path);
	if (r->n_kept < r->opt.keep)
		return;
	unlink(r->kept[0]);
	free(r->kept[0]);
	memmove(r->kept, r->kept + 1, --r->n_kept * sizeof r->kept[0]);
}

static bool
is_time(const struct recorder *r)
{
	struct stat st;

	if (r->opt.most_ns > 0 && clock_wall_ns() - r->began_ns >= r->opt.most_ns)
		return true;
	return r->opt.most_bytes > 0 && stat(r->path, &st) == 0 &&
	       st.st_size >= r->opt.most_bytes;
}

/* Says so when it begins and when it is over. */
static void
watch_space(struct recorder *r)
{
	struct statfs fs;
	int64_t left;

	if (statfs(r->path, &fs) != 0)
		return;
	left = (int64_t)fs.f_bavail * (int64_t)fs.f_bsize;
	if (!r->full && left < r->opt.free_bytes) {
		r->full = true;
		log_say(LOG_WARNING, "%s: only %lld MiB left on its disk: nothing more is kept "
		        "(free some space)", r->path, (long long)(left >> 20));
	} else if (r->full && left > r->opt.free_bytes + r->opt.free_bytes / 8) {
		r->full = false;
		log_say(LOG_WARNING, "%s: there is room again; %llu observations were not kept",
		        r->path, (unsigned long long)r->unwritten);
	}
}

int
recorder_tend(struct recorder *r)
{
	int err = sso_writer_flush(&r->file);

	if (err != 0)
		return fail(r, err, "cannot write %s: %s (free some space; what came before is "
		            "kept)", r->path, strerror(errno));
	watch_space(r);
	if (!rotates(r) || !is_time(r))
		return 0;
	err = recorder_close(r);
	if (err != 0)
		return err;
	retire(r);
	return begin(r);
}

int
recorder_close(struct recorder *r)
{
	int err = r->open ? sso_writer_close(&r->file) : 0;

	r->open = false;
	return err == 0 ? 0 : fail(r, err, "cannot write %s: %s", r->path, strerror(errno));
}
