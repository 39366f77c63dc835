/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "cmd/channel_json.h"
#include "cmd/commands.h"
#include "cmd/json_text.h"
#include "cmd/token.h"
#include "cmd/wait.h"
#include "net/http.h"

#define CHANNELS 1024u
#define BODY_MOST 8192u
#define CONNECTIONS 512u
#define TIMEOUT_S 10u
#define PREFIX "/channels/"

struct channel_server_command {
	const char *listen, *token_file;
	int64_t lease_ns, duration_ns;
};

const struct option_row channel_server_options[] = {
	{ .name = "listen", .type = OPTION_STRING, .arg = "ADDR:PORT", .preset = "127.0.0.1:8470",
	  .group = "Server", .text = "where to listen",
	  .offset = offsetof(struct channel_server_command, listen) },
	{ .name = "token-file", .type = OPTION_STRING, .arg = "FILE", .group = "Server",
	  .text = "who has its first line as a bearer token may publish channels; without it "
	          "only this machine may",
	  .offset = offsetof(struct channel_server_command, token_file) },
	{ .name = "lease", .type = OPTION_DURATION, .arg = "TIME", .min = 5, .max = 86400,
	  .preset = "90s", .group = "Server",
	  .text = "a channel that is not published again within so long is withdrawn",
	  .offset = offsetof(struct channel_server_command, lease_ns) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 1e9,
	  .group = "Server", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct channel_server_command, duration_ns) },
	{ .name = NULL },
};

struct server {
	struct channel_list channels;
	struct channel_entry list[CHANNELS];
	struct { uint64_t id; int64_t until_ns; } lease[CHANNELS];
	uint32_t leases;
	int64_t lease_ns;
	char token[TOKEN_MOST]; /* empty: none */
};

/* --- leases ------------------------------------------------------------------------------- */

static void
renew(struct server *s, uint64_t id)
{
	uint32_t i = 0;

	while (i < s->leases && s->lease[i].id != id)
		i++;
	s->leases += i == s->leases;
	s->lease[i].id = id;
	s->lease[i].until_ns = clock_monotonic_ns() + s->lease_ns;
}

static void
expire(struct server *s)
{
	for (uint32_t i = 0; i < s->leases;) {
		bool ended = s->lease[i].until_ns < clock_monotonic_ns();

		if (!ended && channels_find(&s->channels, s->lease[i].id) != NULL) {
			i++;
			continue;
		}
		channels_withdraw(&s->channels, s->lease[i].id);
		s->lease[i] = s->lease[--s->leases];
	}
}

/* --- answers ------------------------------------------------------------------------------ */

static void
give(struct http_answer *a, unsigned status, const char *type, char *text)
{
	*a = (struct http_answer){ .status = status, .type = type, .body = text,
		.len = strlen(text), .owned = true };
}

static void
problem(struct http_answer *a, unsigned status, const char *title, const char *detail)
{
	struct json_text t;

	json_text_begin(&t);
	json_object(&t.w);
	json_put_string(&t.w, "type", "about:blank");
	json_put_string(&t.w, "title", title);
	json_put_uint(&t.w, "status", status);
	json_put_string(&t.w, "detail", detail);
	json_object_end(&t.w);
	give(a, status, "application/problem+json", json_text_end(&t));
}

static void
answer_list(const struct server *s, struct http_answer *a)
{
	struct json_text t;

	json_text_begin(&t);
	json_object(&t.w);
	json_put_uint(&t.w, "version", s->channels.version);
	json_key(&t.w, "channels");
	json_array(&t.w);
	for (uint32_t i = 0; i < s->channels.n; i++)
		channel_json_write(&t.w, &s->channels.list[i]);
	json_array_end(&t.w);
	json_object_end(&t.w);
	give(a, 200, "application/json", json_text_end(&t));
}

static void
publish(struct server *s, const char *name, const char *body, struct http_answer *a)
{
	struct channel_entry e;
	const char *wrong = channel_json_read(body, strlen(body), &e);

	if (wrong == NULL && strcmp(name, e.name) != 0)
		wrong = "the name in the body is not the one in the address";
	if (wrong != NULL) {
		problem(a, 400, "No channel", wrong);
		return;
	}
	switch (channels_publish(&s->channels, &e)) {
	case CHANNELS_ADDED:
	case CHANNELS_REPLACED:
		renew(s, e.channel.id);
		give(a, 200, "application/json", channel_json_text(&e));
		return;
	case CHANNELS_FULL:
		problem(a, 503, "Full", "there are as many channels as this server takes");
		return;
	case CHANNELS_TAKEN:
		problem(a, 409, "Taken", "another channel has this name");
		return;
	case CHANNELS_UNSOUND:
		break;
	}
	problem(a, 400, "No channel", "its fields cannot be");
}

static bool
may_publish(const struct server *s, const struct http_request *q)
{
	return s->token[0] != '\0' ? q->token != NULL && token_same(s->token, q->token) : q->own;
}

static void
change(struct server *s, const struct http_request *q, const char *name, struct http_answer *a)
{
	const struct channel_entry *e = channels_named(&s->channels, name);

	if (!may_publish(s, q))
		problem(a, 403, "Not allowed", "publishing needs the server's token, or a server "
		                               "without one and its own machine");
	else if (strcmp(q->method, "PUT") == 0)
		publish(s, name, q->body, a);
	else if (e == NULL)
		problem(a, 404, "No such channel", name);
	else if (channels_withdraw(&s->channels, e->channel.id))
		answer_list(s, a);
}

static void
answer(void *ctx, const struct http_request *q, struct http_answer *a)
{
	struct server *s = ctx;
	bool one = strncmp(q->path, PREFIX, strlen(PREFIX)) == 0;
	const char *name = one ? q->path + strlen(PREFIX) : "";
	const struct channel_entry *e;

	expire(s);
	e = channels_named(&s->channels, name);
	if (one && strcmp(q->method, "GET") != 0)
		change(s, q, name, a);
	else if (strcmp(q->method, "GET") != 0)
		problem(a, 405, "Method not allowed", "publish with PUT /channels/NAME");
	else if (one && e != NULL)
		give(a, 200, "application/json", channel_json_text(e));
	else if (strcmp(q->path, "/channels") == 0)
		answer_list(s, a);
	else
		problem(a, 404, "Not found", "channels are at /channels and /channels/NAME");
}

int
cmd_channel_server(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct channel_server_command opt = { 0 };
	struct server *s = calloc(1, sizeof *s);
	struct http_options http = { .ports = 1, .connections = CONNECTIONS,
		.timeout_s = TIMEOUT_S, .body_most = BODY_MOST, .handler = answer, .ctx = s };
	char **args, address[WAIT_ADDRESS];
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (s == NULL)
		abort();
	if (rc != 0) {
		free(s);
		return rc - 1;
	}
	s->channels = (struct channel_list){ .list = s->list, .max = CHANNELS };
	s->lease_ns = opt.lease_ns;
	http.address = address;
	if (!wait_split(opt.listen, address, &http.port))
		rc = err_exit_status(options_complain(row, "'%s' is no ADDR:PORT (write "
		                                      "127.0.0.1:8470)", opt.listen));
	else if ((rc = token_read(opt.token_file, s->token)) == 0)
		rc = wait_serve(&http, "channel-server", opt.duration_ns);
	free(args);
	free(s);
	return rc;
}
