/*
 * Buffer maps: peers by chunks at one time, and one peer's over all of its time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "dashboard/api.h"

#define BACK_NS INT64_C(12000000000) /* older maps say nothing of now */
#define PEERS_MOST 1000u
#define LEVELS_MOST 4000u

/* Maps of a channel at one time. */
struct matrix {
	struct obs_sink sink; /* first */
	struct row {
		struct endpoint peer;
		int64_t t_ns;
		uint64_t first, newest, play;
		uint32_t width;
		bool has_play, all;
		uint8_t bits[OBS_MAX_TAIL];
	} *row;
	size_t n, more;
	uint64_t newest;
};

static void
keep(struct obs_sink *self, const struct observation *o)
{
	struct matrix *m = (struct matrix *)(void *)self;
	struct row *r;

	if (m->n == PEERS_MOST) {
		m->more++;
		return;
	}
	if (m->row == NULL && (m->row = malloc(PEERS_MOST * sizeof *m->row)) == NULL)
		abort();
	r = &m->row[m->n++];
	*r = (struct row){ .peer = o->peer, .t_ns = o->t_ns, .first = o->offset,
		.width = o->width, .play = o->u.map.play,
		.has_play = o->flags & OBS_HAS_PLAY, .all = o->flags & OBS_ALL };
	memcpy(r->bits, o->tail, o->tail_len < sizeof r->bits ? o->tail_len : sizeof r->bits);
	if (obs_newest(o, &r->newest) && r->newest > m->newest)
		m->newest = r->newest;
}

static bool
has(const struct row *r, uint64_t chunk)
{
	uint64_t i = chunk - r->first;

	return i < r->width && (r->all || r->bits[i / 8] >> (i % 8) & 1);
}

/* The row's chunks [first, first + width), lowest bit first, as base64. */
static void
put_bits(struct json_writer *w, const struct row *r, uint64_t first, uint32_t width)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[2048 / 6 + 8];
	size_t n = 0;

	for (uint32_t at = 0; at < width; at += 24) {
		uint32_t three = 0;

		for (uint32_t i = 0; i < 24 && at + i < width; i++) /* bytes come in order */
			if (has(r, first + at + i))
				three |= UINT32_C(1) << (16 - i / 8 * 8 + i % 8);
		for (int i = 18; i >= 0; i -= 6)
			text[n++] = digits[three >> i & 63];
	}
	text[n] = '\0';
	json_put_string(w, "bits", text);
}

static void
put_row(struct json_writer *w, const struct row *r, int64_t at_ns, uint64_t first, uint32_t width)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(&r->peer, text);
	json_object(w);
	json_put_string(w, "peer", text);
	json_put_seconds(w, "age_s", at_ns - r->t_ns);
	json_put_uint(w, "newest", r->newest);
	if (r->has_play)
		json_put_uint(w, "play", r->play);
	else
		json_put_null(w, "play");
	put_bits(w, r, first, width);
	json_object_end(w);
}

/* All keys that were merged into this channel. */
static bool
ask(const struct api_channel *c, int64_t at_ns, struct obs_sink *to)
{
	const struct collect *r = c->view->report.results;
	bool any = false;

	for (size_t i = 0; i < r->n_channels && c->view->maps != NULL; i++)
		if (r->channels[i].root == c->place)
			any |= c->view->maps(c->view->ctx, r->channels[i].key, at_ns, BACK_NS, to);
	return any;
}

void
api_buffermap(struct json_writer *w, const struct api_channel *c, const struct params *p)
{
	struct matrix m = { .sink.put = keep };
	int64_t at_ns = p->at_ns != INT64_MIN ? p->at_ns : c->last_ns;
	bool kept = ask(c, at_ns, &m.sink);
	uint64_t first = m.newest >= p->width ? m.newest + 1 - p->width : 0;

	json_object(w);
	json_put_seconds(w, "at", at_ns);
	json_put_seconds(w, "first_s", c->first_ns);
	json_put_seconds(w, "last_s", c->last_ns);
	json_put_bool(w, "kept", kept);
	json_put_uint(w, "first", first);
	json_put_uint(w, "width", p->width);
	json_key(w, "peers");
	json_array(w);
	for (size_t i = 0; i < m.n; i++)
		put_row(w, &m.row[i], at_ns, first, p->width);
	json_array_end(w);
	json_put_uint(w, "more", m.more);
	json_object_end(w);
	free(m.row);
}

/* --- one peer's maps ---------------------------------------------------------------------- */

struct levels {
	struct obs_sink sink; /* first */
	struct level {
		int64_t t_ns;
		uint64_t first, newest, play;
		uint32_t held;
		bool has_play;
	} *level;
	size_t n;
};

static void
note(struct obs_sink *self, const struct observation *o)
{
	struct levels *l = (struct levels *)(void *)self;
	struct level *v;

	if (l->n == LEVELS_MOST)
		return;
	if (l->level == NULL && (l->level = malloc(LEVELS_MOST * sizeof *l->level)) == NULL)
		abort();
	v = &l->level[l->n++];
	*v = (struct level){ .t_ns = o->t_ns, .first = o->offset, .held = obs_held(o),
		.play = o->u.map.play, .has_play = o->flags & OBS_HAS_PLAY };
	if (!obs_newest(o, &v->newest))
		v->newest = o->offset;
}

static void
put_levels(struct json_writer *w, const struct levels *l)
{
	static const char *const names[] = { "ts", "first", "newest", "held", "play" };

	json_key(w, "columns");
	json_array(w);
	for (int k = 0; k < 5; k++)
		json_string(w, names[k]);
	json_array_end(w);
	json_key(w, "data");
	json_array(w);
	for (int k = 0; k < 5; k++) {
		json_array(w);
		for (size_t i = 0; i < l->n; i++) {
			const struct level *v = &l->level[i];

			if (k == 0)
				json_seconds(w, v->t_ns);
			else if (k == 4 && !v->has_play)
				json_null(w);
			else
				json_uint(w, k == 1 ? v->first : k == 2 ? v->newest :
				             k == 3 ? v->held : v->play);
		}
		json_array_end(w);
	}
	json_array_end(w);
}

void
api_levels(struct json_writer *w, const struct api_channel *c, const struct endpoint *peer)
{
	const struct collect *r = c->view->report.results;
	struct levels l = { .sink.put = note };

	for (size_t i = 0; i < r->n_channels && c->view->maps_of != NULL; i++)
		if (r->channels[i].root == c->place)
			c->view->maps_of(c->view->ctx, r->channels[i].key, peer, &l.sink);
	json_object(w);
	put_levels(w, &l);
	json_object_end(w);
	free(l.level);
}
