/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/commands.h"

/* A second SIGINT in a row, or the first where nothing is to be saved: end as
 * shells expect. */
static void
on_signal(int signal_number)
{
	_exit(128 + signal_number);
}

static int
unknown_command(const char *name)
{
	const char *names[64], *near;
	size_t n = 0;

	for (const struct command_row *c = program.commands; c->name != NULL; c++)
		names[n++] = c->name;
	near = options_nearest(name, names, n);
	if (near != NULL)
		options_complain(NULL, "unknown command '%s'; did you mean '%s'?", name, near);
	else
		options_complain(NULL, "unknown command '%s'", name);
	return err_exit_status(ERR_USAGE);
}

/* The command's name: the first word that is no option. Options before it move
 * behind it. */
static int
command_index(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			return i;
	return 0;
}

int
main(int argc, char **argv)
{
	char version[] = "version", *name;
	const struct command_row *row;
	int at;

	options_program = &program;
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	at = command_index(argc, argv);
	if (at == 0) {
		bool asks_version = argc > 1 && (strcmp(argv[1], "-V") == 0 ||
		                                 strcmp(argv[1], "--version") == 0);
		bool asks_help = argc > 1 && (strcmp(argv[1], "-h") == 0 ||
		                              strcmp(argv[1], "--help") == 0);

		if (asks_version)
			return cmd_version(options_command("version"), 1,
					   (char *[]){ version, NULL });
		if (argc > 1 && !asks_help) {
			options_complain(NULL, "unknown option '%s'", argv[1]);
			return err_exit_status(ERR_USAGE);
		}
		options_help(asks_help ? stdout : stderr, NULL);
		return asks_help ? 0 : err_exit_status(ERR_USAGE);
	}
	row = options_command(argv[at]);
	if (row == NULL)
		return unknown_command(argv[at]);
	name = argv[at];
	memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
	argv[1] = name;
	return row->run(row, argc - 1, argv + 1);
}
