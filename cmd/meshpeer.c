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

static const char *const server_examples[] = {
	"meshpeer channel-server --listen 0.0.0.0:8470 --token-file token",
	"for others too; origins with the token may publish", NULL,
};

static const char *const rendezvous_examples[] = {
	"meshpeer rendezvous --listen 192.0.2.1:6900 --near",
	"neighbours are told of each other first", NULL,
};

static const char *const origin_examples[] = {
	"ffmpeg -re -i film.mp4 -c copy -f mpegts - | meshpeer origin news --source - "
	"--channel-server http://127.0.0.1:8470",
	"streams a film as channel news",
	"curl -X PUT -d '{\"upload_kbps\": 8000}' http://127.0.0.1:7800/capacity",
	"changes what an origin with --admin 127.0.0.1:7800 may send", NULL,
};

static const char *const peer_examples[] = {
	"meshpeer peer news --listen 192.0.2.7:7001 --channel-server http://192.0.2.1:8470",
	"then: mpv http://192.0.2.7:8000/news.ts", NULL,
};

static const char *const keygen_examples[] = {
	"meshpeer keygen news.key", "the key of an origin that keeps its name", NULL,
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
	{ "channel-server", "tells which channels there are", NULL, 0, 0, server_examples,
	  "Keeps a list of channels, each with its identity, chunk duration, rate, key and "
	  "trackers. GET /channels and /channels/NAME tell it as JSON; origins publish with PUT "
	  "/channels/NAME, again and again, and withdraw with DELETE. Whoever does not publish "
	  "again in time is withdrawn.",
	  channel_server_options, cmd_channel_server },
	{ "rendezvous", "the tracker: tells peers of each other", NULL, 0, 0, rendezvous_examples,
	  "Peers register for a channel and are told of others; who does not register again has "
	  "gone. Prints statistics, a line of JSON every few seconds.",
	  rendezvous_options_rows, cmd_rendezvous },
	{ "origin", "streams a channel into the swarm", "NAME", 1, 1, origin_examples,
	  "Cuts MPEG-TS into chunks of constant duration by its clock, signs each and sends it to "
	  "those who ask, up to its upload. Prints a line of JSON with the channel; at the end one "
	  "with what it sent.",
	  origin_options, cmd_origin },
	{ "peer", "watches a channel and passes it on", "NAME", 1, 1, peer_examples,
	  "Finds the channel, joins its swarm, plays it to whoever reads its player's port and "
	  "sends to other peers what they ask for. Prints a line of JSON with where to watch; at "
	  "the end one with how it went.",
	  peer_options, cmd_peer },
	{ "keygen", "makes an origin's key", "FILE", 1, 1, keygen_examples,
	  "Makes a secret key in a new file and prints the public one that belongs to it.",
	  keygen_options, cmd_keygen },
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
