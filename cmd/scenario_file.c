/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/scenario_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/yaml.h"
#include "cmd/commands.h"
#include "peer/scenarios.h"

#define MAX_FILE (1u << 20) /* bytes of a scenario */
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
read_text(const char *name, const char *text, size_t len, struct scenario *s)
{
	struct yaml_mistake m;
	const char *wrong;
	int rc;

	scenario_defaults(s);
	rc = yaml_read(text, len, take, s, &m);
	if (rc != 0)
		return command_fail(ERR_CONFIG, "%s:%u: %s", name, m.line, m.why);
	wrong = scenario_check(s);
	if (wrong != NULL)
		return command_fail(ERR_CONFIG, "%s: impossible: %s", name, wrong);
	return 0;
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
	char *text;
	size_t len;
	FILE *f;
	int rc;

	if (builtin != NULL)
		return read_text(name, builtin, strlen(builtin), s);
	f = fopen(name, "rb");
	if (f == NULL)
		return errno == ENOENT ? no_such(name)
		                       : command_fail(ERR_IO, "cannot read %s: %s", name,
		                                      strerror(errno));
	text = malloc(MAX_FILE);
	if (text == NULL)
		abort();
	len = fread(text, 1, MAX_FILE, f);
	if (ferror(f))
		rc = command_fail(ERR_IO, "cannot read %s: %s", name, strerror(errno));
	else if (len == MAX_FILE)
		rc = command_fail(ERR_CONFIG, "%s: longer than 1 MiB", name);
	else
		rc = read_text(name, text, len, s);
	fclose(f);
	free(text);
	return rc;
}

void
scenario_list(void)
{
	static struct scenario s;
	struct yaml_mistake m;

	for (const struct scenario_text *t = scenarios_builtin; t->name != NULL; t++) {
		scenario_defaults(&s);
		yaml_read(t->text, strlen(t->text), take, &s, &m);
		printf("%-18s %s\n", t->name, s.about);
	}
}
