/* SPDX-License-Identifier: Apache-2.0 */
#include "report/claims.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "record/result.h"
#include "report/claims_order.h"
#include "report/document.h"
#include "report/fields.h"
#include "report/grow.h"
#include "report/index.h"
#include "report/ndjson.h"

#define MOST_SESSIONS (1u << 22)
#define MOST_EVENTS   (1u << 24)

/* A session's object, or a line of an event stream: what either may hold. */
struct entry {
	struct claims_session s;
	struct builder *b;
	char schema[64], event[32], peer[ENDPOINT_TEXT_MAX], from_channel[VALUES_CHANNEL_MAX];
	uint64_t ordinal, chunks, deadline_n;
	double at_deadline;
	struct estimate at, duration;
};

#define OF_ENTRY(member)      .offset = offsetof(struct entry, member)
#define TEXT_OF_ENTRY(member) OF_ENTRY(member), .size = sizeof((struct entry *)0)->member

/* The members that both have. */
static const struct field session_fields[] = {
	{ .key = "peer", .type = FIELD_TEXT, TEXT_OF_ENTRY(peer) },
	{ .key = "channel", .type = FIELD_TEXT, TEXT_OF_ENTRY(s.channel) },
	{ .key = "run", .type = FIELD_COUNT, OF_ENTRY(s.run) },
	{ .key = "joined", .type = FIELD_ESTIMATE, OF_ENTRY(s.joined) },
	{ .key = "playing", .type = FIELD_ESTIMATE, OF_ENTRY(s.playing) },
	{ .key = "left", .type = FIELD_ESTIMATE, OF_ENTRY(s.left) },
	{ .key = "startup_delay_s", .type = FIELD_ESTIMATE, OF_ENTRY(s.startup) },
	{ .key = "switch_delay_s", .type = FIELD_ESTIMATE, OF_ENTRY(s.switch_delay) },
	{ .key = "switched_from", .type = FIELD_TEXT, TEXT_OF_ENTRY(from_channel) },
	{ .key = "lag_s", .type = FIELD_SECONDS, OF_ENTRY(s.lag_ns) },
	{ .key = "continuity_index", .type = FIELD_NUMBER, OF_ENTRY(s.continuity_index) },
	{ .key = "maps", .type = FIELD_COUNT, OF_ENTRY(s.maps) },
	{ .key = "left_censored", .type = FIELD_BOOL, OF_ENTRY(s.left_censored) },
	{ .key = "source", .type = FIELD_BOOL, OF_ENTRY(s.source) },
	{ .key = "exit_before_start", .type = FIELD_BOOL, OF_ENTRY(s.exit_before_start) },
	{ .key = NULL },
};

static const struct field event_fields[] = {
	{ .key = "at", .type = FIELD_ESTIMATE, OF_ENTRY(at) },
	{ .key = "duration_s", .type = FIELD_ESTIMATE, OF_ENTRY(duration) },
	{ .key = "chunks", .type = FIELD_COUNT, OF_ENTRY(chunks) },
	{ .key = NULL, .rows = session_fields },
};

static void
entry_init(struct entry *e)
{
	const struct estimate unknown = ESTIMATE_UNKNOWN;

	memset(e, 0, sizeof *e);
	e->s.joined = e->s.playing = e->s.left = e->s.startup = e->s.switch_delay = unknown;
	e->at = e->duration = unknown;
	e->s.lag_ns = INT64_MIN;
	e->s.continuity_index = e->at_deadline = NAN;
}

static bool
complain(char why[FIELDS_WHY], const char *what)
{
	snprintf(why, FIELDS_WHY, "%s", what);
	return false;
}

/* --- sessions and events, one at a time ------------------------------------------------ */

struct builder {
	struct claims *c;
	struct index session_of;
	size_t room_sessions, room_events;
	bool *told; /* by a session's own object, not only by its events */
	size_t room_told;
};

struct session_key {
	uint64_t channel;
	uint8_t addr[16];
	uint64_t port, run;
};

static void
builder_init(struct builder *b, struct claims *c)
{
	*c = (struct claims){ 0 };
	*b = (struct builder){ .c = c };
	index_init(&b->session_of, sizeof(struct session_key), MOST_SESSIONS);
}

static void
builder_fini(struct builder *b)
{
	index_fini(&b->session_of);
	free(b->told);
}

/* The session that e speaks of; INDEX_NONE, and why, if it names none. */
static uint32_t
session_at(struct builder *b, struct entry *e, char why[FIELDS_WHY])
{
	struct claims *c = b->c;
	struct session_key key = { .run = e->s.run };
	struct entry blank;
	bool fresh;
	uint32_t i;

	if (e->peer[0] == '\0' || !endpoint_parse(e->peer, &e->s.peer)) {
		complain(why, e->peer[0] ? "'peer' is not an address" : "'peer' is missing");
		return INDEX_NONE;
	}
	key.channel = hash_bytes(e->s.channel, strlen(e->s.channel), 0);
	key.port = e->s.peer.port;
	memcpy(key.addr, e->s.peer.addr, sizeof key.addr);
	i = index_put(&b->session_of, &key, &fresh);
	if (i == INDEX_NONE) {
		complain(why, "too many sessions");
	} else if (fresh) {
		entry_init(&blank);
		c->sessions = grow(c->sessions, i, &b->room_sessions, sizeof *c->sessions);
		b->told = grow(b->told, i, &b->room_told, sizeof *b->told);
		c->sessions[i] = blank.s;
		c->sessions[i].peer = e->s.peer;
		c->sessions[i].run = e->s.run;
		memcpy(c->sessions[i].channel, e->s.channel, sizeof e->s.channel);
		b->told[i] = false;
		c->n_sessions++;
	}
	return i;
}

static bool
add_session(struct builder *b, struct entry *e, char why[FIELDS_WHY])
{
	uint32_t i = session_at(b, e, why);

	if (i == INDEX_NONE)
		return false;
	e->s.switched = e->from_channel[0] != '\0' || estimate_known(&e->s.switch_delay);
	e->s.exit_before_start |= b->c->sessions[i].exit_before_start;
	b->c->sessions[i] = e->s;
	b->told[i] = true;
	return true;
}

static bool
add_event(struct builder *b, uint32_t session, enum result_event_kind event, const struct entry *e,
          char why[FIELDS_WHY])
{
	struct claims *c = b->c;

	if (!estimate_known(&e->at))
		return complain(why, "'at' is missing");
	if (c->n_events == MOST_EVENTS)
		return complain(why, "too many events");
	c->events = grow(c->events, c->n_events, &b->room_events, sizeof *c->events);
	c->events[c->n_events++] = (struct claims_event){
		.session = session,
		.event = (uint8_t)event,
		.ordinal = (uint32_t)e->ordinal,
		.at = e->at,
		.duration = e->duration,
		.chunks = e->chunks,
	};
	return true;
}

/* --- the report's document --------------------------------------------------------------- */

/* One element of a session's list. Its session is not known yet: the object's
 * members may come in any order. */
static bool
read_event(struct json_reader *r, struct builder *b, enum result_event_kind event,
           char why[FIELDS_WHY])
{
	struct entry e;

	entry_init(&e);
	return fields_read(r, event_fields, &e, NULL, why) &&
	       add_event(b, INDEX_NONE, event, &e, why);
}

static bool
stall_item(struct json_reader *r, void *to, char why[FIELDS_WHY])
{
	return read_event(r, ((struct entry *)to)->b, EVENT_STALL, why);
}

static bool
skip_item(struct json_reader *r, void *to, char why[FIELDS_WHY])
{
	return read_event(r, ((struct entry *)to)->b, EVENT_SKIP, why);
}

static bool
reboot_item(struct json_reader *r, void *to, char why[FIELDS_WHY])
{
	return read_event(r, ((struct entry *)to)->b, EVENT_REBOOT, why);
}

struct document {
	struct builder *b;
	char schema[64];
	double at_deadline; /* of one channel, as the rest */
	uint64_t deadline_n;
	struct fields_numbers age_s, ratio, n;
};

static bool
session_item(struct json_reader *r, void *to, char why[FIELDS_WHY])
{
	static const struct field rows[] = {
		{ .key = "stalls", .type = FIELD_LIST, .item = stall_item },
		{ .key = "skips", .type = FIELD_LIST, .item = skip_item },
		{ .key = "reboots", .type = FIELD_LIST, .item = reboot_item },
		{ .key = NULL, .rows = session_fields },
	};
	struct builder *b = ((struct document *)to)->b;
	size_t first = b->c->n_events;
	struct entry e;
	uint32_t i;

	entry_init(&e);
	e.b = b;
	if (!fields_read(r, rows, &e, NULL, why) || !add_session(b, &e, why))
		return false;
	i = session_at(b, &e, why);
	for (; first < b->c->n_events; first++)
		b->c->events[first].session = i;
	return true;
}

static void
add_deadline(struct claims *c, double at_deadline, uint64_t n)
{
	if (isnan(at_deadline) || n == 0)
		return;
	c->deadline_held += at_deadline * (double)n;
	c->deadline_n += n;
}

/* Channels have the same ages, as far as they go. */
static void
add_curve(struct claims *c, const struct document *d)
{
	for (size_t i = 0; i < d->age_s.n && i < d->ratio.n && i < d->n.n; i++) {
		struct claims_age *age = &c->ages[i];

		if (i >= CLAIMS_AGES || !(d->n.v[i] > 0) || !(d->ratio.v[i] >= 0))
			continue;
		if (age->eligible > 0 && age->age_s != d->age_s.v[i])
			continue;
		age->age_s = d->age_s.v[i];
		age->held += d->ratio.v[i] * d->n.v[i];
		age->eligible += d->n.v[i];
	}
}

#define OF_DOCUMENT(member) .offset = offsetof(struct document, member)

static bool
channel_item(struct json_reader *r, void *to, char why[FIELDS_WHY])
{
	static const struct field retrieval[] = {
		{ .key = "at_deadline", .type = FIELD_NUMBER, OF_DOCUMENT(at_deadline) },
		{ .key = "at_deadline_n", .type = FIELD_COUNT, OF_DOCUMENT(deadline_n) },
		{ .key = "age_s", .type = FIELD_NUMBERS, OF_DOCUMENT(age_s) },
		{ .key = "ratio", .type = FIELD_NUMBERS, OF_DOCUMENT(ratio) },
		{ .key = "n", .type = FIELD_NUMBERS, OF_DOCUMENT(n) },
		{ .key = NULL },
	};
	static const struct field rows[] = {
		{ .key = "retrieval", .type = FIELD_OBJECT, .rows = retrieval },
		{ .key = NULL },
	};
	struct document *d = to;

	d->at_deadline = NAN;
	d->deadline_n = 1;
	d->age_s.n = 0;
	if (!fields_read(r, rows, d, NULL, why))
		return false;
	add_deadline(d->b->c, d->at_deadline, d->deadline_n);
	add_curve(d->b->c, d);
	return true;
}

static bool
check_schema(const char *schema, const char *expected, char why[FIELDS_WHY])
{
	if (schema[0] == '\0')
		snprintf(why, FIELDS_WHY, "no 'schema': not what swarmscope analyze writes");
	else if (strcmp(schema, expected) != 0)
		snprintf(why, FIELDS_WHY, "schema is \"%.64s\", \"%s\" is expected", schema,
		         expected);
	else
		return true;
	return false;
}

static int
parse_document(struct builder *b, const struct load *text, const char *path, char why[LOAD_WHY])
{
	static const struct field rows[] = {
		{ .key = "schema",
		  .type = FIELD_TEXT,
		  OF_DOCUMENT(schema),
		  .size = sizeof((struct document *)0)->schema },
		{ .key = "sessions", .type = FIELD_LIST, .item = session_item },
		{ .key = "channels", .type = FIELD_LIST, .item = channel_item },
		{ .key = NULL },
	};
	struct json_reader r = json_reader_over(text->text, text->len);
	struct document d = { .b = b };
	char wrong[FIELDS_WHY];
	unsigned line, column;

	if (!fields_document(&r, rows, &d, NULL, wrong)) {
		json_where(&r, &line, &column);
		snprintf(why, LOAD_WHY, "%s:%u: %s", path, line, wrong);
		return ERR_SYNTAX;
	}
	if (!check_schema(d.schema, DOCUMENT_SCHEMA, wrong)) {
		snprintf(why, LOAD_WHY, "%s: %s", path, wrong);
		return ERR_SYNTAX;
	}
	return 0;
}

/* --- an event stream ----------------------------------------------------------------------- */

/* What an event says of a session that has no object of its own (so far). */
static void
note_event(struct claims_session *s, enum result_event_kind event, const struct entry *e)
{
	if (event == EVENT_STARTUP) {
		s->playing = e->at;
		s->startup = e->s.startup;
		if (estimate_known(&e->s.startup))
			s->joined = estimate_at(e->at.best_ns - e->s.startup.best_ns);
	} else if (event == EVENT_LEAVE) {
		s->left = e->at;
	} else if (event == EVENT_SWITCH) {
		s->switched = true;
		s->switch_delay = e->s.switch_delay;
	}
}

static bool
take_event(struct builder *b, enum result_event_kind event, struct entry *e, char why[FIELDS_WHY])
{
	uint32_t i = session_at(b, e, why);

	if (i == INDEX_NONE)
		return false;
	if (!estimate_known(&e->at))
		return complain(why, "'at' is missing");
	if (event == EVENT_EXIT_BEFORE_START)
		b->c->sessions[i].exit_before_start = true;
	else if (!b->told[i])
		note_event(&b->c->sessions[i], event, e);
	if (event == EVENT_STALL || event == EVENT_SKIP || event == EVENT_REBOOT)
		return add_event(b, i, event, e, why);
	return true;
}

static bool
take_line(struct builder *b, struct entry *e, char why[FIELDS_WHY])
{
	if (strcmp(e->event, "start") == 0)
		return check_schema(e->schema, NDJSON_SCHEMA, why);
	if (e->event[0] == '\0')
		return complain(why, "'event' is missing");
	if (strcmp(e->event, "session") == 0)
		return add_session(b, e, why);
	if (strcmp(e->event, "retrieval") == 0)
		add_deadline(b->c, e->at_deadline, e->deadline_n);
	for (unsigned event = EVENT_STARTUP; result_event_name(event) != NULL; event++)
		if (strcmp(e->event, result_event_name(event)) == 0)
			return take_event(b, (enum result_event_kind)event, e, why);
	return true;
}

/* Looks for the start before anything else, so that NDJSON of another kind is told
 * as such and not by its first strange member. */
static bool
has_start(const struct load *text)
{
	static const struct field rows[] = {
		{ .key = "event", .type = FIELD_TEXT, TEXT_OF_ENTRY(event) },
		{ .key = NULL },
	};
	struct load_line line = { 0 };
	char wrong[FIELDS_WHY];
	struct entry e;

	while (load_next_line(text, &line)) {
		struct json_reader r = json_reader_over(line.text, line.len);

		e.event[0] = '\0';
		if (fields_document(&r, rows, &e, NULL, wrong) && strcmp(e.event, "start") == 0)
			return true;
	}
	return false;
}

static int
parse_events(struct builder *b, const struct load *text, const char *path, char why[LOAD_WHY])
{
	static const struct field rows[] = {
		{ .key = "event", .type = FIELD_TEXT, TEXT_OF_ENTRY(event) },
		{ .key = "schema", .type = FIELD_TEXT, TEXT_OF_ENTRY(schema) },
		{ .key = "ordinal", .type = FIELD_COUNT, OF_ENTRY(ordinal) },
		{ .key = "at_deadline", .type = FIELD_NUMBER, OF_ENTRY(at_deadline) },
		{ .key = "at_deadline_n", .type = FIELD_COUNT, OF_ENTRY(deadline_n) },
		{ .key = NULL, .rows = event_fields },
	};
	struct load_line line = { 0 };
	char wrong[FIELDS_WHY];

	if (!has_start(text)) {
		snprintf(why, LOAD_WHY,
		         "%s: no \"start\" event: not what swarmscope analyze writes", path);
		return ERR_SYNTAX;
	}
	while (load_next_line(text, &line)) {
		struct json_reader r = json_reader_over(line.text, line.len);
		struct entry e;

		entry_init(&e);
		if (fields_document(&r, rows, &e, NULL, wrong) && take_line(b, &e, wrong))
			continue;
		snprintf(why, LOAD_WHY, "%s:%u: %s", path, line.number, wrong);
		return ERR_SYNTAX;
	}
	return 0;
}

/* The first object's members tell: an event has a name. */
static bool
is_event_stream(const struct load *text)
{
	struct json_reader r = json_reader_over(text->text, text->len);

	if (json_next(&r) != JSON_OBJECT)
		return false;
	while (json_next(&r) == JSON_KEY) {
		if (json_is(&r, "event"))
			return true;
		if (!json_skip(&r))
			return false;
	}
	return false;
}

int
claims_parse(struct claims *c, const struct load *text, const char *path, char why[LOAD_WHY])
{
	struct builder b;
	int err;

	builder_init(&b, c);
	err = is_event_stream(text) ? parse_events(&b, text, path, why) :
	                              parse_document(&b, text, path, why);
	if (err == 0)
		claims_order(c);
	else
		claims_free(c);
	builder_fini(&b);
	return err;
}

int
claims_read(struct claims *c, const char *path, char why[LOAD_WHY])
{
	struct load text;
	int err = load_file(&text, path, why);

	if (err != 0)
		return err;
	err = claims_parse(c, &text, path, why);
	load_free(&text);
	return err;
}

void
claims_free(struct claims *c)
{
	free(c->sessions);
	free(c->events);
	*c = (struct claims){ 0 };
}
