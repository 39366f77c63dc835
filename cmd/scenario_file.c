/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/scenario_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/yaml.h"
#include "cmd/commands.h"
#include "peer/scenarios.h"

#define MAX_NAMES 64u

/* The middle one stands for a family that differs in one value. */
static const char *const families[][2] = {
	{ "coarse-maps", "coarse-maps-5" }, { "partial-view", "partial-view-30" },
};

const char *
scenario_text(const char *name)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strcmp(families[i][0], name) == 0)
			name = families[i][1];
	for (const struct scenario_text *t = scenarios_builtin; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t->text;
	return NULL;
}

static const char *
take(void *ctx, const char *path, const char *text)
{
	return scenario_set(ctx, path, text);
}

static int
read_all(struct yaml *y, const char *name, struct scenario *s)
{
	const char *wrong;
	int rc;

	scenario_defaults(s);
	yaml_each(y, take, s);
	wrong = yaml_finish(y);
	rc = wrong != NULL ? command_fail(ERR_CONFIG, "%s", wrong) : 0;
	yaml_close(y);
	wrong = rc == 0 ? scenario_check(s) : NULL;
	if (wrong != NULL)
		rc = command_fail(ERR_CONFIG, "%s: impossible: %s", name, wrong);
	return rc;
}

static int
no_such(const char *name)
{
	const char *names[MAX_NAMES], *near;
	size_t n = 0;

	for (const struct scenario_text *t = scenarios_builtin; t->name != NULL && n < MAX_NAMES;
	     t++)
		names[n++] = t->name;
	near = options_nearest(name, names, n);
	return command_fail(ERR_CONFIG, "%s: no such scenario or file%s%s%s (see --list)", name,
	                    near ? ", did you mean " : "", near ? near : "", near ? "?" : "");
}

int
scenario_file(const char *name, struct scenario *s)
{
	const char *builtin = scenario_text(name);
	struct yaml *y;
	int err;

	if (builtin != NULL)
		return read_all(yaml_over(name, builtin, strlen(builtin)), name, s);
	err = yaml_open(name, &y);
	if (err == ERR_IO && errno == ENOENT)
		return no_such(name);
	if (err != 0)
		return command_fail(err == ERR_LIMIT ? ERR_CONFIG : err, "cannot read %s: %s", name,
		                    err == ERR_LIMIT ? "longer than 1 MiB" : strerror(errno));
	return read_all(y, name, s);
}

void
scenario_list(void)
{
	static struct scenario s;
	struct yaml *y;

	for (const struct scenario_text *t = scenarios_builtin; t->name != NULL; t++) {
		scenario_defaults(&s);
		y = yaml_over(t->name, t->text, strlen(t->text));
		yaml_each(y, take, &s);
		yaml_close(y);
		printf("%-18s %s\n", t->name, s.about);
	}
}
