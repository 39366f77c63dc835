/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/config_file.h"

struct config_command {
	const char *config;
};

const struct option_row config_options[] = {
	{ .name = "config", .letter = 'c', .type = OPTION_STRING, .arg = "FILE",
	  .group = "Configuration", .text = "the file; else " CONFIG_FILE " if it is there",
	  .offset = offsetof(struct config_command, config) },
	{ .name = NULL },
};

/* A file to begin with: every key, commented out. */
static void
init(void)
{
	char section[32] = "";

	puts("# Swarmscope's configuration: swarmscope run --config FILE. Every key may be left\n"
	     "# out; what stands behind it is an example. An option on the command line goes\n"
	     "# before the environment, that before this file. Is it sound? swarmscope config\n"
	     "# check --config FILE");
	for (const struct config_key *k = config_keys; k->path != NULL; k++) {
		int len = (int)strcspn(k->path, ".");

		if (strncmp(section, k->path, (size_t)len) != 0 || section[len] != '\0') {
			snprintf(section, sizeof section, "%.*s", len, k->path);
			printf("\n%s:\n", section);
		}
		printf("  # %s: %s  # %s\n", k->path + len + 1, k->example,
		       config_option(k->option)->text);
	}
}

/* The value that run would take, and where it comes from. */
static const char *
effective(const struct config_file *f, size_t i, const char **origin)
{
	const struct option_row *o = config_option(config_keys[i].option);
	char name[64];
	const char *env;

	options_env_name(o, name, sizeof name);
	env = getenv(name);
	*origin = env != NULL && *env != '\0' ? "environment" :
	          f->value[i] != NULL ? "file" : "default";
	return env != NULL && *env != '\0' ? env : f->value[i] != NULL ? f->value[i] :
	       o->preset != NULL ? o->preset : o->type == OPTION_FLAG ? "false" : NULL;
}

static void
show(const struct config_file *f, bool json)
{
	struct json_writer w = json_writer_to(stdout, false);
	const char *origin;

	if (json)
		json_object(&w);
	for (size_t i = 0; config_keys[i].path != NULL; i++) {
		const char *value = effective(f, i, &origin);

		if (config_keys[i].inverted)
			value = strcmp(value, "true") == 0 ? "false" : "true";
		if (!json) {
			printf("%-28s %-44s %s\n", config_keys[i].path, value ? value : "-",
			       origin);
			continue;
		}
		json_key(&w, config_keys[i].path);
		json_object(&w);
		if (value != NULL)
			json_put_string(&w, "value", value);
		else
			json_put_null(&w, "value");
		json_put_string(&w, "origin", origin);
		json_object_end(&w);
	}
	if (json) {
		json_object_end(&w);
		putchar('\n');
	}
}

static int
work(const char *what, const char *path, bool json)
{
	struct config_file f = { .why = "" };
	int rc = path != NULL ? config_file_read(&f, path) : 0;

	if (rc != 0)
		rc = command_fail(rc, "%s", f.why);
	else if (strcmp(what, "show") == 0)
		show(&f, json);
	else
		printf(path != NULL ? "%s: sound\n" : "no file: every key has its default\n", path);
	config_file_free(&f);
	return rc;
}

int
cmd_config(const struct command_row *row, int argc, char **argv)
{
	struct config_command opt = { .config = NULL };
	struct global global = { 0 };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	if (strcmp(args[0], "init") == 0)
		init();
	else if (strcmp(args[0], "check") == 0 || strcmp(args[0], "show") == 0)
		rc = work(args[0], config_file_find(argc, argv), global.json);
	else
		rc = err_exit_status(options_complain(row, "'%s' is not check, show or init",
		                                      args[0]));
	free(args);
	return rc;
}
