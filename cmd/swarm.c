/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/json.h"
#include "base/outfile.h"
#include "cmd/commands.h"
#include "cmd/truth_line.h"
#include "swarm/swarm.h"

struct swarm_command {
	const char *source, *truth, *upload;
	int64_t network, seed, duration_ns, over_ns, chunk_ns, bitrate, origin;
};

const struct option_row swarm_options_rows[] = {
	{ .name = "source", .type = OPTION_STRING, .arg = "FILE", .group = "Stream",
	  .text = "MPEG-TS to stream, - for standard input; else one of empty packets is made",
	  .offset = offsetof(struct swarm_command, source) },
	{ .name = "bitrate", .type = OPTION_RATE, .arg = "RATE", .min = 10000, .max = 1900000,
	  .preset = "300kbit/s", .group = "Stream", .text = "the stream's rate",
	  .offset = offsetof(struct swarm_command, bitrate) },
	{ .name = "chunk", .type = OPTION_DURATION, .arg = "TIME", .min = 0.1, .max = 2,
	  .preset = "250ms", .group = "Stream", .text = "duration of a chunk",
	  .offset = offsetof(struct swarm_command, chunk_ns) },
	{ .name = "upload", .type = OPTION_STRING, .arg = "CLASSES", .group = "Peers",
	  .preset = "300,600,1600",
	  .text = "what viewers can send, in kbit/s, taken in turn",
	  .offset = offsetof(struct swarm_command, upload) },
	{ .name = "origin-upload", .type = OPTION_RATE, .arg = "RATE", .min = 100000, .max = 1e9,
	  .preset = "4Mbit/s", .group = "Peers", .text = "what the origin can send",
	  .offset = offsetof(struct swarm_command, origin) },
	{ .name = "over", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 3600,
	  .preset = "10s", .group = "Peers", .text = "viewers come within so long",
	  .offset = offsetof(struct swarm_command, over_ns) },
	{ .name = "network", .type = OPTION_INT, .arg = "N", .min = 0, .max = 254, .preset = "0",
	  .group = "Run", .text = "addresses in 127.N.0.0/16; 0: the first that is free",
	  .offset = offsetof(struct swarm_command, network) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .preset = "0", .group = "Run", .text = "end after so long; 0: on SIGINT or SIGTERM",
	  .offset = offsetof(struct swarm_command, duration_ns) },
	{ .name = "truth", .type = OPTION_STRING, .arg = "FILE", .group = "Run",
	  .text = "write what the viewers live through, for 'swarmscope score'",
	  .offset = offsetof(struct swarm_command, truth) },
	{ .name = "seed", .type = OPTION_INT, .arg = "N", .min = 0, .max = 9e15, .preset = "1",
	  .group = "Run", .text = "draws who comes when",
	  .offset = offsetof(struct swarm_command, seed) },
	{ .name = NULL },
};

static void
put_truth(void *ctx, const struct node *n, const struct truth_event *ev)
{
	truth_line(outfile_stream(ctx), &n->self, n->number, ev);
}

/* "300,600,1600" */
static bool
read_classes(const char *text, struct swarm_options *o)
{
	while (o->classes < SWARM_CLASSES) {
		char *end;
		long kbps = strtol(text, &end, 10);

		if (end == text || kbps < 1 || kbps > 1000000)
			return false;
		o->up_kbps[o->classes++] = (uint32_t)kbps;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
	return false;
}

static void
put_endpoint(struct json_writer *w, const char *key, struct endpoint at)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(&at, text);
	json_put_string(w, key, text);
}

static void
put_channel(struct json_writer *w, const struct swarm *s)
{
	char text[32];

	snprintf(text, sizeof text, "mesh:%016" PRIx64, swarm_channel_id(s));
	json_put_string(w, "channel", text);
}

/* What runs where, in one line. */
static void
tell_begin(const struct swarm *s, const struct swarm_options *o)
{
	struct json_writer w = json_writer_to(stdout, false);
	char text[ENDPOINT_TEXT_MAX + 32], at[ENDPOINT_TEXT_MAX];

	json_object(&w);
	json_put_string(&w, "event", "start");
	json_put_string(&w, "schema", "swarmscope/1");
	json_put_uint(&w, "pid", (uint64_t)getpid());
	put_channel(&w, s);
	put_endpoint(&w, "tracker", swarm_tracker(s));
	put_endpoint(&w, "origin", swarm_origin(s));
	json_put_number(&w, "chunk_s", (double)o->chunk_ns / 1e9, 3);
	json_put_uint(&w, "bitrate_kbps", o->bitrate_kbps);
	json_key(&w, "peers");
	json_array(&w);
	for (uint32_t i = 0; i < o->peers; i++) {
		struct endpoint e = swarm_viewer(s, i);

		json_object(&w);
		put_endpoint(&w, "peer", e);
		e.port = PORT_NUMBER;
		endpoint_format(&e, at);
		snprintf(text, sizeof text, "http://%s/live.ts", at);
		json_put_string(&w, "player", text);
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
	putchar('\n');
	fflush(stdout);
}

static void
tell_end(const struct swarm *s)
{
	struct swarm_counts c = swarm_counts(s);
	struct json_writer w = json_writer_to(stdout, false);
	double all = (double)(c.played + c.skipped);
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	json_object(&w);
	json_put_string(&w, "event", "end");
	json_put_uint(&w, "viewers", c.joined);
	json_put_uint(&w, "started", c.started);
	json_put_uint(&w, "chunks", c.pieces);
	json_put_uint(&w, "played", c.played);
	json_put_uint(&w, "missed", c.skipped);
	json_put_uint(&w, "stalls", c.stalls);
	json_put_number(&w, "stalled_s", (double)c.stalled_ns / 1e9, 3);
	json_put_number(&w, "continuity_index", all > 0 ? (double)c.played / all : (double)NAN, 6);
	json_put_number(&w, "startup_p50_s", c.startup_p50_s, 3);
	json_put_number(&w, "startup_p95_s", c.startup_p95_s, 3);
	json_put_uint(&w, "unsent", c.unsent);
	json_put_number(&w, "cpu_s", (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	                (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6, 2);
	json_put_uint(&w, "peak_bytes", (uint64_t)use.ru_maxrss * 1024);
	json_object_end(&w);
	putchar('\n');
}

static int
run(const struct swarm_command *opt, struct swarm_options *o)
{
	struct outfile *truth = NULL;
	struct swarm *s;
	char why[SWARM_WHY];
	int rc;

	if (opt->truth != NULL && outfile_open(opt->truth, &truth) != 0)
		return command_fail(ERR_IO, "cannot write %s: %s", opt->truth, strerror(errno));
	if (truth != NULL)
		o->out = (struct node_out){ put_truth, truth };
	rc = swarm_open(o, &s, why);
	if (rc == 0) {
		tell_begin(s, o);
		swarm_run(s);
		tell_end(s);
	} else {
		rc = command_fail(rc, "%s", why);
	}
	swarm_close(s);
	if (rc != 0)
		outfile_abandon(truth);
	else if (truth != NULL && outfile_commit(truth) != 0)
		rc = command_fail(ERR_IO, "cannot write %s: %s (free some space)", opt->truth,
		                  strerror(errno));
	return rc;
}

int
cmd_swarm(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct swarm_command opt = { 0 };
	struct swarm_options o = { .classes = 0 };
	char **args, *end;
	long peers;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	peers = strtol(args[0], &end, 10);
	o.peers = (uint32_t)peers;
	o.seed = (uint64_t)opt.seed;
	o.network = (uint32_t)opt.network;
	o.duration_ns = opt.duration_ns;
	o.over_ns = opt.over_ns;
	o.chunk_ns = opt.chunk_ns;
	o.bitrate_kbps = (uint32_t)(opt.bitrate / 1000);
	o.origin_kbps = (uint32_t)(opt.origin / 1000);
	o.source = opt.source;
	if (*end != '\0' || peers < 1 || peers > (long)SWARM_PEERS)
		rc = err_exit_status(options_complain(row, "'%s' is no number of viewers (1 to %u)",
		                                      args[0], SWARM_PEERS));
	else if (!read_classes(opt.upload, &o))
		rc = err_exit_status(options_complain(row, "--upload %s is no list of kbit/s "
		                                      "(write 300,600,1600)", opt.upload));
	else
		rc = run(&opt, &o);
	free(args);
	return rc;
}
