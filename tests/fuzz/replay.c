/*
 * Runs a fuzz target over the files and folders named on the command line, so
 * the corpus replays on any compiler. Prints how many inputs it ran.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size;
	uint8_t *bytes;
	size_t got;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		perror(path);
		return -1;
	}
	rewind(f);
	bytes = malloc((size_t)size + 1); /* own block: over-reads show under ASAN */
	if (bytes == NULL)
		abort();
	got = fread(bytes, 1, (size_t)size, f);
	fclose(f);
	bytes = realloc(bytes, got ? got : 1);
	LLVMFuzzerTestOneInput(bytes, got);
	free(bytes);
	return 1;
}

static int
replay(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char inner[4096];
	int n = 0, one;

	if (dir == NULL)
		return replay_file(path);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		one = replay(inner);
		if (one < 0) {
			n = -1;
			break;
		}
		n += one;
	}
	closedir(dir);
	return n;
}

int
main(int argc, char **argv)
{
	int n = 0, one;

	for (int i = 1; i < argc; i++) {
		one = replay(argv[i]);
		if (one < 0)
			return 1;
		n += one;
	}
	printf("%d inputs\n", n);
	return n > 0 ? 0 : 1;
}
