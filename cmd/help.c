/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/commands.h"

struct help {
	bool man;
};

const struct option_row help_options[] = {
	{ .name = "man", .type = OPTION_FLAG, .group = "Options",
	  .text = "write the man page's source instead", .offset = offsetof(struct help, man) },
	{ .name = NULL },
};

int
cmd_help(const struct command_row *row, int argc, char **argv)
{
	const struct command_row *about = NULL;
	struct global global = { 0 };
	struct help opt = { 0 };
	struct outfile *out;
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	if (n == 1 && (about = options_command(args[0])) == NULL) {
		rc = options_unknown_command(args[0]);
		free(args);
		return err_exit_status(rc);
	}
	outfile_open(NULL, &out);
	if (opt.man)
		options_man(outfile_stream(out), about);
	else
		options_help(outfile_stream(out), about);
	free(args);
	return command_end(out);
}
