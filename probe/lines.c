/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/lines.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"

int
lines_open(struct lines *l, const char *path, char why[LINES_WHY])
{
	*l = (struct lines){ .in = fopen(path, "re"), .path = path, .why = why };
	if (l->in != NULL)
		return 0;
	snprintf(why, LINES_WHY, "cannot read %s: %s", path, strerror(errno));
	return errno == EACCES ? ERR_PERMISSION : ERR_IO;
}

int
lines_fail(struct lines *l, const char *form, ...)
{
	int at = snprintf(l->why, LINES_WHY, "%.150s:%u: ", l->path, l->line);
	va_list args;

	va_start(args, form);
	vsnprintf(l->why + at, LINES_WHY - (size_t)at, form, args);
	va_end(args);
	return ERR_CONFIG;
}

/* Fields in place; the last one takes the rest of the line. */
static void
cut(struct lines *l, const char *separators, int most)
{
	char *at = l->text + strspn(l->text, separators);

	l->fields = 0;
	while (*at != '\0' && l->fields < most) {
		l->field[l->fields++] = at;
		if (l->fields == most)
			return;
		at += strcspn(at, separators);
		if (*at != '\0')
			*at++ = '\0';
		if (strchr(separators, ',') == NULL)
			at += strspn(at, separators);
	}
}

int
lines_next(struct lines *l, const char *separators, int most)
{
	while (fgets(l->text, sizeof l->text, l->in) != NULL) {
		size_t len = strlen(l->text);

		l->line++;
		if (len == sizeof l->text - 1 && l->text[len - 1] != '\n')
			return lines_fail(l, "the line is longer than %zu bytes", len - 1);
		l->text[strcspn(l->text, "#\r\n")] = '\0';
		cut(l, separators, most);
		if (l->fields > 0)
			return 1;
	}
	return ferror(l->in) ? lines_fail(l, "%s", strerror(errno)) : 0;
}

void
lines_close(struct lines *l)
{
	fclose(l->in);
}
