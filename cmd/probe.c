/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "probe/live.h"
#include "record/sso.h"

#define SECOND_NS INT64_C(1000000000)
#define LAST_NS INT64_C(200000000) /* the kernel hands on what it still has */
#define TEXT_EVERY 10 /* lines of JSON for one of text */

struct probe_command {
	const char *interface, *filter, *write, *protocol;
	int64_t duration_ns, buffer_mb, snap;
	bool list, promiscuous;
};

const struct option_row probe_options[] = {
	{ .name = "interface", .letter = 'i', .type = OPTION_STRING, .arg = "IFACE",
	  .group = "Capture", .text = "the interface; any is all of them",
	  .offset = offsetof(struct probe_command, interface) },
	{ .name = "list", .letter = 'D', .type = OPTION_FLAG, .group = "Capture",
	  .text = "list the interfaces", .offset = offsetof(struct probe_command, list) },
	{ .name = "filter", .letter = 'f', .type = OPTION_STRING, .arg = "FILTER",
	  .group = "Capture", .text = "only these packets, as in tcpdump (see man pcap-filter)",
	  .offset = offsetof(struct probe_command, filter) },
	{ .name = "buffer", .type = OPTION_INT, .arg = "MIB", .min = 1, .max = 2000,
	  .preset = "64", .group = "Capture", .text = "of the kernel, in MiB",
	  .offset = offsetof(struct probe_command, buffer_mb) },
	{ .name = "snaplen", .type = OPTION_INT, .arg = "BYTES", .min = 96, .max = 262144,
	  .preset = "65535", .group = "Capture", .text = "of each packet, at most",
	  .offset = offsetof(struct probe_command, snap) },
	{ .name = "promiscuous", .type = OPTION_FLAG, .group = "Capture",
	  .text = "others' packets too, where the device shows them",
	  .offset = offsetof(struct probe_command, promiscuous) },
	{ .name = "protocol", .letter = 'p', .type = OPTION_STRING, .arg = "NAME",
	  .group = "Capture", .text = "decode only this protocol",
	  .offset = offsetof(struct probe_command, protocol) },
	{ .name = "write", .letter = 'w', .type = OPTION_STRING, .arg = "FILE",
	  .group = "Output",
	  .text = "keep the observations in this .sso file, behind what it holds",
	  .offset = offsetof(struct probe_command, write) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Output", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct probe_command, duration_ns) },
	{ .name = NULL },
};

struct watch {
	struct obs_sink sink; /* first */
	struct sso_writer *file; /* NULL: not kept */
	struct probe *probe;
	struct live *live;
	uint64_t observations;
	bool json;
};

static volatile sig_atomic_t ending;

static void
on_signal(int number)
{
	(void)number;
	ending = 1;
}

static void
put(struct obs_sink *self, const struct observation *o)
{
	struct watch *w = (struct watch *)self;

	w->observations++;
	if (w->file != NULL)
		sso_writer_put(w->file, o);
}

/* --- what it says ------------------------------------------------------------------------- */

static void
tell_json(const struct watch *w, const char *event, const struct live_counts *c)
{
	const struct counts *decoded = probe_counts(w->probe);
	struct json_writer j = json_writer_to(stdout, false);

	json_object(&j);
	json_put_string(&j, "event", event);
	json_put_seconds(&j, "t", clock_wall_ns());
	json_put_uint(&j, "received", c->received);
	json_put_uint(&j, "packets", decoded->total.packets);
	json_put_uint(&j, "bytes", decoded->total.bytes);
	json_put_uint(&j, "dropped", c->dropped);
	json_put_uint(&j, "interface_dropped", c->interface_dropped);
	json_put_uint(&j, "outages", c->outages);
	json_put_uint(&j, "swarm_bytes", decoded->class[COUNTS_SWARM].bytes);
	json_put_uint(&j, "stream_gaps", decoded->stream_gaps);
	json_put_uint(&j, "evicted", decoded->flows_evicted + decoded->streams_evicted);
	json_put_uint(&j, "observations", w->observations);
	json_object_end(&j);
	putchar('\n');
	fflush(stdout);
}

static void
tell(const struct watch *w, const char *event)
{
	struct live_counts c = live_counts(w->live);

	if (w->json)
		tell_json(w, event, &c);
	else
		printf("%" PRIu64 " packets, %" PRIu64 " dropped, %" PRIu64 " of a swarm's bytes, %"
		       PRIu64 " observations\n", probe_counts(w->probe)->total.packets,
		       c.dropped + c.interface_dropped,
		       probe_counts(w->probe)->class[COUNTS_SWARM].bytes, w->observations);
	fflush(stdout);
}

static void
tell_start(const struct watch *w, const char *interface)
{
	struct json_writer j = json_writer_to(stdout, false);

	if (!w->json) {
		printf("listening on %s\n", interface);
		fflush(stdout);
		return;
	}
	json_object(&j);
	json_put_string(&j, "event", "start");
	json_put_string(&j, "schema", "swarmscope/1");
	json_put_seconds(&j, "t", clock_wall_ns());
	json_put_string(&j, "interface", interface);
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

/* What is kept is in the file a second later, whatever happens then. */
static int
watch(struct watch *w, const struct probe_command *opt)
{
	int64_t end = clock_monotonic_ns() + opt->duration_ns, left;

	for (unsigned second = 1; !ending; second++) {
		left = opt->duration_ns > 0 ? end - clock_monotonic_ns() : SECOND_NS;
		if (left <= 0)
			break;
		if (live_run(w->live, left < SECOND_NS ? left : SECOND_NS) != 0)
			log_say(LOG_WARNING, "%s", live_text(w->live));
		if (w->json || second % TEXT_EVERY == 0)
			tell(w, "interval");
		if (w->file != NULL && sso_writer_flush(w->file) != 0)
			return command_fail(w->file->err, "cannot write %s: %s (free some space; "
			                    "what came before is kept)", opt->write,
			                    strerror(errno));
	}
	return 0;
}

static const char *
why_not_kept(int err)
{
	return err == ERR_USAGE || err == ERR_DAMAGED ? err_text(err) : strerror(errno);
}

static int
keep_in(struct watch *w, const struct probe_command *opt, struct sso_writer *file)
{
	struct sso_meta meta = { .start_ns = clock_wall_ns(), .clock = SSO_CLOCK_SYSTEM };
	int err;

	if (opt->write == NULL)
		return 0;
	snprintf(meta.vantage, sizeof meta.vantage, "%s", opt->interface);
	err = sso_writer_append(file, opt->write, &meta);
	if (err == 0)
		w->file = file;
	return err == 0 ? 0 : command_fail(err, "cannot write %s: %s", opt->write,
	                                   why_not_kept(err));
}

static int
run(struct watch *w, const struct probe_command *opt)
{
	struct sso_writer file;
	int err = live_open(w->live), rc;

	if (err != 0)
		return command_fail(err, "%s", live_text(w->live));
	rc = keep_in(w, opt, &file);
	if (rc != 0)
		return rc;
	begin_signals();
	tell_start(w, opt->interface);
	rc = watch(w, opt);
	live_run(w->live, LAST_NS);
	probe_end(w->probe);
	tell(w, "end");
	err = w->file != NULL ? sso_writer_close(w->file) : 0;
	if (rc == 0 && err != 0)
		rc = command_fail(err, "cannot write %s: %s", opt->write, strerror(errno));
	return rc;
}

static int
capture(const struct command_row *row, const struct probe_command *opt,
        const struct global *global)
{
	struct watch w = { .sink.put = put, .json = global->json };
	struct live_options live = { .interface = opt->interface, .filter = opt->filter,
		.snap = (uint32_t)opt->snap, .buffer = (uint32_t)opt->buffer_mb << 20,
		.promiscuous = opt->promiscuous };
	struct decode_options decode = { .only = NULL };
	int rc;

	if (opt->interface == NULL)
		return err_exit_status(options_complain(row, "which interface? (-i IFACE; -D lists "
		                                        "them)"));
	if (opt->protocol != NULL && (decode.only = proto_by_name(opt->protocol)) == NULL)
		return err_exit_status(options_complain(row, "unknown protocol '%s' (see "
		                                        "'swarmscope version')", opt->protocol));
	w.probe = probe_new(&decode, &w.sink);
	w.live = live_new(&live, w.probe);
	rc = run(&w, opt);
	live_free(w.live);
	probe_free(w.probe);
	return rc;
}

int
cmd_probe(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct probe_command opt = { 0 };
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
