/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "tests/unit/files.h"

#define S_NS INT64_C(1000000000)

static void
begin(struct log_options opt, const char *command)
{
	files_capture(2);
	log_init(&opt, "scope", command);
}

static void
a_message_is_one_line_with_program_and_command(void **state)
{
	(void)state;
	begin((struct log_options){ .level = LOG_INFO }, "look");
	log_say(LOG_ERROR, "cannot open %s: %s", "a.pcap", "no such file");
	log_say(LOG_WARNING, "cut short");
	log_say(LOG_INFO, "read %d", 3);
	log_say(LOG_DEBUG, "detail");
	assert_string_equal(files_captured(2), "scope: look: cannot open a.pcap: no such file\n"
	                                       "scope: look: warning: cut short\n"
	                                       "scope: look: read 3\n");
	begin((struct log_options){ .level = LOG_ERROR }, NULL);
	log_say(LOG_ERROR, "wrong");
	log_say(LOG_WARNING, "cut short");
	assert_string_equal(files_captured(2), "scope: wrong\n");
}

static void
names_cannot_break_the_line_or_steer_the_terminal(void **state)
{
	(void)state;
	begin((struct log_options){ .level = LOG_INFO }, NULL);
	log_say(LOG_ERROR, "%s", "a\nb\033[2J\x7f caf\xc3\xa9 \xc2\x9b");
	assert_string_equal(files_captured(2),
	                    "scope: a\\x0ab\\x1b[2J\\x7f caf\xc3\xa9 \\xc2\x9b\n");
}

static void
a_message_may_be_json(void **state)
{
	(void)state;
	begin((struct log_options){ .level = LOG_WARNING, .json = true }, "look");
	log_say(LOG_WARNING, "a \"b\"\n");
	assert_string_equal(files_captured(2),
	                    "{\"level\":\"warning\",\"program\":\"scope\",\"command\":\"look\","
	                    "\"message\":\"a \\\"b\\\"\\n\"}\n");
}

static void
colour_is_for_terminals_unless_asked_for(void **state)
{
	(void)state;
	begin((struct log_options){ .color = LOG_COLOR_ALWAYS }, NULL);
	assert_true(log_color_on(2));
	log_say(LOG_ERROR, "wrong");
	assert_string_equal(files_captured(2), "scope: \033[31mwrong\033[0m\n");
	begin((struct log_options){ .color = LOG_COLOR_AUTO }, NULL);
	assert_false(log_color_on(2));
	log_say(LOG_ERROR, "wrong");
	assert_string_equal(files_captured(2), "scope: wrong\n");
}

/* What comes out of the terminal's other end. */
static void
shown(int terminal, char *text, size_t size)
{
	struct pollfd wait = { .fd = terminal, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	while (len + 1 < size && poll(&wait, 1, len > 0 ? 20 : 1000) > 0 &&
	       (n = read(terminal, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
}

/* Standard error is a terminal until terminal_end. */
static int
terminal_begin(int *kept)
{
	int terminal, program;

	if (openpty(&terminal, &program, NULL, NULL, NULL) != 0)
		return -1;
	fflush(stderr);
	*kept = dup(2);
	dup2(program, 2);
	close(program);
	return terminal;
}

static void
terminal_end(int kept)
{
	fflush(stderr);
	dup2(kept, 2);
	close(kept);
}

static void
progress_is_one_line_drawn_over_ten_times_a_second(void **state)
{
	struct log_options opt = { .color = LOG_COLOR_NEVER, .level = LOG_WARNING,
	                           .progress = true };
	int kept, terminal = terminal_begin(&kept);
	char text[1000];

	(void)state;
	if (terminal < 0)
		skip();
	log_init(&opt, "scope", NULL);
	log_progress(S_NS, 0, 200, 0, "packets");
	log_progress(S_NS + S_NS / 10 - 1, 50, 200, 500, "packets");
	log_progress(S_NS + S_NS, 100, 200, 1000, "packets");
	log_progress(3 * S_NS, 100, 0, 3000, "packets");
	log_say(LOG_WARNING, "cut");
	log_progress(3 * S_NS + 1, 200, 200, 5000, "packets");
	log_progress_end();
	log_progress_end();
	terminal_end(kept);
	shown(terminal, text, sizeof text);
	close(terminal);
	assert_string_equal(text, "\r\033[K  0 %  0 packets  0.0 s"
	                          "\r\033[K 50 %  1000 packets  1.0 s  1000/s"
	                          "\r\033[K3000 packets  2.0 s  1500/s"
	                          "\r\033[Kscope: warning: cut\r\n"
	                          "\r\033[K100 %  5000 packets  2.0 s  2500/s\r\033[K");
}

static void
colour_on_a_terminal_honours_no_color(void **state)
{
	struct log_options opt = { .level = LOG_WARNING };
	int kept, terminal = terminal_begin(&kept);
	bool with, without, emptied;

	(void)state;
	if (terminal < 0)
		skip();
	unsetenv("NO_COLOR");
	log_init(&opt, "scope", NULL);
	with = log_color_on(2);
	setenv("NO_COLOR", "1", 1);
	without = log_color_on(2);
	setenv("NO_COLOR", "", 1);
	emptied = log_color_on(2);
	unsetenv("NO_COLOR");
	terminal_end(kept);
	close(terminal);
	assert_true(with && !without && emptied);
}

static void
no_progress_without_a_terminal_or_when_not_wanted(void **state)
{
	struct log_options opt = { .level = LOG_WARNING, .progress = false };
	int kept, terminal;
	char text[100];

	(void)state;
	begin((struct log_options){ .progress = true }, NULL);
	log_progress(S_NS, 1, 2, 3, "packets");
	log_progress_end();
	assert_string_equal(files_captured(2), "");
	terminal = terminal_begin(&kept);
	if (terminal < 0)
		skip();
	log_init(&opt, "scope", NULL);
	log_progress(S_NS, 1, 2, 3, "packets");
	opt = (struct log_options){ .level = LOG_WARNING, .progress = true, .json = true };
	log_init(&opt, "scope", NULL);
	log_progress(S_NS, 1, 2, 3, "packets");
	log_progress_end();
	fputs("end", stderr);
	terminal_end(kept);
	shown(terminal, text, sizeof text);
	close(terminal);
	assert_string_equal(text, "end");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_line_with_program_and_command),
		cmocka_unit_test(names_cannot_break_the_line_or_steer_the_terminal),
		cmocka_unit_test(a_message_may_be_json),
		cmocka_unit_test(colour_is_for_terminals_unless_asked_for),
		cmocka_unit_test(progress_is_one_line_drawn_over_ten_times_a_second),
		cmocka_unit_test(colour_on_a_terminal_honours_no_color),
		cmocka_unit_test(no_progress_without_a_terminal_or_when_not_wanted),
	};

	return cmocka_run_group_tests(tests, files_begin, files_end);
}
