/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "base/err.h"
#include "base/outfile.h"
#include "tests/unit/files.h"

static void
put(struct outfile *o, const char *text, int times)
{
	for (int i = 0; i < times; i++)
		fputs(text, outfile_stream(o));
}

static void
holds(const char *path, const char *text)
{
	const char *there = files_read(path, NULL);

	assert_non_null(there);
	assert_string_equal(there, text);
}

static void
a_file_appears_at_commit(void **state)
{
	const char *path = files_path("new");
	int before = files_count();
	struct outfile *o;

	(void)state;
	assert_int_equal(outfile_open(path, &o), 0);
	put(o, "report", 1);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(outfile_commit(o), 0);
	holds(path, "report");
	assert_int_equal(files_count(), before + 1);
}

static void
an_earlier_file_stays_when_given_up(void **state)
{
	const char *path = files_write("kept", "before", 6);
	int before = files_count();
	struct outfile *o;

	(void)state;
	assert_int_equal(outfile_open(path, &o), 0);
	put(o, "after", 100000);
	holds(path, "before");
	outfile_abandon(o);
	holds(path, "before");
	assert_int_equal(files_count(), before);
	outfile_abandon(NULL);
}

static void
a_signal_handler_leaves_no_litter(void **state)
{
	const char *path = files_write("kept", "before", 6);
	int before = files_count();
	struct outfile *o;

	(void)state;
	assert_int_equal(outfile_open(path, &o), 0);
	assert_int_equal(files_count(), before + 1);
	outfile_abandon_all();
	assert_int_equal(files_count(), before);
	outfile_abandon(o);
	outfile_abandon_all();
	holds(path, "before");
}

/* A limit on the size of files stands for a full disk: EFBIG instead of ENOSPC. */
static void
a_full_disk_leaves_the_earlier_file(void **state)
{
	const char *path = files_write("kept", "before", 6);
	struct rlimit was, low;
	int before = files_count();
	struct outfile *o;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	low = (struct rlimit){ .rlim_cur = 10000, .rlim_max = was.rlim_max };
	for (int times = 10001; times < 100000; times += 80000) {
		assert_int_equal(outfile_open(path, &o), 0);
		setrlimit(RLIMIT_FSIZE, &low);
		put(o, "x", times);
		assert_int_equal(outfile_commit(o), ERR_FULL);
		assert_int_equal(errno, EFBIG);
		setrlimit(RLIMIT_FSIZE, &was);
		holds(path, "before");
		assert_int_equal(files_count(), before);
	}
}

static void
a_full_device_is_noticed(void **state)
{
	struct outfile *o;

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	for (int times = 1; times < 400000; times += 65535) {
		assert_int_equal(outfile_open("/dev/full", &o), 0);
		put(o, "x", times);
		assert_int_equal(outfile_commit(o), ERR_FULL);
		assert_int_equal(errno, ENOSPC);
	}
	assert_int_equal(access("/dev/full", W_OK), 0);
}

static void
standard_output_is_written_directly(void **state)
{
	int kept = dup(1), before = files_count();
	const char *path = files_path("out");
	struct outfile *o;

	(void)state;
	assert_true(freopen(path, "w", stdout) != NULL);
	assert_int_equal(outfile_open("-", &o), 0);
	put(o, "one ", 1);
	assert_int_equal(outfile_commit(o), 0);
	assert_int_equal(outfile_open(NULL, &o), 0);
	put(o, "two", 1);
	assert_int_equal(outfile_commit(o), 0);
	dup2(kept, 1);
	close(kept);
	holds(path, "one two");
	assert_int_equal(files_count(), before + 1);
}

static void
a_closed_standard_output_is_an_error(void **state)
{
	int kept = dup(1);
	struct outfile *o;

	(void)state;
	close(1);
	assert_int_equal(outfile_open("-", &o), 0);
	put(o, "lost", 50000);
	assert_int_equal(outfile_commit(o), ERR_IO);
	assert_int_equal(errno, EBADF);
	dup2(kept, 1);
	close(kept);
}

static void
a_folder_or_a_missing_folder_is_an_error(void **state)
{
	struct outfile *o;

	(void)state;
	assert_int_equal(outfile_open(files_path("."), &o), ERR_IO);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(outfile_open(files_path("nowhere/report"), &o), ERR_IO);
	assert_int_equal(errno, ENOENT);
}

static void
what_is_given_up_is_not_written_to_standard_output(void **state)
{
	struct outfile *o;

	(void)state;
	files_capture(1);
	assert_int_equal(outfile_open("-", &o), 0);
	put(o, "text", 1);
	outfile_abandon(o);
	assert_string_equal(files_captured(1), "");
}

static void
a_link_and_the_mode_are_kept(void **state)
{
	const char *target = files_write("target", "before", 6), *link = files_path("link");
	struct outfile *o;
	struct stat st;

	(void)state;
	assert_int_equal(chmod(target, 0640), 0);
	assert_int_equal(symlink("target", link), 0);
	assert_int_equal(outfile_open(link, &o), 0);
	put(o, "after", 1);
	assert_int_equal(outfile_commit(o), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(link, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	holds(target, "after");
}

static void
a_new_file_has_the_mode_of_others(void **state)
{
	mode_t mask = umask(027);
	const char *path = files_path("mode");
	struct outfile *o;
	struct stat st;

	(void)state;
	assert_int_equal(outfile_open(path, &o), 0);
	assert_int_equal(outfile_commit(o), 0);
	assert_int_equal(umask(mask), 027);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

/* Root may write all, so root asks as somebody else. */
static void
a_file_that_may_not_be_written_is_not_replaced(void **state)
{
	const char *path = files_write("guarded", "before", 6);
	uid_t user = geteuid();
	struct outfile *o;
	int err, error;

	(void)state;
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(files_path("."), 0777), 0);
	assert_true(user != 0 || seteuid(65534) == 0);
	err = outfile_open(path, &o);
	error = errno;
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(err, ERR_IO);
	assert_int_equal(error, EACCES);
	holds(path, "before");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_appears_at_commit),
		cmocka_unit_test(an_earlier_file_stays_when_given_up),
		cmocka_unit_test(a_signal_handler_leaves_no_litter),
		cmocka_unit_test(a_full_disk_leaves_the_earlier_file),
		cmocka_unit_test(a_full_device_is_noticed),
		cmocka_unit_test(standard_output_is_written_directly),
		cmocka_unit_test(a_closed_standard_output_is_an_error),
		cmocka_unit_test(what_is_given_up_is_not_written_to_standard_output),
		cmocka_unit_test(a_folder_or_a_missing_folder_is_an_error),
		cmocka_unit_test(a_link_and_the_mode_are_kept),
		cmocka_unit_test(a_new_file_has_the_mode_of_others),
		cmocka_unit_test(a_file_that_may_not_be_written_is_not_replaced),
	};

	return cmocka_run_group_tests(tests, files_begin, files_end);
}
