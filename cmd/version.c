/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "probe/probe.h"
#include "proto/proto.h"

const struct option_row version_options[] = {
	{ .name = NULL },
};

static void
write_text(void)
{
	printf("%s %s\n%s\nprotocols:", program.name, program.version, probe_library());
	for (const struct proto *const *p = proto_table; *p != NULL; p++)
		printf(" %s", (*p)->name);
	putchar('\n');
}

static void
write_json(void)
{
	struct json_writer w = json_writer_to(stdout, false);

	json_object(&w);
	json_put_string(&w, "program", program.name);
	json_put_string(&w, "version", program.version);
	json_put_string(&w, "capture_library", probe_library());
	json_key(&w, "protocols");
	json_array(&w);
	for (const struct proto *const *p = proto_table; *p != NULL; p++)
		json_string(&w, (*p)->name);
	json_array_end(&w);
	json_object_end(&w);
	putchar('\n');
}

int
cmd_version(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	char **args;
	int n, opt = 0, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	if (global.json)
		write_json();
	else
		write_text();
	free(args);
	return fflush(stdout) == 0 ? 0 : 1;
}
