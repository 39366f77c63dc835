/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/sim.h"

#include <assert.h>
#include <string.h>

#include "peer/swarm.h"

#define BASE 0x0a200001u      /* 10.32.0.1 plus the number */
#define FIRST_CHUNK 100000u   /* so that an offset of 0 means that nothing is there */
#define TRACKER_NUMBER 0u
#define TRACKER_ANSWER 12u
#define LEASE_S 60u
#define ORIGIN_LATENCY_MS 10

struct endpoint
swarm_endpoint(const struct sim *sim, uint32_t number)
{
	return endpoint_ipv4(sim->base + number, SIM_PORT);
}

bool
swarm_number(const struct sim *sim, const struct endpoint *at, uint32_t *number)
{
	struct reader in = reader_over(at->addr + 12, 4);
	uint32_t n = reader_be32(&in) - sim->base;
	struct endpoint back = swarm_endpoint(sim, n);

	*number = n;
	return endpoint_same(at, &back);
}

int64_t
swarm_made_ns(const struct sim *sim, uint32_t channel, uint64_t chunk)
{
	int64_t made = (int64_t)(chunk - FIRST_CHUNK * (channel + 1) + 1);

	return sim->start_ns + made * sim->channels[channel].chunk_ns;
}

struct sim_node *
swarm_node(struct sim *sim, uint32_t number)
{
	uint32_t slot = number < sim->max_numbers ? sim->slot_of[number] : SIM_NOBODY;

	return slot == SIM_NOBODY ? NULL : &sim->nodes[slot];
}

void
swarm_push(struct sim *sim, int64_t t_ns, enum sim_kind kind, uint32_t node, uint32_t frame)
{
	struct happening what = { .t_ns = t_ns, .node = node, .frame = frame, .kind = kind };
	bool room = heap_push(&sim->heap, what);

	assert(room); /* sized for all frames and all plans */
	(void)room;
}

void
swarm_wake(struct sim *sim, struct sim_node *n)
{
	int64_t due = engine_due(n->engine);

	if (due >= n->timer_ns)
		return;
	n->timer_ns = due;
	swarm_push(sim, due, SIM_TIMER, (uint32_t)(n - sim->nodes), n->number);
}

/* --- memory ---------------------------------------------------------------- */

struct layout {
	size_t nodes, engines, heap, slots, frames, tracker, size;
	uint32_t n_nodes, n_frames, n_numbers, n_heap;
};

static size_t
place(size_t *at, size_t size)
{
	size_t here = (*at + 63) / 64 * 64;

	*at = here + size;
	return here;
}

static struct layout
lay_out(const struct scenario *s)
{
	struct layout l = { .n_nodes = s->n_channels + scenario_peers(s) };
	size_t at = sizeof(struct sim);

	l.n_frames = l.n_nodes * SIM_FRAMES + 4096;
	if (s->view.map_offset != MAP_OFFSET_PLAY)
		l.n_frames *= 2; /* so that as many are there for those in flight */
	l.n_numbers = SIM_FIXED + scenario_arrivals(s);
	/* a frame has one event; a viewer an arrival, a leave, a zap, a restore and as
	 * many timers as were moved forward */
	l.n_heap = l.n_frames + l.n_numbers * 4 + l.n_nodes * 64 + 1024;
	l.nodes = place(&at, l.n_nodes * sizeof(struct sim_node));
	l.engines = place(&at, l.n_nodes * engine_size());
	l.heap = place(&at, l.n_heap * sizeof(struct happening));
	l.slots = place(&at, l.n_numbers * sizeof(uint32_t));
	l.frames = place(&at, l.n_frames * sizeof(struct sim_frame));
	l.tracker = place(&at, l.n_numbers * sizeof(struct tracker_entry));
	l.size = at;
	return l;
}

size_t
sim_size(const struct scenario *s)
{
	return lay_out(s).size;
}

static void
lay_down(struct sim *sim, const struct layout *l)
{
	uint8_t *mem = (uint8_t *)sim;

	sim->nodes = (struct sim_node *)(mem + l->nodes);
	sim->n_nodes = l->n_nodes;
	sim->heap = (struct heap){ .list = (struct happening *)(mem + l->heap),
		.max = l->n_heap };
	sim->slot_of = (uint32_t *)(mem + l->slots);
	sim->max_numbers = l->n_numbers;
	memset(sim->slot_of, 0xff, l->n_numbers * sizeof(uint32_t));
	sim->frames = (struct sim_frame *)(mem + l->frames);
	sim->n_frames = l->n_frames;
	for (uint32_t i = 0; i < l->n_frames; i++)
		sim->frames[i].next_free = i + 1;
	for (uint32_t i = 0; i < l->n_nodes; i++) {
		sim->nodes[i].number = SIM_NOBODY;
		sim->nodes[i].engine = (struct engine *)(mem + l->engines + i * engine_size());
	}
	sim->tracker = (struct tracker){ .list = (struct tracker_entry *)(mem + l->tracker),
		.max = l->n_numbers, .lease_s = LEASE_S, .answer = TRACKER_ANSWER,
		.peer_id = 1, .rng = rng_seeded(sim->seed, 3) };
}

/* --- origins ---------------------------------------------------------------- */

static void
make_origin(struct sim *sim, uint32_t i)
{
	const struct scenario_channel *c = &sim->scenario.channels[i];
	struct sim_node *n = &sim->nodes[i];
	struct engine_options opt;

	engine_defaults(&opt);
	opt.channel = sim->channels[i];
	opt.self = swarm_endpoint(sim, 1 + i);
	opt.peer_id = rng_next(&sim->rng) | 1;
	opt.seed = sim->seed;
	opt.signer = sim->signer;
	opt.source = true;
	opt.up_kbps = c->origin_up_kbps;
	opt.partners = opt.max_partners = c->origin_partners;
	opt.map_ns = sim->scenario.map_period_ms * SIM_MS;
	n->sim = sim;
	n->number = 1 + i;
	n->channel = i;
	n->source = true;
	n->timer_ns = INT64_MAX;
	n->last_map_ns = INT64_MIN;
	n->in_view = true;
	n->line = (struct sim_line){ .up_kbps = c->origin_up_kbps * 11 / 10 + 1,
		.down_kbps = 100000, .latency_ns = ORIGIN_LATENCY_MS * SIM_MS };
	lines_out(n);
	sim->slot_of[n->number] = i;
	engine_init(n->engine, &opt, &n->out);
	if (sim->net != NULL)
		sim->net->present(sim->net, n->number, true);
	engine_join(n->engine, sim->now);
	swarm_wake(sim, n);
	if (sim->net == NULL)
		swarm_push(sim, sim->now + sim->channels[i].chunk_ns, SIM_MEDIA, i, 0);
}

const struct engine_channel *
swarm_channel(const struct sim *sim, uint32_t i)
{
	return &channels_find(&sim->directory, sim->channels[i].id)->channel;
}

/* Channels of one name are told apart by their number. */
static void
publish(struct sim *sim, uint32_t i)
{
	struct channel_entry e = { .channel = sim->channels[i], .n_trackers = 1 };
	size_t len = strlen(sim->scenario.channels[i].name);

	memcpy(e.name, sim->scenario.channels[i].name, len);
	e.trackers[0] = sim->channels[i].tracker;
	while (channels_publish(&sim->directory, &e) != CHANNELS_ADDED)
		e.name[len++] = (char)('a' + i);
}

static void
make_channels(struct sim *sim)
{
	sim->directory = (struct channel_list){ .list = sim->published,
		.max = SCENARIO_CHANNELS };
	for (uint32_t i = 0; i < sim->scenario.n_channels; i++) {
		const struct scenario_channel *c = &sim->scenario.channels[i];

		sim->channels[i] = (struct engine_channel){ .id = rng_next(&sim->rng) | 1,
			.chunk_ns = c->chunk_ms * SIM_MS, .bitrate_kbps = c->bitrate_kbps,
			.tracker = swarm_endpoint(sim, TRACKER_NUMBER) };
		sim->head[i] = FIRST_CHUNK * (i + 1) - 1;
		publish(sim, i);
		make_origin(sim, i);
	}
}

static void
make_chunk(struct sim *sim, uint32_t channel)
{
	struct sim_node *n = &sim->nodes[channel];
	const struct engine_channel *ch = &sim->channels[channel];
	uint32_t bytes = (uint32_t)(ch->bitrate_kbps * (ch->chunk_ns / 1000) / 8000);
	struct mesh_chunk c = { .chunk = ++sim->head[channel], .source_ns = sim->now,
		.fragments = 1, .total = bytes, .media_len = bytes };

	engine_media(n->engine, &c, sim->now);
	swarm_wake(sim, n);
	swarm_push(sim, sim->now + ch->chunk_ns, SIM_MEDIA, channel, 0);
}

uint64_t
sim_media(struct sim *sim, uint32_t channel, const uint8_t *media, uint32_t len, int64_t now)
{
	struct sim_node *n = &sim->nodes[channel];
	struct mesh_chunk c = { .chunk = ++sim->head[channel], .source_ns = now, .fragments = 1,
		.total = len, .media = media, .media_len = len, .media_here = len };

	sim->now = now;
	engine_media(n->engine, &c, now);
	swarm_wake(sim, n);
	return c.chunk;
}

static struct sim *
build(void *mem, const struct scenario *s, uint64_t seed, const struct signer *signer,
      struct sim_net *net)
{
	struct layout l = lay_out(s);
	struct sim *sim = mem;

	assert(scenario_check(s) == NULL);
	sim->scenario = *s;
	sim->seed = seed;
	sim->rng = rng_seeded(seed, 1);
	sim->links = rng_seeded(seed, 2);
	sim->digest = signer_digest(seed);
	sim->signer = signer != NULL ? signer : &sim->digest.signer;
	sim->net = net;
	sim->base = net != NULL ? net->base : BASE;
	sim->start_ns = net != NULL ? net->start_ns : (int64_t)s->start_s * SIM_SECOND;
	sim->now = sim->start_ns;
	sim->end_ns = sim->start_ns + s->duration_ms * SIM_MS;
	sim->next_number = SIM_FIXED;
	lay_down(sim, &l);
	sim->shown = shown_draw(s, seed);
	return sim;
}

struct sim *
sim_init(void *mem, const struct scenario *s, uint64_t seed, const struct signer *signer,
         struct tap *tap, struct sim_out *out)
{
	struct sim *sim = build(mem, s, seed, signer, NULL);

	sim->tap = tap;
	sim->out = out;
	if (tap != NULL) {
		tap->view = s->view;
		tap->rng = rng_seeded(seed, 4);
	}
	make_channels(sim);
	viewers_plan(sim);
	return sim;
}

struct sim *
sim_init_net(void *mem, const struct scenario *s, uint64_t seed, const struct signer *signer,
             struct sim_net *net, struct sim_out *out)
{
	struct sim *sim = build(mem, s, seed, signer, net);

	sim->out = out;
	net->present(net, TRACKER_NUMBER, true);
	make_channels(sim);
	viewers_plan(sim);
	return sim;
}

void
sim_arrived(struct sim *sim, uint32_t number, const struct endpoint *from, const uint8_t *frame,
            size_t len, int64_t now)
{
	struct sim_node *n = swarm_node(sim, number);

	sim->now = now;
	if (number == TRACKER_NUMBER) {
		lines_tracker(sim, from, frame, len);
	} else if (n != NULL) {
		engine_frame(n->engine, from, frame, len, len, now);
		swarm_wake(sim, n);
	}
}

int64_t
sim_due(const struct sim *sim)
{
	return sim->heap.n > 0 && sim->heap.list[0].t_ns < sim->end_ns ?
	       sim->heap.list[0].t_ns : sim->end_ns;
}

void
sim_leave_all(struct sim *sim, int64_t now)
{
	sim->now = now;
	sim->next_number = sim->max_numbers;
	for (uint32_t i = sim->scenario.n_channels; i < sim->n_nodes; i++)
		if (sim->nodes[i].number != SIM_NOBODY)
			viewers_leave(sim, i, false);
}

/* --- running ---------------------------------------------------------------- */

static void
run_timer(struct sim *sim, const struct happening *what)
{
	struct sim_node *n = &sim->nodes[what->node];

	if (n->number != what->frame || n->timer_ns != what->t_ns)
		return; /* moved, or somebody else's by now */
	n->timer_ns = INT64_MAX;
	engine_timer(n->engine, sim->now);
	swarm_wake(sim, n);
}

/* Plans of a viewer hold for the one who made them. */
static bool
still_there(const struct sim *sim, const struct happening *what)
{
	return sim->nodes[what->node].number == what->frame;
}

static void
happen(struct sim *sim, const struct happening *what)
{
	switch ((enum sim_kind)what->kind) {
	case SIM_ARRIVE:
		lines_arrive(sim, what->frame);
		break;
	case SIM_DELIVER:
		lines_deliver(sim, what->frame);
		break;
	case SIM_TIMER:
		run_timer(sim, what);
		break;
	case SIM_MEDIA:
		make_chunk(sim, what->node);
		break;
	case SIM_JOIN:
		viewers_join(sim);
		break;
	case SIM_LEAVE:
		if (still_there(sim, what))
			viewers_leave(sim, what->node,
			              rng_chance(&sim->rng, sim->scenario.crash_ppm));
		break;
	case SIM_ZAP:
		if (still_there(sim, what))
			viewers_zap(sim, what->node);
		break;
	case SIM_STEP:
		viewers_step(sim, what->frame);
		break;
	case SIM_RESTORE:
		if (still_there(sim, what))
			viewers_restore(sim, what->node);
		break;
	}
}

bool
sim_run(struct sim *sim, int64_t until_ns)
{
	int64_t until = sim->start_ns + until_ns;
	struct happening what;

	while (sim->heap.n > 0 && sim->heap.list[0].t_ns <= until &&
	       sim->heap.list[0].t_ns < sim->end_ns) {
		heap_pop(&sim->heap, &what);
		sim->now = sim->net == NULL ? what.t_ns : until;
		sim->counts.events++;
		happen(sim, &what);
	}
	if (until < sim->end_ns)
		return true;
	if (!sim->ended) {
		sim->ended = true;
		sim->now = sim->end_ns;
		viewers_end(sim);
	}
	return false;
}

int64_t
sim_now(const struct sim *sim)
{
	return sim->now;
}

uint32_t
sim_slots(const struct sim *sim)
{
	return sim->n_nodes - sim->scenario.n_channels;
}

bool
sim_viewer(const struct sim *sim, uint32_t i, struct sim_viewer *v)
{
	const struct sim_node *n = &sim->nodes[sim->scenario.n_channels + i];

	if (n->number == SIM_NOBODY)
		return false;
	*v = (struct sim_viewer){ swarm_endpoint(sim, n->number), n->number, n->channel,
		n->peer_class, n->joined_ns, n->engine };
	return true;
}

const struct engine_channel *
sim_channel(const struct sim *sim, uint32_t channel)
{
	return swarm_channel(sim, channel);
}

uint64_t
sim_head(const struct sim *sim, uint32_t channel)
{
	return sim->head[channel];
}

struct engine_counts
sim_origin(const struct sim *sim, uint32_t channel)
{
	return engine_counts(sim->nodes[channel].engine);
}

struct sim_counts
sim_counts(const struct sim *sim)
{
	return sim->counts;
}
