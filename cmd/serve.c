/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "cmd/commands.h"
#include "cmd/serving.h"

struct serve {
	struct serving serve;
	const char *store;
	int64_t duration_ns;
};

const struct option_row serve_options[] = {
	{ .name = "store", .type = OPTION_STRING, .arg = "URL", .group = "Database",
	  .text = "the database to show, as sqlite:PATH; what others write appears at once",
	  .offset = offsetof(struct serve, store) },
	SERVING_ROWS(struct serve),
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Server", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct serve, duration_ns) },
	{ .name = NULL },
};

static int
serve(const struct serve *opt)
{
	struct serving_site site;
	struct http *h = NULL;
	char url[SERVING_URL];
	int rc;

	wait_begin();
	rc = serving_open(&site, &opt->serve, opt->store, NULL);
	if (rc == 0)
		rc = serving_start(&site, &h);
	if (rc == 0) {
		serving_url(h, &opt->serve, url);
		puts(url);
		fflush(stdout);
		log_say(LOG_INFO, "serving %s; end with Ctrl-C", site.site.name);
		rc = wait_for_end(opt->duration_ns);
	}
	http_stop(h);
	serving_close(&site);
	return rc;
}

int
cmd_serve(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct serve opt = { .store = NULL };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	if (opt.store == NULL)
		rc = err_exit_status(options_complain(row,
		                                      "no --store (write --store sqlite:PATH)"));
	if (rc == 0)
		rc = serving_read(row, &opt.serve);
	if (rc == 0)
		rc = serve(&opt);
	free(args);
	return rc;
}
