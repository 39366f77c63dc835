/* SPDX-License-Identifier: Apache-2.0 */
#include "report/p1203.h"

#include "base/json.h"
#include "report/stats.h"
#include "report/values.h"

#define MICRO 6 /* digits of seconds */

static void
put_stall(struct json_writer *w, int64_t media_ns, int64_t length_ns)
{
	json_array(w);
	json_number(w, stats_seconds(media_ns > 0 ? media_ns : 0), MICRO);
	json_number(w, stats_seconds(length_ns > 0 ? length_ns : 0), MICRO);
	json_array_end(w);
}

/* Media time is time since the first frame less what stood still. */
static void
put_stalls(struct json_writer *w, const struct collect *c, const struct collect_session *s)
{
	int64_t began_ns = s->s.playing.best_ns, stalled_ns = 0;

	if (!estimate_known(&s->s.playing))
		began_ns = s->s.joined.best_ns;
	if (estimate_known(&s->s.startup))
		put_stall(w, 0, s->s.startup.best_ns);
	for (uint32_t i = 0; i < s->events; i++) {
		const struct result_event *e = &c->events[s->first + i].e;

		if (e->event != EVENT_STALL || !estimate_known(&e->duration))
			continue;
		put_stall(w, e->at.best_ns - began_ns - stalled_ns, e->duration.best_ns);
		stalled_ns += e->duration.best_ns;
	}
}

static void
put_media(struct json_writer *w, const char *key, uint64_t stream)
{
	json_key(w, key);
	json_object(w);
	json_put_uint(w, "streamId", stream);
	json_put_null(w, "segments");
	json_object_end(w);
}

static void
put_session(struct json_writer *w, const struct report *r, const struct collect_session *s)
{
	const struct collect_channel *in = &r->results->channels[s->in];
	char text[VALUES_CHANNEL_MAX];

	values_channel(text, r->protocol_name(in->protocol), in->c.id, in->c.id_len, in->key);
	json_key(w, "session");
	json_object(w);
	values_peer(w, "peer", &s->peer);
	json_put_string(w, "channel", text);
	json_put_uint(w, "run", s->run);
	json_put_bool(w, "left_censored", s->s.left_censored);
	json_object_end(w);
}

void
p1203_write(FILE *out, const struct report *r)
{
	const struct collect *c = r->results;
	uint64_t stream = 0;

	for (size_t i = 0; i < c->n_sessions; i++) {
		const struct collect_session *s = &c->sessions[i];
		struct json_writer w = json_writer_to(out, false);

		if (s->s.source || s->s.played_ns <= 0)
			continue;
		json_object(&w);
		put_session(&w, r, s);
		put_media(&w, "I11", ++stream);
		put_media(&w, "I13", stream);
		json_key(&w, "I23");
		json_object(&w);
		json_put_uint(&w, "streamId", stream);
		json_key(&w, "stalling");
		json_array(&w);
		put_stalls(&w, c, s);
		json_array_end(&w);
		json_object_end(&w);
		json_key(&w, "IGen");
		json_object(&w);
		json_put_null(&w, "device");
		json_put_null(&w, "displaySize");
		json_put_null(&w, "viewingDistance");
		json_object_end(&w);
		json_object_end(&w);
		putc('\n', out);
	}
}
