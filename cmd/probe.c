/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "cmd/capturing.h"
#include "cmd/commands.h"
#include "cmd/recorder.h"

#define SECOND_NS INT64_C(1000000000)
#define REST_NS 5000000
#define TEXT_EVERY 10 /* lines of JSON for one of text */

struct probe_command {
	struct capturing capture;
	bool flows;
	const char *write;
	int64_t duration_ns, rotate_ns, rotate_bytes, keep, free_bytes;
	bool list;
};

const struct option_row probe_options[] = {
	CAPTURING_ROWS(struct probe_command),
	{ .name = "list", .letter = 'D', .type = OPTION_FLAG, .group = "Capture",
	  .text = "list the interfaces", .offset = offsetof(struct probe_command, list) },
	{ .name = "flows", .type = OPTION_FLAG, .group = "Capture",
	  .text = "all flows too, of whatever traffic: how much, and what they carry",
	  .offset = offsetof(struct probe_command, flows) },
	{ .name = "write", .letter = 'w', .type = OPTION_STRING, .arg = "FILE",
	  .group = "Output",
	  .text = "keep the observations in this .sso file, behind what it holds",
	  .offset = offsetof(struct probe_command, write) },
	{ .name = "rotate", .type = OPTION_DURATION, .arg = "TIME", .min = 1, .max = 1e9,
	  .group = "Output", .text = "begin a new file, named by the time, so often",
	  .offset = offsetof(struct probe_command, rotate_ns) },
	{ .name = "rotate-size", .type = OPTION_SIZE, .arg = "SIZE", .min = 4096, .max = 1e15,
	  .group = "Output", .text = "begin a new file when one is so large",
	  .offset = offsetof(struct probe_command, rotate_bytes) },
	{ .name = "keep", .type = OPTION_INT, .arg = "N", .min = 2, .max = RECORDER_KEPT,
	  .group = "Output", .text = "of those files keep the newest N; else all are kept",
	  .offset = offsetof(struct probe_command, keep) },
	{ .name = "keep-free", .type = OPTION_SIZE, .arg = "SIZE", .min = 0, .max = 1e15,
	  .preset = "64M", .group = "Output",
	  .text = "stop writing, until there is room again, when the disk has less than this",
	  .offset = offsetof(struct probe_command, free_bytes) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Output", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct probe_command, duration_ns) },
	{ .name = NULL },
};

struct watch {
	const struct probe_command *opt;
	struct crew *crew;
	struct recorder recorder;
	bool json;
};

static volatile sig_atomic_t ending;

static void
on_signal(int number)
{
	(void)number;
	ending = 1;
}

/* --- what it says ------------------------------------------------------------------------- */

static void
tell_json(const char *event, const struct worker_status *s, unsigned interfaces)
{
	struct json_writer j = json_writer_to(stdout, false);

	json_object(&j);
	json_put_string(&j, "event", event);
	json_put_seconds(&j, "t", clock_wall_ns());
	capturing_tell(&j, s, interfaces);
	json_object_end(&j);
	putchar('\n');
}

static void
tell(const struct watch *w, const char *event)
{
	struct worker_status s = crew_status(w->crew);
	struct live_counts c = capturing_sum(&s, w->opt->capture.n);

	if (w->json)
		tell_json(event, &s, w->opt->capture.n);
	else
		printf("%" PRIu64 " packets, %" PRIu64 " dropped, %" PRIu64 " of a swarm's bytes, %"
		       PRIu64 " observations\n", s.decoded.total.packets,
		       c.dropped + c.interface_dropped, s.decoded.class[COUNTS_SWARM].bytes,
		       s.observations);
	fflush(stdout);
}

static void
tell_start(const struct watch *w)
{
	struct json_writer j = json_writer_to(stdout, false);

	if (!w->json) {
		printf("listening on %s\n", w->opt->capture.interface);
		fflush(stdout);
		return;
	}
	json_object(&j);
	json_put_string(&j, "event", "start");
	json_put_string(&j, "schema", "swarmscope/1");
	json_put_seconds(&j, "t", clock_wall_ns());
	json_put_string(&j, "interface", w->opt->capture.interface);
	json_object_end(&j);
	putchar('\n');
	fflush(stdout);
}

static void
print_interface(void *ctx, const char *name, const char *about)
{
	(void)ctx;
	printf("%-16s %s\n", name, about ? about : "");
}

/* --- running ------------------------------------------------------------------------------ */

static void
begin_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* What has come; false: nothing. */
static bool
take(struct watch *w)
{
	const struct observation *o = crew_next(w->crew);

	if (o == NULL)
		return false;
	if (w->opt->write != NULL)
		recorder_put(&w->recorder, o);
	crew_release(w->crew);
	return true;
}

/* Until then, or until the crew has ended. */
static void
take_until(struct watch *w, int64_t end_ns)
{
	const struct timespec rest = { 0, REST_NS };

	while (!crew_over(w->crew) && (clock_monotonic_ns() < end_ns && !ending))
		if (!take(w))
			nanosleep(&rest, NULL);
}

/* What is kept is in the file a second later, whatever happens then. */
static int
watch(struct watch *w)
{
	int64_t end = clock_monotonic_ns() + w->opt->duration_ns, left;

	for (unsigned second = 1; !ending; second++) {
		left = w->opt->duration_ns > 0 ? end - clock_monotonic_ns() : SECOND_NS;
		if (left <= 0)
			break;
		take_until(w, clock_monotonic_ns() + (left < SECOND_NS ? left : SECOND_NS));
		crew_tend(w->crew, capturing_say, NULL);
		if (w->json || second % TEXT_EVERY == 0)
			tell(w, "interval");
		if (w->opt->write != NULL && recorder_tend(&w->recorder) != 0)
			return command_fail(ERR_FULL, "%s", w->recorder.why);
	}
	return 0;
}

/* What the kernel and the crew still have. */
static void
take_rest(struct watch *w)
{
	const struct timespec rest = { 0, REST_NS };

	crew_end(w->crew);
	while (!crew_over(w->crew))
		if (!take(w))
			nanosleep(&rest, NULL);
}

static int
run(struct watch *w)
{
	const struct probe_command *opt = w->opt;
	const struct recorder_options kept = { .path = opt->write,
		.vantage = opt->capture.interface, .most_bytes = opt->rotate_bytes,
		.most_ns = opt->rotate_ns, .keep = opt->keep, .free_bytes = opt->free_bytes };
	int rc = 0, err;

	if (opt->write != NULL && (err = recorder_open(&w->recorder, &kept)) != 0)
		return command_fail(err, "%s", w->recorder.why);
	begin_signals();
	rc = capturing_start(w->crew);
	if (rc != 0)
		return rc;
	tell_start(w);
	rc = watch(w);
	take_rest(w);
	tell(w, "end");
	err = opt->write != NULL ? recorder_close(&w->recorder) : 0;
	if (rc == 0 && err != 0)
		rc = command_fail(err, "%s", w->recorder.why);
	return rc;
}

static int
capture(const struct command_row *row, struct probe_command *opt, const struct global *global)
{
	const struct account_options all = { .slots = 0 };
	struct watch *w = calloc(1, sizeof *w);
	int rc;

	if (w == NULL)
		abort();
	w->opt = opt;
	w->json = global->json;
	rc = capturing_open(row, &opt->capture, opt->flows ? &all : NULL, &w->crew);
	if (rc == 0)
		rc = run(w);
	crew_free(w->crew);
	free(w);
	return rc;
}

int
cmd_probe(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct probe_command opt = { .list = false };
	char **args, why[256];
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	if (!opt.list)
		rc = capture(row, &opt, &global);
	else if (live_list(print_interface, NULL, why) != 0)
		rc = command_fail(ERR_IO, "cannot list the interfaces: %s", why);
	free(args);
	return rc;
}
