/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "probe/dpi.h"
#include "probe/probe.h"
#include "proto/proto.h"

const struct option_row version_options[] = {
	{ .name = NULL },
};

static void
write_text(FILE *out)
{
	fprintf(out, "%s %s\n%s\nclassifier: %s\nprotocols:", program.name, program.version,
	        probe_library(), dpi_library());
	for (const struct proto *const *p = proto_table; *p != NULL; p++)
		fprintf(out, " %s", (*p)->name);
	putc('\n', out);
}

static void
write_json(FILE *out)
{
	struct json_writer w = json_writer_to(out, false);

	json_object(&w);
	json_put_string(&w, "program", program.name);
	json_put_string(&w, "version", program.version);
	json_put_string(&w, "capture_library", probe_library());
	json_put_string(&w, "classifier_library", dpi_library());
	json_key(&w, "protocols");
	json_array(&w);
	for (const struct proto *const *p = proto_table; *p != NULL; p++)
		json_string(&w, (*p)->name);
	json_array_end(&w);
	json_object_end(&w);
	putc('\n', out);
}

int
cmd_version(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct outfile *out;
	char **args;
	int n, opt = 0, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	outfile_open(NULL, &out);
	(global.json ? write_json : write_text)(outfile_stream(out));
	free(args);
	return command_end(out);
}
