/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/err.h"

struct level {
	bool list;
	unsigned index;  /* of the list's next element */
	size_t path_len; /* of the collection itself */
	bool keyed;      /* a map's key was read: the value comes next */
};

struct walk {
	yaml_take_fn *take;
	void *ctx;
	struct yaml_mistake *m;
	struct level levels[YAML_DEPTH];
	unsigned depth, values;
	char path[YAML_PATH];
	bool ended;
};

static int
complain(struct walk *w, int err, const yaml_mark_t *at, const char *why)
{
	w->m->line = (unsigned)at->line + 1;
	if (err == ERR_CONFIG && w->path[0] != '\0')
		snprintf(w->m->why, sizeof w->m->why, "%.120s: %.120s", w->path, why);
	else
		snprintf(w->m->why, sizeof w->m->why, "%.250s", why);
	return err;
}

/* Puts a name behind the collection's path. */
static bool
extend(struct walk *w, const char *name)
{
	struct level *top = &w->levels[w->depth - 1];
	size_t at = top->path_len, len = strlen(name);

	if (at + len + 2 > sizeof w->path)
		return false;
	if (at > 0)
		w->path[at++] = '.';
	memcpy(w->path + at, name, len + 1);
	return true;
}

/* The path of the value that begins here: of a list it is the next index. */
static bool
begin_value(struct walk *w)
{
	struct level *top;
	char index[16];

	if (w->depth == 0)
		return true;
	top = &w->levels[w->depth - 1];
	if (!top->list) {
		top->keyed = false;
		return true;
	}
	snprintf(index, sizeof index, "%u", top->index++);
	return extend(w, index);
}

static int
on_scalar(struct walk *w, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value, *why;
	const yaml_mark_t *at = &ev->start_mark;
	size_t len = ev->data.scalar.length;

	if (w->depth == 0 && len == 0)
		return 0; /* an empty document */
	if (w->depth == 0)
		return complain(w, ERR_SYNTAX, at, "not a map of names and values");
	if (ev->data.scalar.anchor != NULL || ev->data.scalar.tag != NULL)
		return complain(w, ERR_SYNTAX, at, "no anchors and tags here");
	if (len >= YAML_TEXT || strlen(text) != len)
		return complain(w, ERR_SYNTAX, at, "a value is too long or has a NUL");
	if (!w->levels[w->depth - 1].list && !w->levels[w->depth - 1].keyed) {
		w->levels[w->depth - 1].keyed = true;
		if (len == 0 || !extend(w, text))
			return complain(w, ERR_SYNTAX, at, "a name is empty or too long");
		return 0;
	}
	if (!begin_value(w) || ++w->values > YAML_VALUES)
		return complain(w, ERR_SYNTAX, at, "too many values");
	why = w->take(w->ctx, w->path, text);
	return why == NULL ? 0 : complain(w, ERR_CONFIG, at, why);
}

static int
on_begin(struct walk *w, const yaml_event_t *ev, bool list)
{
	const struct level *top = w->depth > 0 ? &w->levels[w->depth - 1] : NULL;
	bool named = top == NULL || top->list || top->keyed;

	if (w->depth == YAML_DEPTH)
		return complain(w, ERR_SYNTAX, &ev->start_mark, "nested too deep");
	if (!named || (w->depth == 0 && list) || !begin_value(w))
		return complain(w, ERR_SYNTAX, &ev->start_mark,
		                "a name, not a list or map, belongs here");
	w->levels[w->depth] = (struct level){ .list = list,
		.path_len = w->depth == 0 ? 0 : strlen(w->path) };
	w->depth++;
	return 0;
}

static int
on_event(struct walk *w, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(w, ev);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return on_begin(w, ev, ev->type == YAML_SEQUENCE_START_EVENT);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		w->path[w->levels[--w->depth].path_len] = '\0';
		return 0;
	case YAML_ALIAS_EVENT:
		return complain(w, ERR_SYNTAX, &ev->start_mark, "aliases are not used here");
	case YAML_DOCUMENT_END_EVENT:
		w->ended = true;
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		return w->ended ? complain(w, ERR_SYNTAX, &ev->start_mark, "a second document") : 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
		return 0;
	}
	return 0;
}

int
yaml_read(const char *text, size_t len, yaml_take_fn *take, void *ctx, struct yaml_mistake *m)
{
	struct walk w = { .take = take, .ctx = ctx, .m = m };
	yaml_parser_t parser;
	yaml_event_t ev;
	int rc = 0;
	bool end = false;

	if (!yaml_parser_initialize(&parser))
		return complain(&w, ERR_SYNTAX, &(yaml_mark_t){ 0 }, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (rc == 0 && !end) {
		if (!yaml_parser_parse(&parser, &ev)) {
			rc = complain(&w, ERR_SYNTAX, &parser.problem_mark,
			              parser.problem != NULL ? parser.problem : "not YAML");
			break;
		}
		end = ev.type == YAML_STREAM_END_EVENT;
		rc = on_event(&w, &ev);
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&parser);
	return rc;
}
