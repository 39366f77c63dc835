/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/commands.h"

const struct option_row completion_options[] = {
	{ .name = NULL },
};

static const struct shell {
	const char *name;
	void (*write)(FILE *out);
} shells[] = {
	{ "bash", options_completion_bash },
	{ "zsh", options_completion_zsh },
	{ "fish", options_completion_fish },
};

static const struct shell *
shell_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
		if (strcmp(name, shells[i].name) == 0)
			return &shells[i];
	return NULL;
}

int
cmd_completion(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	const struct shell *shell;
	struct outfile *out;
	char **args;
	int n, opt = 0, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	shell = shell_by_name(args[0]);
	if (shell == NULL)
		rc = options_complain(row, "unknown shell '%s'; bash, zsh or fish", args[0]);
	free(args);
	if (shell == NULL)
		return err_exit_status(rc);
	outfile_open(NULL, &out);
	shell->write(outfile_stream(out));
	return command_end(out);
}
