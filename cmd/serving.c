/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cmd/serving.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "cmd/commands.h"
#include "cmd/told.h"

#define PORTS_SEARCHED 100u
#define CONNECTIONS 10240u /* at a time, 10 KB each; more wait */
#define OTHER_FILES 64u
#define TIMEOUT_S 10u

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

int
serving_read(const struct command_row *row, struct serving *opt)
{
	if (wait_split(opt->listen, opt->address, &opt->port))
		return 0;
	return err_exit_status(options_complain(row, "'%s' is no ADDR:PORT (write 127.0.0.1:8480)",
	                                        opt->listen));
}

int
serving_open(struct serving_site *s, const struct serving *opt, const char *store,
             const struct serving_live *live)
{
	struct store_options o = { .url = store, .protocol_name = told_protocol };
	const char *slash = strrchr(store, '/'), *name = slash != NULL ? slash + 1 : store;
	int rc;

	s->site = (struct site){ .version = PACKAGE_VERSION, .name = name };
	if (live != NULL) {
		s->site.probes = live->probes;
		s->site.metrics = live->metrics;
		s->site.metrics_type = live->metrics_type;
		s->site.ctx = live->ctx;
	}
	s->http = (struct http_options){ .address = opt->address, .port = opt->port,
		.ports = opt->search ? PORTS_SEARCHED : 1, .connections = connections(),
		.timeout_s = TIMEOUT_S, .handler = site_answer, .state = site_state,
		.stream = live != NULL ? SITE_STREAM : NULL, .ctx = &s->site };
	rc = store_open(&o, &s->site.store);
	if (rc == 0) {
		s->site.views = views_new(s->site.store);
		rc = views_refresh(s->site.views);
	}
	return rc == 0 ? 0 : command_fail(rc, "%s", store_why(s->site.store));
}

int
serving_start(struct serving_site *s, struct http **h)
{
	char why[HTTP_WHY];
	int rc = http_start(&s->http, h, why);

	return rc == 0 ? 0 : command_fail(rc, "%s", why);
}

void
serving_close(struct serving_site *s)
{
	views_free(s->site.views);
	store_close(s->site.store);
}

void
serving_url(const struct http *h, const struct serving *opt, char url[SERVING_URL])
{
	snprintf(url, SERVING_URL, strchr(opt->address, ':') ? "http://[%s]:%u/" : "http://%s:%u/",
	         opt->address, http_port(h));
}
