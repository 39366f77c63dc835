/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "store/backend.h"

#define BUSY_MS 5000
#define WAL_WRITE_LOCK 120 /* byte of the -shm file that a writer locks */

int
store_fail(struct store *s, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->why, sizeof s->why, format, ap);
	va_end(ap);
	return s->failed = err;
}

/* Who writes: the process that holds the lock of the write-ahead log. Asked after our own
 * handle is closed, since closing this one would drop its locks. */
static long
writer(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = WAL_WRITE_LOCK,
		.l_len = 1 };
	char shm[PATH_MAX + 8];
	long pid = 0;
	int fd;

	snprintf(shm, sizeof shm, "%s-shm", path);
	fd = open(shm, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		pid = lock.l_pid;
	close(fd);
	return pid;
}

static int
fail_busy(struct store *s)
{
	long pid;

	if (s->live) /* it is tried again */
		return store_fail(s, ERR_STORE, "%s is being written by another process", s->path);
	sqlite3_close_v2(s->db);
	s->db = NULL;
	pid = writer(s->path);
	if (pid > 0)
		return store_fail(s, ERR_STORE,
		                  "%s is being written by process %ld (wait until it is done, or "
		                  "stop it)", s->path, pid);
	return store_fail(s, ERR_STORE,
	                  "%s is being written by another process (wait "
	                  "until it is done)", s->path);
}

int
store_fail_sqlite(struct store *s, const char *what)
{
	int code = sqlite3_errcode(s->db);
	const char *text = sqlite3_errmsg(s->db);

	switch (code & 0xff) {
	case SQLITE_FULL:
		return store_fail(s, ERR_STORE,
		                  "%s: no space left while %s; what was there before is unharmed "
		                  "(free some space and repeat)", s->path, what);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return store_fail(s, ERR_STORE,
		                  "%s is damaged or no database: %s (see 'swarmscope db check', or "
		                  "put a copy back)", s->path, text);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return store_fail(
		    s, ERR_STORE,
		    "cannot use %s while %s: %s (make the file and its folder writable, "
		    "or name another)",
		    s->path, what, text);
	case SQLITE_IOERR:
		return store_fail(s, ERR_STORE, "%s: input or output failed while %s: %s", s->path,
		                  what, text);
	default:
		return store_fail(s, ERR_STORE, "%s: %s while %s", s->path, text, what);
	}
}

int
store_run(struct store *s, const char *sql, const char *what)
{
	int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		return 0;
	return (code & 0xff) == SQLITE_BUSY ? fail_busy(s) : store_fail_sqlite(s, what);
}

int
store_number(struct store *s, const char *sql, int64_t *n)
{
	sqlite3_stmt *q = NULL;
	int code = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(q);
	*n = code == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
	sqlite3_finalize(q);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_fail_sqlite(s, "reading");
}

/* Where locks or shared memory do not hold, two processes would damage the file. */
static int
refuse_network(struct store *s)
{
	static const struct { unsigned type; const char *name; } bad[] = {
		{ 0x6969, "NFS" }, { 0xff534d42, "CIFS" }, { 0xfe534d42, "SMB" },
		{ 0x517b, "SMB" }, { 0x01021997, "9p" }, { 0x5346414f, "AFS" },
		{ 0x73757245, "Coda" },
	};
	char folder[PATH_MAX];
	struct statfs fs;
	char *slash;

	snprintf(folder, sizeof folder, "%s", s->path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		strcpy(folder, ".");
	else
		slash[slash == folder] = '\0';
	if (statfs(folder, &fs) != 0)
		return store_fail(s, ERR_STORE, "no folder %s for the database: %s (make it first)",
		                  folder, strerror(errno));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if ((unsigned)fs.f_type == bad[i].type)
			return store_fail(s, ERR_STORE,
			                  "%s lies on %s, which cannot lock a file safely "
			                  "(name a path "
			                  "on a local disk)", s->path, bad[i].name);
	return 0;
}

static int
check_path(struct store *s)
{
	struct stat st;
	int rc = refuse_network(s);

	if (rc != 0)
		return rc;
	if (stat(s->path, &st) != 0)
		return s->opt.write || errno != ENOENT ?
		           0 :
		           store_fail(
			       s, ERR_STORE,
			       "no database %s (make one: swarmscope analyze --store sqlite:%s "
			       "INPUT)",
			       s->path, s->path);
	if (!S_ISREG(st.st_mode))
		return store_fail(s, ERR_STORE, "%s is no file (name the database's file)",
		                  s->path);
	return 0;
}

static int
set_path(struct store *s)
{
	const char *url = s->opt.url;

	if (strncmp(url, "postgresql:", 11) == 0 || strncmp(url, "postgres:", 9) == 0)
		return store_fail(s, ERR_USAGE,
		                  "PostgreSQL is not built into this program (use sqlite:PATH)");
	if (strncmp(url, "sqlite:", 7) != 0 || url[7] == '\0')
		return store_fail(s, ERR_USAGE, "'%s' names no store (write sqlite:PATH)", url);
	url += 7;
	if (strncmp(url, "//", 2) == 0)
		url += 2;
	if (strlen(url) >= sizeof s->path - 8)
		return store_fail(s, ERR_USAGE, "the store's path is too long");
	strcpy(s->path, url);
	return 0;
}

static int
open_database(struct store *s)
{
	int flags = s->opt.write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
	                         : SQLITE_OPEN_READONLY;
	mode_t mask = umask(077); /* what viewers did is nobody else's business */
	int code = sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_EXRESCODE, NULL);

	umask(mask);
	if (code != SQLITE_OK)
		return store_fail_sqlite(s, "opening it");
	sqlite3_busy_timeout(s->db, BUSY_MS);
	return 0;
}

/* The write-ahead log lets readers read on while one writes; the database says no where
 * it cannot share memory. */
static int
use_wal(struct store *s)
{
	sqlite3_stmt *q = NULL;
	int code = sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1, &q, NULL);
	bool wal;

	if (code == SQLITE_OK)
		code = sqlite3_step(q);
	wal = code == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(q, 0), "wal") == 0;
	sqlite3_finalize(q);
	if ((code & 0xff) == SQLITE_BUSY)
		return fail_busy(s);
	if (code != SQLITE_ROW)
		return store_fail_sqlite(s, "opening it");
	if (!wal)
		return store_fail(s, ERR_STORE,
		                  "%s lies where memory cannot be shared (name a path on "
		                  "a local disk)",
		                  s->path);
	return store_run(s, "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON",
	                 "opening it");
}

int
store_open(const struct store_options *opt, struct store **out)
{
	struct store *s = calloc(1, sizeof *s);
	int rc;

	*out = s;
	if (s == NULL)
		abort();
	s->opt = *opt;
	rc = set_path(s);
	if (rc == 0)
		rc = check_path(s);
	if (rc == 0)
		rc = open_database(s);
	if (rc == 0 && opt->write)
		rc = use_wal(s);
	if (rc == 0)
		rc = store_schema(s);
	if (rc == 0)
		rc = store_read_key(s);
	return rc;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->put[i]);
	free(s->lags);
	if (s->writing && s->db != NULL)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close_v2(s->db);
	free(s);
}

const char *
store_why(const struct store *s)
{
	return s->why;
}

uint64_t
store_rows(const struct store *s)
{
	return s->rows;
}
