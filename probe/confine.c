/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"

static int
fail(int err, char why[CONFINE_WHY], const char *what, const char *name)
{
	snprintf(why, CONFINE_WHY, "%s%s: %s", what, name, strerror(errno));
	return err;
}

/* --- user and capabilities ---------------------------------------------------------------- */

/* What is kept: nothing, or the one that opens an interface. */
static void
keep_capture(void)
{
	bool has;

	capng_get_caps_process();
	has = capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW);
	capng_clear(CAPNG_SELECT_BOTH);
	if (has)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
}

static int
become(const char *name, char why[CONFINE_WHY])
{
	const struct passwd *user = getpwnam(name);
	int code;

	if (user == NULL) {
		snprintf(why, CONFINE_WHY, "no user '%s' (make one: useradd --system %s)", name,
		         name);
		return ERR_USAGE;
	}
	if (user->pw_uid == geteuid())
		return 0;
	keep_capture();
	code = capng_change_id((int)user->pw_uid, (int)user->pw_gid,
	                       CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	return code == 0 ? 0 : fail(ERR_PERMISSION, why, "cannot become user ", name);
}

int
confine_user(const char *user, char why[CONFINE_WHY])
{
	int rc = user != NULL ? become(user, why) : 0;

	if (rc != 0)
		return rc;
	keep_capture();
	/* The bounding set can be cleared by the mighty only; others gain nothing by it. */
	if (capng_apply(CAPNG_SELECT_BOTH) != 0 && capng_apply(CAPNG_SELECT_CAPS) != 0)
		return fail(ERR_PERMISSION, why, "cannot give up capabilities", "");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(ERR_PERMISSION, why, "cannot give up new privileges", "");
	return 0;
}

/* --- system calls ------------------------------------------------------------------------- */

static int
add(scmp_filter_ctx filter, const int calls[], size_t n, uint32_t action)
{
	int code = filter != NULL ? 0 : -ENOMEM;

	/* Calls that this machine's architecture does not have are none that could be made. */
	for (size_t i = 0; code == 0 && i < n; i++)
		if (calls[i] != __NR_SCMP_ERROR)
			code = seccomp_rule_add(filter, action, calls[i], 0);
	return code;
}

/* What is asked of an interface that has gone away: is it there, and up? */
static int
add_questions(scmp_filter_ctx filter)
{
	static const unsigned questions[] = { SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFINDEX };
	int code = 0;

	for (size_t i = 0; code == 0 && i < sizeof questions / sizeof questions[0]; i++)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		                        SCMP_A1(SCMP_CMP_EQ, questions[i], 0));
	return code;
}

static int
load(scmp_filter_ctx filter, int code, char why[CONFINE_WHY])
{
	if (code == 0)
		code = seccomp_load(filter);
	seccomp_release(filter);
	errno = -code;
	return code == 0 ? 0 : fail(ERR_IO, why, "cannot limit system calls", "");
}

/* A build with the address sanitizer looks for leaks through ptrace when it ends. */
#ifdef __SANITIZE_ADDRESS__
#define PTRACE __NR_SCMP_ERROR
#else
#define PTRACE SCMP_SYS(ptrace)
#endif

int
confine_process(char why[CONFINE_WHY])
{
	static const int never[] = {
		SCMP_SYS(execve), SCMP_SYS(execveat), PTRACE,
		SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kexec_load),
		SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
		SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
		SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
		SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(swapon),
		SCMP_SYS(swapoff), SCMP_SYS(reboot), SCMP_SYS(settimeofday),
		SCMP_SYS(clock_settime), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
	};

	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	return load(filter, add(filter, never, sizeof never / sizeof never[0],
	                        SCMP_ACT_KILL_PROCESS), why);
}

int
confine_decoder(char why[CONFINE_WHY])
{
	static const int allowed[] = {
		/* what is open: rings are read in memory, their counts are socket options */
		SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(poll),
		SCMP_SYS(ppoll), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(getsockopt),
		SCMP_SYS(getsockname), SCMP_SYS(fstat), SCMP_SYS(lseek), SCMP_SYS(close),
		/* memory */
		SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
		SCMP_SYS(madvise), SCMP_SYS(brk),
		/* time, and other threads */
		SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
		SCMP_SYS(gettimeofday), SCMP_SYS(futex), SCMP_SYS(sched_yield),
		SCMP_SYS(rseq), SCMP_SYS(set_robust_list), SCMP_SYS(restart_syscall),
		SCMP_SYS(getrandom), SCMP_SYS(sched_getaffinity),
		/* the end of the thread, or of the process */
		SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
		SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
	};

	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int code = add(filter, allowed, sizeof allowed / sizeof allowed[0], SCMP_ACT_ALLOW);

	return load(filter, code == 0 ? add_questions(filter) : code, why);
}
