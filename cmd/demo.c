/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/commands.h"

#define FILTER "net 127.0.0.0/8 and not host 127.0.0.1" /* what a swarm on loopback uses */

struct demo {
	const char *listen;
	int64_t viewers, channels, duration_ns;
};

const struct option_row demo_options[] = {
	{ .name = "viewers", .type = OPTION_INT, .arg = "N", .min = 2, .max = 500, .preset = "20",
	  .group = "Swarm", .text = "peers that come and go",
	  .offset = offsetof(struct demo, viewers) },
	{ .name = "channels", .type = OPTION_INT, .arg = "N", .min = 1, .max = 8, .preset = "2",
	  .group = "Swarm", .text = "among which they zap",
	  .offset = offsetof(struct demo, channels) },
	{ .name = "listen", .type = OPTION_STRING, .arg = "ADDR:PORT", .preset = "127.0.0.1:8480",
	  .group = "Server", .text = "where the page is, or at the next free port",
	  .offset = offsetof(struct demo, listen) },
	{ .name = "duration", .type = OPTION_DURATION, .arg = "TIME", .min = 0, .max = 86000,
	  .group = "Server", .text = "end after so long; else on SIGINT or SIGTERM",
	  .offset = offsetof(struct demo, duration_ns) },
	{ .name = NULL },
};

/* The other program is where this one is; else wherever there is one. */
static void
find_meshpeer(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL && (size_t)(slash - path) + sizeof "/meshpeer" < PATH_MAX) {
		strcpy(slash, "/meshpeer");
		if (access(path, X_OK) == 0)
			return;
	}
	strcpy(path, "meshpeer");
}

static pid_t
start_swarm(const struct demo *opt)
{
	char path[PATH_MAX], viewers[32], channels[32];
	pid_t child;

	find_meshpeer(path);
	snprintf(viewers, sizeof viewers, "%" PRId64, opt->viewers);
	snprintf(channels, sizeof channels, "%" PRId64, opt->channels);
	child = fork();
	if (child != 0)
		return child;
	if (freopen("/dev/null", "w", stdout) != NULL)
		execlp(path, path, "swarm", viewers, "--channels", channels, "--zap", "60s",
		       "--stay", "300s", "--over", "10s", (char *)NULL);
	fprintf(stderr, "swarmscope: demo: cannot start %s: %s (it comes with this program)\n",
	        path, strerror(errno));
	_exit(127);
}

/* run, on what this swarm says. */
static int
watch(const struct demo *opt, const struct global *global, const char *folder)
{
	char store[PATH_MAX + 32], duration[32];
	const char *argv[16] = { "run", "--interface", "lo",
		"--filter", FILTER, "--port-search", "--store", store, "--listen",
		opt->listen };
	int argc = 10;

	snprintf(store, sizeof store, "sqlite:%s/demo.db", folder);
	if (opt->duration_ns > 0) {
		snprintf(duration, sizeof duration, "%" PRId64 "ms", opt->duration_ns / 1000000);
		argv[argc++] = "--duration";
		argv[argc++] = duration;
	}
	if (global->json)
		argv[argc++] = "--json";
	return cmd_run(options_command("run"), argc, (char **)(uintptr_t)argv);
}

static void
clean(const char *folder)
{
	static const char *const names[] = { "demo.db", "demo.db-wal", "demo.db-shm",
		"demo.db.key" };
	char path[PATH_MAX + 32];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static int
demo(const struct demo *opt, const struct global *global)
{
	const char *tmp = getenv("TMPDIR");
	char folder[PATH_MAX];
	pid_t swarm;
	int rc, status = 0;

	snprintf(folder, sizeof folder, "%s/swarmscope-demo-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(folder) == NULL)
		return command_fail(ERR_IO, "cannot make a folder in %s: %s",
		                    tmp != NULL ? tmp : "/tmp", strerror(errno));
	swarm = start_swarm(opt);
	rc = swarm > 0 ? watch(opt, global, folder) :
	                 command_fail(ERR_IO, "cannot start a process: %s", strerror(errno));
	if (swarm > 0) {
		kill(swarm, SIGTERM);
		waitpid(swarm, &status, 0);
	}
	clean(folder);
	return rc;
}

int
cmd_demo(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct demo opt = { .listen = NULL };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	rc = demo(&opt, &global);
	free(args);
	return rc;
}
