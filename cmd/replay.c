/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "record/sso.h"

struct file {
	struct sso_reader reader;
	const char *path;
	bool open, ended;
	bool damaged, cut;   /* told as warnings */
	union obs_buf next;  /* unless ended */
};

struct replay {
	struct obs_sink *out;
	enum proto_id only;
	struct file *file[REPLAY_MAX]; /* owned */
	size_t n;
	struct counts counts;
	char warning[2 * REPLAY_MAX][512];
	size_t warnings;
	char error[256];
};

struct replay *
replay_new(enum proto_id only, struct obs_sink *out)
{
	struct replay *r = calloc(1, sizeof *r);

	if (r == NULL)
		abort();
	r->only = only;
	r->out = out;
	return r;
}

void
replay_free(struct replay *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++) {
		if (r->file[i]->open)
			sso_reader_close(&r->file[i]->reader);
		free(r->file[i]);
	}
	free(r);
}

static void
warn(struct replay *r, const struct file *f, const char *what)
{
	if (r->warnings < 2 * REPLAY_MAX)
		snprintf(r->warning[r->warnings++], sizeof r->warning[0], "%s: %s", f->path, what);
}

/* What was lost lies between the last observation and the next one. */
static void
put_gap(struct replay *r)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_GAP, r->counts.last_ns);

	o->u.gap.cause = OBS_GAP_FILE;
	o->u.gap.from_ns = r->counts.last_ns;
	if (r->counts.observations > 0)
		r->out->put(r->out, o);
}

static int
fail(struct replay *r, const struct file *f, int err)
{
	snprintf(r->error, sizeof r->error, "%s: %s", f->path,
	         err == ERR_IO ? strerror(errno) : err_text(err));
	return err;
}

/* The file's next observation; damage is passed over. */
static int
read_next(struct replay *r, struct file *f)
{
	int rc;

	while ((rc = sso_reader_next(&f->reader, &f->next)) == ERR_DAMAGED) {
		if (!f->damaged)
			warn(r, f, "damaged blocks were passed over (what is sound is used)");
		f->damaged = true;
		put_gap(r);
	}
	if (rc == ERR_TRUNCATED) {
		warn(r, f, "ends inside a block (what came before is used)");
		put_gap(r);
		rc = 0;
	}
	f->ended = rc != 1;
	return rc < 0 ? fail(r, f, rc) : 0;
}

int
replay_add_file(struct replay *r, const char *path)
{
	struct file *f;
	int err;

	if (r->n == REPLAY_MAX) {
		snprintf(r->error, sizeof r->error, "more than %d files at once", REPLAY_MAX);
		return ERR_LIMIT;
	}
	f = calloc(1, sizeof *f);
	if (f == NULL)
		abort();
	f->path = path;
	r->file[r->n++] = f;
	err = sso_reader_open(&f->reader, path);
	f->open = err == 0;
	return err == 0 ? read_next(r, f) : fail(r, f, err);
}

/* The file whose next observation is the earliest; the first of equals. */
static struct file *
earliest(struct replay *r)
{
	struct file *best = NULL;

	for (size_t i = 0; i < r->n; i++) {
		struct file *f = r->file[i];

		if (!f->ended && (best == NULL || f->next.o.t_ns < best->next.o.t_ns))
			best = f;
	}
	return best;
}

static void
put(struct replay *r, const struct observation *o)
{
	struct counts *c = &r->counts;

	if (r->only != PROTO_NONE && o->protocol != (uint8_t)r->only)
		return;
	if (c->observations++ == 0)
		c->first_ns = c->last_ns = o->t_ns;
	if (o->t_ns < c->first_ns)
		c->first_ns = o->t_ns;
	if (o->t_ns > c->last_ns)
		c->last_ns = o->t_ns;
	r->out->put(r->out, o);
}

int
replay_step(struct replay *r, uint64_t max)
{
	for (uint64_t i = 0; i < max; i++) {
		struct file *f = earliest(r);
		int err;

		if (f == NULL)
			return 0;
		put(r, &f->next.o);
		err = read_next(r, f);
		if (err != 0)
			return err;
	}
	return 1;
}

const struct counts *
replay_counts(const struct replay *r)
{
	return &r->counts;
}

size_t
replay_warnings(const struct replay *r)
{
	return r->warnings;
}

const char *
replay_warning(const struct replay *r, size_t i)
{
	return r->warning[i];
}

const char *
replay_error_text(const struct replay *r)
{
	return r->error;
}
