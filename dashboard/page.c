/* SPDX-License-Identifier: Apache-2.0 */
#include "dashboard/page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dashboard/asset.h"
#include "report/document.h"

#define ROOT "/api/v1/"
#define MARK "@ANSWERS@"
#define MAPS 40u /* buffer maps at so many moments */
#define MAPS_WIDTH 240u
#define PATH_MOST (3 * PARAMS_TEXT + 64)

/* JSON inside a script element: no < may stand there. */
static void
put_escaped(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '<')
			fputs("\\u003c", out);
		else
			putc(*text, out);
}

/* As encodeURIComponent does it. */
static void
encode(const char *text, char to[PATH_MOST])
{
	static const char plain[] = "-_.!~*'()";

	for (; *text != '\0'; text++)
		if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		    (*text >= '0' && *text <= '9') || strchr(plain, *text) != NULL)
			*to++ = *text;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*text);
	*to = '\0';
}

struct writer {
	FILE *out;
	const struct api *api;
	bool any;
};

static void
put_key(struct writer *w, const char *path)
{
	fputs(w->any ? ",\n" : "\n", w->out);
	w->any = true;
	putc('"', w->out);
	put_escaped(w->out, ROOT);
	put_escaped(w->out, path);
	fputs("\":", w->out);
}

static void
put_answer(struct writer *w, const struct params *p)
{
	struct api_problem problem;
	char *text = NULL;
	size_t len;
	FILE *answer = open_memstream(&text, &len);

	if (answer == NULL)
		abort();
	if (api_answer(w->api, p, answer, &problem) != 200) {
		fflush(answer);
		rewind(answer);
		fputs("null", answer);
	}
	fclose(answer);
	put_escaped(w->out, text);
	free(text);
}

static void
ask(struct writer *w, const char *path)
{
	char copy[PATH_MOST + 32], *query;
	struct params p;

	snprintf(copy, sizeof copy, "%s", path);
	query = strchr(copy, '?');
	if (query != NULL)
		*query++ = '\0';
	if (!params_read(&p, copy, query))
		return;
	p.limit = UINT32_MAX;
	put_key(w, path);
	put_answer(w, &p);
}

/* At some moments from the first to the last. */
static void
ask_maps(struct writer *w, const char *channel, int64_t first_ns, int64_t last_ns)
{
	char path[PATH_MOST + 32];
	struct params p;

	snprintf(path, sizeof path, "%s/buffermap", channel);
	if (!params_read(&p, path, NULL))
		return;
	p.width = MAPS_WIDTH;
	put_key(w, path);
	putc('[', w->out);
	for (unsigned i = 1; i <= MAPS; i++) {
		p.at_ns = first_ns + (last_ns - first_ns) / MAPS * i;
		p.at_ns -= p.at_ns % INT64_C(1000000000);
		fputs(i > 1 ? ",\n" : "", w->out);
		put_answer(w, &p);
	}
	putc(']', w->out);
}

static void
put_channel(struct writer *w, const struct api_view *view, size_t place)
{
	static const char *const parts[] = {
		"", "/sessions", "/series", "/histogram?metric=startup",
		"/histogram?metric=switch", "/histogram?metric=lag", "/histogram?metric=stall",
	};
	char id[VALUES_CHANNEL_MAX], channel[PATH_MOST], path[PATH_MOST + 32];

	document_channel_id(&view->report, &view->report.results->channels[place], id);
	strcpy(channel, "channels/");
	encode(id, channel + strlen(channel));
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		snprintf(path, sizeof path, "%s%s", channel, parts[i]);
		ask(w, path);
	}
	if (view->maps != NULL && view->first_ns != INT64_MIN)
		ask_maps(w, channel, view->first_ns, view->last_ns);
}

static void
put_answers(FILE *out, const struct api *api)
{
	struct writer w = { .out = out, .api = api };

	putc('{', out);
	ask(&w, "channels");
	ask(&w, "vantages");
	for (size_t v = 0; v < api->n; v++)
		for (size_t i = 0; i < api->view[v].report.results->n_channels; i++)
			if (collect_is_root(api->view[v].report.results, i))
				put_channel(&w, &api->view[v], i);
	fputs("\n}", out);
}

void
page_write(FILE *out, const struct api *api)
{
	const struct asset *page = asset_find("report.html");
	const char *text = (const char *)page->bytes, *mark = text;

	while (memcmp(mark, MARK, strlen(MARK)) != 0) {
		mark++;
		assert(mark + strlen(MARK) <= text + page->len);
	}
	fwrite(text, 1, (size_t)(mark - text), out);
	put_answers(out, api);
	mark += strlen(MARK);
	fwrite(mark, 1, page->len - (size_t)(mark - text), out);
}
