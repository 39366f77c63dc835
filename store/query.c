/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/backend.h"

#define US_NS 1000
#define PROTOCOLS 256u

/* Reads one column after another. */
struct columns {
	struct store *s;
	sqlite3_stmt *q;
	int at;
};

static int64_t
get_int(struct columns *c)
{
	return sqlite3_column_int64(c->q, c->at++);
}

/* In nanoseconds; none where the row has nothing. */
static int64_t
get_ns(struct columns *c, int64_t none)
{
	int at = c->at++;

	return sqlite3_column_type(c->q, at) == SQLITE_NULL ?
	       none : sqlite3_column_int64(c->q, at) * US_NS;
}

static float
get_real(struct columns *c)
{
	int at = c->at++;

	return sqlite3_column_type(c->q, at) == SQLITE_NULL ?
	       NAN : (float)sqlite3_column_double(c->q, at);
}

static const char *
get_text(struct columns *c)
{
	return (const char *)sqlite3_column_text(c->q, c->at++);
}

static struct estimate
get_estimate(struct columns *c)
{
	struct estimate e = { .reasons = 0 };

	e.lo_ns = get_ns(c, ESTIMATE_OPEN_LO);
	e.best_ns = get_ns(c, ESTIMATE_NO_BEST);
	e.hi_ns = get_ns(c, ESTIMATE_OPEN_HI);
	return e.best_ns == ESTIMATE_NO_BEST ? ESTIMATE_UNKNOWN : e;
}

/* Key, port, address: the address if it was kept, else a pseudonym. */
static struct endpoint
get_peer(struct columns *c)
{
	uint64_t key = (uint64_t)get_int(c);
	uint16_t port = (uint16_t)get_int(c);
	const char *address = get_text(c);
	struct endpoint peer;

	if (address != NULL && endpoint_parse(address, &peer))
		return peer;
	return endpoint_pseudonym(key, port);
}

/* --- rows of one kind each ---------------------------------------------------------------- */

static uint8_t
protocol_of(const struct store *s, const char *name)
{
	for (unsigned id = 1; id < PROTOCOLS; id++) {
		const char *known = s->opt.protocol_name(id);

		if (known != NULL && strcmp(known, name) == 0)
			return (uint8_t)id;
	}
	return 0;
}

/* Of protocol:hex. */
static void
read_id(struct result_channel *c, const char *key)
{
	const char *hex = strchr(key, ':');
	unsigned byte;

	for (hex = hex ? hex + 1 : ""; c->id_len < OBS_MAX_CHANNEL_ID &&
	     sscanf(hex, "%2x", &byte) == 1; hex += 2)
		c->id[c->id_len++] = (uint8_t)byte;
}

static void
read_name(struct result_channel *c, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	c->name_len = (uint8_t)(n < sizeof c->name ? n : sizeof c->name - 1);
	if (n > 0)
		memcpy(c->name, name, c->name_len);
}

static uint8_t
playhead_of(const char *name)
{
	for (unsigned m = 0; m < 16; m++)
		if (playhead_model_name(m) != NULL && strcmp(playhead_model_name(m), name) == 0)
			return (uint8_t)m;
	return 0;
}

static void
read_channel(struct columns *c, struct result *r)
{
	struct result_channel *u = &r->u.channel;

	r->kind = RESULT_CHANNEL;
	read_id(u, get_text(c));
	r->protocol = protocol_of(c->s, get_text(c));
	read_name(u, get_text(c));
	u->chunk = get_estimate(c);
	u->bitrate_kbps = (uint32_t)get_int(c);
	u->head = (uint64_t)get_int(c);
	u->playhead.model = playhead_of(get_text(c));
	u->playhead.prebuffer_ns = get_int(c) * US_NS;
	u->playhead.prebuffer_bytes = (uint32_t)get_int(c);
	u->playhead.skip_window_chunks = (uint32_t)get_int(c);
	u->alias_of = (uint64_t)get_int(c);
	u->known = (uint32_t)get_int(c);
	if (sqlite3_column_type(c->q, c->at) != SQLITE_NULL)
		u->source = get_peer(c);
}

static const char channels[] =
    "SELECT id, channel_key, protocol, name, chunk_lo_us, chunk_best_us, chunk_hi_us, "
    "bitrate_kbps, head, playhead_model, prebuffer_us, prebuffer_bytes, skip_window, "
    "ifnull(alias_of, 0), known, source_key, source_port, source_address "
    "FROM channel WHERE vantage = ?";

static uint8_t
end_of(const char *name)
{
	for (unsigned end = 0; result_end_name(end) != NULL; end++)
		if (strcmp(result_end_name(end), name) == 0)
			return (uint8_t)end;
	return 0;
}

static void
read_counts(struct columns *c, struct result_session *u)
{
	u->stalls = (uint32_t)get_int(c);
	u->pauses = (uint32_t)get_int(c);
	u->skips = (uint32_t)get_int(c);
	u->skipped_chunks = (uint32_t)get_int(c);
	u->reboots = (uint32_t)get_int(c);
	u->played_ns = get_int(c) * US_NS;
	u->chunks_passed = (uint64_t)get_int(c);
	u->chunks_missed = (uint64_t)get_int(c);
	u->lag_ns = get_ns(c, INT64_MIN);
	u->buffer_ns = get_ns(c, INT64_MIN);
	u->mos = get_real(c);
	u->mos_delay = get_real(c);
	u->mos_rate = get_real(c);
	u->mos_count = get_real(c);
	u->maps = (uint32_t)get_int(c);
}

static void
read_session(struct columns *c, struct result *r)
{
	struct result_session *u = &r->u.session;

	r->kind = RESULT_SESSION;
	r->peer = get_peer(c);
	r->run = (uint32_t)get_int(c);
	r->peer_id = (uint64_t)get_int(c);
	u->joined = get_estimate(c);
	u->playing = get_estimate(c);
	u->left = get_estimate(c);
	u->startup = get_estimate(c);
	u->switch_delay = get_estimate(c);
	u->stall_time = get_estimate(c);
	u->startup.reasons = (uint32_t)get_int(c);
	u->switch_delay.reasons = (uint32_t)get_int(c);
	u->stall_time.reasons = (uint32_t)get_int(c);
	u->switched_from = (uint64_t)get_int(c);
	read_counts(c, u);
	u->end = end_of(get_text(c));
	u->left_censored = get_int(c);
	u->source = get_int(c);
}

static const char sessions[] =
    "SELECT channel, peer_key, port, address, run, peer_id, joined_lo_us, joined_best_us, "
    "joined_hi_us, playing_lo_us, playing_best_us, playing_hi_us, left_lo_us, left_best_us, "
    "left_hi_us, startup_lo_us, startup_best_us, startup_hi_us, switch_lo_us, switch_best_us, "
    "switch_hi_us, stall_lo_us, stall_best_us, stall_hi_us, startup_reasons, switch_reasons, "
    "stall_reasons, ifnull(switched_from, 0), stalls, pauses, skips, skipped_chunks, reboots, "
    "played_us, chunks_passed, chunks_missed, lag_us, buffer_us, mos, mos_delay, mos_rate, "
    "mos_count, maps, end_reason, left_censored, source FROM session WHERE vantage = ?";

static uint8_t
event_of(const char *name)
{
	for (unsigned event = 1; result_event_name(event) != NULL; event++)
		if (strcmp(result_event_name(event), name) == 0)
			return (uint8_t)event;
	return 0;
}

static void
read_event(struct columns *c, struct result *r)
{
	struct result_event *u = &r->u.event;

	r->kind = RESULT_EVENT;
	r->peer = get_peer(c);
	r->run = (uint32_t)get_int(c);
	u->event = event_of(get_text(c));
	u->ordinal = (uint32_t)get_int(c);
	u->at = get_estimate(c);
	u->duration = get_estimate(c);
	u->duration.reasons = (uint32_t)get_int(c);
	u->chunks = (uint64_t)get_int(c);
}

static const char events[] =
    "SELECT e.channel, e.peer_key, e.port, s.address, e.run, e.kind, e.ordinal, e.at_lo_us, "
    "e.at_best_us, e.at_hi_us, e.duration_lo_us, e.duration_best_us, e.duration_hi_us, "
    "e.duration_reasons, e.chunks FROM event e JOIN session s ON s.channel = e.channel AND "
    "s.peer_key = e.peer_key AND s.port = e.port AND s.run = e.run AND s.vantage = e.vantage "
    "WHERE e.vantage = ?";

static void
read_retrieval(struct columns *c, struct result *r)
{
	r->kind = RESULT_RETRIEVAL;
	r->shard = (uint8_t)get_int(c);
	r->u.retrieval.bucket = (uint8_t)get_int(c);
	r->u.retrieval.age_ns = get_int(c) * US_NS;
	r->u.retrieval.held = (uint64_t)get_int(c);
	r->u.retrieval.eligible = (uint64_t)get_int(c);
}

static const char retrievals[] =
    "SELECT channel, shard, bucket, age_us, held, eligible FROM retrieval WHERE vantage = ?";

static void
read_came(struct columns *c, struct result *r)
{
	r->kind = RESULT_CAME;
	r->u.came.first = (uint8_t)get_int(c);
	r->u.came.last = (uint8_t)get_int(c);
	r->u.came.n = (uint64_t)get_int(c);
}

static const char cames[] =
    "SELECT channel, first, last, sum(chunks) FROM came WHERE vantage = ? "
    "GROUP BY channel, first, last";

static void
read_group(struct columns *c, struct result *r)
{
	r->kind = RESULT_GROUP;
	r->u.group.group = (uint8_t)get_int(c);
	r->u.group.bucket = (uint8_t)get_int(c);
	r->u.group.held = (uint64_t)get_int(c);
	r->u.group.eligible = (uint64_t)get_int(c);
}

static const char groups[] =
    "SELECT channel, viewers, bucket, sum(held), sum(eligible) FROM retrieval_group "
    "WHERE vantage = ? GROUP BY channel, viewers, bucket";

/* --- all of them -------------------------------------------------------------------------- */

static const struct kind {
	const char *sql;
	void (*read)(struct columns *c, struct result *r);
} kinds[] = {
	{ channels, read_channel }, { sessions, read_session }, { events, read_event },
	{ retrievals, read_retrieval }, { cames, read_came }, { groups, read_group },
};

static int
prepare(struct store *s, const char *sql, int64_t vantage, sqlite3_stmt **q)
{
	if (sqlite3_prepare_v2(s->db, sql, -1, q, NULL) != SQLITE_OK)
		return store_fail_sqlite(s, "reading");
	sqlite3_bind_int64(*q, 1, vantage);
	return 0;
}

static int
ended(struct store *s, sqlite3_stmt *q, int code)
{
	sqlite3_finalize(q);
	return code == SQLITE_DONE ? 0 : store_fail_sqlite(s, "reading");
}

static int
replay(struct store *s, int64_t vantage, const struct kind *k, struct result_sink *to)
{
	struct columns c = { .s = s };
	int code, rc = prepare(s, k->sql, vantage, &c.q);

	if (rc != 0)
		return rc;
	while ((code = sqlite3_step(c.q)) == SQLITE_ROW) {
		struct result r = { .final = true };

		c.at = 0;
		r.channel = (uint64_t)get_int(&c);
		k->read(&c, &r);
		to->put(to, &r);
	}
	return ended(s, c.q, code);
}

/* The bins' counts as samples again: a sketch of them is the same. */
static int
replay_lags(struct store *s, int64_t vantage, struct result_sink *to)
{
	struct columns c = { .s = s };
	int code, rc = prepare(s, "SELECT channel, bin, samples FROM lag WHERE vantage = ?",
	                       vantage, &c.q);

	while (rc == 0 && (code = sqlite3_step(c.q)) == SQLITE_ROW) {
		struct result r = { .kind = RESULT_LAG, .final = true };

		c.at = 0;
		r.channel = (uint64_t)get_int(&c);
		r.u.lag.ns = sketch_bin_ns((uint32_t)get_int(&c));
		r.u.lag.n = (uint64_t)get_int(&c);
		to->put(to, &r);
	}
	return rc == 0 ? ended(s, c.q, code) : rc;
}

int
store_replay(struct store *s, int64_t vantage, struct result_sink *to)
{
	int rc = store_run(s, "BEGIN", "reading"); /* one state of all tables */

	for (size_t i = 0; rc == 0 && i < sizeof kinds / sizeof kinds[0]; i++)
		rc = replay(s, vantage, &kinds[i], to);
	if (rc == 0)
		rc = replay_lags(s, vantage, to);
	if (s->db != NULL)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int
store_vantages(struct store *s, struct store_vantage **all, size_t *n)
{
	struct columns c = { .s = s };
	int code, rc = prepare(s, "SELECT id, name, first_us, last_us, ifnull(written_us, 0) "
	                          "FROM vantage LEFT JOIN change_log ON vantage = id "
	                          "WHERE id != ? ORDER BY last_us, id", -1, &c.q);

	*all = NULL;
	*n = 0;
	while (rc == 0 && (code = sqlite3_step(c.q)) == SQLITE_ROW) {
		struct store_vantage *v = realloc(*all, (*n + 1) * sizeof **all);

		if (v == NULL)
			abort();
		*all = v;
		v += (*n)++;
		c.at = 0;
		v->id = get_int(&c);
		snprintf(v->name, sizeof v->name, "%s", get_text(&c));
		v->first_ns = get_ns(&c, INT64_MIN);
		v->last_ns = get_ns(&c, INT64_MIN);
		v->written = get_int(&c);
	}
	return rc == 0 ? ended(s, c.q, code) : rc;
}

static const char *
put_copy(char **at, const char *text)
{
	char *copy = *at;

	if (text == NULL)
		return NULL;
	strcpy(copy, text);
	*at += strlen(text) + 1;
	return copy;
}

static struct store_said *
read_said(struct columns *c)
{
	size_t n = sizeof(struct store_said) + (size_t)sqlite3_column_bytes(c->q, 2) +
	           (size_t)sqlite3_column_bytes(c->q, 4) + 2;
	struct store_said *said = malloc(n);
	char *at = (char *)(said + 1);

	if (said == NULL)
		abort();
	c->at = 0;
	said->first_ns = get_ns(c, INT64_MIN);
	said->last_ns = get_ns(c, INT64_MIN);
	said->report = put_copy(&at, get_text(c));
	said->prebuffer_ns = get_ns(c, INT64_MIN);
	said->prebuffer_from = put_copy(&at, get_text(c));
	return said;
}

int
store_said(struct store *s, int64_t vantage, struct store_said **said)
{
	struct columns c = { .s = s };
	int code, rc = prepare(s, "SELECT first_us, last_us, report, prebuffer_us, prebuffer_from "
	                          "FROM vantage WHERE id = ?", vantage, &c.q);

	*said = NULL;
	while (rc == 0 && (code = sqlite3_step(c.q)) == SQLITE_ROW)
		*said = read_said(&c);
	return rc == 0 ? ended(s, c.q, code) : rc;
}

int
store_state(struct store *s, int64_t *state)
{
	return store_number(s, "PRAGMA data_version", state);
}

/* --- maps --------------------------------------------------------------------------------- */

static void
put_map(struct columns *c, uint64_t channel, struct obs_sink *to)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_BUFFER_MAP, 0);
	uint64_t first;
	uint32_t width;

	c->at = 0;
	o->channel = channel;
	o->peer = get_peer(c);
	o->t_ns = get_ns(c, 0);
	first = (uint64_t)get_int(c);
	width = (uint32_t)get_int(c);
	if (!obs_set_range(o, first, width))
		return;
	if (sqlite3_column_type(c->q, c->at) == SQLITE_NULL) {
		o->flags |= OBS_ALL;
		o->tail_len = 0;
	} else {
		size_t n = (size_t)sqlite3_column_bytes(c->q, c->at);

		if (n > 0)
			memcpy(o->tail, sqlite3_column_blob(c->q, c->at),
			       n < o->tail_len ? n : o->tail_len);
	}
	c->at++;
	if (sqlite3_column_type(c->q, c->at) != SQLITE_NULL) {
		o->flags |= OBS_HAS_PLAY;
		o->u.map.play = (uint64_t)get_int(c);
	}
	to->put(to, o);
}

static int
put_maps(struct columns *c, uint64_t channel, struct obs_sink *to)
{
	int code;

	while ((code = sqlite3_step(c->q)) == SQLITE_ROW)
		put_map(c, channel, to);
	return ended(c->s, c->q, code);
}

#define MAP_COLUMNS \
	"m.peer_key, m.port, (SELECT address FROM session s WHERE s.channel = m.channel AND " \
	"s.peer_key = m.peer_key AND s.port = m.port AND s.vantage = m.vantage LIMIT 1), "

int
store_maps(struct store *s, int64_t vantage, uint64_t channel, int64_t t_ns, int64_t back_ns,
           struct obs_sink *to)
{
	struct columns c = { .s = s };
	int rc = prepare(s, "SELECT " MAP_COLUMNS "max(m.t_us), m.first, m.width, m.bits, m.play "
	                    "FROM map_snapshot m WHERE m.vantage = ?1 AND m.channel = ?2 AND "
	                    "m.t_us > ?3 AND m.t_us <= ?4 GROUP BY m.peer_key, m.port",
	                 vantage, &c.q);

	if (rc != 0)
		return rc;
	sqlite3_bind_int64(c.q, 2, (int64_t)channel);
	sqlite3_bind_int64(c.q, 3, (t_ns - back_ns) / US_NS);
	sqlite3_bind_int64(c.q, 4, t_ns / US_NS);
	return put_maps(&c, channel, to);
}

int
store_maps_of(struct store *s, int64_t vantage, uint64_t channel, const struct endpoint *peer,
              struct obs_sink *to)
{
	struct columns c = { .s = s };
	int rc = prepare(s, "SELECT " MAP_COLUMNS "m.t_us, m.first, m.width, m.bits, m.play "
	                    "FROM map_snapshot m WHERE m.vantage = ?1 AND m.channel = ?2 AND "
	                    "m.peer_key = ?3 AND m.port = ?4 ORDER BY m.t_us", vantage, &c.q);

	if (rc != 0)
		return rc;
	sqlite3_bind_int64(c.q, 2, (int64_t)channel);
	sqlite3_bind_int64(c.q, 3, store_peer_key(s, peer));
	sqlite3_bind_int64(c.q, 4, peer->port);
	return put_maps(&c, channel, to);
}
