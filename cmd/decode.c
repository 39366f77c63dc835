/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/outfile.h"
#include "cmd/commands.h"
#include "cmd/input.h"
#include "record/sso.h"
#include "report/observed.h"

struct decode_command {
	const char *output, *protocol, *write, *append;
	int kind;
	int64_t count;
	bool flows;
};

/* In the order of enum obs_kind. */
static const char *const kinds[] = {
	"all", "buffer_map", "have", "request", "transfer", "mark", "verify", "contacts",
	"partner", "join", "leave", "channel", "flow", "gap", NULL,
};

const struct option_row decode_options[] = {
	{ .name = "output", .letter = 'o', .type = OPTION_STRING, .arg = "FILE", .group = "Output",
	  .text = "write to this file, whole or not at all; - is standard output",
	  .offset = offsetof(struct decode_command, output) },
	{ .name = "write", .letter = 'w', .type = OPTION_STRING, .arg = "FILE", .group = "Output",
	  .text = "keep the observations in this .sso file instead of printing them",
	  .offset = offsetof(struct decode_command, write) },
	{ .name = "append", .letter = 'a', .type = OPTION_STRING, .arg = "FILE", .group = "Output",
	  .text = "the same, behind what the file already holds",
	  .offset = offsetof(struct decode_command, append) },
	{ .name = "kind", .letter = 'k', .type = OPTION_ENUM, .arg = "KIND", .values = kinds,
	  .preset = "all", .group = "Selection", .text = "only this kind of observation",
	  .offset = offsetof(struct decode_command, kind) },
	{ .name = "protocol", .letter = 'p', .type = OPTION_STRING, .arg = "NAME",
	  .group = "Selection", .text = "decode only this protocol",
	  .offset = offsetof(struct decode_command, protocol) },
	{ .name = "flows", .type = OPTION_FLAG, .group = "Selection",
	  .text = "all flows too, of whatever traffic: how much, and what they carry",
	  .offset = offsetof(struct decode_command, flows) },
	{ .name = "count", .type = OPTION_INT, .arg = "N", .min = 0, .max = 9e15, .preset = "0",
	  .group = "Selection", .text = "print at most so many observations; 0 is all",
	  .offset = offsetof(struct decode_command, count) },
	{ .name = NULL },
};

struct print_sink {
	struct obs_sink sink;
	FILE *out;               /* or: */
	struct sso_writer *file;
	bool json;
	int kind;      /* 0 all */
	int64_t left;  /* observations still to print; negative: no limit */
	uint64_t seen; /* of any kind */
};

static void
print(struct obs_sink *self, const struct observation *o)
{
	struct print_sink *p = (struct print_sink *)self;
	const struct proto *proto = proto_by_id(o->protocol);

	p->seen++;
	if ((p->kind != 0 && p->kind != o->kind) || p->left == 0)
		return;
	if (p->left > 0)
		p->left--;
	if (p->file != NULL)
		sso_writer_put(p->file, o);
	else if (p->json)
		observed_json(p->out, o, proto ? proto->name : NULL);
	else
		observed_text(p->out, o, proto ? proto->name : NULL);
}

static int
cannot_write(int err, const char *name)
{
	return command_fail(err, "cannot write %s: %s (free some space or name another file)", name,
	                    err == ERR_IO || err == ERR_FULL || err == ERR_PERMISSION ?
	                            strerror(errno) : err_text(err));
}

static int
print_to(struct print_sink *sink, struct input *in, const char *path)
{
	const char *name = path ? path : "standard output";
	struct outfile *file;
	int err = outfile_open(path, &file), status;

	if (err != 0)
		return cannot_write(err, name);
	sink->out = outfile_stream(file);
	status = input_run(in);
	if (status != 0) {
		outfile_abandon(file); /* an earlier file stays */
		return status;
	}
	err = outfile_commit(file);
	return err != 0 ? cannot_write(err, name) : 0;
}

static int
keep_in(struct print_sink *sink, struct input *in, const struct decode_command *opt)
{
	const char *path = opt->append ? opt->append : opt->write;
	struct sso_meta meta = { .start_ns = input_counts(in)->first_ns,
		                 .clock = SSO_CLOCK_CAPTURE };
	struct sso_writer file;
	int err = opt->append ? sso_writer_append(&file, path, &meta) :
	                        sso_writer_open(&file, path, &meta), status;

	if (err != 0)
		return cannot_write(err, path);
	sink->file = &file;
	status = input_run(in);
	sink->file = NULL;
	if (status != 0 && opt->append == NULL) {
		sso_writer_abandon(&file);
		return status;
	}
	err = sso_writer_close(&file);
	return err != 0 ? cannot_write(err, path) : status;
}

static int
decode(const struct decode_command *opt, const struct global *global, char **paths, int n)
{
	struct print_sink sink = {
		.sink.put = print, .json = global->json, .kind = opt->kind,
		.left = opt->count > 0 ? opt->count : -1,
	};
	const struct account_options all = { .no_dpi = false };
	struct input *in;
	int status = input_open(paths, n, opt->protocol, opt->flows ? &all : NULL,
	                        &sink.sink, &in);

	if (status != 0)
		return status;
	status = opt->write || opt->append ? keep_in(&sink, in, opt) :
	                                     print_to(&sink, in, opt->output);
	if (status == 0 && sink.seen == 0)
		status = command_fail(ERR_NO_DATA,
		                      "no swarm in %s (see 'swarmscope version' for the "
		                      "protocols that are read)",
		                      n == 1 ? paths[0] : "the inputs");
	input_close(in);
	return status;
}

int
cmd_decode(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct decode_command opt = { 0 };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	rc = decode(&opt, &global, args, n);
	free(args);
	return rc;
}
