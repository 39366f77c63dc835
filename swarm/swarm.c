/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/swarm.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "peer/signer_ed25519.h"
#include "peer/tracker.h"
#include "proto/sign.h"
#include "swarm/ts.h"

#define LOOPBACK 0x7f000001u /* 127.N.0.1 */
#define NETWORKS 16u         /* tried for one that is free */
#define TRACKER_PORT 6900u
#define PEER_PORT 7000u
#define FIRST_CHUNK 100000u /* so that an offset of 0 means that nothing is there */
#define LEASE_S 60u
#define ANSWER 12u
#define MS_NS INT64_C(1000000)
#define TICK_MS 20u         /* viewers come, and the end is looked for */
#define END_MS 300u         /* goodbyes are under way so long */
#define READ_MOST 65536u
#define MADE 4096u          /* chunks whose source time is remembered */

struct viewer {
	struct node node;
	int64_t due_ns, joined_ns, playing_ns;
	struct swarm *swarm;
};

struct swarm {
	struct swarm_options opt;
	uv_loop_t loop;
	uv_timer_t tick, media, end;
	uv_udp_t tracker_udp;
	uv_signal_t interrupt, term;
	uv_pipe_t pipe;
	bool piped, ending;
	int file;
	struct tracker tracker;
	struct engine_channel channel;
	struct signer_ed25519 signer;
	struct node origin;
	struct viewer *viewer;
	struct ts ts;
	uint64_t head, pieces;
	int64_t made_ns[MADE]; /* of chunk % MADE, the last ones */
	uint32_t joined, counter;
	int64_t begun_ns;
	char room[READ_MOST];
};

static struct endpoint
at(const struct swarm *s, uint32_t number, uint16_t port)
{
	return endpoint_ipv4(LOOPBACK + (s->opt.network << 16) + number, port);
}

struct endpoint
swarm_tracker(const struct swarm *s)
{
	return at(s, 0, TRACKER_PORT);
}

struct endpoint
swarm_origin(const struct swarm *s)
{
	return s->origin.self;
}

struct endpoint
swarm_viewer(const struct swarm *s, uint32_t i)
{
	return s->viewer[i].node.self;
}

uint64_t
swarm_channel_id(const struct swarm *s)
{
	return s->channel.id;
}

/* --- the tracker -------------------------------------------------------------------------- */

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *to)
{
	struct swarm *s = handle->data;

	(void)wanted;
	*to = uv_buf_init(s->room, sizeof s->room);
}

static void
on_register(uv_udp_t *udp, ssize_t len, const uv_buf_t *bytes, const struct sockaddr *from,
            unsigned flags)
{
	struct swarm *s = udp->data;
	uint8_t reply[2048];
	struct endpoint who;
	size_t n;
	uv_buf_t buf;

	if (len <= 0 || from == NULL || flags & UV_UDP_PARTIAL || from->sa_family != AF_INET)
		return;
	who = node_endpoint(from);
	n = tracker_frame(&s->tracker, &who, (const uint8_t *)bytes->base, (size_t)len,
	                  node_now(), reply, sizeof reply);
	if (n == 0)
		return;
	buf = uv_buf_init((char *)reply, (unsigned)n);
	uv_udp_try_send(udp, &buf, 1, from);
}

/* Is there another swarm's tracker? */
static bool
is_taken(const struct swarm *s)
{
	struct endpoint self = swarm_tracker(s);
	struct sockaddr_storage address;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool taken;

	node_sockaddr(&self, &address);
	taken = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(struct sockaddr_in)) != 0 &&
	        errno == EADDRINUSE;
	if (fd >= 0)
		close(fd);
	return taken;
}

/* The network that was asked for, or the first that is free. */
static void
choose_network(struct swarm *s)
{
	if (s->opt.network != 0)
		return;
	for (s->opt.network = 1; s->opt.network < NETWORKS && is_taken(s);)
		s->opt.network++;
}

static int
open_tracker(struct swarm *s)
{
	struct endpoint self = swarm_tracker(s);
	struct sockaddr_storage address;
	int code;

	s->tracker = (struct tracker){ .max = s->opt.peers + 1, .lease_s = LEASE_S,
		.answer = ANSWER, .peer_id = 1, .rng = rng_seeded(s->opt.seed, 3) };
	s->tracker.list = calloc(s->tracker.max, sizeof *s->tracker.list);
	if (s->tracker.list == NULL)
		abort();
	node_sockaddr(&self, &address);
	uv_udp_init(&s->loop, &s->tracker_udp);
	s->tracker_udp.data = s;
	code = uv_udp_bind(&s->tracker_udp, (struct sockaddr *)&address, 0);
	if (code == 0)
		code = uv_udp_recv_start(&s->tracker_udp, on_room, on_register);
	errno = -code;
	return code == 0 ? 0 : code == UV_EADDRINUSE ? ERR_STORE : ERR_IO;
}

/* --- the source --------------------------------------------------------------------------- */

static void
on_piece(void *ctx, const uint8_t *piece, size_t len)
{
	struct swarm *s = ctx;

	s->pieces++;
	s->made_ns[(s->head + 1) % MADE] = node_now();
	node_media(&s->origin, ++s->head, piece, len);
}

/* The time of a chunk has passed: the next is made, or read. */
static void
on_media(uv_timer_t *timer)
{
	struct swarm *s = timer->data;
	uint64_t before = s->pieces;
	size_t len = (size_t)s->opt.bitrate_kbps * (size_t)(s->opt.chunk_ns / MS_NS) / 8 /
	             TS_PACKET * TS_PACKET;
	ssize_t n = 1;

	if (s->opt.source == NULL) {
		ts_make((uint8_t *)s->room, len, s->begun_ns + (int64_t)s->pieces * s->opt.chunk_ns,
		        &s->counter);
		on_piece(s, (const uint8_t *)s->room, len);
		return;
	}
	while (s->pieces == before && n > 0) {
		n = read(s->file, s->room, 4 * TS_PACKET);
		if (n > 0)
			ts_feed(&s->ts, (const uint8_t *)s->room, (size_t)n, on_piece, s);
	}
	if (n <= 0) /* the stream ends; viewers play what they have */
		uv_timer_stop(timer);
}

static void
on_piped(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct swarm *s = stream->data;

	if (n > 0)
		ts_feed(&s->ts, (const uint8_t *)bytes->base, (size_t)n, on_piece, s);
	else if (n < 0)
		uv_read_stop(stream);
}

static int
open_source(struct swarm *s)
{
	const char *path = s->opt.source;

	ts_init(&s->ts, s->opt.chunk_ns);
	s->file = -1;
	if (path == NULL)
		return 0;
	if (strcmp(path, "-") == 0 && uv_guess_handle(0) != UV_FILE) {
		s->piped = true;
		uv_pipe_init(&s->loop, &s->pipe, 0);
		s->pipe.data = s;
		if (uv_pipe_open(&s->pipe, 0) < 0 ||
		    uv_read_start((uv_stream_t *)&s->pipe, on_room, on_piped) < 0)
			return ERR_IO;
		return 0;
	}
	s->file = strcmp(path, "-") == 0 ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
	return s->file < 0 ? ERR_IO : 0;
}

/* --- viewers ------------------------------------------------------------------------------ */

/* How far behind the source it happens, as truth.h says. */
static int64_t
behind_ns(const struct swarm *s, const struct truth_event *ev)
{
	uint64_t chunk = ev->kind == TRUTH_SKIP ? ev->chunk + ev->chunks : ev->chunk;

	if (ev->kind != TRUTH_CHUNK && ev->kind != TRUTH_PLAY && ev->kind != TRUTH_RESUME &&
	    ev->kind != TRUTH_SKIP)
		return INT64_MIN;
	if (chunk > s->head || s->head - chunk >= MADE || chunk < FIRST_CHUNK)
		return INT64_MIN;
	return ev->t_ns - s->made_ns[chunk % MADE];
}

static void
on_truth(void *ctx, const struct node *n, const struct truth_event *ev)
{
	struct viewer *v = ctx;
	struct truth_event told = *ev;

	told.behind_ns = behind_ns(v->swarm, ev);
	if (ev->kind == TRUTH_PLAY && v->playing_ns == 0)
		v->playing_ns = ev->t_ns;
	if (v->swarm->opt.out.truth != NULL)
		v->swarm->opt.out.truth(v->swarm->opt.out.ctx, n, &told);
}

static int
open_peer(struct swarm *s, struct node *n, uint32_t number, const struct node_out *out)
{
	bool source = out == NULL;
	const struct node_out nobody = { NULL, NULL };
	struct rng rng = rng_seeded(s->opt.seed, 100 + number);
	struct engine_options opt;
	int rc;

	engine_defaults(&opt);
	opt.channel = s->channel;
	opt.self = at(s, number, PEER_PORT);
	opt.peer_id = rng_next(&rng) | 1;
	opt.seed = rng_next(&rng);
	opt.signer = &s->signer.signer;
	opt.source = source;
	opt.up_kbps = source ? s->opt.origin_kbps : s->opt.up_kbps[number % s->opt.classes];
	if (source)
		opt.partners = opt.max_partners = 16;
	rc = node_open(n, &s->loop, &opt, !source, source ? &nobody : out);
	n->number = number;
	return rc;
}

static int
open_viewers(struct swarm *s)
{
	struct rng rng = rng_seeded(s->opt.seed, 5);
	int rc = 0;

	s->viewer = calloc(s->opt.peers, sizeof *s->viewer);
	if (s->viewer == NULL)
		abort();
	for (uint32_t i = 0; rc == 0 && i < s->opt.peers; i++) {
		struct viewer *v = &s->viewer[i];
		const struct node_out out = { on_truth, v };

		v->swarm = s;
		v->due_ns = (int64_t)(rng_next(&rng) % (uint64_t)(s->opt.over_ns + 1));
		rc = open_peer(s, &v->node, 2 + i, &out);
	}
	return rc;
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

	for (uint32_t i = 0; i < s->opt.peers; i++)
		node_close(&s->viewer[i].node);
	node_close(&s->origin);
	uv_walk(&s->loop, close_if_open, NULL);
}

/* All say goodbye; some time later everything closes. */
static void
end(struct swarm *s)
{
	if (s->ending)
		return;
	s->ending = true;
	uv_timer_stop(&s->media);
	uv_timer_stop(&s->tick);
	for (uint32_t i = 0; i < s->opt.peers; i++)
		node_leave(&s->viewer[i].node);
	node_leave(&s->origin);
	uv_timer_start(&s->end, on_end, END_MS, 0);
}

static void
on_tick(uv_timer_t *timer)
{
	struct swarm *s = timer->data;
	int64_t now = node_now();

	for (uint32_t i = 0; i < s->opt.peers; i++) {
		struct viewer *v = &s->viewer[i];

		if (v->joined_ns != 0 || now - s->begun_ns < v->due_ns)
			continue;
		v->joined_ns = now;
		s->joined++;
		node_join(&v->node);
	}
	if (s->opt.duration_ns > 0 && now - s->begun_ns >= s->opt.duration_ns)
		end(s);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	end(handle->data);
}

static int
explain(int rc, const struct swarm_options *opt, const char *what, char why[SWARM_WHY])
{
	if (rc == ERR_STORE)
		snprintf(why, SWARM_WHY, "%s: the address is taken (another swarm runs there: end "
		                         "it first, or name another --network)", what);
	else if (rc == ERR_IO && opt->source != NULL && strcmp(what, "source") == 0)
		snprintf(why, SWARM_WHY, "cannot read %s: %s (name an MPEG-TS file, or - for "
		                         "standard input)", opt->source, strerror(errno));
	else
		snprintf(why, SWARM_WHY, "%s: %s", what, strerror(errno));
	return rc;
}

int
swarm_open(const struct swarm_options *opt, struct swarm **out, char why[SWARM_WHY])
{
	struct swarm *s = calloc(1, sizeof *s);
	uint8_t key[SIGN_SEED] = { 0 };
	int rc;

	if (s == NULL || !sign_init())
		abort();
	*out = s;
	s->opt = *opt;
	s->head = FIRST_CHUNK - 1;
	choose_network(s);
	memcpy(key, &opt->seed, sizeof opt->seed);
	signer_ed25519(&s->signer, key);
	s->channel = (struct engine_channel){ .id = rng_seeded(opt->seed, 1).state | 1,
		.chunk_ns = opt->chunk_ns, .bitrate_kbps = opt->bitrate_kbps,
		.tracker = at(s, 0, TRACKER_PORT) };
	uv_loop_init(&s->loop);
	uv_timer_init(&s->loop, &s->tick);
	uv_timer_init(&s->loop, &s->media);
	uv_timer_init(&s->loop, &s->end);
	uv_signal_init(&s->loop, &s->interrupt);
	uv_signal_init(&s->loop, &s->term);
	s->tick.data = s->media.data = s->end.data = s->interrupt.data = s->term.data = s;
	if ((rc = open_source(s)) != 0)
		return explain(rc, opt, "source", why);
	if ((rc = open_tracker(s)) != 0)
		return explain(rc, opt, "tracker", why);
	if ((rc = open_peer(s, &s->origin, 1, NULL)) != 0)
		return explain(rc, opt, "origin", why);
	if ((rc = open_viewers(s)) != 0)
		return explain(rc, opt, "viewers", why);
	return 0;
}

void
swarm_run(struct swarm *s)
{
	uint64_t chunk_ms = (uint64_t)(s->opt.chunk_ns / MS_NS);

	s->begun_ns = node_now();
	uv_signal_start(&s->interrupt, on_signal, SIGINT);
	uv_signal_start(&s->term, on_signal, SIGTERM);
	node_join(&s->origin);
	if (!s->piped)
		uv_timer_start(&s->media, on_media, chunk_ms, chunk_ms);
	uv_timer_start(&s->tick, on_tick, 0, TICK_MS);
	uv_run(&s->loop, UV_RUN_DEFAULT);
}

static int
by_size(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

struct swarm_counts
swarm_counts(const struct swarm *s)
{
	struct swarm_counts c = { .joined = s->joined, .pieces = s->pieces,
		.unsent = s->origin.unsent, .startup_p50_s = NAN, .startup_p95_s = NAN };
	double *startup = calloc(s->opt.peers + 1, sizeof *startup);

	if (startup == NULL)
		abort();
	for (uint32_t i = 0; i < s->opt.peers; i++) {
		const struct viewer *v = &s->viewer[i];
		const struct player *p = engine_player(v->node.engine);

		c.played += p->played;
		c.skipped += p->skipped;
		c.stalls += p->stalls;
		c.stalled_ns += p->stalled_ns;
		c.unsent += v->node.unsent;
		if (v->playing_ns != 0)
			startup[c.started++] = (double)(v->playing_ns - v->joined_ns) / 1e9;
	}
	qsort(startup, c.started, sizeof *startup, by_size);
	if (c.started > 0) {
		c.startup_p50_s = startup[c.started / 2];
		c.startup_p95_s = startup[(c.started - 1) * 95 / 100];
	}
	free(startup);
	return c;
}

void
swarm_close(struct swarm *s)
{
	if (s == NULL)
		return;
	uv_walk(&s->loop, close_if_open, NULL); /* where it never ran */
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	if (s->file >= 0)
		close(s->file);
	for (uint32_t i = 0; s->viewer != NULL && i < s->opt.peers; i++)
		node_free(&s->viewer[i].node);
	node_free(&s->origin);
	free(s->viewer);
	free(s->tracker.list);
	free(s);
}
