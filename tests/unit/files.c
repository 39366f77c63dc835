/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_BYTES (1u << 24)

static char folder[64];

int
files_begin(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%.40s/unitXXXXXX", tmp != NULL ? tmp : "/tmp");
	return mkdtemp(folder) == NULL;
}

static int
each(int (*what)(const char *path))
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (dir == NULL)
		abort();
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			n++;
			if (what != NULL)
				what(files_path(entry->d_name));
		}
	closedir(dir);
	return n;
}

int
files_end(void **state)
{
	(void)state;
	each(remove);
	return rmdir(folder);
}

int
files_count(void)
{
	return each(NULL);
}

const char *
files_path(const char *name)
{
	static char paths[4][400];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

void
files_put(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		abort();
}

const char *
files_write(const char *name, const void *data, size_t len)
{
	const char *path = files_path(name);

	files_put(path, data, len);
	return path;
}

const char *
files_read(const char *path, size_t *len)
{
	static char text[FILES_BYTES];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return NULL;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	if (len != NULL)
		*len = n;
	return text;
}

uint8_t *
files_copy(const char *path, size_t *len)
{
	const char *data = files_read(path, len);
	uint8_t *copy = data != NULL ? malloc(*len + 1) : NULL;

	if (copy == NULL)
		abort();
	memcpy(copy, data, *len);
	return copy;
}

static int kept[3];

static const char *
captured_path(int fd)
{
	return files_path(fd == 1 ? "captured-1" : "captured-2");
}

void
files_capture(int fd)
{
	fflush(NULL);
	kept[fd] = dup(fd);
	if (kept[fd] < 0 || freopen(captured_path(fd), "w", fd == 1 ? stdout : stderr) == NULL)
		abort();
}

const char *
files_captured(int fd)
{
	fflush(NULL);
	dup2(kept[fd], fd);
	close(kept[fd]);
	return files_read(captured_path(fd), NULL);
}
