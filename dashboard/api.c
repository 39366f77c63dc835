/* SPDX-License-Identifier: Apache-2.0 */
#include "dashboard/api.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/document.h"
#include "report/figures.h"

unsigned
api_fail(struct api_problem *problem, unsigned status, const char *type, const char *title,
         const char *format, ...)
{
	va_list ap;

	problem->status = status;
	snprintf(problem->type, sizeof problem->type, "%s", type);
	snprintf(problem->title, sizeof problem->title, "%s", title);
	va_start(ap, format);
	vsnprintf(problem->detail, sizeof problem->detail, format, ap);
	va_end(ap);
	return status;
}

void
api_problem_write(FILE *out, const struct api_problem *problem, const char *instance)
{
	struct json_writer w = json_writer_to(out, false);
	char type[API_TITLE + 16];

	snprintf(type, sizeof type, "/problems/%s", problem->type);
	json_object(&w);
	json_put_string(&w, "type", type);
	json_put_string(&w, "title", problem->title);
	json_put_uint(&w, "status", problem->status);
	json_put_string(&w, "detail", problem->detail);
	json_put_string(&w, "instance", instance);
	json_object_end(&w);
}

/* --- channels and sessions ---------------------------------------------------------------- */

uint32_t
api_sessions(const struct api_channel *c)
{
	return c->view->report.results->channels[c->place].sessions;
}

const struct collect_session *
api_session(const struct api_channel *c, uint32_t i)
{
	const struct collect *r = c->view->report.results;

	return &r->sessions[r->by_channel[r->channels[c->place].first + i]];
}

int64_t
api_left(const struct api_channel *c, const struct collect_session *s)
{
	return s->s.end == END_OPEN || !estimate_known(&s->s.left) ? c->last_ns :
	                                                            s->s.left.best_ns;
}

/* When its sessions were. */
static void
span(struct api_channel *c)
{
	c->first_ns = c->last_ns = INT64_MIN;
	for (uint32_t i = 0; i < api_sessions(c); i++) {
		const struct result_session *s = &api_session(c, i)->s;

		if (c->first_ns == INT64_MIN || s->joined.best_ns < c->first_ns)
			c->first_ns = s->joined.best_ns;
		if (estimate_known(&s->left) && s->left.best_ns > c->last_ns)
			c->last_ns = s->left.best_ns;
	}
}

static bool
is_wanted(const struct api_view *v, const struct params *p)
{
	return p->vantage[0] == '\0' || strcmp(v->vantage, p->vantage) == 0;
}

/* The channel of that id, in the newest vantage that has it. */
static bool
find_channel(const struct api *api, const struct params *p, struct api_channel *c)
{
	char text[VALUES_CHANNEL_MAX];

	for (size_t v = api->n; v-- > 0;) {
		const struct collect *r = api->view[v].report.results;

		for (size_t i = 0; i < r->n_channels && is_wanted(&api->view[v], p); i++) {
			document_channel_id(&api->view[v].report, &r->channels[i], text);
			if (strcmp(text, p->part[1]) != 0)
				continue;
			*c = (struct api_channel){ &api->view[v], r->channels[i].root, 0, 0 };
			span(c);
			return true;
		}
	}
	return false;
}

static void
put_channel(struct json_writer *w, const struct api_channel *c)
{
	json_object(w);
	json_put_string(w, "vantage", c->view->vantage);
	json_put_seconds(w, "first_s", c->first_ns);
	json_put_seconds(w, "last_s", c->last_ns);
	json_key(w, "channel");
	document_channel(w, &c->view->report, c->place);
	json_object_end(w);
}

static void
list_begin(struct json_writer *w)
{
	json_object(w);
	json_key(w, "data");
	json_array(w);
}

static void
list_end(struct json_writer *w, uint64_t next, uint64_t total)
{
	json_array_end(w);
	if (next < total)
		json_put_uint(w, "next_cursor", next);
	else
		json_put_null(w, "next_cursor");
	json_put_uint(w, "total", total);
	json_object_end(w);
}

static void
put_channels(struct json_writer *w, const struct api *api, const struct params *p)
{
	uint64_t n = 0;

	list_begin(w);
	for (size_t v = api->n; v-- > 0;) {
		const struct api_view *view = &api->view[v];

		for (size_t i = 0; i < view->report.results->n_channels; i++) {
			struct api_channel c = { view, i, 0, 0 };

			if (!is_wanted(view, p) || !collect_is_root(view->report.results, i))
				continue;
			span(&c);
			if (n >= p->cursor && n < (uint64_t)p->cursor + p->limit)
				put_channel(w, &c);
			n++;
		}
	}
	list_end(w, (uint64_t)p->cursor + p->limit, n);
}

static void
put_vantages(struct json_writer *w, const struct api *api)
{
	list_begin(w);
	for (size_t v = api->n; v-- > 0;) {
		const struct api_view *view = &api->view[v];

		json_object(w);
		json_put_string(w, "vantage", view->vantage);
		json_put_seconds(w, "first_s", view->first_ns);
		json_put_seconds(w, "last_s", view->last_ns);
		json_key(w, "report");
		json_raw(w, view->head ? view->head : "null");
		json_object_end(w);
	}
	list_end(w, api->n, api->n);
}

/* --- sessions ----------------------------------------------------------------------------- */

struct row {
	double key; /* NAN: unknown, sorts last */
	uint32_t place;
};

static double
known(const struct estimate *e)
{
	return estimate_known(e) ? (double)e->best_ns : (double)NAN;
}

static double
sort_key(const struct collect_session *s, enum params_sort sort)
{
	switch (sort) {
	case SORT_STARTUP:
		return known(&s->s.startup);
	case SORT_STALLS:
		return s->s.stalls;
	case SORT_STALL_TIME:
		return known(&s->s.stall_time);
	case SORT_LAG:
		return s->s.lag_ns == INT64_MIN ? (double)NAN : (double)s->s.lag_ns;
	case SORT_MOS:
		return (double)s->s.mos;
	case SORT_RETRIEVAL:
		return figures_continuity(&s->s);
	case SORT_PEER:
	case SORT_JOINED:
		break;
	}
	return (double)s->s.joined.best_ns;
}

static int
by_key(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int unknown = isnan(x->key) - isnan(y->key);

	if (unknown != 0)
		return unknown;
	if (x->key != y->key && !isnan(x->key))
		return x->key < y->key ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

static bool
is_in(const struct api_channel *c, const struct collect_session *s, const struct params *p)
{
	char text[ENDPOINT_TEXT_MAX];

	if (p->from_ns != INT64_MIN && api_left(c, s) < p->from_ns)
		return false;
	if (p->to_ns != INT64_MIN && s->s.joined.best_ns > p->to_ns)
		return false;
	if (p->peer[0] == '\0')
		return true;
	endpoint_format(&s->peer, text);
	return strstr(text, p->peer) != NULL;
}

/* In the order of addresses, or of pseudonyms, as near as makes no difference. */
static double
peer_key(const struct endpoint *e)
{
	double key = 0;

	for (int i = 8; i < 16; i++)
		key = key * 256 + e->addr[i];
	return key;
}

static void
put_sessions(struct json_writer *w, const struct api_channel *c, const struct params *p)
{
	uint32_t n = 0;
	struct row *rows = calloc((size_t)api_sessions(c) + 1, sizeof *rows);

	if (rows == NULL)
		abort();
	for (uint32_t i = 0; i < api_sessions(c); i++) {
		const struct collect_session *s = api_session(c, i);

		if (!is_in(c, s, p))
			continue;
		rows[n].key = p->sort == SORT_PEER ? peer_key(&s->peer) : sort_key(s, p->sort);
		rows[n].key = p->descending ? -rows[n].key : rows[n].key;
		rows[n++].place = i;
	}
	qsort(rows, n, sizeof *rows, by_key);
	list_begin(w);
	for (uint32_t i = p->cursor; i < n && i - p->cursor < p->limit; i++)
		document_session(w, &c->view->report, api_session(c, rows[i].place));
	list_end(w, (uint64_t)p->cursor + p->limit, n);
	free(rows);
}

static unsigned
put_peer(struct json_writer *w, const struct api_channel *c, const struct params *p,
         struct api_problem *problem)
{
	const struct collect_session *found = NULL;
	char text[ENDPOINT_TEXT_MAX];

	for (uint32_t i = 0; i < api_sessions(c); i++) {
		const struct collect_session *s = api_session(c, i);

		endpoint_format(&s->peer, text);
		if (strcmp(text, p->part[3]) != 0)
			continue;
		if (found == NULL) {
			json_object(w);
			json_put_string(w, "peer", text);
			json_key(w, "sessions");
			json_array(w);
		}
		found = s;
		document_session(w, &c->view->report, s);
	}
	if (found == NULL)
		return api_fail(problem, 404, "no-such-peer", "No such peer",
		                "'%s' has no session in this channel", p->part[3]);
	json_array_end(w);
	json_key(w, "levels");
	api_levels(w, c, &found->peer);
	json_object_end(w);
	return 200;
}

/* --- routes ------------------------------------------------------------------------------- */

static unsigned
of_channel(struct json_writer *w, const struct api_channel *c, const struct params *p,
           struct api_problem *problem)
{
	static const struct {
		const char *name;
		void (*put)(struct json_writer *, const struct api_channel *,
		            const struct params *);
	} parts[] = {
		{ "sessions", put_sessions }, { "series", api_series },
		{ "histogram", api_histogram }, { "buffermap", api_buffermap },
	};

	if (p->parts == 2) {
		put_channel(w, c);
		return 200;
	}
	if (p->parts == 4 && strcmp(p->part[2], "peers") == 0)
		return put_peer(w, c, p, problem);
	for (size_t i = 0; p->parts == 3 && i < sizeof parts / sizeof parts[0]; i++)
		if (strcmp(parts[i].name, p->part[2]) == 0) {
			parts[i].put(w, c, p);
			return 200;
		}
	return api_fail(problem, 404, "not-found", "Not found",
	                "a channel has no part '%s' (see /api/v1/openapi.json)", p->part[2]);
}

static unsigned
channels(struct json_writer *w, const struct api *api, const struct params *p,
         struct api_problem *problem)
{
	struct api_channel c;

	if (p->parts == 1) {
		put_channels(w, api, p);
		return 200;
	}
	if (!find_channel(api, p, &c))
		return api_fail(problem, 404, "no-such-channel", "No such channel",
		                "'%s' is not in the store%s (see /api/v1/channels)", p->part[1],
		                p->vantage[0] ? " at that vantage" : "");
	return of_channel(w, &c, p, problem);
}

static void
put_state(struct json_writer *w, const struct api *api, const char *what)
{
	json_object(w);
	if (strcmp(what, "version") == 0) {
		json_put_string(w, "version", api->version);
		json_put_string(w, "schema", DOCUMENT_SCHEMA);
	} else {
		json_put_string(w, "status", "ok");
		json_put_string(w, "store", api->store);
		json_put_uint(w, "vantages", api->n);
	}
	json_object_end(w);
}

unsigned
api_answer(const struct api *api, const struct params *p, FILE *out,
           struct api_problem *problem)
{
	struct json_writer w = json_writer_to(out, false);
	const char *what = p->parts > 0 ? p->part[0] : "";

	if (strcmp(what, "channels") == 0)
		return channels(&w, api, p, problem);
	if (p->parts == 1 && strcmp(what, "vantages") == 0) {
		put_vantages(&w, api);
		return 200;
	}
	if (p->parts == 1 && (strcmp(what, "ready") == 0 || strcmp(what, "health") == 0 ||
	                      strcmp(what, "version") == 0)) {
		put_state(&w, api, what);
		return 200;
	}
	return api_fail(problem, 404, "not-found", "Not found",
	                "the API has no '%s' (see /api/v1/openapi.json)", what);
}
