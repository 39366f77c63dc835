/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/synth.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_NS INT64_C(1000000)
#define CHUNK_MS 100
#define BEFORE_MS 10000  /* the swarm is so old at T0 */
#define CHUNK_BYTES 12500
#define MAP_CHUNKS 60

enum what { COPY, MAP, JOIN, GOODBYE };

struct happening {
	int64_t t_ns;
	uint32_t serial;
	uint16_t viewer, chunk;
	enum what what;
};

static struct happening *list;
static uint32_t listed, room;
static union obs_buf buf;

uint64_t
synth_draw(struct synth *w, uint64_t below)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}

struct endpoint
synth_host(unsigned host)
{
	return endpoint_ipv4(0x0a4d0000 + host, 6000);
}

struct endpoint
synth_source(unsigned swarm)
{
	return synth_host(1 + 100 * swarm);
}

void
synth_init(struct synth *w, uint64_t seed)
{
	struct inference_options opt;

	memset(w, 0, sizeof *w);
	inference_defaults(&opt);
	w->seed = w->random = seed;
	w->player = opt.player;
	w->end_ms = 60000;
	w->map_ms = 200;
	w->copies = true;
	w->window_chunks = 80;
	w->swarms = 1;
	w->first_chunk[0] = 5000;
	w->first_chunk[1] = 5030;
}

struct synth_viewer *
synth_add(struct synth *w, unsigned swarm, int64_t join_ms)
{
	struct synth_viewer *v = &w->viewer[w->viewers];

	assert(w->viewers < SYNTH_VIEWERS);
	v->host = 2 + w->viewers++ + 100 * swarm;
	v->swarm = swarm;
	v->join_ms = join_ms;
	v->delay_ms = 100;
	v->leave_ms = w->end_ms;
	return v;
}

void
synth_options(const struct synth *w, struct inference_options *opt)
{
	inference_defaults(opt);
	opt->max_channels = 4;
	opt->max_peers = 64;
	opt->playhead[SYNTH_PROTOCOL].model = PLAYHEAD_FIRST_RECEIVED;
	opt->playhead[SYNTH_PROTOCOL].skip_window_chunks = w->window_chunks;
	opt->id_bits[SYNTH_PROTOCOL] = 32;
}

static void
make_chunks(struct synth *w)
{
	for (unsigned s = 0; s < w->swarms; s++)
		for (int c = 0; c < SYNTH_CHUNKS; c++)
			w->made_ms[s][c] = c * CHUNK_MS - BEFORE_MS + (int32_t)s * 37 +
			                   (int32_t)synth_draw(w, 40);
}

static void
let_arrive(struct synth *w, struct synth_viewer *v)
{
	int64_t next_ms = v->cut_until_ms;

	for (int c = 0; c < SYNTH_CHUNKS; c++) {
		int64_t made_ms = w->made_ms[v->swarm][c];
		int64_t came_ms = made_ms + v->delay_ms + (int64_t)synth_draw(w, 120);

		if (came_ms >= v->cut_ms && came_ms < v->cut_until_ms)
			came_ms = next_ms += 15;
		if (made_ms < v->join_ms || (made_ms >= v->lost_ms && made_ms < v->lost_until_ms))
			came_ms = -1;
		v->came_ms[c] = came_ms < v->leave_ms ? (int32_t)came_ms : -1;
	}
}

/* How much media is there at a moment: chunks without a hole from the first on, holes
 * that are given up left out. */
struct frontier {
	int next, newest;
	int64_t media_ms;
};

static void
advance(const struct synth *w, struct synth_viewer *v, struct frontier *f, int64_t ms)
{
	const int32_t *made = w->made_ms[v->swarm];

	for (int c = f->newest + 1; c < SYNTH_CHUNKS && made[c] <= ms; c++)
		if (v->came_ms[c] >= 0 && v->came_ms[c] <= ms)
			f->newest = c;
	while (f->next <= f->newest) {
		if (v->came_ms[f->next] >= 0 && v->came_ms[f->next] <= ms)
			f->media_ms += made[f->next] - made[f->next - 1];
		else if (f->newest - f->next >= (int)w->window_chunks)
			v->skipped += v->playing_ms >= 0;
		else
			break;
		f->next++;
	}
}

static int
first_received(const struct synth_viewer *v)
{
	int first = -1;

	for (int c = 1; c < SYNTH_CHUNKS; c++)
		if (v->came_ms[c] >= 0 && (first < 0 || v->came_ms[c] < v->came_ms[first]))
			first = c;
	return first;
}

/* The player, a millisecond at a time. */
static void
play(const struct synth *w, struct synth_viewer *v)
{
	const struct player_model *p = &w->player;
	int64_t start_ms = (p->prebuffer_ns + p->key_wait_ns) / MS_NS +
	                   (int64_t)p->probe_bytes * CHUNK_MS / CHUNK_BYTES;
	int64_t margin_ms = (p->margin_ns + p->key_wait_ns) / MS_NS;
	int64_t played_ms = 0, begin_ms = INT64_MAX;
	struct frontier f = { first_received(v), -1, 0 };
	bool stalled = false;

	v->playing_ms = -1;
	for (int64_t ms = v->join_ms; f.next >= 0 && ms < v->leave_ms; ms++) {
		advance(w, v, &f, ms);
		if (begin_ms == INT64_MAX && f.media_ms >= start_ms)
			begin_ms = ms + p->latency_ns / MS_NS;
		if (ms < begin_ms)
			continue;
		v->playing_ms = begin_ms;
		if (stalled && f.media_ms - played_ms >= margin_ms + p->rebuffer_ns / MS_NS) {
			v->stalled_ms[v->stalls - 1] = ms - v->stall_ms[v->stalls - 1];
			stalled = false;
		} else if (!stalled && f.media_ms - played_ms <= margin_ms &&
		           v->stalls < SYNTH_STALLS) {
			v->stall_ms[v->stalls++] = ms;
			stalled = true;
		}
		played_ms += !stalled;
	}
	if (stalled)
		v->stalled_ms[v->stalls - 1] = v->leave_ms - v->stall_ms[v->stalls - 1];
}

static void
happens(enum what what, int64_t t_ns, unsigned viewer, int chunk)
{
	if (listed == room) {
		room = room ? room * 2 : 1024;
		list = realloc(list, room * sizeof *list);
		assert(list != NULL);
	}
	list[listed] = (struct happening){ SYNTH_T0_NS + t_ns, listed, (uint16_t)viewer,
	                                   (uint16_t)chunk, what };
	listed++;
}

static void
plan(struct synth *w, unsigned i)
{
	struct synth_viewer *v = &w->viewer[i];
	int64_t step_ms;

	happens(JOIN, v->join_ms * MS_NS, i, 0);
	for (int c = 0; c < SYNTH_CHUNKS; c++)
		if (v->came_ms[c] >= 0 && (w->copies || i == 0))
			happens(COPY, (v->came_ms[c] - SYNTH_COPY_MS) * MS_NS, i, c);
	for (int64_t ms = v->join_ms + 10; ms < v->leave_ms; ms += step_ms) {
		happens(MAP, ms * MS_NS + 1000, i, 0);
		step_ms = w->map_ms - w->map_ms / 10 +
		          (int64_t)synth_draw(w, (uint64_t)w->map_ms / 5 + 1);
	}
	if (v->exit == SYNTH_SAYS_GOODBYE)
		happens(GOODBYE, v->leave_ms * MS_NS, i, 0);
}

static int
by_time(const void *a, const void *b)
{
	const struct happening *x = a, *y = b;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static struct observation *
say(enum obs_kind kind, const struct happening *h, struct endpoint who, struct endpoint to)
{
	struct observation *o = obs_begin(&buf, kind, h->t_ns);

	o->peer = who;
	o->to = to;
	o->protocol = SYNTH_PROTOCOL;
	o->origin = OBS_SIMULATED;
	return o;
}

static struct observation *
map_of(const struct synth *w, const struct happening *h)
{
	const struct synth_viewer *v = &w->viewer[h->viewer];
	int64_t ms = (h->t_ns - SYNTH_T0_NS) / MS_NS;
	struct observation *o = say(OBS_BUFFER_MAP, h, synth_host(v->host), synth_source(v->swarm));
	int first = -1, last = -1;

	for (int c = 0; c < SYNTH_CHUNKS; c++)
		if (v->came_ms[c] >= 0 && v->came_ms[c] <= ms) {
			first = first < 0 ? c : first;
			last = c;
		}
	if (last - first >= MAP_CHUNKS)
		first = last - MAP_CHUNKS + 1;
	obs_set_range(o, last < 0 ? 0 : w->first_chunk[v->swarm] + (uint64_t)first,
	              last < 0 ? 0 : (uint32_t)(last - first + 1));
	for (int c = first; last >= 0 && c <= last; c++)
		if (v->came_ms[c] >= 0 && v->came_ms[c] <= ms)
			obs_set(o, (uint32_t)(c - first));
	return o;
}

static void
emit(const struct synth *w, const struct happening *h,
     void (*put)(void *ctx, const struct observation *o), void *ctx)
{
	const struct synth_viewer *v = &w->viewer[h->viewer];
	struct endpoint source = synth_source(v->swarm), who = synth_host(v->host);
	uint64_t chunk = w->first_chunk[v->swarm] + h->chunk;
	struct observation *o;

	switch (h->what) {
	case JOIN:
	case GOODBYE:
		put(ctx, say(h->what == JOIN ? OBS_JOIN : OBS_LEAVE, h, who, source));
		break;
	case MAP:
		put(ctx, map_of(w, h));
		break;
	case COPY:
		o = say(OBS_MARK, h, source, who);
		o->offset = chunk;
		o->width = 1;
		o->u.mark.source_ns = SYNTH_T0_NS + w->made_ms[v->swarm][h->chunk] * MS_NS;
		put(ctx, o);
		o = say(OBS_TRANSFER, h, who, source);
		o->offset = chunk;
		o->width = 1;
		o->flags = OBS_ALL;
		o->u.transfer.bytes = CHUNK_BYTES;
		put(ctx, o);
		break;
	}
}

void
synth_run(struct synth *w, void (*put)(void *ctx, const struct observation *o), void *ctx)
{
	listed = 0;
	make_chunks(w);
	for (unsigned i = 0; i < w->viewers; i++) {
		struct synth_viewer *v = &w->viewer[i];

		if (v->exit == SYNTH_STAYS)
			v->leave_ms = w->end_ms;
		let_arrive(w, v);
		play(w, v);
		plan(w, i);
	}
	qsort(list, listed, sizeof *list, by_time);
	for (uint32_t i = 0; i < listed; i++)
		if (list[i].t_ns >= SYNTH_T0_NS + w->from_ms * MS_NS)
			emit(w, &list[i], put, ctx);
	free(list);
	list = NULL;
	listed = room = 0;
}
