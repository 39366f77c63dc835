/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "cmd/channel_json.h"
#include "cmd/commands.h"
#include "cmd/find_channel.h"
#include "cmd/keys.h"
#include "cmd/token.h"
#include "cmd/wait.h"
#include "net/fetch.h"
#include "peer/signer_ed25519.h"
#include "swarm/station.h"

#define PUBLISH_S 20
#define ADMIN_BODY 256u
#define ADMIN_CONNECTIONS 16u
#define ADMIN_TIMEOUT_S 10u

struct origin_command {
	const char *listen, *tracker, *server, *token_file, *source, *key, *admin;
	int64_t bitrate, chunk_ns, upload, partners, duration_ns;
	int transport;
};

static const char *const transports[] = { "udp", "tcp", NULL };

const struct option_row origin_options[] = {
	{ .name = "source", .type = OPTION_STRING, .arg = "FROM", .group = "Stream",
	  .text = "MPEG-TS to stream: a file, - for standard input, udp://ADDRESS:PORT, or "
	          "http://...; else a stream of empty packets is made",
	  .offset = offsetof(struct origin_command, source) },
	{ .name = "bitrate", .type = OPTION_RATE, .arg = "RATE", .min = 10000, .max = 1900000,
	  .preset = "300kbit/s", .group = "Stream", .text = "the stream's rate, as it is told",
	  .offset = offsetof(struct origin_command, bitrate) },
	{ .name = "chunk", .type = OPTION_DURATION, .arg = "TIME", .min = 0.1, .max = 2,
	  .preset = "250ms", .group = "Stream", .text = "duration of a chunk",
	  .offset = offsetof(struct origin_command, chunk_ns) },
	{ .name = "key", .type = OPTION_STRING, .arg = "FILE", .group = "Stream",
	  .text = "key that signs the chunks, from keygen; else a new one each time",
	  .offset = offsetof(struct origin_command, key) },
	{ .name = "listen", .type = OPTION_STRING, .arg = "ADDR:PORT", .preset = "127.0.0.1:7000",
	  .group = "Swarm", .text = "its own address, as others can reach it",
	  .offset = offsetof(struct origin_command, listen) },
	{ .name = "tracker", .type = OPTION_STRING, .arg = "ADDR:PORT",
	  .preset = "127.0.0.1:6900", .group = "Swarm", .text = "the rendezvous server",
	  .offset = offsetof(struct origin_command, tracker) },
	{ .name = "channel-server", .type = OPTION_STRING, .arg = "URL", .group = "Swarm",
	  .text = "publish the channel there, again every 20 s",
	  .offset = offsetof(struct origin_command, server) },
	{ .name = "token-file", .type = OPTION_STRING, .arg = "FILE", .group = "Swarm",
	  .text = "token of the channel server, and of --admin",
	  .offset = offsetof(struct origin_command, token_file) },
	{ .name = "upload", .type = OPTION_RATE, .arg = "RATE", .min = 10000, .max = 1e10,
	  .preset = "4Mbit/s", .group = "Swarm", .text = "what it sends at most",
	  .offset = offsetof(struct origin_command, upload) },
	{ .name = "partners", .type = OPTION_INT, .arg = "N", .min = 1, .max = ENGINE_PARTNERS,
	  .preset = "16", .group = "Swarm", .text = "partners at most",
	  .offset = offsetof(struct origin_command, partners) },
	{ .name = "transport", .type = OPTION_ENUM, .arg = "WHICH", .values = transports,
	  .preset = "udp", .group = "Swarm", .text = "between peers, the same for all of them",
	  .offset = offsetof(struct origin_command, transport) },
	{ .name = "admin", .type = OPTION_STRING, .arg = "ADDR:PORT", .group = "Run",
	  .text = "GET and PUT /capacity there: {\"upload_kbps\": N}",
	  .offset = offsetof(struct origin_command, admin) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Run", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct origin_command, duration_ns) },
	{ .name = NULL },
};

struct origin {
	const struct origin_command *opt;
	struct station *station;
	struct channel_entry channel;
	struct signer_ed25519 signer;
	char token[TOKEN_MOST];
	int64_t upload_kbps; /* as the admin was told last; the server's thread alone */
	pthread_mutex_t lock;
	pthread_cond_t ends;
	bool ending;         /* under the lock */
};

/* --- publishing --------------------------------------------------------------------------- */

static const char *
token_of(const struct origin *o)
{
	return o->token[0] != '\0' ? o->token : NULL;
}

static void
publish_once(struct origin *o, bool gone, bool *told)
{
	char why[FIND_WHY];
	int err = tell_channel(o->opt->server, token_of(o), &o->channel, gone, why);

	if (err != 0 && *told)
		log_say(LOG_WARNING, "cannot publish: %s (trying again)", why);
	*told = err == 0;
}

/* A server that comes late, or comes back, is told soon. */
static void *
publish(void *ctx)
{
	struct origin *o = ctx;
	struct timespec until;
	bool told = true;

	pthread_mutex_lock(&o->lock);
	while (!o->ending) {
		pthread_mutex_unlock(&o->lock);
		publish_once(o, false, &told);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += told ? PUBLISH_S : 1;
		pthread_mutex_lock(&o->lock);
		if (!o->ending)
			pthread_cond_timedwait(&o->ends, &o->lock, &until);
	}
	pthread_mutex_unlock(&o->lock);
	publish_once(o, true, &told);
	return NULL;
}

static bool
start_thread(pthread_t *thread, void *(*run)(void *), void *ctx)
{
	sigset_t all, before;
	int err;

	sigfillset(&all); /* signals are the loop's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(thread, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err == 0;
}

/* --- the admin's port --------------------------------------------------------------------- */

static bool
read_capacity(const char *body, int64_t *kbps)
{
	struct json_reader r = json_reader_over(body, strlen(body));
	bool found = false;

	if (json_next(&r) != JSON_OBJECT)
		return false;
	while (json_next(&r) == JSON_KEY) {
		if (!json_is(&r, "upload_kbps")) {
			if (!json_skip(&r))
				return false;
			continue;
		}
		if (json_next(&r) != JSON_NUMBER || !json_int64(&r, kbps))
			return false;
		found = *kbps >= 10 && *kbps <= 10000000;
	}
	return found && r.last == JSON_OBJECT_END;
}

static void
on_admin(void *ctx, const struct http_request *q, struct http_answer *a)
{
	struct origin *o = ctx;
	bool writes = strcmp(q->method, "PUT") == 0;
	char *text = malloc(128);
	int64_t kbps;

	if (text == NULL)
		abort();
	*a = (struct http_answer){ .status = 200, .type = "application/json", .body = text,
		.owned = true };
	if (strcmp(q->path, "/capacity") != 0) {
		a->status = 404;
		snprintf(text, 128, "{\"detail\":\"GET or PUT /capacity\"}");
	} else if (token_of(o) != NULL ? q->token == NULL || !token_same(o->token, q->token) :
	                                 !q->own) {
		a->status = 403;
		snprintf(text, 128, "{\"detail\":\"needs the token\"}");
	} else if (writes && !read_capacity(q->body, &kbps)) {
		a->status = 400;
		snprintf(text, 128, "{\"detail\":\"send {\\\"upload_kbps\\\": 10 to 10000000}\"}");
	} else {
		if (writes) {
			o->upload_kbps = kbps;
			station_upload(o->station, (uint32_t)kbps);
			log_say(LOG_INFO, "upload is %" PRId64 " kbit/s now", kbps);
		}
		snprintf(text, 128, "{\"upload_kbps\":%" PRId64 "}", o->upload_kbps);
	}
	a->len = strlen(text);
}

static int
start_admin(struct origin *o, struct http **h)
{
	char address[WAIT_ADDRESS], why[HTTP_WHY];
	struct http_options http = { .address = address, .ports = 1,
		.connections = ADMIN_CONNECTIONS, .timeout_s = ADMIN_TIMEOUT_S,
		.body_most = ADMIN_BODY, .handler = on_admin, .ctx = o };
	int rc;

	if (o->opt->admin == NULL)
		return 0;
	if (!wait_split(o->opt->admin, address, &http.port))
		return command_fail(ERR_USAGE, "--admin %s is no ADDR:PORT", o->opt->admin);
	rc = http_start(&http, h, why);
	return rc == 0 ? 0 : command_fail(rc, "%s", why);
}

/* --- what it says ------------------------------------------------------------------------- */

static void
tell_begin(const struct origin *o)
{
	struct json_writer w = json_writer_to(stdout, false);

	json_object(&w);
	json_put_string(&w, "event", "start");
	json_put_string(&w, "schema", "swarmscope/1");
	json_put_string(&w, "what", "origin");
	json_put_uint(&w, "pid", (uint64_t)getpid());
	json_put_string(&w, "listen", o->opt->listen);
	json_key(&w, "channel");
	channel_json_write(&w, &o->channel);
	json_object_end(&w);
	putchar('\n');
	fflush(stdout);
}

static void
tell_end(const struct origin *o)
{
	struct station_counts c = station_counts(o->station);
	struct json_writer w = json_writer_to(stdout, false);

	json_object(&w);
	json_put_string(&w, "event", "end");
	json_put_uint(&w, "chunks", c.pieces);
	json_put_uint(&w, "chunks_out", c.engine.chunks_out);
	json_put_uint(&w, "refused", c.engine.refused);
	json_put_uint(&w, "unsent", c.unsent);
	json_put_uint(&w, "garbage", c.garbage);
	json_object_end(&w);
	putchar('\n');
}

/* --- running ------------------------------------------------------------------------------ */

/* Known by its key and name, so that it is the same channel after a restart. */
static int
make_channel(struct origin *o, const char *name)
{
	struct channel_entry *e = &o->channel;
	uint8_t seed[SIGN_SEED];
	char *text;
	int rc = keys_read(o->opt->key, seed);

	if (rc != 0)
		return rc;
	signer_ed25519(&o->signer, seed);
	memcpy(e->key, o->signer.keys.public, sizeof e->key);
	snprintf(e->name, sizeof e->name, "%s", name);
	e->channel.id = hash_bytes(name, strlen(name), hash_bytes(e->key, sizeof e->key, 0)) | 1;
	e->channel.chunk_ns = o->opt->chunk_ns;
	e->channel.bitrate_kbps = (uint32_t)(o->opt->bitrate / 1000);
	e->n_trackers = 1;
	if (!endpoint_parse(o->opt->tracker, &e->trackers[0]) || e->trackers[0].port == 0)
		return command_fail(ERR_USAGE, "--tracker %s is no ADDR:PORT", o->opt->tracker);
	text = channel_json_text(e);
	if (channel_json_read(text, strlen(text), e) != NULL || strlen(name) >= CHANNELS_NAME)
		rc = command_fail(ERR_USAGE, "'%s' is no name of a channel (use letters, digits, "
		                             "- _ .)", name);
	free(text);
	return rc;
}

/* What a URL sends comes in by standard input. */
static int
begin_source(struct station_options *s, const char *from)
{
	int ends[2];

	s->source = from;
	if (from == NULL || (strncmp(from, "http://", 7) != 0 && strncmp(from, "https://", 8) != 0))
		return 0;
	if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0 || !fetch_stream(from, ends[1]))
		return command_fail(ERR_IO, "cannot read %s: %s", from, strerror(errno));
	close(ends[0]);
	s->source = "-";
	return 0;
}

static int
make_options(struct origin *o, struct station_options *s)
{
	struct engine_options *e = &s->node.engine;

	engine_defaults(e);
	e->channel = o->channel.channel;
	engine_scale(e);
	e->signer = &o->signer.signer;
	e->source = true;
	e->up_kbps = (uint32_t)(o->opt->upload / 1000);
	e->partners = e->max_partners = (uint32_t)o->opt->partners;
	if (!endpoint_parse(o->opt->listen, &e->self) || e->self.port == 0)
		return command_fail(ERR_USAGE, "--listen %s is no ADDR:PORT", o->opt->listen);
	if (getentropy(&e->peer_id, sizeof e->peer_id) != 0 ||
	    getentropy(&e->seed, sizeof e->seed) != 0)
		abort();
	s->node.wire = (enum wire_kind)o->opt->transport;
	s->node.channel = o->channel.name;
	s->duration_ns = o->opt->duration_ns;
	/* Numbers go on after a restart. */
	s->first_chunk = (uint64_t)(clock_wall_ns() / o->opt->chunk_ns);
	return begin_source(s, o->opt->source);
}

static int
stream(struct origin *o)
{
	struct http *h = NULL;
	pthread_t publisher;
	bool publishes = false;
	int rc = start_admin(o, &h);

	if (rc == 0 && o->opt->server != NULL)
		publishes = start_thread(&publisher, publish, o);
	if (rc == 0) {
		tell_begin(o);
		station_run(o->station);
		tell_end(o);
	}
	pthread_mutex_lock(&o->lock);
	o->ending = true;
	pthread_cond_signal(&o->ends);
	pthread_mutex_unlock(&o->lock);
	if (publishes)
		pthread_join(publisher, NULL);
	http_stop(h);
	return rc;
}

static int
run(struct origin *o, const char *name)
{
	struct station_options s = { .source = NULL };
	char why[STATION_WHY];
	int rc = make_channel(o, name);

	if (rc == 0)
		rc = token_read(o->opt->token_file, o->token);
	if (rc == 0)
		rc = make_options(o, &s);
	if (rc != 0)
		return rc;
	rc = station_open(&s, &o->station, why);
	rc = rc == 0 ? stream(o) : command_fail(rc, "%s", why);
	station_close(o->station);
	return rc;
}

int
cmd_origin(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct origin_command opt = { 0 };
	struct origin o = { .opt = &opt, .lock = PTHREAD_MUTEX_INITIALIZER,
		.ends = PTHREAD_COND_INITIALIZER };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	o.upload_kbps = opt.upload / 1000;
	rc = run(&o, args[0]);
	free(args);
	return rc;
}
