/*
 * A million maps of 2,000 chunks through both stages of inference: 1,000 viewers of one
 * channel of 10 chunks a second, each with a map a second. Prints maps per second.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inference/inference.h"
#include "record/result.h"

#define VIEWERS 1000u
#define SECONDS 1000u
#define CHUNKS_PER_S 10u
#define WIDTH 2000u
#define FIRST_CHUNK 100000u
#define S_NS INT64_C(1000000000)
#define T0_NS INT64_C(1700000000000000000)

static uint64_t results;

static void
count(struct result_sink *self, const struct result *r)
{
	(void)self;
	results += r->kind != RESULT_LAG;
}

static struct endpoint
viewer(uint32_t i)
{
	return endpoint_ipv4(0x0a000002 + i, 6000);
}

/* The source sends the second's chunks to the first viewer. */
static void
make_chunks(struct inference *inf, uint32_t second)
{
	union obs_buf buf;

	for (uint32_t i = 0; i < CHUNKS_PER_S; i++) {
		int64_t made_ns = T0_NS + second * S_NS + i * S_NS / CHUNKS_PER_S;
		struct observation *o = obs_begin(&buf, OBS_MARK, made_ns + 1000000);

		o->peer = endpoint_ipv4(0x0a000001, 6000);
		o->to = viewer(0);
		o->offset = FIRST_CHUNK + second * CHUNKS_PER_S + i;
		o->width = 1;
		o->u.mark.source_ns = made_ns;
		inference_put(inf, o);
	}
}

/* Each viewer holds all but its newest few chunks, with some holes among these. */
static void
tell_maps(struct inference *inf, uint32_t second, union obs_buf *buf)
{
	uint64_t newest = FIRST_CHUNK + (second + 1) * CHUNKS_PER_S - 1;

	for (uint32_t i = 0; i < VIEWERS; i++) {
		struct observation *o = &buf->o;

		o->t_ns = T0_NS + (second + 1) * S_NS + i * (S_NS / VIEWERS);
		o->peer = viewer(i);
		o->to = viewer((i + 1) % VIEWERS);
		o->offset = newest - WIDTH + 1;
		memset(o->tail + o->tail_len - 2, i % 7 ? 0xff : 0x5b, 1);
		inference_put(inf, o);
	}
}

int
main(void)
{
	struct inference_options opt;
	struct result_sink sink = { count };
	struct timespec from, to;
	union obs_buf buf;
	struct inference *inf;
	double seconds;
	void *mem;

	inference_defaults(&opt);
	mem = calloc(1, inference_size(&opt));
	if (mem == NULL)
		abort();
	inf = inference_init(mem, &opt, &sink);
	obs_begin(&buf, OBS_BUFFER_MAP, 0);
	obs_set_range(&buf.o, 0, WIDTH);
	memset(buf.o.tail, 0xff, buf.o.tail_len);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (uint32_t second = 0; second < SECONDS; second++) {
		make_chunks(inf, second);
		tell_maps(inf, second, &buf);
	}
	inference_end(inf);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	printf("%u maps of %u chunks: %.2f s, %.0f maps/s, %llu results, %zu bytes\n",
	       VIEWERS * SECONDS, WIDTH, seconds, VIEWERS * SECONDS / seconds,
	       (unsigned long long)results, inference_size(&opt));
	free(mem);
	return 0;
}
