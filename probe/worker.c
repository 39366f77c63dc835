/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/ring.h"
#include "probe/confine.h"
#include "probe/pages.h"

#define BATCH 1024             /* packets of one interface before the next has its turn */
#define WAIT_MS 100
#define TELL_NS INT64_C(100000000)
#define LAST_NS INT64_C(300000000) /* the kernel hands on what it still has */
#define LATE_NS INT64_C(250000000) /* so long a packet may stay with the kernel */

struct worker {
	struct obs_sink sink; /* first */
	struct worker_options opt;
	struct probe *probe;
	struct live *live[WORKER_INTERFACES];
	struct ring *ring;
	void *memory; /* of the ring */
	pthread_t thread;
	bool started;
	atomic_bool ending;
	_Atomic int64_t seen_ns;
	pthread_mutex_t lock; /* of status */
	struct worker_status status;
	char text[CONFINE_WHY];
	const char *why; /* text, or a live's */
	/* the thread's own */
	uint64_t observations, lost, lost_now;
	int64_t told_ns, lost_from_ns;
};

/* --- observations into the ring ----------------------------------------------------------- */

static bool
put_whole(struct worker *w, const struct observation *o)
{
	size_t size = obs_size(o);
	void *place = ring_reserve(w->ring, (uint32_t)size);

	if (place == NULL)
		return false;
	memcpy(place, o, size);
	ring_commit(w->ring);
	return true;
}

/* What did not fit, once there is room again. */
static bool
put_lost(struct worker *w, const struct observation *next)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_GAP, next->t_ns);

	o->vantage = next->vantage;
	o->origin = next->origin;
	o->u.gap.from_ns = w->lost_from_ns < next->t_ns ? w->lost_from_ns : next->t_ns;
	o->u.gap.packets = w->lost_now;
	o->u.gap.cause = OBS_GAP_DROPPED;
	return put_whole(w, o);
}

static void
put(struct obs_sink *self, const struct observation *o)
{
	struct worker *w = (struct worker *)self;

	w->observations++;
	if (w->lost_now > 0 && put_lost(w, o))
		w->lost_now = 0;
	if (w->lost_now == 0 && put_whole(w, o))
		return;
	if (w->lost_now++ == 0)
		w->lost_from_ns = o->t_ns;
	w->lost++;
}

/* --- its life ----------------------------------------------------------------------------- */

struct worker *
worker_new(const struct worker_options *opt)
{
	struct worker *w = pages_new(1, sizeof *w);

	w->sink.put = put;
	w->opt = *opt;
	w->why = w->text;
	pthread_mutex_init(&w->lock, NULL);
	w->probe = probe_new(&w->opt.decode, &w->sink);
	w->memory = pages_new(1, ring_size(WORKER_RING));
	w->ring = ring_init(w->memory, WORKER_RING);
	for (unsigned i = 0; i < opt->n; i++) {
		struct live_options live = opt->live;

		live.interface = opt->interfaces[i];
		if (live.fanout != 0)
			live.fanout = (uint16_t)(live.fanout + i); /* a group has one interface */
		w->live[i] = live_new(&live, w->probe);
	}
	return w;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	worker_end(w);
	if (w->started)
		pthread_join(w->thread, NULL);
	for (unsigned i = 0; i < w->opt.n; i++)
		live_free(w->live[i]);
	probe_free(w->probe);
	pthread_mutex_destroy(&w->lock);
	pages_free(w->memory, 1, ring_size(WORKER_RING));
	pages_free(w, 1, sizeof *w);
}

int
worker_open(struct worker *w)
{
	for (unsigned i = 0; i < w->opt.n; i++) {
		int err = live_open(w->live[i]);

		if (err != 0) {
			w->why = live_text(w->live[i]);
			return err;
		}
	}
	return 0;
}

static void
tell(struct worker *w, int64_t now_ns)
{
	struct live_counts live[WORKER_INTERFACES];
	const struct counts *decoded;

	w->told_ns = now_ns;
	for (unsigned i = 0; i < w->opt.n; i++)
		live[i] = live_count(w->live[i]);
	decoded = probe_counts(w->probe);
	pthread_mutex_lock(&w->lock);
	w->status.decoded = *decoded;
	memcpy(w->status.live, live, w->opt.n * sizeof live[0]);
	w->status.observations = w->observations;
	w->status.lost = w->lost;
	pthread_mutex_unlock(&w->lock);
	atomic_store(&w->seen_ns, clock_steady_ns() - LATE_NS);
}

static void
wait(const struct worker *w)
{
	struct pollfd p[WORKER_INTERFACES];

	for (unsigned i = 0; i < w->opt.n; i++)
		p[i] = (struct pollfd){ .fd = live_fd(w->live[i]), .events = POLLIN };
	poll(p, w->opt.n, WAIT_MS);
}

static void
turn(struct worker *w)
{
	int64_t now_ns = clock_monotonic_ns();
	int taken = 0;

	for (unsigned i = 0; i < w->opt.n; i++)
		taken += live_take(w->live[i], BATCH);
	if (now_ns - w->told_ns >= TELL_NS)
		tell(w, now_ns);
	if (taken == 0)
		wait(w);
}

static void *
run(void *arg)
{
	struct worker *w = arg;
	char why[CONFINE_WHY];
	int64_t end_ns;

	if (!w->opt.unconfined && confine_decoder(why) != 0) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	while (!atomic_load_explicit(&w->ending, memory_order_relaxed))
		turn(w);
	end_ns = clock_monotonic_ns() + LAST_NS;
	while (clock_monotonic_ns() < end_ns)
		turn(w);
	probe_end(w->probe);
	tell(w, end_ns);
	ring_close(w->ring);
	return NULL;
}

int
worker_start(struct worker *w)
{
	int code = pthread_create(&w->thread, NULL, run, w);

	w->started = code == 0;
	if (w->started)
		return 0;
	snprintf(w->text, sizeof w->text, "cannot start a thread: %s", strerror(code));
	w->why = w->text;
	return ERR_IO;
}

void
worker_end(struct worker *w)
{
	atomic_store(&w->ending, true);
}

/* --- the reader's and the owner's --------------------------------------------------------- */

const struct observation *
worker_next(struct worker *w)
{
	uint32_t len;

	return ring_next(w->ring, &len);
}

void
worker_release(struct worker *w)
{
	ring_release(w->ring);
}

bool
worker_over(const struct worker *w)
{
	return ring_over(w->ring);
}

int64_t
worker_seen(const struct worker *w)
{
	return atomic_load(&w->seen_ns);
}

struct worker_status
worker_status(struct worker *w)
{
	struct worker_status status;

	pthread_mutex_lock(&w->lock);
	status = w->status;
	pthread_mutex_unlock(&w->lock);
	status.seen_ns = worker_seen(w);
	return status;
}

void
worker_tend(struct worker *w, void (*say)(void *ctx, const char *text), void *ctx)
{
	for (unsigned i = 0; i < w->opt.n; i++)
		if (live_tend(w->live[i]))
			say(ctx, live_text(w->live[i]));
}

const char *
worker_text(const struct worker *w)
{
	return w->why;
}
