/*
 * commands - the table of subcommands. A command is one file here: its options'
 * rows, its struct, its run function; and one row in commands.c.
 *
 * run gets the whole command line from the command's name on, calls options_parse
 * and answers the exit status.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "base/log.h"
#include "base/options.h"

/* Options that every command takes. */
struct global {
	bool quiet, no_progress, json;
	int verbose, log_format, color;
};

extern const struct program program;

/* Parses the command line and sets up the log. 0; or the exit status at which to
 * end, plus one (help was asked for: 1, usage: 3). */
int command_begin(const struct command_row *row, int argc, char **argv, void *opt,
                  struct global *global, char ***args, int *n);

/* An error on one line; answers the exit status for it. */
int command_fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

extern const struct option_row analyze_options[], decode_options[], score_options[], simulate_options[],
        help_options[], version_options[], completion_options[];

int cmd_analyze(const struct command_row *row, int argc, char **argv);
int cmd_decode(const struct command_row *row, int argc, char **argv);
int cmd_simulate(const struct command_row *row, int argc, char **argv);
int cmd_score(const struct command_row *row, int argc, char **argv);
int cmd_help(const struct command_row *row, int argc, char **argv);
int cmd_version(const struct command_row *row, int argc, char **argv);
int cmd_completion(const struct command_row *row, int argc, char **argv);

#endif
