/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "swarm/rendezvous.h"

struct rendezvous_command {
	const char *listen;
	int64_t lease_ns, report_ns, duration_ns, peers, seed;
	bool near;
};

const struct option_row rendezvous_options_rows[] = {
	{ .name = "listen", .type = OPTION_STRING, .arg = "ADDR:PORT", .preset = "127.0.0.1:6900",
	  .group = "Server", .text = "where to listen, over UDP",
	  .offset = offsetof(struct rendezvous_command, listen) },
	{ .name = "lease", .type = OPTION_DURATION, .arg = "TIME", .min = 2, .max = 3600,
	  .preset = "60s", .group = "Server",
	  .text = "who does not register again within so long has gone",
	  .offset = offsetof(struct rendezvous_command, lease_ns) },
	{ .name = "near", .type = OPTION_FLAG, .group = "Server",
	  .text = "tell up to half peers of the asker's own network (/16, in IPv6 /32)",
	  .offset = offsetof(struct rendezvous_command, near) },
	{ .name = "most", .type = OPTION_INT, .arg = "N", .min = 1, .max = RENDEZVOUS_PEERS,
	  .preset = "20000", .group = "Server", .text = "peers that are registered at once",
	  .offset = offsetof(struct rendezvous_command, peers) },
	{ .name = "report", .type = OPTION_DURATION, .arg = "TIME", .min = 0.1, .max = 86400,
	  .preset = "10s", .group = "Run", .text = "time between two lines of statistics",
	  .offset = offsetof(struct rendezvous_command, report_ns) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Run", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct rendezvous_command, duration_ns) },
	{ .name = "seed", .type = OPTION_INT, .arg = "N", .min = 0, .max = 9e15, .preset = "1",
	  .group = "Run", .text = "draws who is told of whom",
	  .offset = offsetof(struct rendezvous_command, seed) },
	{ .name = NULL },
};

/* Channels in the order in which they are met: their ids, n of them. */
static uint32_t
list_channels(const struct tracker *t, uint64_t ids[RENDEZVOUS_CHANNELS])
{
	uint32_t n = 0, k;

	for (uint32_t i = 0; i < t->n && n < RENDEZVOUS_CHANNELS; i++) {
		for (k = 0; k < n && ids[k] != t->list[i].channel;)
			k++;
		if (k == n)
			ids[n++] = t->list[i].channel;
	}
	return n;
}

static void
put_channels(struct json_writer *w, const struct tracker *t, int64_t now)
{
	uint64_t ids[RENDEZVOUS_CHANNELS];
	uint32_t n = list_channels(t, ids);
	char text[32];

	json_key(w, "channels");
	json_array(w);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(text, sizeof text, "mesh:%016" PRIx64, ids[i]);
		json_object(w);
		json_put_string(w, "channel", text);
		json_put_uint(w, "peers", tracker_peers(t, ids[i], now));
		json_object_end(w);
	}
	json_array_end(w);
}

static void
report(void *ctx, const struct tracker *t, int64_t now)
{
	struct json_writer w = json_writer_to(stdout, false);
	uint64_t told = t->told_near + t->told_far;

	(void)ctx;
	json_object(&w);
	json_put_string(&w, "event", "interval");
	json_put_seconds(&w, "t", now);
	put_channels(&w, t, now);
	json_put_uint(&w, "registered", t->registered);
	json_put_uint(&w, "left", t->left);
	json_put_uint(&w, "expired", t->expired);
	json_put_uint(&w, "evicted", t->evicted);
	json_put_uint(&w, "dropped", t->dropped);
	json_put_uint(&w, "contacts", told);
	if (told > 0)
		json_put_number(&w, "near_ratio", (double)t->told_near / (double)told, 4);
	else
		json_put_null(&w, "near_ratio");
	json_object_end(&w);
	putchar('\n');
	fflush(stdout);
}

static void
tell_begin(const char *listen)
{
	struct json_writer w = json_writer_to(stdout, false);

	json_object(&w);
	json_put_string(&w, "event", "start");
	json_put_string(&w, "schema", "swarmscope/1");
	json_put_string(&w, "what", "rendezvous");
	json_put_uint(&w, "pid", (uint64_t)getpid());
	json_put_string(&w, "tracker", listen);
	json_object_end(&w);
	putchar('\n');
	fflush(stdout);
}

static int
run(const struct rendezvous_options *o, const char *listen)
{
	struct rendezvous *r;
	int rc = rendezvous_open(o, &r);

	if (rc != 0) {
		rc = command_fail(rc, "cannot listen on %s: %s (name another with --listen)",
		                  listen, strerror(errno));
	} else {
		tell_begin(listen);
		rendezvous_run(r);
	}
	rendezvous_close(r);
	return rc;
}

int
cmd_rendezvous(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct rendezvous_command opt = { 0 };
	struct rendezvous_options o = { .report = report };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	o.peers = (uint32_t)opt.peers;
	o.lease_s = (uint16_t)(opt.lease_ns / 1000000000);
	o.near = opt.near;
	o.seed = (uint64_t)opt.seed;
	o.duration_ns = opt.duration_ns;
	o.report_ns = opt.report_ns;
	if (!endpoint_parse(opt.listen, &o.self) || o.self.port == 0)
		rc = err_exit_status(options_complain(row, "'%s' is no ADDR:PORT (write "
		                                      "192.0.2.1:6900)", opt.listen));
	else
		rc = run(&o, opt.listen);
	free(args);
	return rc;
}
