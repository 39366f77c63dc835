/* SPDX-License-Identifier: Apache-2.0 */
#include "report/truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "report/fields.h"
#include "report/grow.h"
#include "report/index.h"
#include "report/truth_chunks.h"
#include "report/values.h"

#define MOST_RUNS (1u << 22)

/* In the order in which events of the same time are taken. */
enum what {
	RESUME,
	STALL,
	SKIP,
	REBOOT,
	CHUNK,
	MISSED,
	LEAVE,
	SWITCH,
	JOIN,
	FIRST_PACKET,
	PLAY,
	IMPAIR,
	WHATS
};

static const char *const names[WHATS] = {
	"resume", "stall",  "skip", "reboot",       "chunk", "missed",
	"leave",  "switch", "join", "first_packet", "play",  "impair",
};

/* --- lines -------------------------------------------------------------------------- */

struct line {
	int64_t t_ns;
	int64_t age_ns;
	double lag_s;
	uint64_t chunk, chunks;
	char event[24], peer[ENDPOINT_TEXT_MAX], run[TRUTH_LABEL];
	char channel[VALUES_CHANNEL_MAX];
};

enum { HAS_T, HAS_EVENT, HAS_PEER, HAS_RUN, HAS_CHANNEL, HAS_CHUNK, HAS_CHUNKS, HAS_LAG, HAS_AGE };

#define OF_LINE(member)      .offset = offsetof(struct line, member)
#define TEXT_OF_LINE(member) OF_LINE(member), .size = sizeof((struct line *)0)->member

static const struct field line_fields[] = {
	[HAS_T] = { .key = "t", .type = FIELD_SECONDS, OF_LINE(t_ns) },
	[HAS_EVENT] = { .key = "event", .type = FIELD_TEXT, TEXT_OF_LINE(event) },
	[HAS_PEER] = { .key = "peer", .type = FIELD_TEXT, TEXT_OF_LINE(peer) },
	[HAS_RUN] = { .key = "run", .type = FIELD_TEXT, TEXT_OF_LINE(run) },
	[HAS_CHANNEL] = { .key = "channel", .type = FIELD_TEXT, TEXT_OF_LINE(channel) },
	[HAS_CHUNK] = { .key = "chunk", .type = FIELD_COUNT, OF_LINE(chunk) },
	[HAS_CHUNKS] = { .key = "chunks", .type = FIELD_COUNT, OF_LINE(chunks) },
	[HAS_LAG] = { .key = "lag_s", .type = FIELD_NUMBER, OF_LINE(lag_s) },
	[HAS_AGE] = { .key = "age_s", .type = FIELD_SECONDS, OF_LINE(age_ns) },
	{ .key = NULL },
};

#define HAS(seen, what) (((seen)&UINT64_C(1) << (what)) != 0)

/* One event, small: a simulated swarm tells millions. Its peer and label are told
 * by who, a place in log.who. */
struct event {
	int64_t t_ns;
	uint64_t chunk; /* number; UINT64_MAX: none was told */
	uint64_t chunks;
	uint64_t channel; /* hash of its name; 0: none was told */
	int64_t made_ns;  /* of the chunk; TRUTH_NEVER: its age was not told */
	float lag_s; /* NAN: none was told */
	uint32_t who;
	enum what what;
};

struct who {
	struct endpoint peer;
	char label[TRUTH_LABEL];
};

struct log {
	struct event *events;
	struct who *who;
	struct index who_of;
	size_t n_events, room_events, n_who, room_who;
	uint64_t unknown;
	int64_t last_ns;
};

static bool
missing(char why[FIELDS_WHY], const char *key)
{
	snprintf(why, FIELDS_WHY, "'%s' is missing", key);
	return false;
}

static uint32_t
who_at(struct log *log, const struct who *who)
{
	bool fresh;
	uint32_t i = index_put(&log->who_of, who, &fresh);

	if (fresh) {
		log->who = grow(log->who, log->n_who, &log->room_who, sizeof *log->who);
		log->who[log->n_who++] = *who;
	}
	return i;
}

static enum what
event_of(const char *name)
{
	int i = 0;

	while (i < WHATS && strcmp(names[i], name) != 0)
		i++;
	return (enum what)i;
}

static bool
keep(struct log *log, const struct line *line, uint64_t seen, char why[FIELDS_WHY])
{
	enum what what = event_of(line->event);
	struct endpoint peer;
	struct who who;

	if (what == WHATS || what == IMPAIR) {
		log->unknown += what == WHATS;
		return true;
	}
	if (!HAS(seen, HAS_PEER))
		return missing(why, "peer");
	if (!endpoint_parse(line->peer, &peer)) {
		snprintf(why, FIELDS_WHY, "'peer': \"%.64s\" is not an address", line->peer);
		return false;
	}
	memset(&who, 0, sizeof who);
	memcpy(who.peer.addr, peer.addr, sizeof peer.addr);
	who.peer.port = peer.port;
	memcpy(who.label, line->run, strlen(line->run));
	log->events = grow(log->events, log->n_events, &log->room_events, sizeof *log->events);
	log->events[log->n_events++] = (struct event){
		.t_ns = line->t_ns,
		.what = what,
		.who = who_at(log, &who),
		.chunk = HAS(seen, HAS_CHUNK) ? line->chunk : UINT64_MAX,
		.chunks = HAS(seen, HAS_CHUNKS) ? line->chunks : 1,
		.channel = HAS(seen, HAS_CHANNEL) ?
		               hash_bytes(line->channel, strlen(line->channel), 0) : 0,
		.made_ns = HAS(seen, HAS_AGE) ? line->t_ns - line->age_ns : TRUTH_NEVER,
		.lag_s = HAS(seen, HAS_LAG) ? (float)line->lag_s : NAN,
	};
	return log->events[log->n_events - 1].who != INDEX_NONE ||
	       missing(why, "room for more runs");
}

static bool
read_line(struct log *log, const struct load_line *text, char why[FIELDS_WHY])
{
	struct json_reader r = json_reader_over(text->text, text->len);
	struct line line = { 0 };
	uint64_t seen = 0;

	if (!fields_document(&r, line_fields, &line, &seen, why))
		return false;
	if (!HAS(seen, HAS_T))
		return missing(why, "t");
	if (!HAS(seen, HAS_EVENT))
		return missing(why, "event");
	if (line.t_ns > log->last_ns)
		log->last_ns = line.t_ns;
	return keep(log, &line, seen, why);
}

/* --- runs --------------------------------------------------------------------------- */

struct builder {
	struct truth *t;
	const struct log *log;
	struct truth_run *run; /* NULL: none is open */
	bool begun;            /* this peer and label had a run already */
	int64_t stalled_ns;    /* TRUTH_NEVER: plays */
	size_t room_runs, room_spans;
	int64_t playing_ns;    /* since when it plays with this lag; TRUTH_NEVER */
	double lag_s;          /* what was told last; NAN nothing yet */
	double lag_sum, lag_weight; /* of the time played; or of what was told, one each */
	bool lag_timed;
	struct truth_chunks chunks;
	int64_t view_ns;       /* when the open stretch of viewing began */
	uint64_t view_chunk;   /* its first chunk; UINT64_MAX: not played yet, or not told */
};

static void
open_run(struct builder *b, const struct event *e)
{
	const struct who *who = &b->log->who[e->who];
	struct truth *t = b->t;

	t->runs = grow(t->runs, t->n_runs, &b->room_runs, sizeof *t->runs);
	b->run = &t->runs[t->n_runs++];
	*b->run = (struct truth_run){
		.peer = who->peer,
		.from_ns = e->t_ns,
		.joined_ns = TRUTH_NEVER,
		.first_packet_ns = TRUTH_NEVER,
		.play_ns = TRUTH_NEVER,
		.left_ns = TRUTH_NEVER,
		.switched_ns = TRUTH_NEVER,
		.first = (uint32_t)t->n_spans,
	};
	memcpy(b->run->label, who->label, sizeof who->label);
	b->begun = true;
	b->stalled_ns = TRUTH_NEVER;
	b->playing_ns = TRUTH_NEVER;
	b->lag_s = NAN;
	b->lag_sum = b->lag_weight = 0;
	b->lag_timed = false;
	truth_chunks_begin(&b->chunks, t, b->run);
	b->view_ns = e->t_ns;
	b->view_chunk = UINT64_MAX;
}

static void
add_span(struct builder *b, enum truth_what what, int64_t from_ns, int64_t to_ns, uint64_t chunks)
{
	struct truth *t = b->t;

	t->spans = grow(t->spans, t->n_spans, &b->room_spans, sizeof *t->spans);
	t->spans[t->n_spans++] = (struct truth_span){
		(uint32_t)(b->run - t->runs), what, from_ns, to_ns, chunks,
	};
}

static void
end_stall(struct builder *b, int64_t t_ns)
{
	if (b->stalled_ns != TRUTH_NEVER && t_ns > b->stalled_ns)
		add_span(b, TRUTH_SPAN_STALL, b->stalled_ns, t_ns, 0);
	b->stalled_ns = TRUTH_NEVER;
}

/* From the first packet, or what began anew, to what ends it. */
static void
end_view(struct builder *b, int64_t t_ns)
{
	if (b->view_chunk != UINT64_MAX && t_ns > b->view_ns)
		add_span(b, TRUTH_SPAN_VIEW, b->view_ns, t_ns, b->view_chunk);
	b->view_ns = t_ns;
	b->view_chunk = UINT64_MAX;
}

static int
by_start(const void *a, const void *b)
{
	const struct truth_span *x = a, *y = b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return (int)x->what - (int)y->what;
}

static void
weigh_lag(struct builder *b, int64_t to_ns)
{
	double s = (double)(to_ns - b->playing_ns) / 1e9;

	if (b->playing_ns == TRUTH_NEVER || isnan(b->lag_s))
		return;
	b->lag_sum += b->lag_s * s;
	b->lag_weight += s;
}

/* The lag holds from where it was told until play ends or another is told. Of a log
 * that tells none when play begins, the mean of what it tells. */
static void
note_lag(struct builder *b, const struct event *e)
{
	bool starts = e->what == PLAY || e->what == RESUME;
	bool stops = e->what == STALL || e->what == REBOOT || e->what == LEAVE;
	double lag_s = (double)e->lag_s;

	if (starts && !isnan(lag_s) && !b->lag_timed) {
		b->lag_sum = b->lag_weight = 0;
		b->lag_timed = true;
	}
	if (!b->lag_timed) {
		b->lag_sum += isnan(lag_s) ? 0 : lag_s;
		b->lag_weight += !isnan(lag_s);
		return;
	}
	if (!starts && !stops && (isnan(lag_s) || b->playing_ns == TRUTH_NEVER))
		return;
	weigh_lag(b, e->t_ns);
	b->playing_ns = stops ? TRUTH_NEVER : e->t_ns;
	b->lag_s = lag_s;
}

static void
close_run(struct builder *b, int64_t t_ns)
{
	if (b->run == NULL)
		return;
	end_stall(b, t_ns);
	end_view(b, t_ns);
	b->run->to_ns = t_ns;
	weigh_lag(b, t_ns);
	b->run->lag_s = b->lag_weight > 0 ? b->lag_sum / b->lag_weight : NAN;
	b->run->spans = (uint32_t)b->t->n_spans - b->run->first;
	if (b->run->spans > 1)
		qsort(b->t->spans + b->run->first, b->run->spans, sizeof *b->t->spans, by_start);
	truth_chunks_close(&b->chunks, b->t, b->run);
	b->run = NULL;
}

static void
add_chunk(struct builder *b, const struct event *e)
{
	struct truth_copy copy = { e->chunk, e->t_ns, e->made_ns };

	truth_chunks_add(&b->chunks, e->what == MISSED, e->chunk, e->chunks);
	if (e->what == CHUNK && e->chunk != UINT64_MAX && e->made_ns != TRUTH_NEVER)
		truth_chunks_copy(&b->chunks, b->t, &copy);
}

static void
set_once(int64_t *to, int64_t t_ns)
{
	if (*to == TRUTH_NEVER)
		*to = t_ns;
}

/* What an event says of the open run. */
static void
take(struct builder *b, const struct event *e)
{
	switch (e->what) {
	case JOIN:
		set_once(&b->run->joined_ns, e->t_ns);
		break;
	case FIRST_PACKET:
		set_once(&b->run->first_packet_ns, e->t_ns);
		b->view_ns = e->t_ns;
		break;
	case PLAY:
		set_once(&b->run->play_ns, e->t_ns);
		end_stall(b, e->t_ns);
		b->view_chunk = b->view_chunk == UINT64_MAX ? e->chunk : b->view_chunk;
		break;
	case STALL:
		set_once(&b->stalled_ns, e->t_ns);
		break;
	case RESUME:
		end_stall(b, e->t_ns);
		break;
	case SKIP:
	case REBOOT:
		if (e->what == REBOOT)
			end_view(b, e->t_ns);
		add_span(b, e->what == SKIP ? TRUTH_SPAN_SKIP : TRUTH_SPAN_REBOOT, e->t_ns, e->t_ns,
		         e->chunks);
		break;
	case CHUNK:
	case MISSED:
		add_chunk(b, e);
		break;
	case LEAVE:
		b->run->left_ns = e->t_ns;
		break;
	case SWITCH:
		b->run->switched_ns = e->t_ns;
		break;
	case IMPAIR:
	case WHATS:
		break;
	}
}

static void
add_event(struct builder *b, const struct event *e)
{
	bool begins = e->what == JOIN || e->what == FIRST_PACKET || e->what == PLAY ||
	              e->what == SWITCH;

	if (e->what == SWITCH ||
	    (b->run != NULL && e->what == JOIN &&
	     (b->run->joined_ns != TRUTH_NEVER || b->run->play_ns != TRUTH_NEVER)))
		close_run(b, e->t_ns);
	if (b->run == NULL && (begins || !b->begun))
		open_run(b, e);
	if (b->run == NULL)
		return;
	take(b, e);
	note_lag(b, e);
	b->run->channel = b->run->channel ? b->run->channel : e->channel;
	if (e->what == LEAVE)
		close_run(b, e->t_ns);
}

/* --- order -------------------------------------------------------------------------- */

struct ranked {
	struct who who;
	uint32_t place;
};

static int
by_who(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int d = memcmp(x->who.peer.addr, y->who.peer.addr, sizeof x->who.peer.addr);

	if (d == 0)
		d = (x->who.peer.port > y->who.peer.port) - (x->who.peer.port < y->who.peer.port);
	return d ? d : strcmp(x->who.label, y->who.label);
}

/* Sorts who; events follow. */
static void
order_who(struct log *log)
{
	struct ranked *all = grow_new(log->n_who * sizeof *all);
	uint32_t *rank = grow_new(log->n_who * sizeof *rank);

	for (uint32_t i = 0; i < log->n_who; i++)
		all[i] = (struct ranked){ log->who[i], i };
	if (log->n_who > 1)
		qsort(all, log->n_who, sizeof *all, by_who);
	for (uint32_t i = 0; i < log->n_who; i++) {
		rank[all[i].place] = i;
		log->who[i] = all[i].who;
	}
	for (size_t i = 0; i < log->n_events; i++)
		log->events[i].who = rank[log->events[i].who];
	free(all);
	free(rank);
}

static int
compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Whatever two events differ in decides, so the order of the lines cannot matter. */
static int
by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	int d = compare(x->who, y->who);

	if (d == 0 && x->t_ns != y->t_ns)
		d = x->t_ns < y->t_ns ? -1 : 1;
	if (d == 0)
		d = (int)x->what - (int)y->what;
	if (d == 0)
		d = compare(x->chunk, y->chunk);
	if (d == 0)
		d = compare(x->chunks, y->chunks);
	return d ? d : (x->lag_s > y->lag_s) - (x->lag_s < y->lag_s);
}

static void
build(struct truth *t, struct log *log)
{
	struct builder b = { .t = t, .log = log };

	order_who(log);
	if (log->n_events > 1)
		qsort(log->events, log->n_events, sizeof *log->events, by_time);
	for (size_t i = 0; i < log->n_events; i++) {
		if (i > 0 && log->events[i].who != log->events[i - 1].who) {
			close_run(&b, log->last_ns);
			b.begun = false;
		}
		add_event(&b, &log->events[i]);
	}
	close_run(&b, log->last_ns);
	truth_chunks_fini(&b.chunks);
}

int
truth_parse(struct truth *t, const struct load *text, const char *path, char why[LOAD_WHY])
{
	struct log log = { .last_ns = INT64_MIN };
	struct load_line line = { 0 };
	char wrong[FIELDS_WHY];
	int err = 0;

	*t = (struct truth){ 0 };
	index_init(&log.who_of, sizeof(struct who), MOST_RUNS);
	while (err == 0 && load_next_line(text, &line)) {
		if (read_line(&log, &line, wrong))
			continue;
		snprintf(why, LOAD_WHY, "%s:%u: %s", path, line.number, wrong);
		err = ERR_SYNTAX;
	}
	if (err == 0 && log.n_events == 0) {
		snprintf(why, LOAD_WHY, "%s: no events of any viewer", path);
		err = ERR_SYNTAX;
	}
	if (err == 0)
		build(t, &log);
	else
		truth_free(t);
	t->unknown = log.unknown;
	t->last_ns = log.last_ns;
	index_fini(&log.who_of);
	free(log.events);
	free(log.who);
	return err;
}

int
truth_read(struct truth *t, const char *path, char why[LOAD_WHY])
{
	struct load text;
	int err = load_file(&text, path, why);

	if (err != 0)
		return err;
	err = truth_parse(t, &text, path, why);
	load_free(&text);
	return err;
}

void
truth_free(struct truth *t)
{
	free(t->runs);
	free(t->spans);
	free(t->copies);
	*t = (struct truth){ 0 };
}
