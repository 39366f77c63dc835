/* SPDX-License-Identifier: Apache-2.0 */
#include "dashboard/params.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define S_NS 1e9
#define FAR_S 9e9 /* seconds since 1970 */

static bool
wrong(struct params *p, const char *name, const char *what)
{
	snprintf(p->why, sizeof p->why, "'%.40s' %s", name, what);
	return false;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes %xx of from..end into to; false: malformed, too long, or not clean text. */
static bool
decode(const char *from, const char *end, char to[PARAMS_TEXT])
{
	size_t n = 0;

	while (from < end) {
		unsigned char c = (unsigned char)*from++;

		if (c == '%') {
			if (end - from < 2 || hex(from[0]) < 0 || hex(from[1]) < 0)
				return false;
			c = (unsigned char)(hex(from[0]) << 4 | hex(from[1]));
			from += 2;
		}
		if (c < 0x20 || c == 0x7f || n + 1 >= PARAMS_TEXT)
			return false;
		to[n++] = (char)c;
	}
	to[n] = '\0';
	for (size_t at = 0, len; at < n; at += len)
		if ((len = utf8_length(to + at, n - at)) == 0)
			return false;
	return true;
}

/* --- values ------------------------------------------------------------------------------- */

static bool
read_number(const char *text, double least, double most, double *v)
{
	char *end;

	if (text[0] == '\0' || strspn(text, "0123456789.-") != strlen(text))
		return false;
	*v = strtod(text, &end);
	return *end == '\0' && isfinite(*v) && *v >= least && *v <= most;
}

static bool
read_ns(struct params *p, const char *name, const char *text, double least, double most,
        int64_t *ns)
{
	double s;

	if (!read_number(text, least, most, &s))
		return wrong(p, name, "is no number of seconds that makes sense");
	*ns = (int64_t)llround(s * S_NS);
	return true;
}

static bool
read_whole(struct params *p, const char *name, const char *text, double least, double most,
           uint32_t *n)
{
	double v;

	if (!read_number(text, least, most, &v) || v != floor(v))
		return wrong(p, name, "is no whole number within its limits");
	*n = (uint32_t)v;
	return true;
}

static bool
read_word(struct params *p, const char *name, const char *text, const char *const words[],
          int *which)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0) {
			*which = i;
			return true;
		}
	return wrong(p, name, "has a value that is not known");
}

static const char *const sorts[] = {
	"joined", "peer", "startup", "stalls", "stall_time", "lag", "mos", "retrieval", NULL
};
static const char *const metrics[] = { "startup", "switch", "lag", "buffer", "stall", NULL };
static const char *const orders[] = { "asc", "desc", NULL };

enum name {
	NAME_FROM, NAME_TO, NAME_AT, NAME_STEP, NAME_LIMIT, NAME_CURSOR, NAME_WIDTH, NAME_SORT,
	NAME_METRIC, NAME_ORDER, NAME_VANTAGE, NAME_PEER
};

static const char *const names[] = {
	"from", "to", "at", "step", "limit", "cursor", "width", "sort", "metric", "order",
	"vantage", "peer", NULL
};

static bool
read_value(struct params *p, enum name name, const char *text)
{
	int which = 0;

	switch (name) {
	case NAME_FROM:
		return read_ns(p, names[name], text, 0, FAR_S, &p->from_ns);
	case NAME_TO:
		return read_ns(p, names[name], text, 0, FAR_S, &p->to_ns);
	case NAME_AT:
		return read_ns(p, names[name], text, 0, FAR_S, &p->at_ns);
	case NAME_STEP:
		return read_ns(p, names[name], text, 0.1, 86400, &p->step_ns);
	case NAME_LIMIT:
		return read_whole(p, names[name], text, 1, 1000, &p->limit);
	case NAME_CURSOR:
		return read_whole(p, names[name], text, 0, 1 << 24, &p->cursor);
	case NAME_WIDTH:
		return read_whole(p, names[name], text, 16, 2048, &p->width);
	case NAME_SORT:
		if (!read_word(p, names[name], text, sorts, &which))
			return false;
		p->sort = (enum params_sort)which;
		return true;
	case NAME_METRIC:
		if (!read_word(p, names[name], text, metrics, &which))
			return false;
		p->metric = (enum params_metric)which;
		return true;
	case NAME_ORDER:
		if (!read_word(p, names[name], text, orders, &which))
			return false;
		p->descending = which == 1;
		return true;
	case NAME_VANTAGE:
		strcpy(p->vantage, text);
		return true;
	case NAME_PEER:
		strcpy(p->peer, text);
		return true;
	}
	return false;
}

/* --- the request -------------------------------------------------------------------------- */

static bool
read_pair(struct params *p, const char *from, const char *end, unsigned *seen)
{
	const char *equals = memchr(from, '=', (size_t)(end - from));
	char name[PARAMS_TEXT], value[PARAMS_TEXT];
	int which;

	if (equals == NULL || !decode(from, equals, name) || !decode(equals + 1, end, value))
		return wrong(p, "query", "is not name=value&name=value, percent-encoded");
	for (which = 0; names[which] != NULL && strcmp(names[which], name) != 0; which++)
		;
	if (names[which] == NULL)
		return wrong(p, name, "is no parameter");
	if (*seen & 1u << which)
		return wrong(p, name, "is given twice");
	*seen |= 1u << which;
	return read_value(p, (enum name)which, value);
}

static bool
read_query(struct params *p, const char *query)
{
	unsigned seen = 0;

	while (query != NULL && *query != '\0') {
		const char *end = query + strcspn(query, "&");

		if (!read_pair(p, query, end, &seen))
			return false;
		query = *end == '&' ? end + 1 : end;
	}
	if (p->from_ns != INT64_MIN && p->to_ns != INT64_MIN && p->to_ns < p->from_ns)
		return wrong(p, "to", "is before 'from'");
	return true;
}

bool
params_read(struct params *p, const char *path, const char *query)
{
	memset(p, 0, sizeof *p);
	p->from_ns = p->to_ns = p->at_ns = p->step_ns = INT64_MIN;
	p->limit = 100;
	p->width = 240;
	while (*path != '\0') {
		const char *end = path + strcspn(path, "/");

		if (p->parts == PARAMS_PARTS || end == path ||
		    !decode(path, end, p->part[p->parts]))
			return wrong(p, "path", "is none of this API");
		p->parts++;
		path = *end == '/' ? end + 1 : end;
	}
	return read_query(p, query);
}
