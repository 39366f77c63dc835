/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/outfile.h"
#include "cmd/commands.h"
#include "cmd/find_channel.h"
#include "cmd/truth_line.h"
#include "peer/signer_ed25519.h"
#include "swarm/station.h"

struct peer_command {
	const char *listen, *player, *server, *file, *truth;
	int64_t upload, duration_ns, prebuffer_ns, wait_ns;
	int transport, policy;
	bool no_player;
};

static const char *const transports[] = { "udp", "tcp", NULL };
static const char *const policies[] = { "skip", "freeze", NULL };

const struct option_row peer_options[] = {
	{ .name = "channel-server", .type = OPTION_STRING, .arg = "URL",
	  .preset = "http://127.0.0.1:8470", .group = "Channel", .text = "who knows the channel",
	  .offset = offsetof(struct peer_command, server) },
	{ .name = "channel-file", .type = OPTION_STRING, .arg = "FILE", .group = "Channel",
	  .text = "the channel as JSON, instead of asking a server",
	  .offset = offsetof(struct peer_command, file) },
	{ .name = "wait", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 3600,
	  .preset = "0", .group = "Channel",
	  .text = "ask again for so long while the server or the channel is not there",
	  .offset = offsetof(struct peer_command, wait_ns) },
	{ .name = "listen", .type = OPTION_STRING, .arg = "ADDR:PORT", .preset = "127.0.0.1:7001",
	  .group = "Swarm", .text = "its own address, as others can reach it",
	  .offset = offsetof(struct peer_command, listen) },
	{ .name = "upload", .type = OPTION_RATE, .arg = "RATE", .min = 10000, .max = 1e10,
	  .preset = "1Mbit/s", .group = "Swarm", .text = "what it sends to others at most",
	  .offset = offsetof(struct peer_command, upload) },
	{ .name = "transport", .type = OPTION_ENUM, .arg = "WHICH", .values = transports,
	  .preset = "udp", .group = "Swarm", .text = "between peers, the same for all of them",
	  .offset = offsetof(struct peer_command, transport) },
	{ .name = "player", .type = OPTION_STRING, .arg = "ADDR:PORT", .group = "Playing",
	  .text = "where players read /live.ts and /live.m3u8 [the address of --listen, port 8000]",
	  .offset = offsetof(struct peer_command, player) },
	{ .name = "no-player", .type = OPTION_FLAG, .group = "Playing",
	  .text = "no port for players", .offset = offsetof(struct peer_command, no_player) },
	{ .name = "prebuffer", .type = OPTION_DURATION, .arg = "TIME", .min = 0.1, .max = 20,
	  .preset = "1s", .group = "Playing", .text = "of media in a row before it plays",
	  .offset = offsetof(struct peer_command, prebuffer_ns) },
	{ .name = "policy", .type = OPTION_ENUM, .arg = "WHICH", .values = policies,
	  .preset = "skip", .group = "Playing", .text = "at a chunk that is not there",
	  .offset = offsetof(struct peer_command, policy) },
	{ .name = "truth", .type = OPTION_STRING, .arg = "FILE", .group = "Run",
	  .text = "write what its viewer lives through, for 'swarmscope score'",
	  .offset = offsetof(struct peer_command, truth) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Run", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct peer_command, duration_ns) },
	{ .name = NULL },
};

struct peer {
	const struct peer_command *opt;
	struct channel_entry channel;
	struct signer_ed25519 signer;
	struct endpoint self, player;
	struct outfile *truth;
};

static void
put_truth(void *ctx, const struct truth_event *ev)
{
	struct peer *p = ctx;
	struct truth_event told = *ev;

	told.behind_ns = INT64_MIN; /* it does not know when the source had it */
	truth_line(outfile_stream(p->truth), &p->self, 0, &told);
	fflush(outfile_stream(p->truth));
}

/* --- what it says ------------------------------------------------------------------------- */

static void
put_player(struct json_writer *w, const struct peer *p)
{
	char at[ENDPOINT_TEXT_MAX], text[ENDPOINT_TEXT_MAX + CHANNELS_NAME + 16];

	if (endpoint_is_none(&p->player)) {
		json_put_null(w, "player");
		return;
	}
	endpoint_format(&p->player, at);
	snprintf(text, sizeof text, "http://%s/%s.ts", at, p->channel.name);
	json_put_string(w, "player", text);
}

static void
tell_begin(const struct peer *p)
{
	struct json_writer w = json_writer_to(stdout, false);

	json_object(&w);
	json_put_string(&w, "event", "start");
	json_put_string(&w, "schema", "swarmscope/1");
	json_put_string(&w, "what", "peer");
	json_put_uint(&w, "pid", (uint64_t)getpid());
	json_put_string(&w, "listen", p->opt->listen);
	json_put_string(&w, "channel", p->channel.name);
	put_player(&w, p);
	json_object_end(&w);
	putchar('\n');
	fflush(stdout);
}

static void
tell_end(const struct station *s)
{
	struct station_counts c = station_counts(s);
	struct json_writer w = json_writer_to(stdout, false);
	double all = (double)(c.player.played + c.player.skipped);

	json_object(&w);
	json_put_string(&w, "event", "end");
	json_put_number(&w, "startup_s", c.startup_s, 3);
	json_put_uint(&w, "played", c.player.played);
	json_put_uint(&w, "missed", c.player.skipped);
	json_put_uint(&w, "stalls", c.player.stalls);
	json_put_number(&w, "stalled_s", (double)c.player.stalled_ns / 1e9, 3);
	json_put_number(&w, "continuity_index",
	                all > 0 ? (double)c.player.played / all : (double)NAN, 6);
	json_put_uint(&w, "chunks_in", c.engine.chunks_in);
	json_put_uint(&w, "chunks_out", c.engine.chunks_out);
	json_put_uint(&w, "polluted", c.engine.dropped[ENGINE_POLLUTED]);
	json_put_uint(&w, "unsent", c.unsent);
	json_put_uint(&w, "garbage", c.garbage);
	json_object_end(&w);
	putchar('\n');
}

/* --- running ------------------------------------------------------------------------------ */

static int
find(struct peer *p, const char *name, char why[FIND_WHY])
{
	return p->opt->file != NULL ? find_channel_file(p->opt->file, &p->channel, why) :
	                              find_channel(p->opt->server, name, &p->channel, why);
}

static int
look_up(struct peer *p, const char *name)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	int64_t until = clock_monotonic_ns() + p->opt->wait_ns;
	char why[FIND_WHY];
	int err = find(p, name, why);

	while (err != 0 && clock_monotonic_ns() < until) {
		nanosleep(&pause, NULL);
		err = find(p, name, why);
	}
	if (err != 0)
		return command_fail(err, "%s", why);
	signer_ed25519_public(&p->signer, p->channel.key);
	return 0;
}

static int
make_addresses(struct peer *p)
{
	if (!endpoint_parse(p->opt->listen, &p->self) || p->self.port == 0)
		return command_fail(ERR_USAGE, "--listen %s is no ADDR:PORT", p->opt->listen);
	p->player = p->self;
	p->player.port = PORT_NUMBER;
	if (p->opt->no_player)
		p->player = (struct endpoint){ .port = 0 };
	else if (p->opt->player != NULL &&
	         (!endpoint_parse(p->opt->player, &p->player) || p->player.port == 0))
		return command_fail(ERR_USAGE, "--player %s is no ADDR:PORT", p->opt->player);
	return 0;
}

static void
make_options(struct peer *p, struct station_options *s)
{
	struct engine_options *e = &s->node.engine;
	int64_t chunk_ns = p->channel.channel.chunk_ns;

	engine_defaults(e);
	e->channel = p->channel.channel;
	engine_scale(e);
	e->self = p->self;
	e->signer = &p->signer.signer;
	e->up_kbps = (uint32_t)(p->opt->upload / 1000);
	e->player.prebuffer_chunks = (uint32_t)((p->opt->prebuffer_ns + chunk_ns - 1) / chunk_ns);
	e->player.policy = (enum player_policy)p->opt->policy;
	if (getentropy(&e->peer_id, sizeof e->peer_id) != 0 ||
	    getentropy(&e->seed, sizeof e->seed) != 0)
		abort();
	e->peer_id |= 1;
	s->node.wire = (enum wire_kind)p->opt->transport;
	s->node.channel = p->channel.name;
	s->node.player = p->player;
	s->node.truth = p->truth != NULL ? put_truth : NULL;
	s->node.ctx = p;
	s->duration_ns = p->opt->duration_ns;
}

static int
watch(struct peer *p)
{
	struct station_options s = { .source = NULL };
	struct station *station;
	char why[STATION_WHY];
	int rc;

	make_options(p, &s);
	rc = station_open(&s, &station, why);
	if (rc == 0) {
		tell_begin(p);
		station_run(station);
		tell_end(station);
	} else {
		rc = command_fail(rc, "%s", why);
	}
	station_close(station);
	return rc;
}

static int
run(struct peer *p, const char *name)
{
	int rc = make_addresses(p);

	if (rc == 0)
		rc = look_up(p, name);
	if (rc == 0 && p->opt->truth != NULL && outfile_open(p->opt->truth, &p->truth) != 0)
		rc = command_fail(ERR_IO, "cannot write %s: %s", p->opt->truth, strerror(errno));
	if (rc == 0)
		rc = watch(p);
	if (rc != 0)
		outfile_abandon(p->truth);
	else if (p->truth != NULL && outfile_commit(p->truth) != 0)
		rc = command_fail(ERR_IO, "cannot write %s: %s (free some space)", p->opt->truth,
		                  strerror(errno));
	return rc;
}

int
cmd_peer(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct peer_command opt = { 0 };
	struct peer p = { .opt = &opt };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	rc = run(&p, args[0]);
	free(args);
	return rc;
}
