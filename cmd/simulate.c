/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/outfile.h"
#include "cmd/commands.h"
#include "cmd/scenario_file.h"
#include "cmd/truth_line.h"
#include "peer/shown.h"
#include "peer/signer_ed25519.h"
#include "peer/sim.h"
#include "record/sso.h"

#define STEP_NS INT64_C(1000000000) /* of virtual time between two looks at the clock */

struct simulate_command {
	const char *output, *truth, *pcap;
	int64_t seed;
	int map_offset; /* 1 + enum scenario_map_offset; 0: as the scenario says */
	bool list, show;
};

/* The scenario's own, then those of enum scenario_map_offset. */
static const char *const map_offsets[] = { "scenario", "play", "oldest", "head", "by-seed",
	NULL };

const struct option_row simulate_options[] = {
	{ .name = "seed", .type = OPTION_INT, .arg = "N", .min = 0, .max = 9e15, .preset = "1",
	  .group = "Scenario", .text = "same seed, same bytes",
	  .offset = offsetof(struct simulate_command, seed) },
	{ .name = "map-offset", .type = OPTION_ENUM, .arg = "WHAT", .values = map_offsets,
	  .preset = "scenario", .group = "Scenario",
	  .text = "what the offset of the maps observed means: the play point, the oldest chunk "
	          "kept, the newest less a constant, or one of these drawn by seed",
	  .offset = offsetof(struct simulate_command, map_offset) },
	{ .name = "list", .type = OPTION_FLAG, .group = "Scenario",
	  .text = "list the built-in scenarios",
	  .offset = offsetof(struct simulate_command, list) },
	{ .name = "show", .type = OPTION_FLAG, .group = "Scenario",
	  .text = "print a built-in scenario, to start one's own from",
	  .offset = offsetof(struct simulate_command, show) },
	{ .name = "output", .letter = 'o', .type = OPTION_STRING, .arg = "FILE",
	  .group = "Output", .text = "write what a tap would observe to this .sso file",
	  .offset = offsetof(struct simulate_command, output) },
	{ .name = "truth", .type = OPTION_STRING, .arg = "FILE", .group = "Output",
	  .text = "write what the viewers lived through, one JSON event a line",
	  .offset = offsetof(struct simulate_command, truth) },
	{ .name = "pcap", .type = OPTION_STRING, .arg = "FILE", .group = "Output",
	  .text = "write what a tap would capture, media cut off",
	  .offset = offsetof(struct simulate_command, pcap) },
	{ .name = NULL },
};

/* One run and its outputs; NULL where none is wanted. */
struct run {
	struct tap tap;
	struct sim_out out;
	struct sso_writer sso;
	struct obs_sink counting;
	struct outfile *truth, *pcap;
	bool has_sso;
	uint64_t observations, packets, truths;
};

static struct run *
run_of_tap(struct tap *tap)
{
	return (struct run *)((char *)tap - offsetof(struct run, tap));
}

static void
put_observation(struct obs_sink *self, const struct observation *o)
{
	struct run *run = (struct run *)((char *)self - offsetof(struct run, counting));

	run->observations++;
	if (run->has_sso)
		sso_writer_put(&run->sso, o);
}

/* --- capture file: pcap with nanoseconds, raw IP ---------------------------- */

static void
write_le32(FILE *f, const uint32_t *words, size_t n)
{
	uint8_t bytes[4 * 6];
	struct writer w = writer_over(bytes, sizeof bytes);

	for (size_t i = 0; i < n; i++)
		writer_le32(&w, words[i]);
	fwrite(bytes, 1, writer_len(&w), f);
}

static void
begin_pcap(FILE *f)
{
	const uint32_t head[] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, 262144, 101 };

	write_le32(f, head, 6);
}

static void
put_packet(struct tap *self, int64_t t_ns, const uint8_t *bytes, size_t len, size_t wire_len)
{
	struct run *run = run_of_tap(self);
	FILE *f = outfile_stream(run->pcap);
	const uint32_t head[] = { (uint32_t)(t_ns / 1000000000), (uint32_t)(t_ns % 1000000000),
		(uint32_t)len, (uint32_t)wire_len };

	run->packets++;
	write_le32(f, head, 4);
	fwrite(bytes, 1, len, f);
}

/* --- truth -------------------------------------------------------------------- */

static void
put_truth(struct sim_out *self, const struct sim_viewer *v, const struct truth_event *ev)
{
	struct run *run = (struct run *)((char *)self - offsetof(struct run, out));

	run->truths++;
	truth_line(outfile_stream(run->truth), &v->at, v->number, ev);
}

/* --- outputs -------------------------------------------------------------------- */

static int
open_out(const char *path, struct outfile **o)
{
	int err = path != NULL ? outfile_open(path, o) : 0;

	return err == 0 ? 0 : command_fail(err, "cannot write %s: %s", path, strerror(errno));
}

static int
open_outputs(struct run *run, const struct simulate_command *opt, const struct scenario *s)
{
	struct sso_meta meta = { .start_ns = (int64_t)s->start_s * 1000000000,
		.clock = SSO_CLOCK_SIMULATED };
	int err, rc = open_out(opt->truth, &run->truth);

	strcpy(meta.vantage, s->name);
	if (rc == 0)
		rc = open_out(opt->pcap, &run->pcap);
	if (rc != 0)
		return rc;
	if (opt->output != NULL) {
		err = sso_writer_open(&run->sso, opt->output, &meta);
		if (err != 0)
			return command_fail(err, "cannot write %s: %s", opt->output,
			                    strerror(errno));
		run->has_sso = true;
	}
	if (run->pcap != NULL)
		begin_pcap(outfile_stream(run->pcap));
	run->counting.put = put_observation;
	run->tap.obs = &run->counting;
	run->tap.packet = run->pcap != NULL ? put_packet : NULL;
	run->out.truth = run->truth != NULL ? put_truth : NULL;
	return 0;
}

static int
close_one(struct outfile *o, const char *path)
{
	int err = o != NULL ? outfile_commit(o) : 0;

	return err == 0 ? 0 : command_fail(err, "cannot write %s: %s", path, strerror(errno));
}

static int
close_outputs(struct run *run, const struct simulate_command *opt)
{
	int err = run->has_sso ? sso_writer_close(&run->sso) : 0, rc = 0, one;

	if (err != 0)
		rc = command_fail(err, "cannot write %s: %s", opt->output, strerror(errno));
	one = close_one(run->truth, opt->truth);
	rc = rc != 0 ? rc : one;
	one = close_one(run->pcap, opt->pcap);
	return rc != 0 ? rc : one;
}

static void
abandon_outputs(struct run *run)
{
	if (run->has_sso)
		sso_writer_abandon(&run->sso);
	outfile_abandon(run->truth);
	outfile_abandon(run->pcap);
}

/* --- running -------------------------------------------------------------------- */

static void
summarise(const struct run *run, const struct scenario *s, int64_t seed,
          const struct sim_counts *c, bool json)
{
	struct json_writer w = json_writer_to(stdout, false);
	double all = (double)(c->played + c->skipped);

	if (!json) {
		printf("%s, seed %" PRId64 ": %" PRIu64 " viewers, %" PRIu64 " observations, %"
		       PRIu64 " chunks played, %" PRIu64 " missed, %" PRIu64 " stalls\n",
		       s->name, seed, c->arrivals, run->observations, c->played, c->skipped,
		       c->stalls);
		return;
	}
	json_object(&w);
	json_put_string(&w, "scenario", s->name);
	json_put_uint(&w, "seed", (uint64_t)seed);
	json_put_string(&w, "map_offset", map_offsets[1 + shown_draw(s, (uint64_t)seed).offset]);
	json_put_uint(&w, "viewers", c->arrivals);
	json_put_uint(&w, "turned_away", c->turned_away);
	json_put_uint(&w, "observations", run->observations);
	json_put_uint(&w, "frames", c->frames);
	json_put_uint(&w, "played", c->played);
	json_put_uint(&w, "missed", c->skipped);
	json_put_uint(&w, "stalls", c->stalls);
	json_put_number(&w, "stalled_s", (double)c->stalled_ns / 1e9, 3);
	json_put_number(&w, "continuity_index", all > 0 ? (double)c->played / all : 0, 6);
	json_object_end(&w);
	putchar('\n');
}

static int
simulate(const struct scenario *s, const struct simulate_command *opt,
         const struct global *global)
{
	struct run run = { .tap.view = s->view };
	struct signer_ed25519 real;
	uint8_t seed[SIGN_SEED] = { 0 };
	struct sim_counts counts;
	int rc = open_outputs(&run, opt, s);
	size_t size = (sim_size(s) + 63) / 64 * 64;
	void *mem = rc == 0 ? aligned_alloc(64, size) : NULL;
	struct sim *sim;

	if (rc != 0) {
		abandon_outputs(&run);
		return rc;
	}
	if (mem == NULL || !sign_init())
		abort();
	memset(mem, 0, size);
	memcpy(seed, &opt->seed, sizeof opt->seed);
	signer_ed25519(&real, seed);
	sim = sim_init(mem, s, (uint64_t)opt->seed,
	               s->signing == SIGNING_ED25519 ? &real.signer : NULL, &run.tap, &run.out);
	for (int64_t at = STEP_NS; sim_run(sim, at); at += STEP_NS)
		log_progress(clock_monotonic_ns(), (uint64_t)at / 1000000, s->duration_ms,
		             run.observations, "observations");
	log_progress_end();
	counts = sim_counts(sim);
	free(mem);
	rc = close_outputs(&run, opt);
	if (rc == 0)
		summarise(&run, s, opt->seed, &counts, global->json);
	return rc;
}

static int
show(const char *name)
{
	const char *text = scenario_text(name);

	if (text == NULL)
		return command_fail(ERR_CONFIG, "%s: no built-in scenario (see --list)", name);
	fputs(text, stdout);
	return 0;
}

int
cmd_simulate(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct simulate_command opt = { 0 };
	struct scenario *s = calloc(1, sizeof *s);
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (s == NULL)
		abort();
	if (rc != 0) {
		free(s);
		return rc - 1;
	}
	if (opt.list)
		scenario_list();
	else if (n == 0)
		rc = err_exit_status(options_complain(row, "which scenario? (see --list)"));
	else if (opt.show)
		rc = show(args[0]);
	else if ((rc = scenario_file(args[0], s)) == 0) {
		if (opt.map_offset > 0)
			s->view.map_offset = (enum scenario_map_offset)(opt.map_offset - 1);
		rc = simulate(s, &opt, &global);
	}
	free(args);
	free(s);
	return rc != 0 ? rc : fflush(stdout) == 0 ? 0 : 1;
}
