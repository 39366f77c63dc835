/*
 * log - what a program says on standard error: messages and progress.
 *
 * A message is one line: "swarmscope: analyze: what, where, what to do next", or
 * the same as JSON. Progress is a single line that is drawn over, on a terminal
 * only, at most ten times a second.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_color { LOG_COLOR_AUTO, LOG_COLOR_ALWAYS, LOG_COLOR_NEVER };

struct log_options {
	enum log_level level;  /* say this and what is graver */
	enum log_color color;  /* auto: a terminal, and NO_COLOR is not set */
	bool json;
	bool progress;         /* show progress if standard error is a terminal */
};

/* program and command stand before each message; borrowed for good. */
void log_init(const struct log_options *opt, const char *program, const char *command);

void log_say(enum log_level level, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Is colour wanted on this stream (1 standard output, 2 standard error)? */
bool log_color_on(int fd);

/* done of total (0 unknown) bytes and a count of things, at now_ns on any clock
 * that goes forward. */
void log_progress(int64_t now_ns, uint64_t done, uint64_t total, uint64_t count,
                  const char *things);
void log_progress_end(void); /* wipes the line */

#endif
