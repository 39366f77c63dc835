/*
 * Maps of 2,000 chunks through the inference, and what that costs:
 *
 *   one core     100,000 viewers, ten maps each, beside a plain copy of the same records
 *   200,000      a map each in 4 s, once all are there: share of a core, bytes a viewer
 *   two shards   the peer stage alone on what stage 1 gave, in one thread and in two
 *
 * One channel of 4 chunks a second, whose viewers all joined within view and begin at the
 * newest chunks; the maps carry no play position. Medians of the runs asked for (default 3).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/huge.h"
#include "inference/inference.h"
#include "record/result.h"

#define CHUNKS_PER_S 4u
#define WIDTH 2000u
#define FIRST_CHUNK 100000u
#define HELD_AT_ONCE 40u /* chunks that a newcomer gets before its first map */
#define S_NS INT64_C(1000000000)
#define T0_NS INT64_C(1700000000000000000)
#define RUNS_MOST 15u
#define AHEAD 4u /* observations between looking for one and its use */
#define PROTOCOL 1

/* Observations one after another, 8-byte aligned. */
struct tape {
	struct obs_sink sink; /* first: records what is put */
	uint8_t *bytes;
	size_t used, room;
	size_t timed; /* offset of the first that counts */
	uint64_t maps;
};

static void
count(struct result_sink *self, const struct result *r)
{
	(void)self;
	(void)r;
}

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t
padded(const struct observation *o)
{
	return (obs_size(o) + 7) / 8 * 8;
}

static void
record(struct obs_sink *self, const struct observation *o)
{
	struct tape *t = (struct tape *)(void *)self;

	if (t->used + padded(o) > t->room) {
		t->room = t->room * 2 + ((size_t)1 << 20);
		t->bytes = must(realloc(t->bytes, t->room));
	}
	memcpy(t->bytes + t->used, o, obs_size(o));
	t->used += padded(o);
	t->maps += o->kind == OBS_BUFFER_MAP;
}

static struct endpoint
viewer(uint32_t i)
{
	return endpoint_ipv4(0x0a000002 + i, 6000);
}

static void
make_chunks(struct obs_sink *to, uint32_t second)
{
	union obs_buf buf;

	for (uint32_t i = 0; i < CHUNKS_PER_S; i++) {
		int64_t made_ns = T0_NS + second * S_NS + i * S_NS / CHUNKS_PER_S;
		struct observation *o = obs_begin(&buf, OBS_MARK, made_ns + 1000000);

		o->protocol = PROTOCOL;
		o->peer = endpoint_ipv4(0x0a000001, 6000);
		o->to = viewer(0);
		o->offset = FIRST_CHUNK + second * CHUNKS_PER_S + i;
		o->width = 1;
		o->u.mark.source_ns = made_ns;
		to->put(to, o);
	}
}

/* Of all viewers one in step tells its map in this second: it holds all since it joined but
 * its newest few chunks, with some holes among these. */
static void
tell_maps(struct obs_sink *to, uint32_t second, uint32_t viewers, uint32_t step,
          union obs_buf *buf)
{
	uint64_t newest = FIRST_CHUNK + (second + 1) * CHUNKS_PER_S - 1;
	uint32_t held = HELD_AT_ONCE + (second + 1) * CHUNKS_PER_S;

	memset(buf->o.tail + buf->o.tail_len - held / 8, 0xff, held / 8);
	for (uint32_t i = second % step; i < viewers; i += step) {
		struct observation *o = &buf->o;

		o->t_ns = T0_NS + (second + 1) * S_NS + i * (S_NS / viewers);
		o->peer = viewer(i);
		o->to = viewer((i + 1) % viewers);
		o->offset = newest - WIDTH + 1;
		memset(o->tail + o->tail_len - 2, i % 7 ? 0xff : 0x5b, 1);
		to->put(to, o);
	}
}

static void
all_join(struct obs_sink *to, uint32_t viewers)
{
	union obs_buf buf;

	for (uint32_t i = 0; i < viewers; i++) {
		struct observation *o = obs_begin(&buf, OBS_JOIN, T0_NS);

		o->peer = viewer(i);
		o->protocol = PROTOCOL;
		to->put(to, o);
	}
}

static void
make_tape(struct tape *t, uint32_t viewers, uint32_t step, uint32_t length_s)
{
	union obs_buf buf;

	memset(t, 0, sizeof *t);
	t->sink.put = record;
	all_join(&t->sink, viewers);
	obs_begin(&buf, OBS_BUFFER_MAP, 0)->protocol = PROTOCOL;
	obs_set_range(&buf.o, 0, WIDTH);
	for (uint32_t s = 0; s < length_s; s++) {
		if (s == step && step > 1)
			t->timed = t->used;
		make_chunks(&t->sink, s);
		tell_maps(&t->sink, s, viewers, step, &buf);
	}
}

struct run {
	struct inference_options opt;
	struct inference *inf;
	void *mem;
	size_t size;
};

static void
begin(struct run *r, uint32_t viewers, uint32_t shards)
{
	static struct result_sink sink = { count };

	inference_defaults(&r->opt);
	r->opt.max_peers = viewers + viewers / 8 + 16;
	r->opt.shards = shards;
	r->opt.playhead[PROTOCOL].model = PLAYHEAD_FIRST_RECEIVED;
	r->opt.playhead[PROTOCOL].skip_window_chunks = 80;
	r->size = inference_size(&r->opt);
	r->mem = must(huge_alloc(r->size));
	r->inf = inference_init(r->mem, &r->opt, &sink);
}

/* Bytes of its memory that it has touched. */
static double
touched(const struct run *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (r->size + page - 1) / page, n = 0;
	unsigned char *there = must(malloc(pages));

	if (mincore(r->mem, r->size, there) != 0)
		abort();
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	free(there);
	return (double)n * (double)page;
}

/* Processor seconds of what counts. */
static double
put_all(struct run *r, const struct tape *t)
{
	double from = seconds(CLOCK_PROCESS_CPUTIME_ID), took;

	for (size_t at = 0, far = 0, near = 0, next = 0, n = 0; at < t->used; n++) {
		const struct observation *o = (const void *)(t->bytes + at);

		if (far < t->used) {
			inference_expect(r->inf, (const void *)(t->bytes + far), EXPECT_FAR);
			far += padded((const void *)(t->bytes + far));
		}
		if (n >= AHEAD && near < far) {
			inference_expect(r->inf, (const void *)(t->bytes + near), EXPECT_NEAR);
			near += padded((const void *)(t->bytes + near));
		}
		if (n >= 2 * AHEAD && next < near) {
			inference_expect(r->inf, (const void *)(t->bytes + next), EXPECT_NEXT);
			next += padded((const void *)(t->bytes + next));
		}
		if (n < 3 * AHEAD)
			continue;
		if (at == t->timed)
			from = seconds(CLOCK_PROCESS_CPUTIME_ID);
		inference_put(r->inf, o);
		at += padded(o);
	}
	took = seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
	inference_end(r->inf);
	return took;
}

/* The tape through both stages; a first time brings the pages that it needs. */
static double
infer(const struct tape *t, uint32_t viewers, double *bytes)
{
	static struct result_sink sink = { count };
	struct run r;
	double took;

	begin(&r, viewers, 1);
	put_all(&r, t);
	r.inf = inference_init(r.mem, &r.opt, &sink);
	took = put_all(&r, t);
	*bytes = touched(&r);
	huge_free(r.mem, r.size);
	return took;
}

static double
copy(const struct tape *t)
{
	uint8_t *to = must(malloc(t->used));
	double from;

	memset(to, 1, t->used); /* its pages are there */
	from = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t at = 0; at < t->used;) {
		size_t n = padded((const void *)(t->bytes + at));

		memcpy(to + at, t->bytes + at, n);
		at += n;
	}
	from = seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
	free(to);
	return from;
}

static int
by_size(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

static double
median(double *v, uint32_t n)
{
	qsort(v, n, sizeof *v, by_size);
	return v[n / 2];
}

static void
bench_core(uint32_t runs)
{
	double infers[RUNS_MOST], copies[RUNS_MOST], inferred, copied, bytes;
	struct tape t;

	make_tape(&t, 100000, 1, 10);
	for (uint32_t i = 0; i < runs; i++) {
		infers[i] = infer(&t, 100000, &bytes);
		copies[i] = copy(&t);
	}
	inferred = median(infers, runs);
	copied = median(copies, runs);
	printf("one core, 100,000 viewers: %.0f maps/s; a plain copy of the records: %.0f/s; "
	       "%.3f of it\n",
	       (double)t.maps / inferred, (double)t.maps / copied, copied / inferred);
	free(t.bytes);
}

static void
bench_many(uint32_t runs)
{
	double infers[RUNS_MOST], bytes;
	struct tape t;
	uint32_t n = 200000, step = 4, length_s = 16;

	make_tape(&t, n, step, length_s);
	for (uint32_t i = 0; i < runs; i++)
		infers[i] = infer(&t, n, &bytes) / (length_s - step);
	printf("200,000 viewers, a map in 4 s: %.1f %% of a core, %.0f bytes a viewer\n",
	       median(infers, runs) * 100,
	       bytes / n);
	free(t.bytes);
}

struct worker {
	pthread_t thread;
	struct run *run;
	struct tape tape;
	uint32_t shard;
};

static void *
work(void *arg)
{
	struct worker *w = arg;

	for (size_t at = 0; at < w->tape.used;) {
		const struct observation *o = (const void *)(w->tape.bytes + at);

		inference_shard_put(w->run->inf, w->shard, o);
		at += padded(o);
	}
	inference_shard_end(w->run->inf, w->shard);
	return NULL;
}

/* Wall seconds of the peer stage in so many shards, a thread each. */
static double
in_shards(const struct tape *t, uint32_t viewers, uint32_t shards)
{
	static struct result_sink sink = { count };
	struct result_sink *out[2] = { &sink, &sink };
	struct worker w[2] = { { .shard = 0 }, { .shard = 1 } };
	struct obs_sink *to[2] = { &w[0].tape.sink, &w[1].tape.sink };
	struct run r;
	double from;

	begin(&r, viewers, shards);
	inference_spread(r.inf, to, out);
	w[0].tape.sink.put = w[1].tape.sink.put = record;
	w[0].run = w[1].run = &r;
	for (size_t at = 0; at < t->used;) {
		const struct observation *o = (const void *)(t->bytes + at);

		inference_put(r.inf, o);
		at += padded(o);
	}
	inference_end(r.inf);
	from = seconds(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < shards; i++)
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			abort();
	for (uint32_t i = 0; i < shards; i++)
		pthread_join(w[i].thread, NULL);
	from = seconds(CLOCK_MONOTONIC) - from;
	free(w[0].tape.bytes);
	free(w[1].tape.bytes);
	huge_free(r.mem, r.size);
	return from;
}

static void
bench_shards(uint32_t runs)
{
	double one[RUNS_MOST], two[RUNS_MOST];
	struct tape t;

	make_tape(&t, 20000, 1, 40);
	for (uint32_t i = 0; i < runs; i++) {
		one[i] = in_shards(&t, 20000, 1);
		two[i] = in_shards(&t, 20000, 2);
	}
	printf("two shards on preloaded input: %.2f x one\n",
	       median(one, runs) / median(two, runs));
	free(t.bytes);
}

int
main(int argc, char **argv)
{
	uint32_t runs = argc > 1 ? (uint32_t)atoi(argv[1]) : 3;

	if (runs < 1 || runs > RUNS_MOST) {
		fprintf(stderr, "usage: bench_inference [RUNS, 1 to %u]\n", RUNS_MOST);
		return 2;
	}
	bench_core(runs);
	bench_many(runs);
	bench_shards(runs);
	return 0;
}
