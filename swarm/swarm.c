/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/swarm.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "peer/signer_ed25519.h"
#include "proto/sign.h"
#include "swarm/media.h"
#include "swarm/host.h"
#include "swarm/source.h"

#define LOOPBACK 0x7f000001u /* 127.N.0.1 */
#define NETWORKS 16u         /* tried for one that is free */
#define FIRST_VIEWER 64u     /* its number: see peer/swarm.h */
#define MS_NS INT64_C(1000000)
#define TICK_MS 20u          /* players are served so often */
#define END_MS 300u          /* goodbyes are under way so long */
#define SKEW_LEAST 20u
#define MADE 4096u           /* chunks whose source time is remembered */

struct delays {
	double *list;
	uint32_t n, room;
};

struct channel {
	struct media media;
	int64_t made_ns[MADE]; /* of chunk % MADE, the last ones */
	uint64_t head;
	struct source source;
	struct swarm *swarm;
	uint32_t number;
};

struct swarm {
	struct sim_net net;
	struct sim_out out;
	struct swarm_options opt;
	struct scenario scenario; /* with time for goodbyes */
	swarm_truth *truth;
	void *ctx;
	uv_loop_t loop;
	uv_timer_t due, tick, end;
	uv_signal_t interrupt, term;
	bool ending;
	int failed; /* err of a socket that could not be opened, and errno */
	int failed_errno;
	struct signer_ed25519 signer;
	struct sim *sim;   /* owned */
	struct channel *channel;
	struct host **host; /* by number; NULL: nobody */
	uint32_t numbers;
	int64_t end_ns;
	struct delays startup, switching;
	uint64_t unsent;   /* of those who have gone */
	double skew_s;
};

static struct endpoint
at(const struct swarm *s, uint32_t number, uint16_t port)
{
	return endpoint_ipv4(s->net.base + number, port);
}

struct endpoint
swarm_tracker(const struct swarm *s)
{
	return s->host[0]->wire.self;
}

struct endpoint
swarm_origin(const struct swarm *s, uint32_t channel)
{
	return s->host[1 + channel]->wire.self;
}

struct endpoint
swarm_viewer(const struct swarm *s, uint32_t i)
{
	return at(s, FIRST_VIEWER + i, s->host[0]->wire.self.port);
}

uint64_t
swarm_channel_id(const struct swarm *s, uint32_t channel)
{
	return sim_channel(s->sim, channel)->id;
}

/* --- time --------------------------------------------------------------------------------- */

static void end(struct swarm *s);
static void on_due(uv_timer_t *timer);

static void
wake(struct swarm *s)
{
	int64_t due = sim_due(s->sim), now = clock_steady_ns();

	uv_timer_start(&s->due, on_due,
	               due <= now ? 0 : (uint64_t)((due - now + MS_NS - 1) / MS_NS), 0);
}

static void
on_due(uv_timer_t *timer)
{
	struct swarm *s = timer->data;

	sim_run(s->sim, clock_steady_ns() - s->net.start_ns);
	wake(s);
}

/* --- sockets ------------------------------------------------------------------------------ */

static void
on_frame(void *ctx, const struct endpoint *from, const uint8_t *frame, size_t len)
{
	struct host *n = ctx;
	struct swarm *s = n->opt.owner;

	if (n->gone)
		return;
	sim_arrived(s->sim, n->opt.number, from, frame, len, clock_steady_ns());
	wake(s);
}

static void
come(struct swarm *s, uint32_t number)
{
	struct host_options opt = { .number = number, .self = at(s, number, SIM_PORT),
		.wire = s->opt.wire, .frame = on_frame, .owner = s, .unsent = &s->unsent };
	int err;

	if (number >= FIRST_VIEWER)
		opt.player = at(s, number, PORT_NUMBER);
	err = host_open(&s->host[number], &s->loop, &opt);
	if (err == 0 || s->failed != 0)
		return;
	s->failed = err;
	s->failed_errno = errno;
}

static void
present(struct sim_net *self, uint32_t number, bool here)
{
	struct swarm *s = (struct swarm *)self;

	if (here)
		come(s, number);
	else
		host_leave(s->host[number]);
}

static struct channel *
channel_of(struct swarm *s, uint64_t id)
{
	for (uint32_t i = 0; i < s->scenario.n_channels; i++)
		if (swarm_channel_id(s, i) == id)
			return &s->channel[i];
	return NULL;
}

/* Every viewer's chunks are the same bytes, or they would not be genuine: they are kept once. */
static bool
find_media(struct swarm *s, const struct sim_hop *hop, struct wire_parts *p)
{
	struct reader in = reader_over(hop->frame, hop->len);
	const struct media_chunk *c;
	struct channel *channel;
	struct mesh_frame f;

	if (mesh_read(&in, &f) != PROTO_OBSERVED || (channel = channel_of(s, f.channel)) == NULL)
		return false;
	c = media_get(&channel->media, f.u.chunk.chunk);
	if (c == NULL || c->len != hop->media)
		return false;
	p->media = c->bytes;
	p->media_len = c->len;
	return true;
}

static void
carry(struct sim_net *self, const struct sim_hop *hop)
{
	struct swarm *s = (struct swarm *)self;
	struct host *from = s->host[hop->from];
	struct endpoint to = at(s, hop->to, SIM_PORT);
	struct wire_parts p = { .frame = hop->frame, .len = hop->len };

	if (from == NULL || (hop->media > 0 && !find_media(s, hop, &p)))
		return;
	if (hop->from == 0 || hop->to == 0)
		wire_datagram(&from->wire, &to, &p);
	else
		wire_send(&from->wire, &to, &p);
}

/* --- media -------------------------------------------------------------------------------- */

static void
on_piece(void *ctx, const uint8_t *piece, size_t len)
{
	struct channel *c = ctx;
	int64_t now = clock_steady_ns();

	media_put(&c->media, ++c->head, piece, len);
	c->made_ns[c->head % MADE] = now;
	sim_media(c->swarm->sim, c->number, piece, (uint32_t)len, now);
	wake(c->swarm);
}

/* What a viewer plays now goes to who reads it. */
static void
play(struct swarm *s, struct host *n, const struct sim_viewer *v)
{
	struct channel *c = &s->channel[v->channel];

	if (n->channel != v->channel) {
		n->channel = v->channel;
		port_tune(&n->port, s->scenario.channels[v->channel].name, &c->media,
		          sim_channel(s->sim, v->channel)->chunk_ns);
	}
	port_follow(&n->port, engine_player(v->engine)->pos, engine_ready(v->engine));
}

static void
on_tick(uv_timer_t *timer)
{
	struct swarm *s = timer->data;
	struct sim_viewer v;

	for (uint32_t i = 0; i < sim_slots(s->sim); i++)
		if (sim_viewer(s->sim, i, &v) && s->host[v.number] != NULL)
			play(s, s->host[v.number], &v);
	if (s->end_ns > 0 && clock_steady_ns() >= s->end_ns)
		end(s);
}

/* --- what viewers live through ------------------------------------------------------------ */

static void
add_delay(struct delays *d, int64_t ns)
{
	if (d->n == d->room) {
		d->room = d->room > 0 ? 2 * d->room : 256;
		d->list = realloc(d->list, d->room * sizeof *d->list);
		if (d->list == NULL)
			abort();
	}
	d->list[d->n++] = (double)ns / 1e9;
}

static void
count_wait(struct swarm *s, struct host *n, const struct truth_event *ev)
{
	if (ev->kind == TRUTH_JOIN || ev->kind == TRUTH_SWITCH) {
		n->asked_ns = ev->t_ns;
		n->switching = ev->kind == TRUTH_SWITCH;
	} else if (ev->kind == TRUTH_PLAY && n->asked_ns != 0) {
		add_delay(n->switching ? &s->switching : &s->startup, ev->t_ns - n->asked_ns);
		n->asked_ns = 0;
	}
}

/* How far behind the source it happens, as truth.h says: by the source's real times. */
static int64_t
behind_ns(const struct channel *c, const struct truth_event *ev)
{
	uint64_t chunk = ev->kind == TRUTH_SKIP ? ev->chunk + ev->chunks : ev->chunk;

	if (ev->behind_ns == INT64_MIN || chunk > c->head || c->head - chunk >= MADE ||
	    c->made_ns[chunk % MADE] == 0)
		return INT64_MIN;
	return ev->t_ns - c->made_ns[chunk % MADE];
}

static void
on_truth(struct sim_out *self, const struct sim_viewer *v, const struct truth_event *ev)
{
	struct swarm *s = (struct swarm *)((char *)self - offsetof(struct swarm, out));
	struct truth_event told = *ev;

	count_wait(s, s->host[v->number], ev);
	told.behind_ns = behind_ns(&s->channel[v->channel], ev);
	if (s->truth != NULL)
		s->truth(s->ctx, &v->at, v->number, &told);
}

/* --- running ------------------------------------------------------------------------------ */

static void
close_if_open(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void
on_end(uv_timer_t *timer)
{
	struct swarm *s = timer->data;

	uv_timer_stop(&s->due);
	for (uint32_t i = 0; i < s->numbers; i++)
		if (s->host[i] != NULL)
			host_close(s->host[i]);
	for (uint32_t i = 0; i < s->scenario.n_channels; i++)
		source_close(&s->channel[i].source);
	close_if_open((uv_handle_t *)&s->due, NULL);
	close_if_open((uv_handle_t *)&s->tick, NULL);
	close_if_open((uv_handle_t *)&s->end, NULL);
	close_if_open((uv_handle_t *)&s->interrupt, NULL);
	close_if_open((uv_handle_t *)&s->term, NULL);
}

static int
by_size(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

/* How far apart the viewers of the first channel are. */
static double
skew(const struct swarm *s)
{
	double *lag = calloc(sim_slots(s->sim), sizeof *lag), apart = (double)NAN;
	int64_t now = clock_steady_ns();
	struct sim_viewer v;
	uint32_t n = 0;

	if (lag == NULL)
		abort();
	for (uint32_t i = 0; i < sim_slots(s->sim); i++)
		if (sim_viewer(s->sim, i, &v) && v.channel == 0 &&
		    engine_player(v.engine)->state == PLAYER_PLAY)
			lag[n++] = ((double)(engine_player(v.engine)->boundary_ns - now) -
			            (double)engine_player(v.engine)->pos *
			            (double)sim_channel(s->sim, 0)->chunk_ns) / 1e9;
	qsort(lag, n, sizeof *lag, by_size);
	if (n >= SKEW_LEAST)
		apart = lag[n * 95 / 100] - lag[n * 5 / 100];
	free(lag);
	return apart;
}

/* All say goodbye; some time later everything closes. */
static void
end(struct swarm *s)
{
	if (s->ending)
		return;
	s->ending = true;
	for (uint32_t i = 0; i < s->scenario.n_channels; i++)
		source_stop(&s->channel[i].source);
	uv_timer_stop(&s->tick);
	s->skew_s = skew(s);
	sim_leave_all(s->sim, clock_steady_ns());
	wake(s);
	uv_timer_start(&s->end, on_end, END_MS, 0);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	end(handle->data);
}

void
swarm_run(struct swarm *s)
{
	int64_t now = clock_steady_ns();

	uv_signal_start(&s->interrupt, on_signal, SIGINT);
	uv_signal_start(&s->term, on_signal, SIGTERM);
	for (uint32_t i = 0; i < s->scenario.n_channels; i++)
		source_start(&s->channel[i].source, now);
	uv_timer_start(&s->tick, on_tick, 0, TICK_MS);
	wake(s);
	uv_run(&s->loop, UV_RUN_DEFAULT);
}

/* --- opening ------------------------------------------------------------------------------ */

/* Is there another swarm's tracker? */
static bool
is_taken(uint32_t network)
{
	struct endpoint self = endpoint_ipv4(LOOPBACK + (network << 16), SIM_PORT);
	struct sockaddr_storage address;
	socklen_t len = wire_sockaddr(&self, &address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool taken = fd >= 0 && bind(fd, (struct sockaddr *)&address, len) != 0 &&
	             errno == EADDRINUSE;

	if (fd >= 0)
		close(fd);
	return taken;
}

/* The network that was asked for, or the first that is free. */
static uint32_t
choose_network(uint32_t network)
{
	if (network != 0)
		return network;
	for (network = 1; network < NETWORKS && is_taken(network);)
		network++;
	return network;
}

static int
explain(int err, const char *what, const char *source, char why[SWARM_WHY])
{
	if (err == ERR_STORE)
		snprintf(why, SWARM_WHY, "%s: the address is taken (another swarm runs there: end "
		                         "it first, or name another --network)", what);
	else if (err == ERR_USAGE)
		snprintf(why, SWARM_WHY, "%s is no address (write udp://127.0.0.1:5000)", source);
	else if (source != NULL)
		snprintf(why, SWARM_WHY, "cannot read %s: %s (name an MPEG-TS file, udp://, or - "
		                         "for standard input)", source, strerror(errno));
	else
		snprintf(why, SWARM_WHY, "%s: %s", what, strerror(errno));
	return err;
}

static void
begin_loop(struct swarm *s)
{
	signal(SIGPIPE, SIG_IGN); /* who hangs up is told by an error */
	uv_loop_init(&s->loop);
	uv_timer_init(&s->loop, &s->due);
	uv_timer_init(&s->loop, &s->tick);
	uv_timer_init(&s->loop, &s->end);
	uv_signal_init(&s->loop, &s->interrupt);
	uv_signal_init(&s->loop, &s->term);
	s->due.data = s->tick.data = s->end.data = s->interrupt.data = s->term.data = s;
}

/* The crowd: tracker and origins open their sockets now. */
static void
begin_crowd(struct swarm *s)
{
	size_t size = (sim_size(&s->scenario) + 63) / 64 * 64;
	uint8_t key[SIGN_SEED] = { 0 };
	void *mem = aligned_alloc(64, size);

	if (mem == NULL || !sign_init())
		abort();
	memset(mem, 0, size);
	memcpy(key, &s->opt.seed, sizeof s->opt.seed);
	signer_ed25519(&s->signer, key);
	s->net = (struct sim_net){ .base = LOOPBACK + (s->opt.network << 16),
		.start_ns = clock_steady_ns(), .carry = carry, .present = present };
	s->out.truth = on_truth;
	s->sim = sim_init_net(mem, &s->scenario, s->opt.seed, &s->signer.signer, &s->net, &s->out);
	s->end_ns = s->net.start_ns + s->opt.scenario->duration_ms * MS_NS;
}

static int
open_channels(struct swarm *s)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < s->scenario.n_channels; i++) {
		const struct scenario_channel *wanted = &s->scenario.channels[i];
		struct channel *c = &s->channel[i];

		c->swarm = s;
		c->number = i;
		c->head = sim_head(s->sim, i);
		err = source_open(&c->source, &s->loop, i == 0 ? s->opt.source : NULL,
		                  wanted->chunk_ms * MS_NS, wanted->bitrate_kbps, on_piece, c);
	}
	return err;
}

int
swarm_open(const struct swarm_options *opt, swarm_truth *truth, void *ctx, struct swarm **out,
           char why[SWARM_WHY])
{
	struct swarm *s = calloc(1, sizeof *s);
	int err;

	if (s == NULL)
		abort();
	*out = s;
	s->opt = *opt;
	s->truth = truth;
	s->ctx = ctx;
	s->scenario = *opt->scenario;
	s->scenario.duration_ms += 1000;
	s->opt.network = choose_network(opt->network);
	s->numbers = FIRST_VIEWER + scenario_arrivals(&s->scenario);
	s->channel = calloc(s->scenario.n_channels, sizeof *s->channel);
	s->host = calloc(s->numbers, sizeof *s->host);
	if (s->channel == NULL || s->host == NULL)
		abort();
	s->skew_s = (double)NAN;
	begin_loop(s);
	begin_crowd(s);
	err = s->failed;
	if (err != 0) {
		errno = s->failed_errno;
		return explain(err, "tracker", NULL, why);
	}
	err = open_channels(s);
	return err == 0 ? 0 : explain(err, "source", opt->source, why);
}

/* --- figures ------------------------------------------------------------------------------ */

static double
percentile(const struct delays *d, uint32_t percent)
{
	if (d->n == 0)
		return (double)NAN;
	qsort(d->list, d->n, sizeof *d->list, by_size);
	return d->list[(d->n - 1) * percent / 100];
}

struct swarm_counts
swarm_counts(const struct swarm *s)
{
	struct swarm_counts c = { .sim = sim_counts(s->sim), .started = s->startup.n,
		.switched = s->switching.n, .unsent = s->unsent, .skew_s = s->skew_s,
		.startup_p50_s = percentile(&s->startup, 50),
		.startup_p95_s = percentile(&s->startup, 95),
		.switching_p50_s = percentile(&s->switching, 50),
		.switching_p95_s = percentile(&s->switching, 95) };

	for (uint32_t i = 0; i < s->numbers; i++)
		c.unsent += s->host[i] != NULL ? s->host[i]->wire.unsent : 0;
	for (uint32_t i = 0; i < s->scenario.n_channels; i++)
		c.pieces += s->channel[i].source.pieces;
	return c;
}

void
swarm_close(struct swarm *s)
{
	if (s == NULL)
		return;
	if (!s->ending)
		on_end(&s->end); /* it never ran */
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	for (uint32_t i = 0; i < s->scenario.n_channels; i++)
		media_free(&s->channel[i].media);
	free(s->startup.list);
	free(s->switching.list);
	free(s->channel);
	free(s->host);
	free(s->sim);
	free(s);
}
