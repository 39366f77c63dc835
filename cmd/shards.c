/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/shards.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ring.h"

#define ROOM ((size_t)1 << 22) /* bytes of observations that wait for a shard */
#define WAIT_NS 50000
#define SPINS 200

struct shard {
	struct obs_sink in;     /* first: stage 1 puts here */
	struct result_sink out; /* its results */
	struct shards *all;
	struct ring *ring;
	void *memory;
	pthread_t thread;
	uint32_t number;
};

struct shards {
	struct inference *inference;
	struct result_sink *out;
	pthread_mutex_t lock; /* of out */
	uint32_t n;
	struct obs_sink *to[INFERENCE_SHARDS];
	struct result_sink *from[INFERENCE_SHARDS];
	struct shard shard[];
};

static void
rest(unsigned *spins)
{
	const struct timespec wait = { 0, WAIT_NS };

	if (++*spins > SPINS)
		nanosleep(&wait, NULL);
}

static void
put_observation(struct obs_sink *self, const struct observation *o)
{
	struct shard *shard = (struct shard *)(void *)self;
	size_t size = obs_size(o);
	unsigned spins = 0;
	void *place;

	while ((place = ring_reserve(shard->ring, (uint32_t)size)) == NULL)
		rest(&spins);
	memcpy(place, o, size);
	ring_commit(shard->ring);
}

static void
put_result(struct result_sink *self, const struct result *r)
{
	struct shard *shard =
	    (struct shard *)(void *)((char *)self - offsetof(struct shard, out));
	struct shards *all = shard->all;

	pthread_mutex_lock(&all->lock);
	all->out->put(all->out, r);
	pthread_mutex_unlock(&all->lock);
}

static void *
run(void *arg)
{
	struct shard *shard = arg;
	unsigned spins = 0;
	uint32_t len;

	for (;;) {
		const void *record = ring_next(shard->ring, &len);

		if (record != NULL) {
			inference_shard_put(shard->all->inference, shard->number, record);
			ring_release(shard->ring);
			spins = 0;
		} else if (ring_over(shard->ring)) {
			break;
		} else {
			rest(&spins);
		}
	}
	inference_shard_end(shard->all->inference, shard->number);
	return NULL;
}

static void
start(struct shards *s, uint32_t i)
{
	struct shard *shard = &s->shard[i];

	shard->all = s;
	shard->number = i;
	shard->in.put = put_observation;
	shard->out.put = put_result;
	shard->memory = malloc(ring_size(ROOM));
	if (shard->memory == NULL)
		abort();
	shard->ring = ring_init(shard->memory, ROOM);
	s->to[i] = &shard->in;
	s->from[i] = &shard->out;
}

struct shards *
shards_start(struct inference *inf, uint32_t n, struct result_sink *out)
{
	struct shards *s = calloc(1, sizeof *s + n * sizeof s->shard[0]);

	if (s == NULL)
		abort();
	s->inference = inf;
	s->out = out;
	s->n = n;
	pthread_mutex_init(&s->lock, NULL);
	for (uint32_t i = 0; i < n; i++)
		start(s, i);
	inference_spread(inf, s->to, s->from);
	for (uint32_t i = 0; i < n; i++)
		if (pthread_create(&s->shard[i].thread, NULL, run, &s->shard[i]) != 0)
			abort();
	return s;
}

void
shards_finish(struct shards *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		ring_close(s->shard[i].ring);
	for (uint32_t i = 0; i < s->n; i++) {
		pthread_join(s->shard[i].thread, NULL);
		free(s->shard[i].memory);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}
