/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/commands.h"

const struct option_row completion_options[] = {
	{ .name = NULL },
};

static const struct {
	const char *shell;
	void (*write)(FILE *out);
} shells[] = {
	{ "bash", options_completion_bash },
	{ "zsh", options_completion_zsh },
	{ "fish", options_completion_fish },
};

int
cmd_completion(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	char **args;
	int n, opt = 0, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	rc = -1;
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
		if (strcmp(args[0], shells[i].shell) == 0) {
			shells[i].write(stdout);
			rc = fflush(stdout) == 0 ? 0 : err_exit_status(ERR_IO);
		}
	if (rc < 0)
		rc = err_exit_status(
		    options_complain(row, "unknown shell '%s'; bash, zsh or fish", args[0]));
	free(args);
	return rc;
}
