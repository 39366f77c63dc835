/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "cmd/commands.h"

static const char *const log_formats[] = { "text", "json", NULL };
static const char *const colors[] = { "auto", "always", "never", NULL };

const struct option_row command_globals[] = {
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, .group = "Global options",
	  .text = "say nothing but errors", .offset = offsetof(struct global, quiet) },
	{ .name = "verbose", .letter = 'v', .type = OPTION_COUNT, .group = "Global options",
	  .text = "say more; twice, still more", .offset = offsetof(struct global, verbose) },
	{ .name = "json", .type = OPTION_FLAG, .group = "Global options",
	  .text = "write results as JSON", .offset = offsetof(struct global, json) },
	{ .name = "log-format", .type = OPTION_ENUM, .arg = "FORM", .values = log_formats,
	  .preset = "text", .group = "Global options", .text = "form of messages",
	  .offset = offsetof(struct global, log_format) },
	{ .name = "color", .type = OPTION_ENUM, .arg = "WHEN", .values = colors, .preset = "auto",
	  .group = "Global options", .text = "colour; NO_COLOR is honoured",
	  .offset = offsetof(struct global, color) },
	{ .name = "no-progress", .type = OPTION_FLAG, .group = "Global options",
	  .text = "show no progress", .offset = offsetof(struct global, no_progress) },
	{ .name = NULL },
};

int
command_begin(const struct command_row *row, int argc, char **argv, void *opt,
              struct global *global, char ***args, int *n)
{
	struct log_options log = { .level = LOG_WARNING };
	int rc = options_parse(row, argc, argv, opt, global, args, n);

	if (rc != 0)
		return rc > 0 ? 1 : 1 + err_exit_status(rc);
	log.level = global->quiet ? LOG_ERROR : global->verbose > 1 ? LOG_DEBUG :
	            global->verbose == 1 ? LOG_INFO : LOG_WARNING;
	log.json = global->log_format == 1;
	log.color = (enum log_color)global->color;
	log.progress = !global->quiet && !global->no_progress;
	log_init(&log, program.name, row->name);
	return 0;
}

int
command_end(struct outfile *out)
{
	int err = outfile_commit(out);

	if (err == 0)
		return 0;
	return command_fail(err, "cannot write standard output: %s", strerror(errno));
}

int
command_fail(int err, const char *format, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	log_say(LOG_ERROR, "%s", text);
	return err_exit_status(err);
}
