/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cmd/commands.h"

static const char *const analyze_examples[] = {
	"swarmscope analyze swarm.pcap", "the report as text",
	"swarmscope analyze --format json -o report.json a.pcapng b.pcapng.zst",
	"two captures of one swarm as one JSON report",
	"tcpdump -w - udp | swarmscope analyze --format ndjson -",
	"events as they are inferred, from a pipe",
	"swarmscope analyze --store sqlite:swarms.db swarm.pcap",
	"the report, and its results kept in a database", NULL,
};

static const char *const probe_examples[] = {
	"swarmscope probe -i eth0 -w swarms.sso",
	"until Ctrl-C; then: swarmscope analyze swarms.sso",
	"swarmscope probe --json -i eth0 -f udp --duration 60s",
	"a line of JSON a second: what was seen, what was dropped", NULL,
};

static const char *const config_examples[] = {
	"swarmscope config init > swarmscope.yaml", "a file to begin with",
	"swarmscope config check --config swarmscope.yaml", "is it sound?",
	"swarmscope config show", "every key, its value, and where that comes from", NULL,
};

static const char *const demo_examples[] = {
	"swarmscope demo", "the page at http://127.0.0.1:8480/ of a swarm that is there and alive",
	"swarmscope demo --viewers 100 --channels 3 --duration 10m", "a larger one", NULL,
};

static const char *const run_examples[] = {
	"swarmscope run -i eth0", "the page at http://127.0.0.1:8480/, live",
	"swarmscope run -i eth0,eth1 --workers 2 --store sqlite:/var/lib/swarmscope/swarms.db",
	"two interfaces, two threads, a database of one's own choice", NULL,
};

static const char *const decode_examples[] = {
	"swarmscope decode swarm.pcap",
	"each observation on a line",
	"swarmscope decode --json --kind buffer_map swarm.pcap",
	"only buffer maps, as JSON",
	"swarmscope decode --write swarm.sso swarm.pcap.gz",
	"keep the observations in a file",
	NULL,
};

static const char *const db_examples[] = {
	"swarmscope db info --store sqlite:swarms.db", "rows of each table",
	"swarmscope db check --store sqlite:swarms.db", "is it sound?",
	"swarmscope db migrate --store sqlite:swarms.db", "after an update of the program", NULL,
};

static const char *const serve_examples[] = {
	"swarmscope serve --store sqlite:swarms.db", "the page at http://127.0.0.1:8480/",
	"swarmscope serve --store sqlite:swarms.db --listen [::1]:9000 --port-search",
	"on the next free port from 9000 on", NULL,
};

static const char *const score_examples[] = {
	"swarmscope score --truth swarm.truth.ndjson report.json", "errors of a report, as tables",
	"swarmscope score --json --truth swarm.truth.ndjson report.json", "the same as JSON",
	"swarmscope score --truth swarm.truth.ndjson events.ndjson",
	"of what 'analyze --format ndjson' wrote", NULL,
};

static const char *const simulate_examples[] = {
	"swarmscope simulate steady -o steady.sso --truth steady.truth.ndjson",
	"a built-in scenario: what would be seen, and what really happened",
	"swarmscope simulate --seed 7 --pcap dips.pcap dips", "the same as a capture, another draw",
	"swarmscope simulate --show churn > mine.yaml", "a scenario to start one's own from", NULL,
};

static const char *const help_examples[] = {
	"swarmscope help", "all commands",
	"swarmscope help analyze", "one command and its options",
	"swarmscope help --man analyze", "its man page's source", NULL,
};

static const char *const version_examples[] = {
	"swarmscope version", "version and libraries",
	"swarmscope version --json", "the same as JSON",
	"swarmscope -V", "the short way", NULL,
};

static const char *const completion_examples[] = {
	"swarmscope completion bash > /etc/bash_completion.d/swarmscope", "for all users of bash",
	"swarmscope completion zsh > ~/.zfunc/_swarmscope", "for zsh",
	"swarmscope completion fish > ~/.config/fish/completions/swarmscope.fish", "for fish", NULL,
};

static const struct command_row commands[] = {
	{ "analyze", "captures and observations to a quality report", "INPUT...", 1, -1,
	  analyze_examples,
	  "Reads captures (pcap or pcapng, also compressed with gzip or zstd) or observation files "
	  "(.sso), finds the swarms in them and infers what their viewers lived through: start-up "
	  "delay, stalls, skips, lag and the chunk retrieval ratio, each with its bounds. Several "
	  "inputs are merged by time. Nothing is sent anywhere.",
	  analyze_options, cmd_analyze },
	{ "run", "watch, infer, keep and show, live", NULL, 0, 0, run_examples,
	  "Watches interfaces, infers what the viewers of the swarms on them live through, keeps "
	  "it in a database and serves it as a page that is live; all in one process. Rights are "
	  "given up once the interfaces are open: what is kept is the right to capture, and the "
	  "thread that reads packets may open nothing. A database that cannot be written is tried "
	  "again; what comes meanwhile waits in memory. Peers' addresses are kept as keyed hashes. "
	  "SIGHUP has the files of networks read again.",
	  run_options, cmd_run },
	{ "probe", "an interface to observations, live", NULL, 0, 0, probe_examples,
	  "Watches an interface, decodes what swarms' messages say and keeps it in a file for "
	  "'analyze'. Tells once a while what it saw and what was dropped, with --json once a "
	  "second; what was dropped is in the file as a gap too, which widens bounds. An interface "
	  "that goes down is opened again when it is back. Nothing is sent anywhere.",
	  probe_options, cmd_probe },
	{ "decode", "captures to observations, one a line", "INPUT...", 1, -1, decode_examples,
	  "Prints what swarms' messages say, one observation a line: who holds, wants, sends and "
	  "receives which chunks.",
	  decode_options, cmd_decode },
	{ "config", "the configuration of run", "check|show|init", 1, 1, config_examples,
	  "Checks a configuration file, shows what it comes to together with the environment and "
	  "the defaults, or prints one to begin with. It is YAML, every key is an option of run; "
	  "an option goes before the environment, that before the file, that before the default.",
	  config_options, cmd_config },
	{ "db", "the database that results are kept in", "migrate|info|check", 1, 1, db_examples,
	  "Brings a database's schema up to date, tells what is in it, or checks whether it is "
	  "sound. Results come into it by 'analyze --store'.",
	  db_options, cmd_db },
	{ "serve", "the page and the API of a database", NULL, 0, 0, serve_examples,
	  "Serves the results in a database as a page and as JSON under /api/v1/, and prints the "
	  "page's address. Reads only; what analyze adds meanwhile is shown.",
	  serve_options, cmd_serve },
	{ "demo", "a swarm on this machine, watched live", NULL, 0, 0, demo_examples,
	  "Starts a swarm of the reference system on loopback (meshpeer swarm), whose viewers "
	  "come, zap and go, and watches it as run does. Nothing is kept when it ends. Needs the "
	  "right to capture, as run.",
	  demo_options, cmd_demo },
	{ "score", "a report against the truth", "REPORT", 1, 1, score_examples,
	  "Matches the sessions and events of a report with a truth log, one to one, and prints "
	  "how wrong they are: errors, precision and recall, coverage and width of the intervals.",
	  score_options, cmd_score },
	{ "simulate", "a simulated swarm: observations, packets and truth", "[SCENARIO]", 0, 1,
	  simulate_examples,
	  "Runs a swarm of the reference peer in virtual time and writes what a tap would see of "
	  "it and what its viewers lived through. A scenario is the name of a built-in one or a "
	  "YAML file: who watches, over which lines, when they come and go, and what befalls "
	  "them. Same scenario and seed, same bytes.",
	  simulate_options, cmd_simulate },
	{ "help", "what a command does and takes", "[COMMAND]", 0, 1, help_examples,
	  "Tells what a command does and which options it takes.", help_options, cmd_help },
	{ "version", "version and libraries", NULL, 0, 0, version_examples,
	  "Prints the version and the libraries that it runs with.", version_options, cmd_version },
	{ "completion", "completion of options for a shell", "bash|zsh|fish", 1, 1,
	  completion_examples, "Prints a shell's completion script for this program.",
	  completion_options, cmd_completion },
	{ .name = NULL },
};

const struct program program = {
	.name = "swarmscope",
	.version = PACKAGE_VERSION,
	.purpose = "how well the viewers of a peer-to-peer live stream are served",
	.about = "Watches swarms that share a live stream from outside: reads the buffer maps that "
	         "their peers send each other, and infers what the viewers live through: start-up "
	         "delay, freezes, skips, lag and the share of chunks that arrive in time. It needs "
	         "nothing in the player and looks at no picture.",
	.date = "2026-11-25",
	.commands = commands,
	.global = command_globals,
};
