/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/config_file.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/yaml.h"
#include "cmd/commands.h"

const struct config_key config_keys[] = {
	{ "probe.interfaces", "interface", true, false, "[eth0]" },
	{ "probe.filter", "filter", false, false, "udp or tcp" },
	{ "probe.snaplen", "snaplen", false, false, "65535" },
	{ "probe.buffer_mib", "buffer", false, false, "64" },
	{ "probe.workers", "workers", false, false, "1" },
	{ "probe.promiscuous", "promiscuous", false, false, "false" },
	{ "probe.protocol", "protocol", false, false, "mesh" },
	{ "probe.user", "user", false, false, "swarmscope" },
	{ "inference.gone_after", "gone-after", false, false, "10s" },
	{ "inference.switch_within", "switch-within", false, false, "10s" },
	{ "inference.player_prebuffer", "player-prebuffer", false, false, "2s" },
	{ "inference.channel_rate", "channel-rate", false, false, "10" },
	{ "inference.max_peers", "max-peers", false, false, "16384" },
	{ "storage.url", "store", false, false, "sqlite:/var/lib/swarmscope/swarmscope.db" },
	{ "storage.keep_sessions", "keep-sessions", false, false, "720h" },
	{ "storage.keep_maps", "keep-maps", false, false, "1h" },
	{ "storage.clear_addresses", "clear-addresses", false, false, "false" },
	{ "audit.enabled", "no-audit", false, true, "true" },
	{ "audit.as_table", "as-table", false, false, "/etc/swarmscope/as.csv" },
	{ "audit.own_prefixes", "own-prefixes", false, false, "/etc/swarmscope/own.csv" },
	{ "audit.rules", "rules", false, false, "/etc/swarmscope/rules" },
	{ "web.listen", "listen", false, false, "127.0.0.1:8480" },
	{ "web.port_search", "port-search", false, false, "false" },
	{ NULL, NULL, false, false, NULL },
};

const struct option_row *
config_option(const char *name)
{
	const struct option_row *o = run_options;

	while (o->name != NULL && strcmp(o->name, name) != 0)
		o++;
	assert(o->name != NULL);
	return o;
}

static const char *
unknown(const char *path, size_t len)
{
	static char text[160];
	const char *names[CONFIG_KEYS], *near;
	char wanted[64];
	size_t n = 0;

	for (; config_keys[n].path != NULL; n++)
		names[n] = config_keys[n].path;
	snprintf(wanted, sizeof wanted, "%.*s", (int)len, path);
	near = options_nearest(wanted, names, n);
	snprintf(text, sizeof text, near != NULL ? "no such key (did you mean %s?)" :
	         "no such key ('swarmscope config init' lists them)", near);
	return text;
}

/* Is the text what the option takes? Says what it must be, or NULL. */
static const char *
fault(const struct config_key *key, const char *text)
{
	static char said[200];
	union {
		int64_t number;
		double real;
		const char *text;
		int word;
		bool flag;
	} to;
	const char *why;

	if (options_value(config_option(key->option), text, &to, &why))
		return NULL;
	snprintf(said, sizeof said, "must be %s, not '%.60s'", why, text);
	return said;
}

static void
add(struct config_file *f, size_t i, const char *text)
{
	const char *before = f->value[i] != NULL ? f->value[i] : "";
	size_t room = strlen(before) + strlen(text) + 2;
	char *all = malloc(room);

	if (all == NULL)
		abort();
	snprintf(all, room, "%s%s%s", before, before[0] != '\0' ? "," : "", text);
	free(f->value[i]);
	f->value[i] = all;
}

static const char *
invert(const char *text)
{
	return strcmp(text, "false") == 0 ? "true" : strcmp(text, "true") == 0 ? "false" : text;
}

static const char *
take(void *ctx, const char *path, const char *text)
{
	struct config_file *f = ctx;
	size_t len = strcspn(path, "["), i = 0;
	const struct config_key *key;
	const char *why;

	while (config_keys[i].path != NULL && (strlen(config_keys[i].path) != len ||
	                                       strncmp(config_keys[i].path, path, len) != 0))
		i++;
	key = &config_keys[i];
	if (key->path == NULL)
		return unknown(path, len);
	if (path[len] != '\0' && !key->list)
		return "takes one value, not a list";
	if (key->inverted)
		text = invert(text);
	why = fault(key, text);
	if (why == NULL)
		add(f, i, text);
	return why;
}

int
config_file_read(struct config_file *f, const char *path)
{
	struct yaml *y;
	const char *error;
	int rc = yaml_open(path, &y);

	memset(f, 0, sizeof *f);
	if (rc != 0) {
		snprintf(f->why, sizeof f->why, "cannot read %s: %s", path,
		         rc == ERR_LIMIT ? "it is too large" : strerror(errno));
		return rc;
	}
	yaml_each(y, take, f);
	error = yaml_finish(y);
	if (error != NULL)
		snprintf(f->why, sizeof f->why, "%s", error);
	yaml_close(y);
	return error == NULL ? 0 : ERR_CONFIG;
}

void
config_file_free(struct config_file *f)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		free(f->value[i]);
}

void
config_file_apply(const struct config_file *f)
{
	char name[64];

	for (size_t i = 0; config_keys[i].path != NULL; i++) {
		options_env_name(config_option(config_keys[i].option), name, sizeof name);
		if (f->value[i] != NULL && setenv(name, f->value[i], 0) != 0)
			abort();
	}
}

const char *
config_file_find(int argc, char **argv)
{
	static const char name[] = "--config=";
	const char *env = getenv("SWARMSCOPE_CONFIG");

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], name, sizeof name - 1) == 0)
			return argv[i] + sizeof name - 1;
		if (i + 1 < argc &&
		    (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0))
			return argv[i + 1];
		if (strncmp(argv[i], "-c", 2) == 0 && argv[i][2] != '\0')
			return argv[i] + 2;
	}
	if (env != NULL && env[0] != '\0')
		return env;
	return access(CONFIG_FILE, R_OK) == 0 ? CONFIG_FILE : NULL;
}
