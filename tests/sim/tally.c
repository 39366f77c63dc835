/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/tally.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/yaml.h"
#include "peer/scenarios.h"

#define MOST 400000u
#define SECOND 1000000000LL

static void
add(int64_t *list, uint32_t *n, int64_t value)
{
	if (*n < MOST)
		list[(*n)++] = value;
}

static void
on_play(struct tally *t, struct tally_viewer *v, int64_t now)
{
	if (v->asked_ns == 0)
		return;
	if (v->switching)
		add(t->switchings, &t->n_switchings, now - v->asked_ns);
	else
		add(t->startups, &t->n_startups, now - v->asked_ns);
	v->asked_ns = 0;
}

static void
end_stall(struct tally *t, struct tally_viewer *v, int64_t now)
{
	if (v->stalled_ns != 0)
		t->stall_ns += now - v->stalled_ns;
	v->stalled_ns = 0;
}

static void
on_truth(struct sim_out *self, const struct sim_viewer *who, const struct truth_event *ev)
{
	struct tally *t = (struct tally *)self;
	struct tally_viewer *v = &t->viewers[who->number % TALLY_VIEWERS];
	uint64_t words[4] = { (uint64_t)ev->t_ns, who->number, ev->kind, ev->chunk };

	t->digest = hash_bytes(words, sizeof words, t->digest);
	t->events[ev->kind]++;
	if (t->event != NULL)
		t->event(t->ctx, who, ev);
	switch ((enum truth_kind)ev->kind) {
	case TRUTH_JOIN:
		*v = (struct tally_viewer){ .asked_ns = ev->t_ns };
		break;
	case TRUTH_SWITCH:
		end_stall(t, v, ev->t_ns);
		*v = (struct tally_viewer){ .asked_ns = ev->t_ns, .switching = true };
		break;
	case TRUTH_PLAY:
		on_play(t, v, ev->t_ns);
		break;
	case TRUTH_STALL:
		v->stalled_ns = ev->t_ns;
		break;
	case TRUTH_RESUME:
	case TRUTH_REBOOT:
	case TRUTH_LEAVE:
		end_stall(t, v, ev->t_ns);
		break;
	case TRUTH_FIRST_PACKET:
	case TRUTH_SKIP:
	case TRUTH_CHUNK:
	case TRUTH_MISSED:
	case TRUTH_IMPAIR:
	case TRUTH_KINDS:
		break;
	}
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
lag_of(const struct tally *t, const struct sim_viewer *v, const struct scenario *s)
{
	const struct player *p = engine_player(v->engine);
	int64_t chunk_ns = s->channels[v->channel].chunk_ms * 1000000LL;

	return (int64_t)(sim_head(t->sim, v->channel) - p->pos) * chunk_ns +
	       (p->boundary_ns - sim_now(t->sim));
}

/* One sample of how far apart viewers of the first channel are. */
static void
sample(struct tally *t, const struct scenario *s)
{
	static int64_t lags[SCENARIO_PEERS];
	struct sim_viewer v;
	uint32_t n = 0;

	for (uint32_t i = 0; i < sim_slots(t->sim); i++) {
		if (!sim_viewer(t->sim, i, &v))
			continue;
		if (engine_player(v.engine)->played > 0)
			t->watched_ns += SECOND;
		if (v.channel == 0 && engine_player(v.engine)->state == PLAYER_PLAY) {
			lags[n++] = lag_of(t, &v, s);
			add(t->lags, &t->n_lags, lags[n - 1]);
		}
	}
	if (n < 20)
		return;
	qsort(lags, n, sizeof lags[0], by_value);
	add(t->skews, &t->n_skews, lags[n * 95 / 100] - lags[n * 5 / 100]);
}

static struct tally_sums
sum_now(const struct tally *t)
{
	struct sim_counts c = sim_counts(t->sim);
	struct tally_sums sums = { c.played, c.skipped, c.engines.chunks_in,
		(int64_t)c.stalled_ns, t->watched_ns };
	struct sim_viewer v;

	for (uint32_t i = 0; i < sim_slots(t->sim); i++) {
		if (!sim_viewer(t->sim, i, &v))
			continue;
		sums.played += engine_player(v.engine)->played;
		sums.skipped += engine_player(v.engine)->skipped;
		sums.received += engine_counts(v.engine).chunks_in;
		sums.stalled_ns += engine_player(v.engine)->stalled_ns;
	}
	return sums;
}

static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static struct tally_shares
shares_of(const struct tally_sums *from, const struct tally_sums *to, double chunk_s)
{
	double played = (double)(to->played - from->played);
	double skipped = (double)(to->skipped - from->skipped);
	double received = (double)(to->received - from->received);
	double stalled_s = (double)(to->stalled_ns - from->stalled_ns) / SECOND;
	double watched_s = (double)(to->watched_ns - from->watched_ns) / SECOND;

	return (struct tally_shares){ share(received * chunk_s, watched_s),
		share(played * chunk_s, watched_s), share(played, played + skipped),
		share(stalled_s, stalled_s + played * chunk_s) };
}

static void
sum_up(struct tally *t, const struct scenario *s, const struct tally_sums *end)
{
	static const struct tally_sums nothing = { 0 };
	double chunk_s = s->channels[0].chunk_ms / 1000.0;

	t->counts = sim_counts(t->sim);
	t->origin = sim_origin(t->sim, 0);
	t->whole = shares_of(&nothing, end, chunk_s);
	t->settled = shares_of(&t->at_rest, end, chunk_s);
	qsort(t->startups, t->n_startups, sizeof(int64_t), by_value);
	qsort(t->switchings, t->n_switchings, sizeof(int64_t), by_value);
	qsort(t->skews, t->n_skews, sizeof(int64_t), by_value);
	qsort(t->lags, t->n_lags, sizeof(int64_t), by_value);
}

struct tally *
tally_watch(const struct scenario *s, uint64_t seed, const struct signer *signer,
            struct tap *tap, void (*look)(struct sim *sim, void *ctx),
            void (*event)(void *ctx, const struct sim_viewer *who, const struct truth_event *ev),
            void *ctx)
{
	struct tally *t = calloc(1, sizeof *t);
	size_t size = (sim_size(s) + 63) / 64 * 64;
	void *mem = aligned_alloc(64, size);
	int64_t rest = s->duration_ms / 2000 * SECOND;
	struct tally_sums end = { 0 };
	clock_t begun = clock();

	if (t == NULL || mem == NULL)
		abort();
	memset(mem, 0, size);
	t->look = look;
	t->event = event;
	t->ctx = ctx;
	t->out.truth = on_truth;
	t->startups = calloc(4 * MOST, sizeof(int64_t));
	t->switchings = t->startups + MOST;
	t->skews = t->switchings + MOST;
	t->lags = t->skews + MOST;
	t->sim = sim_init(mem, s, seed, signer, tap, &t->out);
	for (int64_t at = SECOND; sim_run(t->sim, at); at += SECOND) {
		sample(t, s);
		end = sum_now(t);
		if (at == rest)
			t->at_rest = end;
		if (look != NULL)
			look(t->sim, ctx);
	}
	t->seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
	sum_up(t, s, &end);
	free(mem);
	t->sim = NULL;
	return t;
}

struct tally *
tally_run(const struct scenario *s, uint64_t seed, const struct signer *signer, struct tap *tap)
{
	return tally_watch(s, seed, signer, tap, NULL, NULL, NULL);
}

static const char *
take(void *ctx, const char *path, const char *text)
{
	return scenario_set(ctx, path, text);
}

void
tally_scenario(struct scenario *s, const char *name)
{
	const struct scenario_text *t = scenarios_builtin;
	struct yaml *y;

	while (t->name != NULL && strcmp(t->name, name) != 0)
		t++;
	scenario_defaults(s);
	if (t->name == NULL)
		abort();
	y = yaml_over(name, t->text, strlen(t->text));
	yaml_each(y, take, s);
	if (yaml_finish(y) != NULL || scenario_check(s) != NULL)
		abort();
	yaml_close(y);
}

/* Half the viewers on half the mean line, a third on the mean, the rest on more. */
void
tally_swarm(struct scenario *s, uint32_t n, double supply, uint32_t ramp_s, uint32_t mean_s)
{
	static const struct scenario_class lines[] = {
		{ .name = "dsl", .share = 50, .down_kbps = 6000, .latency_ms = 25 },
		{ .name = "cable", .share = 35, .down_kbps = 16000, .latency_ms = 15 },
		{ .name = "fibre", .share = 15, .down_kbps = 50000, .latency_ms = 8 },
	};
	double up;

	scenario_defaults(s);
	up = supply * s->channels[0].bitrate_kbps -
	     (double)s->channels[0].origin_up_kbps / (double)n;
	s->n_classes = 3;
	memcpy(s->classes, lines, sizeof lines);
	s->classes[0].up_kbps = (uint32_t)(up * 0.5);
	s->classes[1].up_kbps = (uint32_t)up;
	s->classes[2].up_kbps = (uint32_t)(up * (1 - 0.25 - 0.35) / 0.15);
	s->peers = n;
	s->max_peers = n + n / 2;
	s->ramp_ms = ramp_s * 1000;
	if (mean_s == 0)
		return;
	s->sessions = SESSIONS_EXPONENTIAL;
	s->mean_s = mean_s;
	s->arrivals_per_min = n * 60 / mean_s;
}

void
tally_free(struct tally *t)
{
	free(t->startups);
	free(t);
}

double
tally_at(const int64_t *sorted, uint32_t n, unsigned percent)
{
	uint32_t at = (uint32_t)((uint64_t)n * percent / 100);

	return n > 0 ? (double)sorted[at < n ? at : n - 1] / SECOND : 0;
}
