/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/input.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "cmd/commands.h"

#define STEP_PACKETS 4096

struct input {
	struct probe *probe;
	uint64_t warned; /* warnings said so far */
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

int
input_open(char **paths, int n, const char *protocol, struct obs_sink *out, struct input **in)
{
	struct decode_options options = { 0 };
	struct input *i;

	if (protocol != NULL && (options.only = proto_by_name(protocol)) == NULL)
		return unknown_protocol(protocol);
	i = calloc(1, sizeof *i);
	if (i == NULL)
		abort();
	i->probe = probe_new(&options, out);
	for (int k = 0; k < n; k++) {
		int err = probe_add_file(i->probe, paths[k]);

		if (err != 0) {
			int status = command_fail(err, "%s", probe_error_text(i->probe));

			input_close(i);
			return status;
		}
	}
	*in = i;
	return 0;
}

static void
say_warnings(struct input *in)
{
	for (; in->warned < probe_warnings(in->probe); in->warned++)
		log_say(LOG_WARNING, "%s", probe_warning(in->probe, in->warned));
}

int
input_run(struct input *in)
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

const struct counts *
input_counts(struct input *in)
{
	return probe_counts(in->probe);
}

uint64_t
input_warnings(const struct input *in)
{
	return probe_warnings(in->probe);
}

const char *
input_warning(const struct input *in, uint64_t i)
{
	return probe_warning(in->probe, i);
}

void
input_close(struct input *in)
{
	if (in == NULL)
		return;
	probe_free(in->probe);
	free(in);
}
