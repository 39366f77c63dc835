/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/input.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/zio.h"
#include "cmd/commands.h"
#include "cmd/replay.h"

#define STEP_PACKETS 4096

struct input {
	struct probe *probe;   /* of captures ... */
	struct replay *replay; /* ... or of observation files; the other is NULL */
	size_t warned;         /* warnings said so far */
};

static int
unknown_protocol(const char *name)
{
	char known[256];
	size_t at = 0;

	for (const struct proto *const *p = proto_table; *p != NULL && at < sizeof known; p++)
		at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", at ? ", " : "",
				       (*p)->name);
	return command_fail(ERR_USAGE, "unknown protocol '%s' (known: %s)", name, known);
}

/* Does the file begin as observation files do? What cannot be read is a capture,
 * whose opening says what is wrong; so is a pipe, which cannot be read twice. */
static bool
is_replay(const char *path)
{
	struct stat info;
	struct zio *z;
	char magic[4] = "";
	bool is;

	if (strcmp(path, "-") == 0 || stat(path, &info) != 0 || !S_ISREG(info.st_mode) ||
	    zio_open(path, &z) != 0)
		return false;
	is = zio_read(z, magic, sizeof magic) == sizeof magic && memcmp(magic, "SSO1", 4) == 0;
	zio_close(z);
	return is;
}

static int
open_captures(struct input *in, char **paths, int n, const struct decode_options *options,
              struct obs_sink *out)
{

	in->probe = probe_new(options, out);
	for (int i = 0; i < n; i++) {
		int err = probe_add_file(in->probe, paths[i]);

		if (err != 0)
			return command_fail(err, "%s", probe_error_text(in->probe));
	}
	return 0;
}

static int
open_replay(struct input *in, char **paths, int n, const struct proto *only,
            struct obs_sink *out)
{
	in->replay = replay_new(only ? only->id : PROTO_NONE, out);
	for (int i = 0; i < n; i++) {
		int err = replay_add_file(in->replay, paths[i]);

		if (err != 0)
			return command_fail(err, "%s: %s", paths[i], replay_error_text(in->replay));
	}
	return 0;
}

int
input_open(char **paths, int n, const char *protocol, const struct account_options *account,
           struct obs_sink *out, struct input **in)
{
	const struct proto *only = protocol ? proto_by_name(protocol) : NULL;
	const struct decode_options options = { .only = only, .account = account };
	struct input *i;
	int replays = 0, status;

	if (protocol != NULL && only == NULL)
		return unknown_protocol(protocol);
	for (int k = 0; k < n; k++)
		replays += is_replay(paths[k]);
	if (replays > 0 && replays < n)
		return command_fail(ERR_USAGE,
		                    "captures and observation files together cannot be put "
		                    "in order of time (decode the captures with --write first)");
	i = calloc(1, sizeof *i);
	if (i == NULL)
		abort();
	status = replays > 0 ? open_replay(i, paths, n, only, out) :
	                       open_captures(i, paths, n, &options, out);
	if (status != 0) {
		input_close(i);
		return status;
	}
	*in = i;
	return 0;
}

size_t
input_warnings(const struct input *in)
{
	return in->replay ? replay_warnings(in->replay) : probe_warnings(in->probe);
}

const char *
input_warning(const struct input *in, size_t i)
{
	return in->replay ? replay_warning(in->replay, i) : probe_warning(in->probe, i);
}

static void
say_warnings(struct input *in)
{
	for (; in->warned < input_warnings(in); in->warned++)
		log_say(LOG_WARNING, "%s", input_warning(in, in->warned));
}

static int
run_captures(struct input *in)
{
	uint64_t done, total;
	int more;

	while ((more = probe_step(in->probe, STEP_PACKETS)) > 0) {
		probe_progress(in->probe, &done, &total);
		log_progress(clock_monotonic_ns(), done, total,
		             probe_counts(in->probe)->total.packets, "packets");
	}
	log_progress_end();
	say_warnings(in);
	return more == 0 ? 0 : command_fail(more, "%s", probe_error_text(in->probe));
}

static int
run_replay(struct input *in)
{
	int more;

	while ((more = replay_step(in->replay, STEP_PACKETS)) > 0)
		log_progress(clock_monotonic_ns(), 0, 0, replay_counts(in->replay)->observations,
		             "observations");
	log_progress_end();
	say_warnings(in);
	return more == 0 ? 0 : command_fail(more, "%s", replay_error_text(in->replay));
}

int
input_run(struct input *in)
{
	return in->replay ? run_replay(in) : run_captures(in);
}

const struct counts *
input_counts(struct input *in)
{
	return in->replay ? replay_counts(in->replay) : probe_counts(in->probe);
}

void
input_close(struct input *in)
{
	if (in == NULL)
		return;
	probe_free(in->probe);
	replay_free(in->replay);
	free(in);
}
