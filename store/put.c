/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/int64.h"
#include "store/backend.h"

#define US_NS 1000
#define Q10 "?,?,?,?,?,?,?,?,?,?"

static const char *const statements[STATEMENTS] = {
	[PUT_CHANNEL] = "INSERT OR REPLACE INTO channel VALUES (" Q10 ",?,?,?,?,?,?,?,?,?)",
	[PUT_SESSION] = "INSERT OR REPLACE INTO session VALUES (" Q10 "," Q10 "," Q10 "," Q10
	                ",?,?,?,?,?,?,?)",
	[PUT_EVENT] = "INSERT OR REPLACE INTO event VALUES (" Q10 ",?,?,?,?,?)",
	[PUT_RETRIEVAL] = "INSERT OR REPLACE INTO retrieval VALUES (?,?,?,?,?,?,?)",
	[PUT_MAP] = "INSERT OR REPLACE INTO map_snapshot VALUES (?,?,?,?,?,?,?,?,?)",
	[PUT_LAG] = "INSERT OR REPLACE INTO lag VALUES (?,?,?,?)",
	[PUT_CAME] = "INSERT OR REPLACE INTO came VALUES (?,?,?,?,?,?)",
	[PUT_TRAFFIC] = "INSERT INTO traffic VALUES (" Q10 ",?,?) ON CONFLICT DO UPDATE SET "
	                "bytes = bytes + excluded.bytes, packets = packets + excluded.packets, "
	                "flows = flows + excluded.flows",
	[PUT_PROBE] = "INSERT OR REPLACE INTO probe_status VALUES (" Q10 ",?,?)",
	[PUT_GROUP] = "INSERT OR REPLACE INTO retrieval_group VALUES (?,?,?,?,?,?,?)",
};

/* Binds one value after another. */
struct binder {
	sqlite3_stmt *q;
	int at;
};

static void
put_int(struct binder *b, int64_t v)
{
	sqlite3_bind_int64(b->q, ++b->at, v);
}

static void
put_null(struct binder *b)
{
	sqlite3_bind_null(b->q, ++b->at);
}

static void
put_text(struct binder *b, const char *text, int len)
{
	sqlite3_bind_text(b->q, ++b->at, text, len, SQLITE_TRANSIENT);
}

static void
put_us(struct binder *b, int64_t ns, int64_t none)
{
	if (ns == none)
		put_null(b);
	else
		put_int(b, round64(ns, US_NS) / US_NS);
}

static void
put_estimate(struct binder *b, const struct estimate *e)
{
	bool known = estimate_known(e);

	put_us(b, known ? e->lo_ns : ESTIMATE_OPEN_LO, ESTIMATE_OPEN_LO);
	put_us(b, known ? e->best_ns : ESTIMATE_NO_BEST, ESTIMATE_NO_BEST);
	put_us(b, known ? e->hi_ns : ESTIMATE_OPEN_HI, ESTIMATE_OPEN_HI);
}

static void
put_real(struct binder *b, float v)
{
	if (isnan(v))
		put_null(b);
	else
		sqlite3_bind_double(b->q, ++b->at, (double)v);
}

int64_t
store_peer_key(const struct store *s, const struct endpoint *peer)
{
	if (endpoint_is_pseudonym(peer)) {
		uint64_t key = 0;

		for (int i = 8; i < 16; i++)
			key = key << 8 | peer->addr[i];
		return (int64_t)key;
	}
	return (int64_t)siphash(s->key, peer->addr, sizeof peer->addr);
}

static void
put_peer(struct store *s, struct binder *b, const struct endpoint *peer)
{
	put_int(b, store_peer_key(s, peer));
	put_int(b, peer->port);
}

/* NULL unless asked for. */
static void
put_address(struct store *s, struct binder *b, const struct endpoint *peer)
{
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(peer, text);
	if (s->opt.clear_addresses && !endpoint_is_none(peer))
		put_text(b, text, -1);
	else
		put_null(b);
}

static struct binder
row(struct store *s, enum store_statement what)
{
	struct binder b = { s->put[what], 0 };

	sqlite3_reset(b.q);
	return b;
}

static void
finish(struct store *s, struct binder *b)
{
	if (sqlite3_step(b->q) != SQLITE_DONE)
		store_fail_sqlite(s, "writing results");
	else
		s->rows++;
	sqlite3_reset(b->q);
}

static void
put_channel(struct store *s, const struct result *r)
{
	const struct result_channel *c = &r->u.channel;
	const char *protocol = s->opt.protocol_name(r->protocol);
	struct binder b = row(s, PUT_CHANNEL);
	char key[48 + 2 * OBS_MAX_CHANNEL_ID];
	int at = snprintf(key, sizeof key, "%.32s:", protocol ? protocol : "unknown");

	for (unsigned i = 0; i < c->id_len && i < OBS_MAX_CHANNEL_ID; i++)
		at += snprintf(key + at, sizeof key - (size_t)at, "%02x", c->id[i]);
	if (c->id_len == 0)
		at += snprintf(key + at, sizeof key - (size_t)at, "%016llx",
		               (unsigned long long)r->channel);
	put_int(&b, (int64_t)r->channel);
	put_int(&b, s->vantage);
	put_text(&b, key, at);
	put_text(&b, protocol ? protocol : "unknown", -1);
	if (c->name_len > 0)
		put_text(&b, c->name, c->name_len);
	else
		put_null(&b);
	put_estimate(&b, &c->chunk);
	put_int(&b, c->bitrate_kbps);
	put_int(&b, (int64_t)c->head);
	put_text(&b, playhead_model_name(c->playhead.model), -1);
	put_int(&b, c->playhead.prebuffer_ns / US_NS);
	put_int(&b, c->playhead.prebuffer_bytes);
	if (endpoint_is_none(&c->source))
		put_null(&b);
	else
		put_int(&b, store_peer_key(s, &c->source));
	if (c->alias_of == 0)
		put_null(&b);
	else
		put_int(&b, (int64_t)c->alias_of);
	put_int(&b, c->known);
	put_int(&b, c->source.port);
	put_address(s, &b, &c->source);
	put_int(&b, c->playhead.skip_window_chunks);
	finish(s, &b);
}

static void
put_counts(struct binder *b, const struct result_session *u)
{
	put_int(b, u->stalls);
	put_int(b, u->pauses);
	put_int(b, u->skips);
	put_int(b, u->skipped_chunks);
	put_int(b, u->reboots);
	put_int(b, u->played_ns / US_NS);
	put_int(b, (int64_t)u->chunks_passed);
	put_int(b, (int64_t)u->chunks_missed);
	put_us(b, u->lag_ns, INT64_MIN);
	put_us(b, u->buffer_ns, INT64_MIN);
	put_real(b, u->mos);
	put_int(b, u->maps);
	put_text(b, result_end_name(u->end), -1);
	put_int(b, u->left_censored);
	put_int(b, u->source);
}

static void
put_session(struct store *s, const struct result *r)
{
	const struct result_session *u = &r->u.session;
	struct binder b = row(s, PUT_SESSION);

	put_int(&b, (int64_t)r->channel);
	put_int(&b, s->vantage);
	put_peer(s, &b, &r->peer);
	put_int(&b, r->run);
	put_address(s, &b, &r->peer);
	put_estimate(&b, &u->joined);
	put_estimate(&b, &u->playing);
	put_estimate(&b, &u->left);
	put_estimate(&b, &u->startup);
	put_estimate(&b, &u->switch_delay);
	if (u->switched_from == 0)
		put_null(&b);
	else
		put_int(&b, (int64_t)u->switched_from);
	put_estimate(&b, &u->stall_time);
	put_counts(&b, u);
	put_int(&b, (int64_t)r->peer_id);
	put_int(&b, u->startup.reasons);
	put_int(&b, u->switch_delay.reasons);
	put_int(&b, u->stall_time.reasons);
	put_real(&b, u->mos_delay);
	put_real(&b, u->mos_rate);
	put_real(&b, u->mos_count);
	finish(s, &b);
}

static void
put_event(struct store *s, const struct result *r)
{
	const struct result_event *u = &r->u.event;
	struct binder b = row(s, PUT_EVENT);

	put_int(&b, (int64_t)r->channel);
	put_int(&b, s->vantage);
	put_peer(s, &b, &r->peer);
	put_int(&b, r->run);
	put_text(&b, result_event_name(u->event), -1);
	put_int(&b, u->ordinal);
	put_estimate(&b, &u->at);
	put_estimate(&b, &u->duration);
	put_int(&b, (int64_t)u->chunks);
	put_int(&b, u->duration.reasons);
	finish(s, &b);
}

static void
put_retrieval(struct store *s, const struct result *r)
{
	const struct result_retrieval *u = &r->u.retrieval;
	struct binder b = row(s, PUT_RETRIEVAL);

	put_int(&b, (int64_t)r->channel);
	put_int(&b, s->vantage);
	put_int(&b, r->shard);
	put_int(&b, u->bucket);
	put_int(&b, u->age_ns / US_NS);
	put_int(&b, (int64_t)u->held);
	put_int(&b, (int64_t)u->eligible);
	finish(s, &b);
}

static void
put_came(struct store *s, const struct result *r)
{
	struct binder b = row(s, PUT_CAME);

	put_int(&b, (int64_t)r->channel);
	put_int(&b, s->vantage);
	put_int(&b, r->shard);
	put_int(&b, r->u.came.first);
	put_int(&b, r->u.came.last);
	put_int(&b, (int64_t)r->u.came.n);
	finish(s, &b);
}

static void
put_group(struct store *s, const struct result *r)
{
	struct binder b = row(s, PUT_GROUP);

	put_int(&b, (int64_t)r->channel);
	put_int(&b, s->vantage);
	put_int(&b, r->shard);
	put_int(&b, r->u.group.group);
	put_int(&b, r->u.group.bucket);
	put_int(&b, (int64_t)r->u.group.held);
	put_int(&b, (int64_t)r->u.group.eligible);
	finish(s, &b);
}

/* Samples are many, a channel's are counted until the end. */
static void
put_lag(struct store *s, const struct result *r)
{
	size_t i = 0;

	while (i < s->n_lags && s->lags[i].channel != r->channel)
		i++;
	if (i == s->n_lags) {
		s->lags = realloc(s->lags, (s->n_lags + 1) * sizeof *s->lags);
		if (s->lags == NULL)
			abort();
		memset(&s->lags[s->n_lags++], 0, sizeof *s->lags);
		s->lags[i].channel = r->channel;
	}
	sketch_put_times(&s->lags[i].sketch, r->u.lag.ns, r->u.lag.n);
	s->lags[i].changed = true;
}

void
store_put_lags(struct store *s)
{
	for (size_t i = 0; i < s->n_lags; i++)
		for (uint32_t bin = 0; bin < SKETCH_BINS && s->failed == 0; bin++) {
			struct binder b;

			if (!s->lags[i].changed || s->lags[i].sketch.count[bin] == 0)
				continue;
			b = row(s, PUT_LAG);
			put_int(&b, (int64_t)s->lags[i].channel);
			put_int(&b, s->vantage);
			put_int(&b, bin);
			put_int(&b, s->lags[i].sketch.count[bin]);
			finish(s, &b);
		}
	for (size_t i = 0; i < s->n_lags; i++)
		s->lags[i].changed = false;
}

static void
put(struct result_sink *self, const struct result *r)
{
	struct store *s = (struct store *)(void *)self;

	if (s->failed != 0 || !s->writing)
		return;
	if (r->kind == RESULT_CHANNEL && (r->final || s->live))
		put_channel(s, r);
	else if (r->kind == RESULT_SESSION && (r->final || s->live))
		put_session(s, r);
	else if (r->kind == RESULT_EVENT)
		put_event(s, r);
	else if (r->kind == RESULT_RETRIEVAL)
		put_retrieval(s, r);
	else if (r->kind == RESULT_CAME)
		put_came(s, r);
	else if (r->kind == RESULT_GROUP)
		put_group(s, r);
	else if (r->kind == RESULT_LAG)
		put_lag(s, r);
}

struct result_sink *
store_results(struct store *s)
{
	s->sink.put = put;
	return &s->sink;
}

void
store_map(struct store *s, const struct observation *o)
{
	struct binder b;

	if (s->failed != 0 || !s->writing)
		return;
	b = row(s, PUT_MAP);
	put_int(&b, (int64_t)o->channel);
	put_int(&b, s->vantage);
	put_peer(s, &b, &o->peer);
	put_int(&b, o->t_ns / US_NS);
	put_int(&b, (int64_t)o->offset);
	put_int(&b, o->width);
	if (o->flags & OBS_ALL)
		put_null(&b);
	else
		sqlite3_bind_blob(b.q, ++b.at, o->tail, (int)((o->width + 7) / 8),
		                  SQLITE_TRANSIENT);
	if (o->flags & OBS_HAS_PLAY)
		put_int(&b, (int64_t)o->u.map.play);
	else
		put_null(&b);
	finish(s, &b);
}

void
store_traffic(struct store *s, const struct store_traffic *t)
{
	struct binder b;

	if (s->failed != 0 || !s->writing)
		return;
	b = row(s, PUT_TRAFFIC);
	put_int(&b, s->vantage);
	put_int(&b, t->t_ns / US_NS);
	put_int(&b, t->step_ns / US_NS);
	put_text(&b, t->protocol, -1);
	put_text(&b, t->confidence, -1);
	put_text(&b, t->transport, -1);
	put_int(&b, t->from_as);
	put_int(&b, t->to_as);
	put_text(&b, t->locality, -1);
	put_int(&b, (int64_t)t->bytes);
	put_int(&b, (int64_t)t->packets);
	put_int(&b, (int64_t)t->flows);
	finish(s, &b);
}

void
store_probe(struct store *s, const struct store_probe *p)
{
	const uint64_t n[] = { p->packets, p->bytes, p->dropped, p->interface_dropped,
		p->lost_observations, p->undecodable, p->cut, p->stream_gaps, p->evicted,
		p->outages };
	struct binder b;

	if (s->failed != 0 || !s->writing)
		return;
	b = row(s, PUT_PROBE);
	put_int(&b, s->vantage);
	put_int(&b, p->t_ns / US_NS);
	for (size_t i = 0; i < sizeof n / sizeof n[0]; i++)
		put_int(&b, (int64_t)n[i]);
	finish(s, &b);
}

/* --- one vantage, one transaction -------------------------------------------------------- */

static int
put_inputs(struct store *s, const struct store_input *inputs, size_t n)
{
	sqlite3_stmt *q = NULL;
	int code = sqlite3_prepare_v2(s->db, "INSERT INTO input VALUES (?,?,?,?,?)", -1, &q, NULL);

	for (size_t i = 0; code == SQLITE_OK && i < n; i++) {
		struct binder b = { q, 0 };
		const char *slash = strrchr(inputs[i].name, '/');

		put_text(&b, inputs[i].sha256, -1);
		put_int(&b, s->vantage);
		put_int(&b, (int64_t)i);
		put_text(&b, slash ? slash + 1 : inputs[i].name, -1);
		put_int(&b, (int64_t)inputs[i].bytes);
		code = sqlite3_step(q) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(s->db);
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
	return code == SQLITE_OK ? 0 : store_fail_sqlite(s, "writing the inputs");
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The same inputs in any order are one vantage. */
static void
vantage_of(const struct store_input *inputs, size_t n, char hex[STORE_SHA256_HEX])
{
	char *all = calloc(n, STORE_SHA256_HEX);

	if (all == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		memcpy(all + i * STORE_SHA256_HEX, inputs[i].sha256, STORE_SHA256_HEX);
	qsort(all, n, STORE_SHA256_HEX, by_text);
	for (size_t i = 0; i + 1 < n; i++)
		all[(i + 1) * STORE_SHA256_HEX - 1] = ' ';
	store_sha256_text(all, hex);
	free(all);
}

/* The row of the vantage, its own old rows gone with the old one. */
static int
new_vantage(struct store *s, const char *hex)
{
	char sql[512], head[17] = "";

	memcpy(head, hex, 16);
	s->vantage = (int64_t)(strtoull(head, NULL, 16) >> 1);
	snprintf(sql, sizeof sql,
	         "DELETE FROM vantage WHERE id = %lld;"
	         "INSERT INTO vantage (id, name) VALUES (%lld, 'input:%s')",
	         (long long)s->vantage, (long long)s->vantage, hex);
	return store_run(s, sql, "writing the vantage");
}

int
store_prepare(struct store *s)
{
	for (int i = 0; i < STATEMENTS; i++)
		if (s->put[i] == NULL && sqlite3_prepare_v3(s->db, statements[i], -1,
		                                            SQLITE_PREPARE_PERSISTENT, &s->put[i],
		                                            NULL) != SQLITE_OK)
			return store_fail_sqlite(s, "preparing");
	return 0;
}

int
store_begin(struct store *s, const struct store_input *inputs, size_t n)
{
	char hex[STORE_SHA256_HEX];
	int rc = store_run(s, "BEGIN IMMEDIATE", "taking the writer's place");

	if (rc != 0)
		return rc;
	s->writing = true;
	s->failed = 0;
	s->rows = 0;
	vantage_of(inputs, n, hex);
	rc = new_vantage(s, hex);
	if (rc == 0)
		rc = put_inputs(s, inputs, n);
	return rc == 0 ? store_prepare(s) : rc;
}

int
store_put_said(struct store *s, const struct store_said *said)
{
	struct binder b = { NULL, 0 };
	char sql[128];
	int code = sqlite3_prepare_v2(s->db,
	                              "UPDATE vantage SET first_us = ?, last_us = ?, report = ?, "
	                              "prebuffer_us = ?, prebuffer_from = ? WHERE id = ?",
	                              -1, &b.q, NULL);

	if (code == SQLITE_OK) {
		put_us(&b, said->first_ns, INT64_MIN);
		put_us(&b, said->last_ns, INT64_MIN);
		put_text(&b, said->report, -1);
		put_us(&b, said->prebuffer_ns, INT64_MIN);
		put_text(&b, said->prebuffer_from, -1);
		put_int(&b, s->vantage);
		code = sqlite3_step(b.q) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
	}
	sqlite3_finalize(b.q);
	if (code != SQLITE_OK)
		return store_fail_sqlite(s, "writing the vantage");
	snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO change_log VALUES (%lld, %lld)",
	         (long long)s->vantage, (long long)(clock_wall_ns() / US_NS));
	return store_run(s, sql, "writing the vantage");
}

int
store_commit(struct store *s, const struct store_said *said)
{
	int rc;

	store_put_lags(s);
	s->n_lags = 0;
	rc = s->failed;
	if (rc == 0)
		rc = store_put_said(s, said);
	if (rc == 0)
		rc = store_run(s, "COMMIT", "writing results");
	if (rc != 0 && s->db != NULL)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->writing = false;
	return rc;
}
