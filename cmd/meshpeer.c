/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stddef.h>

#include "cmd/commands.h"

static const char *const swarm_examples[] = {
	"meshpeer swarm 10 --duration 60s --truth truth.ndjson",
	"ten viewers of a made stream for a minute, and what they lived through",
	"ffmpeg -re -i film.mp4 -c copy -f mpegts - | meshpeer swarm 30 --source -",
	"a film, until Ctrl-C; a player reads http://127.1.0.65:8000/live.ts", NULL,
};

static const char *const help_examples[] = {
	"meshpeer help swarm", "one command and its options", NULL,
};

static const char *const version_examples[] = {
	"meshpeer version", "version and libraries", NULL,
};

static const struct command_row commands[] = {
	{ "swarm", "a whole swarm on loopback, for trials", "[N]", 0, 1, swarm_examples,
	  "Runs a tracker, origins and N viewers of live streams in this process, each on an "
	  "address of its own in 127.N.0.0/16. Viewers have access lines with a rate, a latency "
	  "and whatever a scenario does to them, as in 'swarmscope simulate'; time, sockets and "
	  "media are real. Prints a line of JSON that tells what "
	  "runs where, then waits; at the end one that tells how the viewers fared. Whoever "
	  "captures the loopback interface sees the swarm as on a network.",
	  swarm_options_rows, cmd_swarm },
	{ "help", "what a command does and takes", "[COMMAND]", 0, 1, help_examples,
	  "Tells what a command does and which options it takes.", help_options, cmd_help },
	{ "version", "version and libraries", NULL, 0, 0, version_examples,
	  "Prints the version and the libraries that it runs with.", version_options, cmd_version },
	{ .name = NULL },
};

const struct program program = {
	.name = "meshpeer",
	.version = PACKAGE_VERSION,
	.purpose = "the reference mesh-pull system for live streams",
	.about = "A complete swarm in which peers tell each other by buffer maps which chunks they "
	         "hold and ask each other for the rest: the engine that 'swarmscope simulate' runs "
	         "in virtual time, on real sockets.",
	.date = "2026-11-25",
	.commands = commands,
	.global = command_globals,
};
