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
#include "cmd/scenario_file.h"
#include "cmd/truth_line.h"
#include "swarm/port.h"
#include "swarm/swarm.h"

#define DAY_MS 86390000u /* and some for goodbyes */
#define FIRST_MS 500u  /* the origin has something by then */
#define SOCKETS 3u     /* of a viewer: datagrams, its partners, its players */
#define LINKS 16u      /* of a viewer, over TCP */

struct swarm_command {
	const char *source, *truth, *upload, *scenario;
	int64_t network, seed, channels, duration_ns, over_ns, chunk_ns, latency_ns, stay_ns,
	        zap_ns;
	int64_t bitrate, origin, down;
	int transport;
};

static const char *const transports[] = { "udp", "tcp", NULL };

const struct option_row swarm_options_rows[] = {
	{ .name = "scenario", .type = OPTION_STRING, .arg = "NAME", .group = "Swarm",
	  .text = "a scenario to simulate, built-in or a file, in place of N and the "
	          "options of Stream and Peers; N replaces its number of viewers",
	  .offset = offsetof(struct swarm_command, scenario) },
	{ .name = "source", .type = OPTION_STRING, .arg = "FROM", .group = "Stream",
	  .text = "MPEG-TS to stream on the first channel: a file, - for standard input, or "
	          "udp://ADDRESS:PORT; else one of empty packets is made",
	  .offset = offsetof(struct swarm_command, source) },
	{ .name = "bitrate", .type = OPTION_RATE, .arg = "RATE", .min = 10000, .max = 1900000,
	  .preset = "300kbit/s", .group = "Stream", .text = "the stream's rate",
	  .offset = offsetof(struct swarm_command, bitrate) },
	{ .name = "chunk", .type = OPTION_DURATION, .arg = "TIME", .min = 0.1, .max = 2,
	  .preset = "250ms", .group = "Stream", .text = "duration of a chunk",
	  .offset = offsetof(struct swarm_command, chunk_ns) },
	{ .name = "channels", .type = OPTION_INT, .arg = "N", .min = 1, .max = SCENARIO_CHANNELS,
	  .preset = "1", .group = "Stream", .text = "so many channels, each with an origin",
	  .offset = offsetof(struct swarm_command, channels) },
	{ .name = "upload", .type = OPTION_STRING, .arg = "CLASSES", .group = "Peers",
	  .preset = "300,600,1600",
	  .text = "what viewers' lines can send, in kbit/s, shared out evenly",
	  .offset = offsetof(struct swarm_command, upload) },
	{ .name = "download", .type = OPTION_RATE, .arg = "RATE", .min = 100000, .max = 1e9,
	  .preset = "20Mbit/s", .group = "Peers", .text = "what viewers' lines can take",
	  .offset = offsetof(struct swarm_command, down) },
	{ .name = "latency", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1,
	  .preset = "10ms", .group = "Peers", .text = "of a viewer's line, each way",
	  .offset = offsetof(struct swarm_command, latency_ns) },
	{ .name = "origin-upload", .type = OPTION_RATE, .arg = "RATE", .min = 100000, .max = 1e9,
	  .preset = "4Mbit/s", .group = "Peers", .text = "what an origin can send",
	  .offset = offsetof(struct swarm_command, origin) },
	{ .name = "over", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 3600,
	  .preset = "10s", .group = "Peers", .text = "viewers come within so long",
	  .offset = offsetof(struct swarm_command, over_ns) },
	{ .name = "stay", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 36000,
	  .preset = "0", .group = "Peers",
	  .text = "viewers stay so long on average, others come in their place; 0: all stay",
	  .offset = offsetof(struct swarm_command, stay_ns) },
	{ .name = "zap", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 36000,
	  .preset = "0", .group = "Peers",
	  .text = "a viewer switches channels after so long on average; 0: never",
	  .offset = offsetof(struct swarm_command, zap_ns) },
	{ .name = "transport", .type = OPTION_ENUM, .arg = "WHICH", .values = transports,
	  .preset = "udp", .group = "Run", .text = "between peers; trackers speak UDP",
	  .offset = offsetof(struct swarm_command, transport) },
	{ .name = "network", .type = OPTION_INT, .arg = "N", .min = 0, .max = 254, .preset = "0",
	  .group = "Run", .text = "addresses in 127.N.0.0/16; 0: the first that is free",
	  .offset = offsetof(struct swarm_command, network) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 86390,
	  .preset = "0", .group = "Run",
	  .text = "end after so long; 0: on SIGINT or SIGTERM, or with the scenario",
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
put_truth(void *ctx, const struct endpoint *at, uint32_t number, const struct truth_event *ev)
{
	truth_line(outfile_stream(ctx), at, number, ev);
}

/* --- the scenario ------------------------------------------------------------------------- */

/* "300,600,1600" */
static bool
read_classes(const char *text, const struct swarm_command *opt, struct scenario *s)
{
	for (s->n_classes = 0; s->n_classes < SCENARIO_CLASSES;) {
		struct scenario_class *c = &s->classes[s->n_classes++];
		char *end;
		long kbps = strtol(text, &end, 10);

		if (end == text || kbps < 1 || kbps > 1000000)
			return false;
		*c = (struct scenario_class){ .share = 1, .up_kbps = (uint32_t)kbps,
			.down_kbps = (uint32_t)(opt->down / 1000),
			.latency_ms = (uint32_t)(opt->latency_ns / 1000000) };
		snprintf(c->name, sizeof c->name, "%ldk", kbps);
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
	return false;
}

static void
set_channels(const struct swarm_command *opt, struct scenario *s)
{
	s->n_channels = (uint32_t)opt->channels;
	for (uint32_t i = 0; i < s->n_channels; i++) {
		struct scenario_channel *c = &s->channels[i];

		*c = (struct scenario_channel){ .bitrate_kbps = (uint32_t)(opt->bitrate / 1000),
			.chunk_ms = (uint32_t)(opt->chunk_ns / 1000000),
			.origin_up_kbps = (uint32_t)(opt->origin / 1000),
			.origin_partners = 16 };
		snprintf(c->name, sizeof c->name, "channel-%" PRIu32, i + 1);
	}
}

/* Half as many again may be there at once: arrivals are drawn. */
static void
set_viewers(const struct swarm_command *opt, struct scenario *s)
{
	uint32_t stay_s = (uint32_t)(opt->stay_ns / 1000000000);

	s->first_join_ms = FIRST_MS;
	s->ramp_ms = (uint32_t)(opt->over_ns / 1000000);
	s->zap_mean_s = (uint32_t)(opt->zap_ns / 1000000000);
	if (stay_s == 0)
		return;
	s->sessions = SESSIONS_EXPONENTIAL;
	s->mean_s = stay_s;
	s->arrivals_per_min = s->peers * 60 / stay_s;
	s->max_peers = s->peers + s->peers / 2 + 1;
}

/* From the options, or the scenario that they name. 0; or an exit status, said. */
static int
make_scenario(const struct command_row *row, const struct swarm_command *opt, long peers,
              struct scenario *s)
{
	const char *wrong;
	int rc;

	scenario_defaults(s);
	strcpy(s->name, "swarm");
	s->duration_ms = DAY_MS;
	if (opt->scenario != NULL) {
		rc = scenario_file(opt->scenario, s);
		if (rc != 0)
			return rc;
	} else if (!read_classes(opt->upload, opt, s)) {
		return err_exit_status(options_complain(row, "--upload %s is no list of kbit/s "
		                                        "(write 300,600,1600)", opt->upload));
	}
	if (peers > 0)
		s->peers = (uint32_t)peers;
	if (opt->duration_ns > 0)
		s->duration_ms = (uint32_t)(opt->duration_ns / 1000000);
	if (opt->scenario == NULL) {
		set_channels(opt, s);
		set_viewers(opt, s);
	}
	s->view.map_offset = MAP_OFFSET_PLAY; /* what is seen is what is sent */
	wrong = scenario_check(s);
	return wrong == NULL ? 0 : command_fail(ERR_CONFIG, "impossible: %s", wrong);
}

/* --- what it says ------------------------------------------------------------------------- */

static void
put_endpoint(struct json_writer *w, const char *key, struct endpoint at)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(&at, text);
	json_put_string(w, key, text);
}

static void
put_channel(struct json_writer *w, const struct swarm *s, const struct scenario *sc, uint32_t i)
{
	char text[32];

	snprintf(text, sizeof text, "mesh:%016" PRIx64, swarm_channel_id(s, i));
	json_object(w);
	json_put_string(w, "name", sc->channels[i].name);
	json_put_string(w, "channel", text);
	put_endpoint(w, "origin", swarm_origin(s, i));
	json_put_number(w, "chunk_s", sc->channels[i].chunk_ms / 1e3, 3);
	json_put_uint(w, "bitrate_kbps", sc->channels[i].bitrate_kbps);
	json_object_end(w);
}

static void
put_viewer(struct json_writer *w, struct endpoint at)
{
	char text[ENDPOINT_TEXT_MAX + 32], player[ENDPOINT_TEXT_MAX];

	json_object(w);
	put_endpoint(w, "peer", at);
	at.port = PORT_NUMBER;
	endpoint_format(&at, player);
	snprintf(text, sizeof text, "http://%s/live.ts", player);
	json_put_string(w, "player", text);
	json_object_end(w);
}

/* What runs where, in one line; viewers in the order in which they come. */
static void
tell_begin(const struct swarm *s, const struct scenario *sc)
{
	struct json_writer w = json_writer_to(stdout, false);

	json_object(&w);
	json_put_string(&w, "event", "start");
	json_put_string(&w, "schema", "swarmscope/1");
	json_put_uint(&w, "pid", (uint64_t)getpid());
	put_endpoint(&w, "tracker", swarm_tracker(s));
	json_key(&w, "channels");
	json_array(&w);
	for (uint32_t i = 0; i < sc->n_channels; i++)
		put_channel(&w, s, sc, i);
	json_array_end(&w);
	json_key(&w, "peers");
	json_array(&w);
	for (uint32_t i = 0; i < sc->peers; i++)
		put_viewer(&w, swarm_viewer(s, i));
	json_array_end(&w);
	json_object_end(&w);
	putchar('\n');
	fflush(stdout);
}

static void
put_delays(struct json_writer *w, const struct swarm_counts *c)
{
	json_put_number(w, "startup_p50_s", c->startup_p50_s, 3);
	json_put_number(w, "startup_p95_s", c->startup_p95_s, 3);
	json_put_uint(w, "switches", c->switched);
	json_put_number(w, "switching_p50_s", c->switching_p50_s, 3);
	json_put_number(w, "switching_p95_s", c->switching_p95_s, 3);
	json_put_number(w, "skew_s", c->skew_s, 3);
}

static void
tell_end(const struct swarm *s)
{
	struct swarm_counts c = swarm_counts(s);
	struct json_writer w = json_writer_to(stdout, false);
	double all = (double)(c.sim.played + c.sim.skipped);
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	json_object(&w);
	json_put_string(&w, "event", "end");
	json_put_uint(&w, "viewers", c.sim.arrivals);
	json_put_uint(&w, "started", c.started);
	json_put_uint(&w, "turned_away", c.sim.turned_away);
	json_put_uint(&w, "chunks", c.pieces);
	json_put_uint(&w, "played", c.sim.played);
	json_put_uint(&w, "missed", c.sim.skipped);
	json_put_uint(&w, "stalls", c.sim.stalls);
	json_put_number(&w, "stalled_s", (double)c.sim.stalled_ns / 1e9, 3);
	json_put_number(&w, "continuity_index",
	                all > 0 ? (double)c.sim.played / all : (double)NAN, 6);
	put_delays(&w, &c);
	json_put_uint(&w, "unsent", c.unsent);
	json_put_number(&w, "cpu_s", (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	                (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6, 2);
	json_put_uint(&w, "peak_bytes", (uint64_t)use.ru_maxrss * 1024);
	json_object_end(&w);
	putchar('\n');
}

/* --- running ------------------------------------------------------------------------------ */

/* As many open files as its sockets need, as far as the system allows. */
static void
raise_limit(const struct scenario *s, enum wire_kind wire)
{
	struct rlimit limit;
	rlim_t each = wire == WIRE_TCP ? SOCKETS + LINKS : SOCKETS;
	rlim_t wants = 64 + scenario_peers(s) * each;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wants)
		return;
	limit.rlim_cur = limit.rlim_max < wants ? limit.rlim_max : wants;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wants)
		log_say(LOG_WARNING, "%ju open files are allowed, %ju wanted (raise 'ulimit -n')",
		        (uintmax_t)limit.rlim_cur, (uintmax_t)wants);
}

static int
play(const struct swarm_command *opt, const struct scenario *scenario, struct outfile *truth)
{
	const struct swarm_options o = { .scenario = scenario, .network = (uint32_t)opt->network,
		.seed = (uint64_t)opt->seed, .source = opt->source,
		.wire = (enum wire_kind)opt->transport };
	struct swarm *s;
	char why[SWARM_WHY];
	int rc;

	raise_limit(scenario, o.wire);
	rc = swarm_open(&o, truth != NULL ? put_truth : NULL, truth, &s, why);
	if (rc == 0) {
		tell_begin(s, scenario);
		swarm_run(s);
		tell_end(s);
	} else {
		rc = command_fail(rc, "%s", why);
	}
	swarm_close(s);
	return rc;
}

static int
run(const struct swarm_command *opt, const struct scenario *scenario)
{
	struct outfile *truth = NULL;
	int rc;

	if (opt->truth != NULL && outfile_open(opt->truth, &truth) != 0)
		return command_fail(ERR_IO, "cannot write %s: %s", opt->truth, strerror(errno));
	rc = play(opt, scenario, truth);
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
	struct scenario *scenario = calloc(1, sizeof *scenario);
	char **args, *end = NULL;
	long peers = 0;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (scenario == NULL)
		abort();
	if (rc != 0) {
		free(scenario);
		return rc - 1;
	}
	if (n > 0)
		peers = strtol(args[0], &end, 10);
	if (n == 0 && opt.scenario == NULL)
		rc = err_exit_status(options_complain(row, "how many viewers? (or which "
		                                      "--scenario)"));
	else if (n > 0 && (*end != '\0' || peers < 1 || peers > (long)SWARM_PEERS))
		rc = err_exit_status(options_complain(row, "'%s' is no number of viewers (1 to %u)",
		                                      args[0], SWARM_PEERS));
	else if ((rc = make_scenario(row, &opt, peers, scenario)) == 0)
		rc = run(&opt, scenario);
	free(args);
	free(scenario);
	return rc;
}
