/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "probe/confine.h"

enum { FINE = 0, NOT_CONFINED = 3 };

/* Does it in a process of its own; answers its wait status. */
static int
in_child(int (*confine)(char why[CONFINE_WHY]), void (*deed)(void))
{
	char why[CONFINE_WHY];
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (confine(why) != 0)
			_exit(NOT_CONFINED);
		deed();
		_exit(FINE);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
opens_a_file(void)
{
	open("/dev/null", O_RDONLY);
}

static void
opens_a_socket(void)
{
	socket(AF_INET, SOCK_DGRAM, 0);
}

static void
starts_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void
forks(void)
{
	fork();
}

static void
computes(void)
{
	const struct timespec rest = { 0, 1000 };
	char *memory = malloc(1 << 22);
	struct timespec now;

	memset(memory, 1, 1 << 22);
	clock_gettime(CLOCK_REALTIME, &now);
	nanosleep(&rest, NULL);
	free(memory);
}

static void
killed(int (*confine)(char why[CONFINE_WHY]), void (*deed)(void))
{
	int status = in_child(confine, deed);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void
a_decoder_that_opens_or_starts_anything_is_killed(void **state)
{
	(void)state;
	killed(confine_decoder, opens_a_file);
	killed(confine_decoder, opens_a_socket);
	killed(confine_decoder, starts_a_program);
	killed(confine_decoder, forks);
}

static void
a_decoder_computes(void **state)
{
	(void)state;
	assert_int_equal(in_child(confine_decoder, computes), FINE);
}

static void
the_process_opens_files_but_starts_no_program(void **state)
{
	(void)state;
	assert_int_equal(in_child(confine_process, opens_a_file), FINE);
	killed(confine_process, starts_a_program);
}

static void
nobody_s_user_is_told(void **state)
{
	char why[CONFINE_WHY];

	(void)state;
	assert_int_equal(confine_user("no-such-user-here", why), ERR_USAGE);
	assert_non_null(strstr(why, "useradd"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decoder_that_opens_or_starts_anything_is_killed),
		cmocka_unit_test(a_decoder_computes),
		cmocka_unit_test(the_process_opens_files_but_starts_no_program),
		cmocka_unit_test(nobody_s_user_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
