/* SPDX-License-Identifier: Apache-2.0 */
#include "report/document.h"

#include <math.h>

#include "base/json.h"
#include "report/figures.h"
#include "report/values.h"

void
document_channel_id(const struct report *r, const struct collect_channel *c,
                    char text[VALUES_CHANNEL_MAX])
{
	values_channel(text, r->protocol_name(c->protocol), c->c.id, c->c.id_len, c->key);
}

/* --- input ------------------------------------------------------------------------ */

static void
put_input(struct json_writer *w, const struct report_input *in)
{
	json_key(w, "input");
	json_object(w);
	json_key(w, "files");
	json_array(w);
	for (size_t i = 0; i < in->n_files; i++)
		json_string(w, in->files[i]);
	json_array_end(w);
	json_put_seconds(w, "first_s", in->first_ns);
	json_put_seconds(w, "last_s", in->last_ns);
	json_put_uint(w, "packets", in->packets);
	json_put_uint(w, "bytes", in->bytes);
	json_put_uint(w, "observations", in->observations);
	json_key(w, "malformed");
	json_object(w);
	for (size_t i = 0; i < in->n_malformed; i++)
		json_put_uint(w, in->malformed[i].name, in->malformed[i].n);
	json_object_end(w);
	json_put_uint(w, "cut", in->cut);
	json_put_uint(w, "gaps", in->gaps);
	json_put_uint(w, "not_swarm_bytes", in->not_swarm_bytes);
	json_object_end(w);
}

static void
put_traffic(struct json_writer *w, const char *key, const char *name_key,
            const struct report_traffic *t, size_t n)
{
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < n; i++) {
		json_object(w);
		json_put_string(w, name_key, t[i].name);
		json_put_uint(w, "packets", t[i].packets);
		json_put_uint(w, "bytes", t[i].bytes);
		json_object_end(w);
	}
	json_array_end(w);
}

static void
put_apps(struct json_writer *w, const struct report_input *in)
{
	json_key(w, "applications");
	json_array(w);
	for (size_t i = 0; i < in->n_apps; i++) {
		const struct report_app *t = &in->apps[i];

		json_object(w);
		json_put_string(w, "application", t->name);
		json_put_string(w, "confidence", t->confidence);
		json_put_uint(w, "flows", t->flows);
		json_put_uint(w, "packets", t->packets);
		json_put_uint(w, "bytes", t->bytes);
		json_object_end(w);
	}
	json_array_end(w);
}

void
document_as(struct json_writer *w, const char *key, uint32_t as)
{
	if (as == 0)
		json_put_null(w, key);
	else
		json_put_uint(w, key, as);
}

static void
put_pairs(struct json_writer *w, const struct report_input *in)
{
	json_key(w, "as_pairs");
	json_array(w);
	for (size_t i = 0; i < in->n_pairs; i++) {
		const struct report_pair *t = &in->pairs[i];

		json_object(w);
		document_as(w, "from_as", t->from_as);
		document_as(w, "to_as", t->to_as);
		json_put_uint(w, "packets", t->packets);
		json_put_uint(w, "bytes", t->bytes);
		json_object_end(w);
	}
	json_array_end(w);
}

static void
put_audit(struct json_writer *w, const struct report_input *in)
{
	json_key(w, "audit");
	json_object(w);
	put_traffic(w, "by_protocol", "protocol", in->by_protocol, in->n_by_protocol);
	put_traffic(w, "by_transport", "transport", in->by_transport, in->n_by_transport);
	put_traffic(w, "by_locality", "locality", in->by_locality, in->n_by_locality);
	if (in->apps != NULL) {
		put_apps(w, in);
		put_pairs(w, in);
	}
	json_object_end(w);
}

/* --- channels --------------------------------------------------------------------- */

static void
put_playhead(struct json_writer *w, const struct report *r, const struct playhead *p)
{
	json_key(w, "playhead");
	json_object(w);
	json_put_string(w, "model", playhead_model_name(p->model));
	json_key(w, "prebuffer_s");
	if (r->player != NULL)
		json_seconds(w, p->prebuffer_ns + r->player->prebuffer_ns);
	else
		json_null(w);
	json_put_string(w, "from", r->player_from ? r->player_from : "protocol constant");
	json_put_seconds(w, "system_prebuffer_s", p->prebuffer_ns);
	json_put_uint(w, "system_prebuffer_bytes", p->prebuffer_bytes);
	json_put_uint(w, "skip_window_chunks", p->skip_window_chunks);
	json_object_end(w);
}

/* [lo, hi], null for an end that the sample is too small for. */
static void
put_interval(struct json_writer *w, const char *key, const struct interval *i)
{
	json_key(w, key);
	json_array(w);
	json_number(w, i->lo, 6);
	json_number(w, i->hi, 6);
	json_array_end(w);
}

static void
put_spread(struct json_writer *w, const char *key, const struct figures_spread *s)
{
	json_key(w, key);
	json_object(w);
	json_put_uint(w, "n", s->n);
	json_put_number(w, "p50", s->p50, 6);
	json_put_number(w, "p95", s->p95, 6);
	json_object_end(w);
}

static void
put_delay(struct json_writer *w, const char *key, const struct figures_delay *d)
{
	json_key(w, key);
	json_object(w);
	json_put_uint(w, "n", d->n);
	json_put_number(w, "p50", d->p50, 6);
	json_put_number(w, "p95", d->p95, 6);
	json_put_number(w, "mean", d->mean, 6);
	json_put_number(w, "p50_lo", d->p50_lo, 6);
	json_put_number(w, "p50_hi", d->p50_hi, 6);
	json_put_number(w, "p95_lo", d->p95_lo, 6);
	json_put_number(w, "p95_hi", d->p95_hi, 6);
	put_interval(w, "p50_of_all", &d->p50_of);
	put_interval(w, "p95_of_all", &d->p95_of);
	json_object_end(w);
}

static void
put_churn(struct json_writer *w, const struct figures *f)
{
	json_key(w, "churn");
	json_object(w);
	json_put_uint(w, "joins", f->joins);
	json_put_uint(w, "leaves", f->leaves);
	json_put_number(w, "observed_s", f->observed_s, 6);
	json_put_number(w, "joins_per_min", f->joins_per_min, 6);
	json_put_number(w, "leaves_per_min", f->leaves_per_min, 6);
	json_object_end(w);
}

static void
put_events(struct json_writer *w, const struct figures *f)
{
	json_key(w, "stalls");
	json_object(w);
	json_put_uint(w, "n", f->stalls);
	json_put_number(w, "total_s", f->stall_s, 6);
	json_put_number(w, "per_hour", f->stalls_per_hour, 6);
	json_put_number(w, "viewing_s", f->viewing_s, 6);
	json_object_end(w);
	json_key(w, "skips");
	json_object(w);
	json_put_uint(w, "n", f->skips);
	json_put_uint(w, "chunks", f->skipped_chunks);
	json_object_end(w);
	json_put_uint(w, "pauses", f->pauses);
	json_put_uint(w, "reboots", f->reboots);
	json_put_uint(w, "exits_before_start", f->exits_before_start);
	json_put_number(w, "rebuffering_ratio", f->rebuffering_ratio, 6);
	put_spread(w, "stall_length_s", &f->stall_length);
	put_spread(w, "buffer_s", &f->buffer);
	put_churn(w, f);
	json_put_number(w, "continuity_index", f->continuity_index, 6);
	json_put_uint(w, "chunks_passed", f->chunks_passed);
}

/* Of the whole swarm's curve, as far as those heard are a sample of it. */
static void
put_ends(struct json_writer *w, const char *key, const struct figures *f, bool upper)
{
	json_key(w, key);
	json_array(w);
	for (uint32_t i = 0; i < f->ages; i++)
		json_number(w, upper ? f->ratio_of[i].hi : f->ratio_of[i].lo, 6);
	json_array_end(w);
}

static void
put_retrieval(struct json_writer *w, const struct figures *f)
{
	json_key(w, "retrieval");
	json_object(w);
	json_key(w, "age_s");
	json_array(w);
	for (uint32_t i = 0; i < f->ages; i++)
		json_number(w, f->age_s[i], 6);
	json_array_end(w);
	json_key(w, "ratio");
	json_array(w);
	for (uint32_t i = 0; i < f->ages; i++)
		json_number(w, f->ratio[i], 6);
	json_array_end(w);
	json_key(w, "n");
	json_array(w);
	for (uint32_t i = 0; i < f->ages; i++)
		json_uint(w, f->age_n[i]);
	json_array_end(w);
	put_ends(w, "ratio_lo", f, false);
	put_ends(w, "ratio_hi", f, true);
	json_put_number(w, "t50_s", f->t50_s, 6);
	json_put_number(w, "t90_s", f->t90_s, 6);
	json_put_number(w, "t95_s", f->t95_s, 6);
	json_put_number(w, "t99_s", f->t99_s, 6);
	json_put_number(w, "at_deadline", f->at_deadline, 6);
	json_put_uint(w, "at_deadline_n", f->deadline_n);
	put_interval(w, "at_deadline_of_all", &f->deadline_of);
	json_object_end(w);
}

static void
put_score(struct json_writer *w, const struct figures *f, enum figures_score score)
{
	json_put_string(w, "model", figures_score_model(score));
	json_put_number(w, "mos", f->mos[score], 3);
	json_put_uint(w, "n", f->mos_n[score]);
}

/* Bins as [lower end, count]: what merges with other reports. */
static void
put_sketches(struct json_writer *w, const struct figures *f)
{
	static const char *const keys[FIGURES_SKETCHES] = {
		"startup_delay_s", "switch_delay_s", "lag_s", "buffer_s", "stall_length_s",
	};

	json_key(w, "sketches");
	json_object(w);
	json_put_number(w, "relative_error", SKETCH_PPM / 1e6, 6);
	for (int i = 0; i < FIGURES_SKETCHES; i++) {
		json_key(w, keys[i]);
		json_array(w);
		for (uint32_t bin = 0; bin < SKETCH_BINS; bin++) {
			if (f->sketch[i].count[bin] == 0)
				continue;
			json_array(w);
			json_number(w, (double)sketch_bin_ns(bin) / 1e9, 9);
			json_uint(w, f->sketch[i].count[bin]);
			json_array_end(w);
		}
		json_array_end(w);
	}
	json_object_end(w);
}

static void
put_quality(struct json_writer *w, const struct figures *f)
{
	json_key(w, "lag_s");
	json_object(w);
	json_put_uint(w, "n", f->lag_n);
	json_put_number(w, "p50", f->lag_p50, 6);
	json_put_number(w, "p95", f->lag_p95, 6);
	json_object_end(w);
	json_put_number(w, "skew_s", f->skew_s, 6);
	json_put_uint(w, "skew_n", f->skew_n);
	put_retrieval(w, f);
	json_key(w, "score");
	json_object(w);
	put_score(w, f, FIGURES_BOTH);
	json_object_end(w);
	json_key(w, "scores");
	json_array(w);
	for (int i = 0; i < FIGURES_SCORES; i++) {
		json_object(w);
		put_score(w, f, (enum figures_score)i);
		json_object_end(w);
	}
	json_array_end(w);
	put_sketches(w, f);
	json_key(w, "coverage");
	json_object(w);
	json_put_uint(w, "known", f->known);
	json_put_uint(w, "heard", f->heard);
	json_put_uint(w, "inferred", f->inferred);
	json_put_number(w, "heard_ratio", f->heard_ratio, 6);
	put_interval(w, "heard_share", &f->heard_share);
	put_interval(w, "inferred_share", &f->inferred_share);
	json_object_end(w);
}

static void
put_aliases(struct json_writer *w, const struct report *r, size_t channel)
{
	char text[VALUES_CHANNEL_MAX];

	json_key(w, "aliases");
	json_array(w);
	for (size_t i = 0; i < r->results->n_channels; i++) {
		if (i == channel || r->results->channels[i].root != channel)
			continue;
		document_channel_id(r, &r->results->channels[i], text);
		json_string(w, text);
	}
	json_array_end(w);
}

void
document_channel(struct json_writer *w, const struct report *r, size_t i)
{
	const struct collect_channel *c = &r->results->channels[i];
	const char *protocol = r->protocol_name(c->protocol);
	char text[VALUES_CHANNEL_MAX];
	struct figures f;

	document_channel_id(r, c, text);
	figures_of(&f, r->results, i);
	json_object(w);
	json_put_string(w, "id", text);
	json_put_string(w, "protocol", protocol ? protocol : "unknown");
	values_channel_facts(w, &c->c);
	put_aliases(w, r, i);
	values_peer(w, "source_peer", &c->c.source);
	put_playhead(w, r, &c->c.playhead);
	json_put_uint(w, "peers", f.peers);
	json_put_uint(w, "sessions", f.sessions);
	json_put_uint(w, "viewers", f.viewers);
	json_put_uint(w, "left_censored", f.left_censored);
	put_delay(w, "startup_delay_s", &f.startup);
	put_delay(w, "switch_delay_s", &f.switching);
	put_events(w, &f);
	put_quality(w, &f);
	json_object_end(w);
}

/* --- sessions --------------------------------------------------------------------- */

static void
put_event(struct json_writer *w, const struct result_event *e)
{
	json_object(w);
	values_estimate(w, "at", &e->at);
	if (e->event == EVENT_SKIP)
		json_put_uint(w, "chunks", e->chunks);
	else
		values_reasoned(w, "duration_s", &e->duration);
	json_object_end(w);
}

static void
put_session_events(struct json_writer *w, const struct collect *c, const struct collect_session *s)
{
	static const struct {
		const char *key;
		enum result_event_kind event;
	} lists[] = {
		{ "stalls", EVENT_STALL },
		{ "pauses", EVENT_PAUSE },
		{ "skips", EVENT_SKIP },
		{ "reboots", EVENT_REBOOT },
	};
	bool exit = false;

	for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
		json_key(w, lists[l].key);
		json_array(w);
		for (uint32_t i = 0; i < s->events; i++)
			if (c->events[s->first + i].e.event == lists[l].event)
				put_event(w, &c->events[s->first + i].e);
		json_array_end(w);
	}
	for (uint32_t i = 0; i < s->events; i++)
		exit |= c->events[s->first + i].e.event == EVENT_EXIT_BEFORE_START;
	json_put_bool(w, "exit_before_start", exit);
}

void
document_session(struct json_writer *w, const struct report *r, const struct collect_session *s)
{
	const struct collect_channel *from = collect_channel(r->results, s->s.switched_from);
	char text[VALUES_CHANNEL_MAX];

	document_channel_id(r, &r->results->channels[s->in], text);
	json_object(w);
	values_peer(w, "peer", &s->peer);
	values_peer_id(w, "peer_id", s->peer_id);
	json_put_string(w, "channel", text);
	json_put_uint(w, "run", s->run);
	if (from != NULL) {
		document_channel_id(r, &r->results->channels[from->root], text);
		json_put_string(w, "switched_from", text);
	} else {
		json_put_null(w, "switched_from");
	}
	values_session(w, &s->s);
	put_session_events(w, r->results, s);
	json_object_end(w);
}

static void
put_player(struct json_writer *w, const struct report *r)
{
	const struct player_model *p = r->player;

	json_key(w, "player");
	if (p == NULL) {
		json_null(w);
		return;
	}
	json_object(w);
	json_put_string(w, "from", r->player_from ? r->player_from : "assumed");
	json_put_seconds(w, "prebuffer_s", p->prebuffer_ns);
	json_put_seconds(w, "key_wait_s", p->key_wait_ns);
	json_put_uint(w, "probe_bytes", p->probe_bytes);
	json_put_seconds(w, "prebuffer_error_s", p->prebuffer_err_ns);
	json_put_seconds(w, "latency_s", p->latency_ns);
	json_put_seconds(w, "latency_error_s", p->latency_err_ns);
	json_put_seconds(w, "margin_s", p->margin_ns);
	json_put_seconds(w, "margin_error_s", p->margin_err_ns);
	json_put_seconds(w, "rebuffer_s", p->rebuffer_ns);
	json_put_seconds(w, "rebuffer_error_s", p->rebuffer_err_ns);
	json_object_end(w);
}

static void
put_warnings(struct json_writer *w, const struct collect *c)
{
	json_key(w, "warnings");
	json_array(w);
	for (size_t i = 0; i < c->n_warnings; i++)
		json_string(w, c->warnings[i]);
	json_array_end(w);
}

void
document_head(FILE *out, const struct report *r)
{
	struct json_writer w = json_writer_to(out, false);

	json_object(&w);
	put_input(&w, r->input);
	put_player(&w, r);
	put_audit(&w, r->input);
	put_warnings(&w, r->results);
	json_object_end(&w);
}

void
document_write(FILE *out, const struct report *r)
{
	struct json_writer w = json_writer_to(out, true);
	const struct collect *c = r->results;

	json_object(&w);
	json_put_string(&w, "schema", DOCUMENT_SCHEMA);
	put_input(&w, r->input);
	put_player(&w, r);
	json_key(&w, "channels");
	json_array(&w);
	for (size_t i = 0; i < c->n_channels; i++)
		if (collect_is_root(c, i))
			document_channel(&w, r, i);
	json_array_end(&w);
	json_key(&w, "sessions");
	json_array(&w);
	for (size_t i = 0; i < c->n_sessions; i++)
		document_session(&w, r, &c->sessions[i]);
	json_array_end(&w);
	put_audit(&w, r->input);
	json_key(&w, "anomalies");
	json_array(&w);
	json_array_end(&w);
	put_warnings(&w, c);
	json_object_end(&w);
	putc('\n', out);
}
