/*
 * commands - the table of subcommands. A command is one file here: its options'
 * rows, its struct, its run function; and one row in commands.c.
 *
 * run gets the whole command line from the command's name on and answers the exit
 * status. A command that counts lines:
 *
 *   struct count { const char *output; int64_t most; };
 *
 *   const struct option_row count_options[] = {
 *           { .name = "most", .letter = 'm', .type = OPTION_INT, .arg = "N", .min = 1,
 *             .max = 1e9, .preset = "1000", .group = "Limits", .text = "stop after N lines",
 *             .offset = offsetof(struct count, most) },
 *           { .name = NULL },
 *   };
 *
 *   int
 *   cmd_count(const struct command_row *row, int argc, char **argv)
 *   {
 *           struct global global = { 0 };
 *           struct count opt = { 0 };
 *           char **args;
 *           int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);
 *
 *           if (rc != 0)
 *                   return rc - 1;
 *           rc = count(&opt, args, n);
 *           free(args);
 *           return rc;
 *   }
 *
 * Its manual page is one more line in cmd/Makefile.inc.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "base/log.h"
#include "base/options.h"
#include "base/outfile.h"

/* Options that every command takes. */
struct global {
	bool quiet, no_progress, json;
	int verbose, log_format, color;
};

extern const struct program program; /* of the executable */
extern const struct option_row command_globals[];

/* Parses the command line and sets up the log. 0; or the exit status at which to
 * end, plus one (help was asked for: 1, usage: 3). */
int command_begin(const struct command_row *row, int argc, char **argv, void *opt,
                  struct global *global, char ***args, int *n);

/* Makes what was written to standard output appear: 0, or the exit status of the
 * error, which is told. */
int command_end(struct outfile *out);

/* An error on one line; answers the exit status for it. */
int command_fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

extern const struct option_row analyze_options[], decode_options[], db_options[],
        serve_options[], run_options[], config_options[],
        demo_options[], swarm_options_rows[], probe_options[],
        channel_server_options[], rendezvous_options_rows[], origin_options[], peer_options[],
        keygen_options[],
        score_options[],
        simulate_options[], help_options[], version_options[], completion_options[];

int cmd_analyze(const struct command_row *row, int argc, char **argv);
int cmd_db(const struct command_row *row, int argc, char **argv);
int cmd_probe(const struct command_row *row, int argc, char **argv);
int cmd_channel_server(const struct command_row *row, int argc, char **argv);
int cmd_rendezvous(const struct command_row *row, int argc, char **argv);
int cmd_origin(const struct command_row *row, int argc, char **argv);
int cmd_peer(const struct command_row *row, int argc, char **argv);
int cmd_keygen(const struct command_row *row, int argc, char **argv);
int cmd_swarm(const struct command_row *row, int argc, char **argv);
int cmd_demo(const struct command_row *row, int argc, char **argv);
int cmd_config(const struct command_row *row, int argc, char **argv);
int cmd_run(const struct command_row *row, int argc, char **argv);
int cmd_serve(const struct command_row *row, int argc, char **argv);
int cmd_decode(const struct command_row *row, int argc, char **argv);
int cmd_simulate(const struct command_row *row, int argc, char **argv);
int cmd_score(const struct command_row *row, int argc, char **argv);
int cmd_help(const struct command_row *row, int argc, char **argv);
int cmd_version(const struct command_row *row, int argc, char **argv);
int cmd_completion(const struct command_row *row, int argc, char **argv);

#endif
