/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/huge.h"
#include "cmd/auditing.h"
#include "cmd/capturing.h"
#include "cmd/commands.h"
#include "cmd/config_file.h"
#include "cmd/inferring.h"
#include "cmd/live_keep.h"
#include "cmd/metrics.h"
#include "cmd/serving.h"
#include "cmd/told.h"

#define SECOND_NS INT64_C(1000000000)
#define TELL_NS (2 * SECOND_NS)    /* sessions under way, into the store */
#define CURVES_NS (10 * SECOND_NS) /* of retrieval: many rows */
#define STEP_NS (30 * SECOND_NS)   /* of traffic */
#define SAY_EVERY 5 /* seconds: what is said of the vantage as a whole */
#define REST_NS 2000000
#define LOOK_AT_CLOCK 256u /* observations between two looks */

struct run_command {
	struct capturing capture;
	struct inferring infer;
	struct serving serve;
	struct auditing audit;
	const char *config, *store;
	bool clear_addresses, no_audit;
	int64_t duration_ns, sessions_ns, maps_ns;
};

const struct option_row run_options[] = {
	{ .name = "config", .letter = 'c', .type = OPTION_STRING, .arg = "FILE",
	  .group = "Configuration",
	  .text = "take what no option and no variable says from here; else from " CONFIG_FILE
	          " if it is there", .offset = offsetof(struct run_command, config) },
	CAPTURING_ROWS(struct run_command),
	{ .name = "store", .type = OPTION_STRING, .arg = "URL", .preset = "sqlite:swarmscope.db",
	  .group = "Database",
	  .text = "where results are kept, as sqlite:PATH; made if it is not there",
	  .offset = offsetof(struct run_command, store) },
	{ .name = "keep-sessions", .type = OPTION_DURATION, .arg = "TIME", .min = 60, .max = 1e9,
	  .preset = "720h", .group = "Database",
	  .text = "sessions and their events are kept so long",
	  .offset = offsetof(struct run_command, sessions_ns) },
	{ .name = "keep-maps", .type = OPTION_DURATION, .arg = "TIME", .min = 10, .max = 1e9,
	  .preset = "1h", .group = "Database",
	  .text = "buffer maps, one a second a peer, are kept so long",
	  .offset = offsetof(struct run_command, maps_ns) },
	{ .name = "clear-addresses", .type = OPTION_FLAG, .group = "Database",
	  .text = "keep addresses as they are, not only their keyed hashes",
	  .offset = offsetof(struct run_command, clear_addresses) },
	{ .name = "no-audit", .type = OPTION_FLAG, .group = "Audit",
	  .text = "leave traffic that is no swarm's alone: nothing of it is told or classified",
	  .offset = offsetof(struct run_command, no_audit) },
	AUDITING_ROWS(struct run_command),
	SERVING_ROWS(struct run_command),
	INFERRING_ROWS(struct run_command),
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Server", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct run_command, duration_ns) },
	{ .name = NULL },
};

struct run {
	const struct run_command *opt;
	char vantage[128];
	struct crew *crew;
	struct live_keep *keep;
	struct serving_site site;
	struct http *http;
	struct collect nothing; /* what a report's head is written beside */
	struct inference_options options;
	struct inference *inference;
	pthread_t thread; /* of the inference */
	bool inferring;
	atomic_ulong gaps;
	pthread_mutex_t lock; /* of auditor */
	struct auditor auditor;
	bool json;
};

/* --- the inference's thread --------------------------------------------------------------- */

struct turns {
	int64_t told_ns, curves_ns, stepped_ns; /* monotonic */
	int64_t since_ns;           /* wall, when it was told before */
};

static void
put_traffic(void *ctx, const struct store_traffic *t)
{
	live_keep_traffic(ctx, t);
}

/* What flows had since the last time; those under way are told every 20 s. */
static void
tell_traffic(struct run *r)
{
	if (r->opt->no_audit)
		return;
	pthread_mutex_lock(&r->lock);
	auditing_step(&r->auditor, clock_wall_ns() - STEP_NS, STEP_NS, put_traffic, r->keep);
	pthread_mutex_unlock(&r->lock);
}

static void
tell_probe(struct run *r)
{
	struct worker_status s = crew_status(r->crew);
	struct live_counts c = capturing_sum(&s, r->opt->capture.n);
	const struct counts *d = &s.decoded;

	live_keep_probe(r->keep, &(struct store_probe){ .t_ns = clock_wall_ns(),
		.packets = d->total.packets, .bytes = d->total.bytes, .dropped = c.dropped,
		.interface_dropped = c.interface_dropped, .lost_observations = s.lost,
		.undecodable = d->class[COUNTS_UNDECODABLE].packets, .cut = d->snapped.packets,
		.stream_gaps = d->stream_gaps,
		.evicted = d->flows_evicted + d->streams_evicted + d->account_evicted,
		.outages = c.outages });
}

static void
tell_results(struct run *r, struct turns *t)
{
	int64_t now_ns = clock_monotonic_ns(), seen_ns;
	bool curves = now_ns - t->curves_ns >= CURVES_NS;

	if (now_ns - t->told_ns < TELL_NS)
		return;
	t->told_ns = now_ns;
	if (curves)
		t->curves_ns = now_ns;
	seen_ns = crew_status(r->crew).seen_ns;
	inference_seen(r->inference, seen_ns);
	/* A session's words may be in a worker's ring for a moment. */
	inference_tell(r->inference, t->since_ns - SECOND_NS, curves);
	t->since_ns = seen_ns;
	if (curves)
		tell_probe(r);
	if (now_ns - t->stepped_ns >= STEP_NS) {
		t->stepped_ns = now_ns;
		tell_traffic(r);
	}
}

static void
take(struct run *r, const struct observation *o)
{
	if (o->kind == OBS_GAP)
		atomic_fetch_add(&r->gaps, 1);
	if (o->kind != OBS_FLOW) {
		inference_put(r->inference, o);
		return;
	}
	pthread_mutex_lock(&r->lock);
	auditing_put(&r->auditor, o);
	pthread_mutex_unlock(&r->lock);
}

static void *
infer(void *arg)
{
	const struct timespec rest = { 0, REST_NS };
	struct run *r = arg;
	struct turns turns = { .since_ns = INT64_MIN + SECOND_NS,
		.stepped_ns = clock_monotonic_ns() };

	for (unsigned n = 0; !crew_over(r->crew); n++) {
		const struct observation *o = crew_next(r->crew);

		if (o != NULL) {
			take(r, o);
			crew_release(r->crew);
		} else {
			nanosleep(&rest, NULL);
		}
		if (o == NULL || n % LOOK_AT_CLOCK == 0)
			tell_results(r, &turns);
	}
	inference_end(r->inference);
	tell_probe(r);
	tell_traffic(r);
	return NULL;
}

/* --- what it says ------------------------------------------------------------------------- */

static void
put_status(const struct run *r, struct json_writer *w, const char *event)
{
	struct worker_status s = crew_status(r->crew);
	struct live_keep_status k = live_keep_status(r->keep);

	json_object(w);
	json_put_string(w, "event", event);
	json_put_seconds(w, "t", clock_wall_ns());
	json_put_string(w, "vantage", r->vantage);
	capturing_tell(w, &s, r->opt->capture.n);
	json_put_uint(w, "rows", k.rows);
	json_put_uint(w, "unwritten_bytes", k.waiting);
	json_put_bool(w, "store_failing", k.failing);
	json_put_seconds(w, "write_s", k.took_ns);
	json_object_end(w);
}

/* For /api/v1/probes. */
static void
put_probes(void *ctx, struct json_writer *w)
{
	put_status(ctx, w, "probe");
}

/* For /metrics. */
static void
put_metrics(void *ctx, FILE *out)
{
	struct run *r = ctx;
	const struct metrics m = { PACKAGE_VERSION, r->opt->capture.name, r->opt->capture.n,
		crew_status(r->crew), live_keep_status(r->keep) };

	metrics_write(out, &m);
}

static void
publish(const struct run *r, const char *event)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct json_writer w;

	if (out == NULL)
		abort();
	w = json_writer_to(out, false);
	put_status(r, &w, event);
	fclose(out);
	http_publish(r->http, "tick", text);
	if (r->json) {
		puts(text);
		fflush(stdout);
	}
	free(text);
}

/* What the store says of the vantage as a whole. */
static void
say_all(struct run *r)
{
	struct worker_status s = crew_status(r->crew);
	struct told t;
	char *head;

	told_fill(&t, &(struct told_about){ .files = (const char *const *)r->opt->capture.name,
		.n_files = r->opt->capture.n, .counts = &s.decoded, .gaps = atomic_load(&r->gaps),
		.results = &r->nothing, .player = &r->options.player });
	pthread_mutex_lock(&r->lock);
	if (!r->opt->no_audit)
		auditing_tell(&r->auditor, &t.in);
	pthread_mutex_unlock(&r->lock);
	head = told_head(&t);
	live_keep_say(r->keep, &(struct store_said){
		.first_ns = t.in.first_ns, .last_ns = t.in.last_ns, .report = head,
		.prebuffer_ns = t.report.player->prebuffer_ns,
		.prebuffer_from = t.report.player_from });
	free(head);
}

static void
tell_start(const struct run *r)
{
	struct json_writer w = json_writer_to(stdout, false);
	char url[SERVING_URL];

	serving_url(r->http, &r->opt->serve, url);
	if (!r->json) {
		printf("%s\n", url);
		fflush(stdout);
		return;
	}
	json_object(&w);
	json_put_string(&w, "event", "start");
	json_put_string(&w, "schema", "swarmscope/1");
	json_put_seconds(&w, "t", clock_wall_ns());
	json_put_string(&w, "interface", r->opt->capture.interface);
	json_put_string(&w, "url", url);
	json_object_end(&w);
	putchar('\n');
	fflush(stdout);
}

/* --- its life ----------------------------------------------------------------------------- */

static int
start_inference(struct run *r)
{
	void *memory;

	inferring_set(&r->options, &r->opt->infer);
	r->options.hash_seed = capturing_secret();
	r->options.maps = live_keep_maps(r->keep);
	memory = huge_alloc(inference_size(&r->options));
	if (memory == NULL)
		abort();
	r->inference = inference_init(memory, &r->options, live_keep_results(r->keep));
	r->inferring = pthread_create(&r->thread, NULL, infer, r) == 0;
	return r->inferring ? 0 : command_fail(ERR_IO, "cannot start a thread");
}

static int
signals(void)
{
	sigset_t all;

	sigemptyset(&all);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGHUP);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True: it is to end. */
static bool
obey(struct run *r, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof info) != sizeof info)
		return false;
	if (info.ssi_signo != SIGHUP)
		return true;
	pthread_mutex_lock(&r->lock);
	if (!r->opt->no_audit)
		auditing_reload(&r->auditor, &r->opt->audit);
	pthread_mutex_unlock(&r->lock);
	return false;
}

/* Once a second until the end. */
static void
tend(struct run *r, int fd)
{
	int64_t now_ns = clock_monotonic_ns(), next_ns = now_ns + SECOND_NS, end_ns =
	        r->opt->duration_ns > 0 ? now_ns + r->opt->duration_ns : INT64_MAX;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned second = 0;

	while (now_ns < end_ns) {
		if (poll(&p, 1, (int)((next_ns - now_ns) / 1000000) + 1) > 0 && obey(r, fd))
			break;
		now_ns = clock_monotonic_ns();
		if (now_ns < next_ns)
			continue;
		next_ns = now_ns + SECOND_NS;
		crew_tend(r->crew, capturing_say, NULL);
		if (second++ % SAY_EVERY == 0)
			say_all(r);
		publish(r, "interval");
	}
}

static int
work(struct run *r, int fd)
{
	int rc = capturing_start(r->crew);

	if (rc == 0)
		rc = live_keep_start(r->keep);
	if (rc == 0)
		rc = start_inference(r);
	if (rc == 0)
		rc = serving_start(&r->site, &r->http);
	if (rc != 0)
		return rc;
	tell_start(r);
	tend(r, fd);
	return 0;
}

/* In the order in which what is under way flows. */
static int
finish(struct run *r)
{
	int rc;

	crew_end(r->crew);
	if (r->keep != NULL)
		live_keep_ending(r->keep);
	if (r->inferring)
		pthread_join(r->thread, NULL);
	if (r->http != NULL) {
		say_all(r);
		publish(r, "end");
	}
	http_stop(r->http);
	serving_close(&r->site);
	rc = live_keep_close(r->keep);
	if (r->inference != NULL)
		huge_free(r->inference, inference_size(&r->options));
	return rc;
}

static void
name_vantage(struct run *r)
{
	time_t now = (time_t)(clock_wall_ns() / SECOND_NS);
	char stamp[32];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
	snprintf(r->vantage, sizeof r->vantage, "live:%.32s:%s", r->opt->capture.interface, stamp);
}

static int
run(struct run *r)
{
	const struct live_keep_options keep = { .url = r->opt->store, .vantage = r->vantage,
		.clear_addresses = r->opt->clear_addresses,
		.sessions_ns = r->opt->sessions_ns, .maps_ns = r->opt->maps_ns };
	const struct serving_live live = { put_probes, put_metrics, METRICS_TYPE, r };
	int fd = signals(), rc, ended;

	if (fd < 0)
		return command_fail(ERR_IO, "cannot wait for signals: %s", strerror(errno));
	pthread_mutex_init(&r->lock, NULL);
	name_vantage(r);
	collect_init(&r->nothing);
	collect_finish(&r->nothing);
	rc = live_keep_open(&keep, &r->keep);
	if (rc == 0)
		rc = serving_open(&r->site, &r->opt->serve, r->opt->store, &live);
	if (rc == 0)
		rc = work(r, fd);
	ended = finish(r);
	collect_fini(&r->nothing);
	close(fd);
	return rc != 0 ? rc : ended;
}

/* Before the command line is read: what is not said there may be in the file. */
static int
configure(const struct command_row *row, int argc, char **argv)
{
	const char *path = config_file_find(argc, argv);
	struct config_file f;
	int rc;

	if (path == NULL)
		return 0;
	rc = config_file_read(&f, path);
	if (rc == 0)
		config_file_apply(&f);
	else
		options_complain(row, "%s", f.why);
	config_file_free(&f);
	return rc == 0 ? 0 : err_exit_status(rc);
}

static int
run_with(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct run_command opt = { .store = NULL };
	struct run *r = calloc(1, sizeof *r);
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (r == NULL)
		abort();
	if (rc != 0) {
		free(r);
		return rc - 1;
	}
	r->opt = &opt;
	r->json = global.json;
	/* What the command line's reader takes for --config was not looked for, as --conf. */
	if (opt.config != NULL && config_file_find(argc, argv) == NULL)
		rc = err_exit_status(options_complain(row, "write --config in full"));
	if (rc == 0)
		rc = serving_read(row, &opt.serve);
	if (rc == 0 && !opt.no_audit)
		rc = auditing_open(&r->auditor, &opt.audit);
	if (rc == 0)
		rc = capturing_open(row, &opt.capture, opt.no_audit ? NULL : &r->auditor.account,
		                    &r->crew);
	if (rc == 0)
		rc = run(r);
	auditing_close(&r->auditor);
	crew_free(r->crew);
	free(r);
	free(args);
	return rc;
}

int
cmd_run(const struct command_row *row, int argc, char **argv)
{
	int rc = configure(row, argc, argv);

	return rc != 0 ? rc : run_with(row, argc, argv);
}
