/* SPDX-License-Identifier: Apache-2.0 */
#include "report/load.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/zio.h"
#include "report/grow.h"

#define STEP 65536u /* bytes of one read */

static int
read_all(struct load *l, struct zio *z)
{
	size_t room = 0;
	int64_t n;

	do {
		while (l->len + STEP > room)
			l->text = grow(l->text, room, &room, 1);
		n = zio_read(z, l->text + l->len, STEP);
		if (n > 0)
			l->len += (size_t)n;
		if (l->len > LOAD_MOST)
			return ERR_LIMIT;
	} while (n > 0);
	return (int)n;
}

int
load_file(struct load *l, const char *path, char why[LOAD_WHY])
{
	struct zio *z;
	int err = zio_open(path, &z), error = errno;

	*l = (struct load){ 0 };
	if (err == 0) {
		err = read_all(l, z);
		error = errno;
		zio_close(z);
	}
	if (err == 0)
		return 0;
	load_free(l);
	if (err == ERR_IO || err == ERR_PERMISSION)
		snprintf(why, LOAD_WHY, "%s: %s", path, strerror(error));
	else
		snprintf(why, LOAD_WHY, "%s: %s", path, err_text(err));
	return err;
}

void
load_free(struct load *l)
{
	free(l->text);
	*l = (struct load){ 0 };
}

static bool
is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
			return false;
	return true;
}

bool
load_next_line(const struct load *l, struct load_line *line)
{
	const char *end = l->text + l->len;
	const char *at = line->number ? line->text + line->len : l->text;

	while (at < end) {
		const char *stop;

		at += line->number > 0 && *at == '\n';
		if (at == end)
			break;
		stop = memchr(at, '\n', (size_t)(end - at));
		line->text = at;
		line->len = (size_t)((stop ? stop : end) - at);
		line->number++;
		if (!is_blank(line->text, line->len))
			return true;
		at = line->text + line->len;
	}
	return false;
}
