/* SPDX-License-Identifier: Apache-2.0 */
#include "dashboard/site.h"

#include <stdlib.h>
#include <string.h>

#include "dashboard/asset.h"
#include "report/document.h"

#define API "/api/v1/"

static void
put_file(const struct asset *f, const struct http_request *q, struct http_answer *a)
{
	a->status = 200;
	a->type = f->type;
	a->gzip = q->gzip;
	a->body = q->gzip ? f->gzip : f->bytes;
	a->len = q->gzip ? f->gzip_len : f->len;
}

/* What captures are under way. */
static void
put_probes(const struct site *s, FILE *out)
{
	struct json_writer w = json_writer_to(out, false);

	json_object(&w);
	json_key(&w, "data");
	json_array(&w);
	if (s->probes != NULL)
		s->probes(s->ctx, &w);
	json_array_end(&w);
	json_put_null(&w, "next_cursor");
	json_put_uint(&w, "total", s->probes != NULL);
	json_object_end(&w);
}

static void
put_class(void *ctx, const struct store_traffic *t)
{
	struct json_writer *w = ctx;

	json_object(w);
	json_put_string(w, "application", t->protocol);
	json_put_string(w, "confidence", t->confidence);
	json_put_string(w, "transport", t->transport);
	json_put_string(w, "locality", t->locality);
	document_as(w, "from_as", t->from_as);
	document_as(w, "to_as", t->to_as);
	json_put_seconds(w, "from_s", t->t_ns);
	json_put_seconds(w, "to_s", t->t_ns + t->step_ns);
	json_put_uint(w, "bytes", t->bytes);
	json_put_uint(w, "packets", t->packets);
	json_put_uint(w, "flows", t->flows);
	json_object_end(w);
}

/* Of the vantage that is named, else of the newest that was audited. */
static int64_t
vantage_of(const struct site *s, const char *name)
{
	size_t n;
	const struct api_view *view = views_all(s->views, &n);

	while (n-- > 0)
		if (strcmp(view[n].vantage, name) == 0)
			return views_id(s->views, n);
	return name[0] == '\0' ? 0 : -1;
}

/* All traffic by class. */
static unsigned
put_traffic(const struct site *s, const struct params *p, FILE *out, struct api_problem *problem)
{
	struct json_writer w = json_writer_to(out, false);
	int rc;

	json_object(&w);
	json_key(&w, "data");
	json_array(&w);
	rc = store_traffic_sums(s->store, vantage_of(s, p->vantage),
	                        p->from_ns == INT64_MIN ? 0 : p->from_ns,
	                        p->to_ns == INT64_MIN ? INT64_MAX : p->to_ns, p->limit, put_class,
	                        &w);
	json_array_end(&w);
	json_put_null(&w, "next_cursor");
	json_object_end(&w);
	return rc == 0 ? 200 : api_fail(problem, 503, "store", "The store cannot be read", "%s",
	                                store_why(s->store));
}

static unsigned
ask(struct site *s, const struct params *p, FILE *out, struct api_problem *problem)
{
	struct api api = { .version = s->version, .store = s->name };

	if (p->parts == 1 && strcmp(p->part[0], "probes") == 0) {
		put_probes(s, out);
		return 200;
	}
	if (strcmp(p->part[0], "health") != 0 && views_refresh(s->views) != 0)
		return api_fail(problem, 503, "store", "The store cannot be read", "%s",
		                store_why(s->store));
	if (p->parts == 1 && strcmp(p->part[0], "traffic") == 0)
		return put_traffic(s, p, out, problem);
	api.view = views_all(s->views, &api.n);
	return api_answer(&api, p, out, problem);
}

static void
put_api(struct site *s, const struct http_request *q, struct http_answer *a)
{
	struct api_problem problem;
	struct params p;
	char *body = NULL;
	FILE *out = open_memstream(&body, &a->len);

	if (out == NULL)
		abort();
	a->status = params_read(&p, q->path + strlen(API), q->query) ?
	            ask(s, &p, out, &problem) :
	            api_fail(&problem, 400, "bad-query", "Bad request", "%s", p.why);
	a->type = a->status == 200 ? "application/json" : "application/problem+json";
	if (a->status != 200) {
		fflush(out);
		rewind(out); /* an answer that had begun */
		api_problem_write(out, &problem, q->path);
	}
	fclose(out);
	a->body = body;
	a->owned = true;
}

static void
put_metrics(const struct site *s, struct http_answer *a)
{
	char *body = NULL;
	FILE *out = open_memstream(&body, &a->len);

	if (out == NULL)
		abort();
	s->metrics(s->ctx, out);
	fclose(out);
	a->status = 200;
	a->type = s->metrics_type;
	a->body = body;
	a->owned = true;
}

int64_t
site_state(void *site)
{
	struct site *s = site;
	int64_t state;

	return store_state(s->store, &state) == 0 ? state : INT64_MIN;
}

void
site_answer(void *site, const struct http_request *q, struct http_answer *a)
{
	const struct asset *f = asset_find(q->path);
	const struct site *s = site;

	if (f != NULL) {
		put_file(f, q, a);
	} else if (s->metrics != NULL && strcmp(q->path, "/metrics") == 0) {
		put_metrics(s, a);
	} else if (strncmp(q->path, API, strlen(API)) == 0) {
		put_api(site, q, a);
	} else {
		a->status = 404;
		a->type = "application/problem+json";
		a->body = "{\"type\":\"/problems/not-found\",\"title\":\"Not found\","
		          "\"status\":404,\"detail\":\"the page is at /, the API at /api/v1/\"}";
		a->len = strlen(a->body);
	}
}
