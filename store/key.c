/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/backend.h"

/* A new key goes to a file of another name first: a key that is there is whole. */
static int
make_key(struct store *s, const char *path)
{
	char draft[PATH_MAX + 32];
	int fd;

	snprintf(draft, sizeof draft, "%s.%ld", path, (long)getpid());
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return store_fail(s, ERR_STORE,
		                  "cannot make the key file %s: %s (make its "
		                  "folder writable)", path,
		                  strerror(errno));
	if (getrandom(s->key, sizeof s->key, 0) != (ssize_t)sizeof s->key ||
	    write(fd, s->key, sizeof s->key) != (ssize_t)sizeof s->key || fsync(fd) != 0) {
		int saved = errno;

		close(fd);
		unlink(draft);
		return store_fail(s, ERR_STORE,
		                  "cannot write the key file %s: %s (free some space)",
		                  path, strerror(saved));
	}
	close(fd);
	if (link(draft, path) != 0 && errno != EEXIST) {
		unlink(draft);
		return store_fail(s, ERR_STORE, "cannot make the key file %s: %s", path,
		                  strerror(errno));
	}
	unlink(draft);
	return 0;
}

int
store_read_key(struct store *s)
{
	char path[PATH_MAX + 8];
	struct stat st;
	ssize_t n;
	int fd, rc;

	snprintf(path, sizeof path, "%s.key", s->path);
	if (s->opt.write && access(path, F_OK) != 0 && (rc = make_key(s, path)) != 0)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && !s->opt.write)
		return 0; /* readers see hashes only */
	if (fd < 0)
		return store_fail(s, ERR_STORE,
		                  "cannot read the key file %s: %s (run as its owner)",
		                  path, strerror(errno));
	n = read(fd, s->key, sizeof s->key);
	rc = fstat(fd, &st);
	close(fd);
	if (n != (ssize_t)sizeof s->key)
		return store_fail(s, ERR_STORE,
		                  "the key file %s is damaged (put its copy back; without it peers "
		                  "get new keys: then move it and the database away)", path);
	if (rc == 0 && (st.st_mode & 077) != 0)
		return store_fail(s, ERR_STORE,
		                  "the key file %s can be read by others (chmod 600 it)", path);
	return 0;
}
