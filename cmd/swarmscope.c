/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/outfile.h"
#include "cmd/commands.h"

/* Ends as shells expect, and leaves nothing half written behind. */
static void
on_signal(int signal_number)
{
	outfile_abandon_all(); /* unlinks only: NOLINT(bugprone-signal-handler,cert-sig30-c) */
	_exit(128 + signal_number);
}

/* A signal that is ignored, as nohup and shells in the background do, stays so. */
static void
catch_signal(int signal_number)
{
	if (signal(signal_number, on_signal) == SIG_IGN)
		signal(signal_number, SIG_IGN);
}

/* A reader that leaves early ends us without a word, as it does tcpdump: SIGPIPE
 * stays what it is, and shells see 141. */
static void
catch_signals(void)
{
	signal(SIGPIPE, SIG_DFL);
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	catch_signal(SIGHUP);
}

/* Where -V or --version stands before the command; 0 if nowhere. */
static int
version_index(int argc, char **argv, int command)
{
	int end = command > 0 ? command : argc;

	for (int i = 1; i < end; i++)
		if (strcmp(argv[i], "-V") == 0 || strcmp(argv[i], "--version") == 0)
			return i;
	return 0;
}

/* Moves word i to the front: the command, its options behind it. */
static void
to_front(char **argv, int i)
{
	char *word = argv[i];

	memmove(argv + 2, argv + 1, (size_t)(i - 1) * sizeof *argv);
	argv[1] = word;
}

static int
no_command(int argc, char **argv)
{
	struct global global = { 0 };
	char **args;
	int n, rc = options_parse(NULL, argc, argv, NULL, &global, &args, &n);

	if (rc > 0)
		return 0;
	if (rc == 0) {
		free(args);
		rc = options_complain(NULL, "missing command");
	}
	return err_exit_status(rc);
}

int
main(int argc, char **argv)
{
	const struct command_row *row;
	int command, version;

	options_program = &program;
	catch_signals();
	command = options_find_command(argc, argv);
	version = version_index(argc, argv, command);
	if (version == 0 && command == 0)
		return no_command(argc, argv);
	to_front(argv, version > 0 ? version : command);
	row = options_command(version > 0 ? "version" : argv[1]);
	if (row == NULL)
		return err_exit_status(options_unknown_command(argv[1]));
	return row->run(row, argc - 1, argv + 1);
}
