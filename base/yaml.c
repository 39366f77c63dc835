/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/zio.h"

/* A mapping or sequence that was entered. */
struct level {
	bool list;
	bool empty;          /* null stands for it: nothing follows */
	const char *key;     /* the last one; NULL before the first */
	size_t index;        /* items begun */
	size_t n_keys;       /* of the mapping, the newest in seen */
};

/* A string that was read; freed at close. */
struct string {
	struct string *next;
	char text[];
};

struct yaml {
	yaml_parser_t parser;
	yaml_event_t event;  /* the last one */
	bool here;           /* it begins a value that is not taken yet */
	bool failed;
	char *text;          /* owned; NULL if borrowed */
	const char *name;    /* of the file, in errors */
	struct string *strings;
	struct level level[YAML_DEPTH];
	unsigned depth;
	unsigned line;       /* of the last key or value */
	uint64_t seen[YAML_DEPTH * YAML_KEYS_MAX]; /* hashes of keys of open mappings */
	size_t n_seen;
	char path[256];
	char error[512];
};

static char *
keep(struct yaml *y, const char *text)
{
	size_t n = strlen(text) + 1;
	struct string *s = malloc(sizeof *s + n);

	if (s == NULL)
		abort();
	memcpy(s->text, text, n);
	s->next = y->strings;
	y->strings = s;
	return s->text;
}

const char *
yaml_path(struct yaml *y)
{
	size_t at = 0;

	y->path[0] = '\0';
	for (unsigned i = 0; i < y->depth && at < sizeof y->path; i++) {
		const struct level *l = &y->level[i];

		if (l->list && l->index > 0)
			at += (size_t)snprintf(y->path + at, sizeof y->path - at, "[%zu]",
			                       l->index - 1);
		else if (!l->list && l->key != NULL)
			at += (size_t)snprintf(y->path + at, sizeof y->path - at, "%s%s",
			                       at > 0 ? "." : "", l->key);
	}
	return y->path;
}

unsigned
yaml_line(const struct yaml *y)
{
	return y->line;
}

void
yaml_complain(struct yaml *y, const char *format, ...)
{
	const char *path = yaml_path(y);
	va_list ap;
	int at;

	if (y->failed)
		return;
	y->failed = true;
	y->here = false;
	at = snprintf(y->error, sizeof y->error, "%s:%u: %s%s", y->name, y->line, path,
	              *path != '\0' ? ": " : "");
	va_start(ap, format);
	if (at >= 0 && (size_t)at < sizeof y->error)
		vsnprintf(y->error + at, sizeof y->error - (size_t)at, format, ap);
	va_end(ap);
}

static void
fail_parser(struct yaml *y)
{
	const yaml_parser_t *p = &y->parser;
	const char *problem = p->problem != NULL ? p->problem : "cannot be read";

	y->failed = true;
	y->here = false;
	snprintf(y->error, sizeof y->error, "%s:%zu:%zu: %s", y->name, p->problem_mark.line + 1,
	         p->problem_mark.column + 1, problem);
}

/* What we do not read; NULL if it is nothing of that. */
static const char *
refused(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return "aliases are not read";
	case YAML_SCALAR_EVENT:
		if (e->data.scalar.anchor != NULL)
			return "anchors are not read";
		if (e->data.scalar.tag != NULL)
			return "tags are not read";
		if (strlen((char *)e->data.scalar.value) != e->data.scalar.length)
			return "a NUL character in a text";
		return NULL;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor != NULL ? "anchors are not read" :
		       e->data.sequence_start.tag != NULL ? "tags are not read" : NULL;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor != NULL ? "anchors are not read" :
		       e->data.mapping_start.tag != NULL ? "tags are not read" : NULL;
	default:
		return NULL;
	}
}

static bool
next(struct yaml *y)
{
	const char *why;

	if (y->failed)
		return false;
	yaml_event_delete(&y->event);
	if (!yaml_parser_parse(&y->parser, &y->event)) {
		fail_parser(y);
		return false;
	}
	y->line = (unsigned)y->event.start_mark.line + 1;
	why = refused(&y->event);
	if (why != NULL)
		yaml_complain(y, "%s", why);
	return !y->failed;
}

/* To the first value of the only document. */
static void
begin(struct yaml *y)
{
	next(y); /* the stream's start */
	if (next(y) && y->event.type == YAML_DOCUMENT_START_EVENT)
		next(y);
	y->here = !y->failed;
}

struct yaml *
yaml_over(const char *name, const char *text, size_t len)
{
	struct yaml *y = calloc(1, sizeof *y);

	if (y == NULL || !yaml_parser_initialize(&y->parser))
		abort();
	y->name = keep(y, strcmp(name, "-") == 0 ? "standard input" : name);
	y->line = 1;
	yaml_parser_set_input_string(&y->parser, (const unsigned char *)text, len);
	if (len > YAML_BYTES_MAX)
		yaml_complain(y, "larger than %u bytes", YAML_BYTES_MAX);
	begin(y);
	return y;
}

/* All of a file up to one byte more than it may have. */
static int
read_file(const char *path, char *text, size_t *len)
{
	struct zio *z;
	int64_t n = zio_open(path, &z);

	if (n != 0)
		return (int)n;
	*len = 0;
	while (*len <= YAML_BYTES_MAX &&
	       (n = zio_read(z, text + *len, YAML_BYTES_MAX + 1 - *len)) > 0)
		*len += (size_t)n;
	zio_close(z);
	return *len > YAML_BYTES_MAX ? ERR_LIMIT : (int)n;
}

int
yaml_open(const char *path, struct yaml **y)
{
	char *text = malloc(YAML_BYTES_MAX + 1);
	size_t len;
	int err;

	if (text == NULL)
		abort();
	err = read_file(path, text, &len);
	if (err != 0) {
		free(text);
		return err;
	}
	*y = yaml_over(path, text, len);
	(*y)->text = text;
	return 0;
}

void
yaml_close(struct yaml *y)
{
	if (y == NULL)
		return;
	yaml_event_delete(&y->event);
	yaml_parser_delete(&y->parser);
	while (y->strings != NULL) {
		struct string *s = y->strings;

		y->strings = s->next;
		free(s);
	}
	free(y->text);
	free(y);
}

/* Nothing, null or ~ without quotes. */
static bool
is_null(const yaml_event_t *e)
{
	const char *text;

	if (e->type == YAML_STREAM_END_EVENT)
		return true;
	if (e->type != YAML_SCALAR_EVENT || e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	text = (const char *)e->data.scalar.value;
	return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static bool
enter(struct yaml *y, bool list)
{
	yaml_event_type_t type = list ? YAML_SEQUENCE_START_EVENT : YAML_MAPPING_START_EVENT;

	if (!y->here)
		return false;
	if (!is_null(&y->event) && y->event.type != type) {
		yaml_complain(y, "must be a %s", list ? "list" : "mapping");
		return false;
	}
	if (y->depth == YAML_DEPTH) {
		yaml_complain(y, "nested too deep");
		return false;
	}
	y->here = false;
	y->level[y->depth++] = (struct level){ .list = list, .empty = y->event.type != type };
	return true;
}

bool
yaml_map(struct yaml *y)
{
	return enter(y, false);
}

bool
yaml_list(struct yaml *y)
{
	return enter(y, true);
}

/* Passes over the value here, if it was not taken. Deeper than we enter there is
 * nothing to find, but all of it must be sound. */
static bool
skip(struct yaml *y)
{
	unsigned depth = 0;

	while (y->here) {
		yaml_event_type_t type = y->event.type;

		if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
			depth++;
		else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
			depth--;
		if (y->depth + depth > YAML_DEPTH)
			yaml_complain(y, "nested too deep");
		if (depth == 0)
			y->here = false;
		else
			next(y);
	}
	return !y->failed;
}

/* Goes on in the level that was entered last; false, and leaves it, at its end. */
static bool
step(struct yaml *y, yaml_event_type_t end)
{
	struct level *l = y->depth > 0 ? &y->level[y->depth - 1] : NULL;

	if (l == NULL || l->list != (end == YAML_SEQUENCE_END_EVENT) || !skip(y))
		return false;
	if (!l->empty && (!next(y) || y->event.type != end))
		return !y->failed;
	y->n_seen -= l->n_keys;
	y->depth--;
	return false;
}

bool
yaml_item(struct yaml *y)
{
	if (!step(y, YAML_SEQUENCE_END_EVENT))
		return false;
	y->level[y->depth - 1].index++;
	y->here = true;
	return true;
}

/* A key given twice would silently win or lose. */
static void
check_key(struct yaml *y, struct level *l)
{
	uint64_t hash = hash_bytes(l->key, strlen(l->key), 0);
	const uint64_t *mine = y->seen + y->n_seen - l->n_keys;

	for (size_t i = 0; i < l->n_keys; i++)
		if (mine[i] == hash) {
			yaml_complain(y, "given twice");
			return;
		}
	if (l->n_keys == YAML_KEYS_MAX) {
		yaml_complain(y, "more than %d keys in a mapping", YAML_KEYS_MAX);
		return;
	}
	y->seen[y->n_seen++] = hash;
	l->n_keys++;
}

bool
yaml_key(struct yaml *y)
{
	struct level *l;
	unsigned line;

	if (!step(y, YAML_MAPPING_END_EVENT))
		return false;
	l = &y->level[y->depth - 1];
	if (y->event.type != YAML_SCALAR_EVENT) {
		yaml_complain(y, "a key must be a word");
		return false;
	}
	l->key = keep(y, (const char *)y->event.data.scalar.value);
	check_key(y, l);
	line = y->line;
	y->here = next(y);
	if (y->here)
		y->line = line; /* a nested value begins below, an empty one behind */
	return y->here;
}

/* Are the names the same, a dash and an underscore being one? */
static bool
same_name(const char *a, const char *b)
{
	while (*a != '\0' && (*a == *b || (*a == '-' && *b == '_') || (*a == '_' && *b == '-')))
		a++, b++;
	return *a == *b;
}

bool
yaml_is(const struct yaml *y, const char *name)
{
	const struct level *l = y->depth > 0 ? &y->level[y->depth - 1] : NULL;

	return l != NULL && l->key != NULL && same_name(l->key, name);
}

bool
yaml_value(struct yaml *y, const struct option_row *row, void *to)
{
	const char *text, *why = "a plain value";

	if (!y->here)
		return false;
	if (is_null(&y->event)) {
		y->here = false;
		return true;
	}
	if (y->event.type != YAML_SCALAR_EVENT) {
		yaml_complain(y, "must be %s", why);
		return false;
	}
	text = (const char *)y->event.data.scalar.value;
	if (row->type == OPTION_STRING)
		text = keep(y, text);
	if (!options_value(row, text, to, &why)) {
		yaml_complain(y, "must be %s, not '%s'", why, text);
		return false;
	}
	y->here = false;
	return true;
}

static void
each_plain(struct yaml *y, yaml_take_fn *take, void *ctx)
{
	const char *why = NULL;

	if (!is_null(&y->event))
		why = take(ctx, yaml_path(y), (const char *)y->event.data.scalar.value);
	if (why != NULL)
		yaml_complain(y, "%s", why);
	y->here = false;
}

void
yaml_each(struct yaml *y, yaml_take_fn *take, void *ctx)
{
	if (!y->here)
		return;
	if (y->event.type == YAML_SEQUENCE_START_EVENT) {
		yaml_list(y);
		while (yaml_item(y))
			yaml_each(y, take, ctx);
	} else if (y->event.type == YAML_SCALAR_EVENT) {
		each_plain(y, take, ctx);
	} else {
		yaml_map(y);
		while (yaml_key(y))
			yaml_each(y, take, ctx);
	}
}

void
yaml_unknown(struct yaml *y, const char *const *names, size_t n)
{
	const struct level *l = y->depth > 0 ? &y->level[y->depth - 1] : NULL;
	const char *near = l != NULL && l->key != NULL ? options_nearest(l->key, names, n) :
	                                                 NULL;

	if (near != NULL)
		yaml_complain(y, "unknown key; did you mean '%s'?", near);
	else
		yaml_complain(y, "unknown key");
}

static void
unknown_row(struct yaml *y, const struct option_row *table)
{
	const char *names[96];
	size_t n = 0;

	while (n < sizeof names / sizeof names[0] && table[n].name != NULL) {
		names[n] = table[n].name;
		n++;
	}
	yaml_unknown(y, names, n);
}

bool
yaml_fill(struct yaml *y, const struct option_row *table, void *base)
{
	yaml_map(y);
	while (yaml_key(y)) {
		const struct option_row *row = table;

		while (row->name != NULL && !yaml_is(y, row->name))
			row++;
		if (row->name == NULL)
			unknown_row(y, table);
		else
			yaml_value(y, row, (char *)base + row->offset);
	}
	return !y->failed;
}

const char *
yaml_finish(struct yaml *y)
{
	skip(y);
	if (!y->failed && y->event.type != YAML_STREAM_END_EVENT) {
		next(y); /* the document's end */
		if (next(y) && y->event.type != YAML_STREAM_END_EVENT)
			yaml_complain(y, "more than one document");
	}
	return y->failed ? y->error : NULL;
}
