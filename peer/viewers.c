/*
 * Viewers: when they come, how long they stay, when they switch, and what a
 * scenario's steps do to them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "peer/swarm.h"

#define SETTLED_NS (5 * SIM_SECOND) /* a step picks viewers who came before that */
#define LINE_SHARE 98u              /* percent of a line that the engine is told of */

/* How far behind the source it happens, as truth.h says. */
static int64_t
behind_ns(const struct sim *sim, const struct sim_node *n, const struct truth_event *ev)
{
	switch (ev->kind) {
	case TRUTH_CHUNK:
	case TRUTH_PLAY:
	case TRUTH_RESUME:
		return ev->t_ns - swarm_made_ns(sim, n->channel, ev->chunk);
	case TRUTH_SKIP:
		return ev->t_ns - swarm_made_ns(sim, n->channel, ev->chunk + ev->chunks);
	default:
		return INT64_MIN;
	}
}

void
viewers_truth(struct sim *sim, struct sim_node *n, const struct truth_event *ev)
{
	struct sim_viewer v = { swarm_endpoint(sim, n->number), n->number, n->channel,
		n->peer_class, n->joined_ns, n->engine };
	struct truth_event told = *ev;

	told.behind_ns = behind_ns(sim, n, ev);
	if (sim->out != NULL && sim->out->truth != NULL)
		sim->out->truth(sim->out, &v, &told);
}

static void
tell(struct sim *sim, struct sim_node *n, enum truth_kind kind, const char *note)
{
	struct truth_event ev = { .t_ns = sim->now, .channel = sim->channels[n->channel].id,
		.note = note, .kind = (uint8_t)kind };

	viewers_truth(sim, n, &ev);
}

/* --- coming ----------------------------------------------------------------- */

static void
plan_joins(struct sim *sim, uint32_t n, int64_t from_ns, int64_t for_ns)
{
	for (uint32_t i = 0; i < n; i++)
		swarm_push(sim, from_ns + for_ns * i / (n > 0 ? n : 1) +
		                    rng_between(&sim->rng, 0, for_ns / (n > 0 ? n : 1)),
		           SIM_JOIN, 0, 0);
}

static void
plan_random_joins(struct sim *sim, int64_t from_ns)
{
	uint32_t per_min = sim->scenario.arrivals_per_min;
	uint32_t left = scenario_arrivals(&sim->scenario) - sim->scenario.peers;
	int64_t t = from_ns;

	while (per_min > 0 && left-- > 0) {
		t += rng_exp_ns(&sim->rng, 60 * SIM_SECOND / per_min);
		if (t >= sim->end_ns)
			return;
		swarm_push(sim, t, SIM_JOIN, 0, 0);
	}
}

void
viewers_plan(struct sim *sim)
{
	const struct scenario *s = &sim->scenario;
	int64_t first = sim->start_ns + s->first_join_ms * SIM_MS;

	plan_joins(sim, s->peers, first, s->ramp_ms * SIM_MS);
	plan_random_joins(sim, first + s->ramp_ms * SIM_MS);
	for (uint32_t i = 0; i < s->n_steps; i++)
		swarm_push(sim, sim->start_ns + s->steps[i].at_ms * SIM_MS, SIM_STEP, 0, i);
}

/* The class that is furthest below its share of the viewers present, so that the
 * swarm's supply is what the scenario says and not what a draw made of it. */
static uint32_t
next_class(const struct sim *sim)
{
	const struct scenario *s = &sim->scenario;
	uint32_t present[SCENARIO_CLASSES] = { 0 }, all = 0, shares = 0, best = 0;
	int64_t lack, most = INT64_MIN;

	for (uint32_t i = s->n_channels; i < sim->n_nodes; i++) {
		if (sim->nodes[i].number == SIM_NOBODY)
			continue;
		present[sim->nodes[i].peer_class]++;
		all++;
	}
	for (uint32_t i = 0; i < s->n_classes; i++)
		shares += s->classes[i].share;
	for (uint32_t i = 0; i < s->n_classes; i++) {
		lack = (int64_t)(all + 1) * s->classes[i].share - (int64_t)present[i] * shares;
		if (lack > most) {
			most = lack;
			best = i;
		}
	}
	return best;
}

static struct engine_options
options_of(struct sim *sim, const struct sim_node *n)
{
	const struct scenario *s = &sim->scenario;
	const struct scenario_class *c = &s->classes[n->peer_class];
	uint32_t chunk_ms = s->channels[n->channel].chunk_ms;
	struct engine_options opt;

	engine_defaults(&opt);
	opt.channel = *swarm_channel(sim, n->channel);
	opt.self = swarm_endpoint(sim, n->number);
	opt.peer_id = rng_next(&sim->rng) | 1;
	opt.seed = sim->seed;
	opt.signer = sim->signer;
	opt.up_kbps = (c->up_kbps * LINE_SHARE + 99) / 100;
	opt.down_kbps = c->down_kbps;
	opt.partners = s->partners;
	opt.max_partners = s->max_partners;
	opt.lag_chunks = s->lag_ms / chunk_ms;
	opt.behind_chunks = s->behind_ms / chunk_ms;
	opt.map_ns = s->map_period_ms * SIM_MS;
	opt.player.prebuffer_chunks = (s->prebuffer_ms + chunk_ms - 1) / chunk_ms;
	opt.player.resume_chunks = (s->resume_ms + chunk_ms - 1) / chunk_ms;
	opt.player.give_up_ns = s->give_up_ms * SIM_MS;
	opt.player.reboot_ns = s->reboot_ms * SIM_MS;
	opt.player.policy = s->policy;
	opt.offset = s->offset;
	opt.hide_play = s->hide_play;
	return opt;
}

static void
plan_stay(struct sim *sim, const struct sim_node *n)
{
	const struct scenario *s = &sim->scenario;
	uint32_t mean_s = s->mean_s, node = (uint32_t)(n - sim->nodes);

	if (s->zap_mean_s > 0)
		swarm_push(sim, sim->now + rng_exp_ns(&sim->rng, s->zap_mean_s * SIM_SECOND),
		           SIM_ZAP, node, n->number);
	if (s->sessions == SESSIONS_STAY)
		return;
	if (s->sessions == SESSIONS_IMPATIENT && rng_chance(&sim->rng, s->short_ppm))
		mean_s = s->short_mean_s;
	swarm_push(sim, sim->now + rng_exp_ns(&sim->rng, mean_s * SIM_SECOND), SIM_LEAVE, node,
	           n->number);
}

static struct sim_node *
free_node(struct sim *sim)
{
	for (uint32_t i = sim->scenario.n_channels; i < sim->n_nodes; i++)
		if (sim->nodes[i].number == SIM_NOBODY)
			return &sim->nodes[i];
	return NULL;
}

static void
set_line(struct sim *sim, struct sim_node *n)
{
	const struct scenario_class *c = &sim->scenario.classes[n->peer_class];

	n->line = (struct sim_line){ .up_kbps = c->up_kbps, .down_kbps = c->down_kbps,
		.latency_ns = c->latency_ms * SIM_MS + rng_between(&sim->rng, 0, SIM_MS * 5),
		.loss_ppm = c->loss_ppm };
}

void
viewers_join(struct sim *sim)
{
	struct sim_node *n = free_node(sim);
	struct engine_options opt;

	if (n == NULL || sim->next_number == sim->max_numbers) {
		sim->counts.turned_away++;
		return;
	}
	n->sim = sim;
	n->peer_class = next_class(sim);
	n->number = sim->next_number++;
	n->channel = rng_below(&sim->rng, sim->scenario.n_channels);
	n->attack = sim->scenario.classes[n->peer_class].attack;
	n->nat = rng_chance(&sim->rng, sim->scenario.classes[n->peer_class].nat_ppm);
	n->in_view = rng_chance(&sim->rng, sim->scenario.view.fraction_ppm);
	n->joined_ns = sim->now;
	n->timer_ns = INT64_MAX;
	n->last_map_ns = INT64_MIN;
	memset(n->calls, 0, sizeof n->calls);
	set_line(sim, n);
	lines_out(n);
	sim->slot_of[n->number] = (uint32_t)(n - sim->nodes);
	sim->counts.arrivals++;
	opt = options_of(sim, n);
	engine_init(n->engine, &opt, &n->out);
	if (sim->net != NULL)
		sim->net->present(sim->net, n->number, true);
	plan_stay(sim, n);
	engine_join(n->engine, sim->now);
	swarm_wake(sim, n);
}

/* --- going ------------------------------------------------------------------ */

static void
add_engine_counts(struct engine_counts *sum, const struct engine_counts *c)
{
	for (int i = 0; i < ENGINE_DROPS; i++)
		sum->dropped[i] += c->dropped[i];
	sum->partners_dropped += c->partners_dropped;
	sum->chunks_in += c->chunks_in;
	sum->chunks_out += c->chunks_out;
	sum->late += c->late;
	sum->expired += c->expired;
	sum->refused += c->refused;
	sum->diffusion_ns += c->diffusion_ns;
	sum->hops += c->hops;
}

static void
add_counts(struct sim *sim, const struct sim_node *n)
{
	const struct player *p = engine_player(n->engine);
	struct engine_counts c = engine_counts(n->engine);

	sim->counts.played += p->played;
	sim->counts.skipped += p->skipped;
	sim->counts.stalls += p->stalls;
	sim->counts.stalled_ns += (uint64_t)p->stalled_ns;
	add_engine_counts(&sim->counts.engines, &c);
}

void
viewers_leave(struct sim *sim, uint32_t node, bool crash)
{
	struct sim_node *n = &sim->nodes[node];

	add_counts(sim, n);
	if (crash) {
		tell(sim, n, TRUTH_LEAVE, "crash");
		sim->counts.crashes++;
	} else {
		engine_leave(n->engine, sim->now);
	}
	sim->counts.departures++;
	if (sim->net != NULL)
		sim->net->present(sim->net, n->number, false);
	sim->slot_of[n->number] = SIM_NOBODY;
	n->number = SIM_NOBODY;
}

void
viewers_zap(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->nodes[node];
	uint32_t others = sim->scenario.n_channels - 1;

	if (sim->scenario.zap_mean_s > 0)
		swarm_push(sim, sim->now + rng_exp_ns(&sim->rng,
		                                      sim->scenario.zap_mean_s * SIM_SECOND),
		           SIM_ZAP, node, n->number);
	if (others == 0)
		return;
	n->channel = (n->channel + 1 + rng_below(&sim->rng, others)) %
	             sim->scenario.n_channels;
	sim->counts.switches++;
	engine_switch(n->engine, swarm_channel(sim, n->channel), sim->now);
	swarm_wake(sim, n);
}

void
viewers_end(struct sim *sim)
{
	for (uint32_t i = sim->scenario.n_channels; i < sim->n_nodes; i++)
		if (sim->nodes[i].number != SIM_NOBODY)
			add_counts(sim, &sim->nodes[i]);
}

/* --- what is done to them ----------------------------------------------------- */

void
viewers_restore(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->nodes[node];
	uint32_t up = n->source ? sim->scenario.channels[n->channel].origin_up_kbps * 11 / 10 + 1
	                        : sim->scenario.classes[n->peer_class].up_kbps;

	n->line.up_kbps = up;
	if (!n->source)
		n->line.down_kbps = sim->scenario.classes[n->peer_class].down_kbps;
	n->line.out = false;
	if (!n->source)
		tell(sim, n, TRUTH_IMPAIR, "restored");
}

static void
impair(struct sim *sim, uint32_t node, const struct scenario_step *step)
{
	struct sim_node *n = &sim->nodes[node];

	switch (step->what) {
	case STEP_LEAVE:
	case STEP_CRASH:
		viewers_leave(sim, node, step->what == STEP_CRASH);
		return;
	case STEP_SWITCH:
		viewers_zap(sim, node);
		return;
	case STEP_LIMIT_DOWN:
		n->line.down_kbps = step->kbps;
		break;
	case STEP_LIMIT_UP:
		n->line.up_kbps = step->kbps;
		break;
	case STEP_OUTAGE:
		n->line.out = true;
		break;
	case STEP_JOIN:
	case STEP_ORIGIN_UP:
	case STEP_WHATS:
		return;
	}
	tell(sim, n, TRUTH_IMPAIR, scenario_step_name(step->what));
	swarm_push(sim, sim->now + step->for_ms * SIM_MS, SIM_RESTORE, node, n->number);
}

static bool
settled(const struct sim *sim, uint32_t node)
{
	const struct sim_node *n = &sim->nodes[node];

	return n->number != SIM_NOBODY && sim->now - n->joined_ns >= SETTLED_NS &&
	       !n->line.out && n->line.down_kbps == sim->scenario.classes[n->peer_class].down_kbps;
}

static void
limit_origins(struct sim *sim, const struct scenario_step *step)
{
	for (uint32_t i = 0; i < sim->scenario.n_channels; i++) {
		sim->nodes[i].line.up_kbps = step->kbps;
		swarm_push(sim, sim->now + step->for_ms * SIM_MS, SIM_RESTORE, i,
		           sim->nodes[i].number);
	}
}

void
viewers_step(struct sim *sim, uint32_t index)
{
	const struct scenario_step *step = &sim->scenario.steps[index];
	uint32_t first = sim->scenario.n_channels, n = sim->n_nodes - first, left = step->n;
	uint32_t start;

	if (step->what == STEP_JOIN) {
		plan_joins(sim, step->n, sim->now, step->for_ms * SIM_MS);
		return;
	}
	if (step->what == STEP_ORIGIN_UP) {
		limit_origins(sim, step);
		return;
	}
	start = rng_below(&sim->rng, n);
	for (uint32_t i = 0; i < n && left > 0; i++) {
		uint32_t node = first + (start + i) % n;

		if (!settled(sim, node))
			continue;
		impair(sim, node, step);
		left--;
	}
}
