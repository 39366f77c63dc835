/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "cmd/commands.h"
#include "cmd/wait.h"
#include "dashboard/site.h"
#include "proto/proto.h"

#define PORTS_SEARCHED 100u
#define CONNECTIONS 10240u /* at a time, 10 KB each; more wait */
#define OTHER_FILES 64u
#define TIMEOUT_S 10u

struct serve {
	const char *store, *listen;
	bool search;
	int64_t duration_ns;
};

const struct option_row serve_options[] = {
	{ .name = "store", .type = OPTION_STRING, .arg = "URL", .group = "Database",
	  .text = "the database to show, as sqlite:PATH; what others write appears at once",
	  .offset = offsetof(struct serve, store) },
	{ .name = "listen", .type = OPTION_STRING, .arg = "ADDR:PORT", .preset = "127.0.0.1:8480",
	  .group = "Server",
	  .text = "where to listen; there is no sign-in, so other machines reach it only if you "
	          "name another address",
	  .offset = offsetof(struct serve, listen) },
	{ .name = "port-search", .type = OPTION_FLAG, .group = "Server",
	  .text = "take the next free port if this one is taken",
	  .offset = offsetof(struct serve, search) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Server", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct serve, duration_ns) },
	{ .name = NULL },
};

static const char *
protocol_name(unsigned id)
{
	const struct proto *p = proto_by_id(id);

	return p ? p->name : NULL;
}

/* As many connections as the system lets it have files. */
static unsigned
connections(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return OTHER_FILES;
	if (files.rlim_cur < CONNECTIONS + OTHER_FILES) {
		files.rlim_cur = files.rlim_max < CONNECTIONS + OTHER_FILES ?
		                 files.rlim_max : CONNECTIONS + OTHER_FILES;
		setrlimit(RLIMIT_NOFILE, &files);
		getrlimit(RLIMIT_NOFILE, &files);
	}
	return files.rlim_cur >= CONNECTIONS + OTHER_FILES ? CONNECTIONS :
	       files.rlim_cur > 2 * OTHER_FILES ? (unsigned)files.rlim_cur - OTHER_FILES :
	                                          OTHER_FILES;
}

static int
serve(const struct serve *opt, struct site *site, const struct http_options *http)
{
	struct http *h;
	char why[HTTP_WHY];
	int rc;

	wait_begin();
	rc = views_refresh(site->views);
	if (rc != 0)
		return command_fail(rc, "%s", store_why(site->store));
	rc = http_start(http, &h, why);
	if (rc != 0)
		return command_fail(rc, "%s", why);
	printf(strchr(http->address, ':') ? "http://[%s]:%u/\n" : "http://%s:%u/\n",
	       http->address, http_port(h));
	fflush(stdout);
	log_say(LOG_INFO, "serving %s; end with Ctrl-C", site->name);
	rc = wait_for_end(opt->duration_ns);
	http_stop(h);
	return rc;
}

static int
work(const struct serve *opt, const char *address, uint16_t port)
{
	struct store_options o = { .url = opt->store, .protocol_name = protocol_name };
	struct site site = { .version = PACKAGE_VERSION, .name = opt->store };
	struct http_options http = {
		.address = address, .port = port, .ports = opt->search ? PORTS_SEARCHED : 1,
		.connections = connections(), .timeout_s = TIMEOUT_S,
		.handler = site_answer, .state = site_state, .ctx = &site,
	};
	int rc = store_open(&o, &site.store);

	if (strrchr(opt->store, '/') != NULL)
		site.name = strrchr(opt->store, '/') + 1;
	if (rc != 0) {
		rc = command_fail(rc, "%s", store_why(site.store));
	} else {
		site.views = views_new(site.store);
		rc = serve(opt, &site, &http);
		views_free(site.views);
	}
	store_close(site.store);
	return rc;
}

int
cmd_serve(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct serve opt = { 0 };
	char **args, address[WAIT_ADDRESS];
	uint16_t port;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	if (opt.store == NULL)
		rc = err_exit_status(options_complain(row,
		                                      "no --store (write --store sqlite:PATH)"));
	else if (!wait_split(opt.listen, address, &port))
		rc = err_exit_status(options_complain(row,
		                                      "'%s' is no ADDR:PORT (write 127.0.0.1:8480)",
		                                      opt.listen));
	else
		rc = work(&opt, address, port);
	free(args);
	return rc;
}
