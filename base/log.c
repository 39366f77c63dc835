/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"

#define PROGRESS_NS 100000000
#define S_NS 1000000000

static struct {
	struct log_options opt;
	const char *program, *command;
	int64_t started_ns, shown_ns;
	bool shown, progress;
} state = { .opt = { .level = LOG_WARNING }, .program = "swarmscope" };

void
log_init(const struct log_options *opt, const char *program, const char *command)
{
	state.opt = *opt;
	state.program = program;
	state.command = command;
	state.started_ns = 0;
	state.progress = opt->progress && !opt->json && isatty(STDERR_FILENO);
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a message is one write */
}

bool
log_color_on(int fd)
{
	const char *no = getenv("NO_COLOR");

	if (state.opt.color != LOG_COLOR_AUTO)
		return state.opt.color == LOG_COLOR_ALWAYS;
	return (no == NULL || *no == '\0') && isatty(fd);
}

static const char *
level_name(enum log_level level)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	return names[level];
}

static void
say_json(enum log_level level, const char *text)
{
	struct json_writer w = json_writer_to(stderr, false);

	json_object(&w);
	json_put_string(&w, "level", level_name(level));
	json_put_string(&w, "program", state.program);
	if (state.command != NULL)
		json_put_string(&w, "command", state.command);
	json_put_string(&w, "message", text);
	json_object_end(&w);
	putc('\n', stderr);
}

/* Would it steer a terminal or break the line? C0, DEL, and C1 in UTF-8. */
static bool
is_control(const unsigned char *c)
{
	return c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0);
}

/* Names of files and peers may hold anything: control characters are shown, not
 * sent. */
static void
put_visible(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
		if (is_control(c))
			fprintf(stderr, "\\x%02x", *c);
		else
			putc(*c, stderr);
}

static void
say_text(enum log_level level, const char *text)
{
	const char *color = level == LOG_ERROR ? "\033[31m" : "\033[33m";
	bool colored = level <= LOG_WARNING && log_color_on(STDERR_FILENO);

	fprintf(stderr, "%s: ", state.program);
	if (state.command != NULL)
		fprintf(stderr, "%s: ", state.command);
	if (colored)
		fputs(color, stderr);
	if (level == LOG_WARNING)
		fputs("warning: ", stderr);
	put_visible(text);
	fputs(colored ? "\033[0m\n" : "\n", stderr);
}

void
log_say(enum log_level level, const char *format, ...)
{
	char text[8192];
	va_list ap;

	if (level > state.opt.level)
		return;
	log_progress_end();
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (state.opt.json)
		say_json(level, text);
	else
		say_text(level, text);
}

void
log_progress(int64_t now_ns, uint64_t done, uint64_t total, uint64_t count, const char *things)
{
	double seconds;

	if (!state.progress || (state.shown && now_ns - state.shown_ns < PROGRESS_NS))
		return;
	if (state.started_ns == 0)
		state.started_ns = now_ns;
	state.shown = true;
	state.shown_ns = now_ns;
	seconds = (double)(now_ns - state.started_ns) / S_NS;
	fputs("\r\033[K", stderr);
	if (total > 0)
		fprintf(stderr, "%3.0f %%  ", 100 * (double)done / (double)total);
	fprintf(stderr, "%" PRIu64 " %s  %.1f s", count, things, seconds);
	if (seconds > 0.5)
		fprintf(stderr, "  %.0f/s", (double)count / seconds);
	fflush(stderr);
}

void
log_progress_end(void)
{
	if (state.shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	state.shown = false;
}
