/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/outfile.h"
#include "cmd/commands.h"
#include "report/score_json.h"
#include "report/score_text.h"

struct score_command {
	const char *truth, *output;
	int64_t tolerance_ns;
};

const struct option_row score_options[] = {
	{ .name = "truth",
	  .letter = 't',
	  .type = OPTION_STRING,
	  .arg = "FILE",
	  .group = "Input",
	  .text = "the truth log: NDJSON, one event a line (required)",
	  .offset = offsetof(struct score_command, truth) },
	{ .name = "tolerance",
	  .type = OPTION_DURATION,
	  .arg = "TIME",
	  .min = 0,
	  .max = 3600,
	  .preset = "5s",
	  .group = "Input",
	  .text = "farthest that an inferred reboot or skip may be from a true one",
	  .offset = offsetof(struct score_command, tolerance_ns) },
	{ .name = "output",
	  .letter = 'o',
	  .type = OPTION_STRING,
	  .arg = "FILE",
	  .group = "Output",
	  .text = "write to this file, whole or not at all; - is standard output",
	  .offset = offsetof(struct score_command, output) },
	{ .name = NULL },
};

static int
write_score(const struct score_command *opt, const struct global *global, const struct score *s,
            const struct score_source *of)
{
	struct outfile *file;
	int err = outfile_open(opt->output, &file);

	if (err == 0) {
		if (global->json)
			score_json_write(outfile_stream(file), s, of);
		else
			score_text_write(outfile_stream(file), s, of,
			                 opt->output == NULL && log_color_on(1));
		err = outfile_commit(file);
	}
	if (err == 0)
		return 0;
	return command_fail(err, "cannot write %s: %s (free some space or name another file)",
	                    opt->output ? opt->output : "standard output", strerror(errno));
}

static int
score(const struct score_command *opt, const struct global *global, const char *report)
{
	struct truth truth = { 0 };
	struct claims claims = { 0 };
	struct score s;
	struct score_source of = { opt->truth, report, &truth, &claims, opt->tolerance_ns };
	char why[LOAD_WHY];
	int status, err = truth_read(&truth, opt->truth, why);

	if (err == 0)
		err = claims_read(&claims, report, why);
	if (err != 0) {
		status = command_fail(err, "%s", why);
	} else {
		score_compute(&s, &truth, &claims, opt->tolerance_ns);
		status = write_score(opt, global, &s, &of);
		score_free(&s);
	}
	truth_free(&truth);
	claims_free(&claims);
	return status;
}

int
cmd_score(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	struct score_command opt = { 0 };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	if (opt.truth == NULL)
		rc = err_exit_status(options_complain(row, "--truth FILE is missing"));
	else
		rc = score(&opt, &global, args[0]);
	free(args);
	return rc;
}
