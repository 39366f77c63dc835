/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/huge.h"
#include "base/outfile.h"
#include "cmd/auditing.h"
#include "cmd/commands.h"
#include "cmd/fan.h"
#include "cmd/inferring.h"
#include "cmd/input.h"
#include "cmd/keep.h"
#include "cmd/shards.h"
#include "cmd/told.h"
#include "dashboard/kept.h"
#include "dashboard/page.h"
#include "inference/inference.h"
#include "report/document.h"
#include "report/ndjson.h"
#include "report/p1203.h"
#include "report/text.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML, FORMAT_NDJSON, FORMAT_P1203 };

struct analyze {
	const char *output, *protocol, *store;
	int format;
	bool ignore_playpos, clear_addresses;
	struct inferring infer;
	struct auditing audit;
	int64_t threads;
	bool audited;
};

static const char *const formats[] = { "text", "json", "html", "ndjson", "p1203", NULL };

const struct option_row analyze_options[] = {
	{ .name = "format", .letter = 'f', .type = OPTION_ENUM, .arg = "FORM", .values = formats,
	  .preset = "text", .group = "Output", .text = "form of the report",
	  .offset = offsetof(struct analyze, format) },
	{ .name = "output", .letter = 'o', .type = OPTION_STRING, .arg = "FILE", .group = "Output",
	  .text = "write to this file, whole or not at all; - is standard output",
	  .offset = offsetof(struct analyze, output) },
	{ .name = "store", .type = OPTION_STRING, .arg = "URL", .group = "Output",
	  .text = "keep the results in this database too, as sqlite:PATH; the same inputs again "
	          "replace what they gave before",
	  .offset = offsetof(struct analyze, store) },
	{ .name = "clear-addresses", .type = OPTION_FLAG, .group = "Output",
	  .text = "keep addresses in the database as they are, not only their keyed hashes",
	  .offset = offsetof(struct analyze, clear_addresses) },
	{ .name = "protocol", .letter = 'p', .type = OPTION_STRING, .arg = "NAME",
	  .group = "Reading", .text = "decode only this protocol",
	  .offset = offsetof(struct analyze, protocol) },
	{ .name = "ignore-playpos", .type = OPTION_FLAG, .group = "Reading",
	  .text = "hide the play position that a map carries, as if the protocol had none",
	  .offset = offsetof(struct analyze, ignore_playpos) },
	INFERRING_ROWS(struct analyze),
	{ .name = "threads", .letter = 'j', .type = OPTION_INT, .arg = "N", .min = 1,
	  .max = INFERENCE_SHARDS, .preset = "1", .group = "Inference",
	  .text = "follow the viewers in so many threads besides the one that reads; the "
	          "results are the same",
	  .offset = offsetof(struct analyze, threads) },
	{ .name = "audit", .type = OPTION_FLAG, .group = "Audit",
	  .text = "tell all traffic too, by what it carries and where it goes",
	  .offset = offsetof(struct analyze, audited) },
	AUDITING_ROWS(struct analyze),
	{ .name = NULL },
};

/* Observations go to the inference. */
struct to_inference {
	struct obs_sink sink; /* first */
	struct inference *inference;
	struct auditor *audit; /* of all flows; NULL: nobody asked */
	bool ignore_playpos;
	union obs_buf hidden; /* an observation less its play position */
	uint64_t gaps;
};

struct analysis {
	const struct analyze *opt;
	char **paths;
	int n_paths;
	struct input *in;
	struct outfile *file;
	struct to_inference feed;
	struct inference_options options;
	void *memory; /* of the inference */
	struct shards *shards; /* NULL: all in one thread */
	struct collect results;
	struct ndjson events;
	struct keep *keep;     /* NULL: the report is all */
	struct fan maps;
	struct kept kept;      /* for the HTML report */
	struct auditor auditor; /* if it is audited */
};

static void
put(struct obs_sink *self, const struct observation *o)
{
	struct to_inference *t = (struct to_inference *)self;

	t->gaps += o->kind == OBS_GAP;
	if (o->kind == OBS_FLOW && t->audit != NULL)
		auditing_put(t->audit, o);
	if (t->ignore_playpos && o->kind == OBS_BUFFER_MAP && o->flags & OBS_HAS_PLAY) {
		memcpy(&t->hidden, o, obs_size(o));
		t->hidden.o.flags &= (uint16_t)~OBS_HAS_PLAY;
		t->hidden.o.u.map.play = 0;
		o = &t->hidden.o;
	}
	inference_put(t->inference, o);
}

static void
start_inference(struct analysis *a)
{
	struct result_sink *out = &a->results.sink;

	inferring_set(&a->options, &a->opt->infer);
	a->options.shards = (uint32_t)a->opt->threads;
	if (a->opt->format == FORMAT_NDJSON)
		out = &a->events.sink;
	if (a->keep != NULL) {
		out = keep_results(a->keep, out);
		fan_add(&a->maps, keep_maps(a->keep));
	}
	if (a->opt->format == FORMAT_HTML)
		fan_add(&a->maps, &a->kept.sink);
	if (a->maps.to[0] != NULL)
		a->options.maps = &a->maps.sink;
	a->memory = huge_alloc(inference_size(&a->options));
	if (a->memory == NULL)
		abort();
	a->feed.sink.put = put;
	a->feed.ignore_playpos = a->opt->ignore_playpos;
	a->feed.inference = inference_init(a->memory, &a->options, out);
	if (a->opt->threads > 1)
		a->shards = shards_start(a->feed.inference, a->options.shards, out);
}

static void
tell(struct told *t, struct analysis *a)
{
	told_fill(t, &(struct told_about){
		.files = (const char *const *)a->paths, .n_files = (size_t)a->n_paths,
		.counts = input_counts(a->in), .gaps = a->feed.gaps, .results = &a->results,
		.player = &a->options.player });
	if (a->opt->audited)
		auditing_tell(&a->auditor, &t->in);
}

static void
write_page(struct analysis *a, const struct report *r)
{
	const struct api_view view = {
		.vantage = "report", .report = *r,
		.first_ns = r->input->first_ns, .last_ns = r->input->last_ns,
		.maps = kept_maps, .ctx = &a->kept,
	};
	const struct api api = { .view = &view, .n = 1, .version = PACKAGE_VERSION,
		.store = "" };

	page_write(outfile_stream(a->file), &api);
}

static void
write_report(struct analysis *a)
{
	struct told t;

	tell(&t, a);
	if (a->opt->format == FORMAT_JSON)
		document_write(outfile_stream(a->file), &t.report);
	else if (a->opt->format == FORMAT_HTML)
		write_page(a, &t.report);
	else if (a->opt->format == FORMAT_P1203)
		p1203_write(outfile_stream(a->file), &t.report);
	else
		text_write(outfile_stream(a->file), &t.report,
		           log_color_on(1) && a->opt->output == NULL);
}

/* The store too keeps what the report says of the inputs. */
static int
commit(struct analysis *a)
{
	struct told t;
	char *head;
	int status;

	tell(&t, a);
	if (a->opt->audited && t.in.first_ns != INT64_MIN)
		auditing_step(&a->auditor, t.in.first_ns, t.in.last_ns - t.in.first_ns,
		              keep_traffic, a->keep);
	head = told_head(&t);
	status = keep_commit(a->keep, &(struct store_said){
		.first_ns = t.in.first_ns, .last_ns = t.in.last_ns, .report = head,
		.prebuffer_ns = t.report.player->prebuffer_ns,
		.prebuffer_from = t.report.player_from });
	free(head);
	return status;
}

/* Into the report, or between the events. */
__attribute__((format(printf, 2, 3))) static void
warn(struct analysis *a, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (a->opt->format == FORMAT_NDJSON)
		ndjson_warn(&a->events, text);
	else
		collect_warn(&a->results, "%s", text);
}

/* What the packets look like as a whole. */
static void
warn_packets(struct analysis *a)
{
	const struct counts *c = input_counts(a->in);

	if (c->total.packets > 0 && c->total.packets == c->class[COUNTS_NOT_IP].packets +
	                                                c->class[COUNTS_UNDECODABLE].packets)
		warn(a,
		     "none of %llu packets holds IP: the file may claim a wrong link type (see "
		     "'capinfos -E', correct it with 'editcap -T')",
		     (unsigned long long)c->total.packets);
	if (c->jumps > 0)
		warn(a,
		     "times jump by more than a day, in %llu places: several captures in one, or a "
		     "wrong clock (analyze the parts by themselves)",
		     (unsigned long long)c->jumps);
	if (c->set_back > c->jumps)
		warn(a,
		     "times go back by more than a second, in %llu places: the clock was set back, "
		     "or captures were joined out of order; what follows is taken for late (put it "
		     "in order: reordercap, or analyze the parts by themselves)",
		     (unsigned long long)c->set_back);
	if (c->bad_times > 0)
		warn(a, "%llu packets have an impossible time", (unsigned long long)c->bad_times);
}

/* What the user should know of the run itself. */
static void
warn_counts(struct analysis *a)
{
	struct inference_counts n = inference_counts(a->feed.inference);
	const struct counts *c = input_counts(a->in);

	for (size_t i = 0; i < input_warnings(a->in); i++)
		warn(a, "%s", input_warning(a->in, i));
	if (n.peers_evicted > 0)
		warn(a,
		     "%llu sessions were ended early because more than %u addresses were active "
		     "(raise --max-peers)",
		     (unsigned long long)n.peers_evicted, a->options.max_peers);
	if (n.channels_evicted > 0)
		warn(a, "%llu channels had to make room for others",
		     (unsigned long long)n.channels_evicted);
	if (c->flows_evicted + c->streams_evicted > 0)
		warn(a, "%llu flows had to make room for others",
		     (unsigned long long)(c->flows_evicted + c->streams_evicted));
	if (n.unbelievable > 0)
		warn(a, "%llu observations have an impossible time or chunk number",
		     (unsigned long long)n.unbelievable);
	warn_packets(a);
}

static int
run(struct analysis *a)
{
	const char *name = a->opt->output ? a->opt->output : "standard output";
	int status, err;

	if (a->opt->format == FORMAT_NDJSON)
		ndjson_start(&a->events, INT64_MIN, (const char *const *)a->paths,
		             (size_t)a->n_paths);
	status = input_run(a->in);
	if (status == 0) {
		inference_seen(a->feed.inference, input_counts(a->in)->last_ns);
		inference_end(a->feed.inference);
	}
	if (a->shards != NULL)
		shards_finish(a->shards);
	if (status != 0)
		return status;
	warn_counts(a);
	if (a->opt->format == FORMAT_NDJSON) {
		ndjson_end(&a->events);
	} else {
		collect_finish(&a->results);
		write_report(a);
	}
	if (a->keep != NULL) {
		status = commit(a);
		if (status != 0)
			return status;
	}
	err = outfile_commit(a->file);
	a->file = NULL;
	if (err != 0)
		return command_fail(err,
		                    "cannot write %s: %s (free some space or name another file)",
		                    name, strerror(errno));
	if (input_counts(a->in)->observations == 0)
		return command_fail(ERR_NO_DATA,
		                    "no swarm in %s: the report is empty (see 'swarmscope "
		                    "version' for the protocols that are read)",
		                    a->n_paths == 1 ? a->paths[0] : "the inputs");
	return 0;
}

static int
analyze(const struct analyze *opt, char **paths, int n)
{
	struct analysis a = { .opt = opt, .paths = paths, .n_paths = n };
	int status = opt->audited ? auditing_open(&a.auditor, &opt->audit) : 0, err;

	if (status != 0)
		return status;
	if (opt->audited)
		a.feed.audit = &a.auditor;
	status = input_open(paths, n, opt->protocol, opt->audited ? &a.auditor.account : NULL,
	                    &a.feed.sink, &a.in);
	if (status != 0) {
		auditing_close(&a.auditor);
		return status;
	}
	err = outfile_open(opt->output, &a.file);
	if (err != 0) {
		input_close(a.in);
		auditing_close(&a.auditor);
		return command_fail(err,
		                    "cannot write %s: %s (name another file or make the folder "
		                    "writable)",
		                    opt->output, strerror(errno));
	}
	if (opt->store != NULL &&
	    (status = keep_open(opt->store, opt->clear_addresses, paths, n, &a.keep)) != 0) {
		outfile_abandon(a.file);
		input_close(a.in);
		auditing_close(&a.auditor);
		return status;
	}
	collect_init(&a.results);
	fan_init(&a.maps);
	kept_init(&a.kept);
	ndjson_init(&a.events, outfile_stream(a.file), told_protocol);
	start_inference(&a);
	status = run(&a);
	outfile_abandon(a.file);
	ndjson_fini(&a.events);
	collect_fini(&a.results);
	fan_fini(&a.maps);
	kept_fini(&a.kept);
	huge_free(a.memory, inference_size(&a.options));
	keep_close(a.keep);
	input_close(a.in);
	auditing_close(&a.auditor);
	return status;
}

int
cmd_analyze(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct analyze opt = { 0 };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	if (global.json && opt.format == FORMAT_TEXT)
		opt.format = FORMAT_JSON;
	for (int i = 0; rc == 0 && opt.store != NULL && i < n; i++)
		if (strcmp(args[i], "-") == 0)
			rc = err_exit_status(options_complain(row,
			    "standard input cannot be kept by --store: what is read once has no "
			    "identity (write it to a file first)"));
	if (rc == 0)
		rc = analyze(&opt, args, n);
	free(args);
	return rc;
}
