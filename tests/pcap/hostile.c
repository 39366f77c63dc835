/*
 * Runs the whole probe over a real capture made hostile, in this process:
 * every snap length, and copies with bytes flipped. Build it with the sanitizers.
 *
 *   hostile [--whole] [--variants N | --total N] [--seed N] FILE PACKETS
 *
 * Takes the first PACKETS packets of FILE (0: all) and gives them to the probe
 * cut to each length of 0..200, then N times (10,000; with --total so often that N
 * packets are given in all) with random bytes flipped; with --whole only at a few
 * lengths. Prints what was counted and the peak of resident memory; fails when
 * bytes got lost, an observation is not sound, or the peak is over 256 MiB.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "probe/inputs.h"
#include "probe/probe.h"
#include "record/observation.h"

#define PEAK_MIB 256
#define CUTS     201 /* lengths that packets are cut to */
#define FLIPS    16 /* at most, in a packet that is flipped */

struct packet {
	int64_t t_ns;
	uint8_t *bytes; /* a block of its own, so that over-reads show */
	uint32_t captured, wire_len;
};

struct set {
	struct packet *packet;
	size_t n;
	enum link_type link;
};

struct options {
	const char *path;
	size_t packets;
	unsigned long variants, total;
	uint64_t seed;
	bool whole;
};

struct totals {
	uint64_t packets, observations, swarm_bytes, bytes, malformed, cut;
};

const char *__asan_default_options(void);

/* Freed blocks that ASAN holds back would be taken for the probe's memory. */
const char *
__asan_default_options(void)
{
	return "quarantine_size_mb=8";
}

static void
die(const char *what)
{
	fprintf(stderr, "hostile: %s\n", what);
	exit(1);
}

static void *
need(void *p)
{
	if (p == NULL)
		die("out of memory");
	return p;
}

static uint64_t
next_random(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint8_t *
copy(const uint8_t *bytes, uint32_t n)
{
	uint8_t *block = need(malloc(n > 0 ? n : 1));

	if (n > 0)
		memcpy(block, bytes, n);
	return block;
}

static void
load(struct set *s, const struct options *o)
{
	struct inputs *in = inputs_new();
	struct capture_packet p;
	size_t room = 0;

	if (inputs_add(in, o->path) != 0)
		die(inputs_text(in));
	while ((o->packets == 0 || s->n < o->packets) && inputs_next(in, &p, 1, &s->link) == 1) {
		if (s->n == room) {
			room = room ? room * 2 : 1024;
			s->packet = need(realloc(s->packet, room * sizeof s->packet[0]));
		}
		s->packet[s->n++] = (struct packet){
			.t_ns = p.t_ns,
			.bytes = copy(p.bytes, p.captured),
			.captured = p.captured,
			.wire_len = p.wire_len,
		};
	}
	inputs_free(in);
	if (s->n == 0)
		die("no packets");
}

/* All flows are told too, and looked at by whatever library there is. */
static struct account_options account = { .slots = 4096 };
static const struct decode_options options = { .account = &account };
static uint64_t flow_bytes; /* told by the probe at hand */

static void
check_observation(struct obs_sink *self, const struct observation *o)
{
	(void)self;
	if (o->kind == OBS_FLOW)
		flow_bytes += o->u.flow.bytes + o->u.flow.reply_bytes;
	if (o->kind == 0 || o->kind >= OBS_KINDS || o->width > OBS_MAX_WIDTH ||
	    o->tail_len > OBS_MAX_TAIL)
		die("an observation is not sound");
	if (obs_size(o) > sizeof(union obs_buf) || obs_held(o) > o->width)
		die("an observation claims more than it has");
}

static void
finish(struct probe *p, struct totals *t)
{
	const struct counts *c;
	uint64_t sum = 0;

	probe_end(p);
	c = probe_counts(p);
	for (int i = 0; i < COUNTS_CLASSES; i++)
		sum += c->class[i].bytes;
	if (sum != c->total.bytes || c->class[COUNTS_WAITING].packets != 0)
		die("bytes got lost");
	if (flow_bytes != c->class[COUNTS_SWARM].bytes + c->class[COUNTS_NOT_SWARM].bytes)
		die("bytes of flows got lost");
	t->packets += c->total.packets;
	t->observations += c->observations;
	t->bytes += c->total.bytes;
	t->swarm_bytes += c->class[COUNTS_SWARM].bytes;
	for (int i = 0; i < PROTO_IDS; i++) {
		t->cut += c->protocol[i].cut;
		for (int why = 0; why < COUNTS_REASONS; why++)
			t->malformed += c->protocol[i].bad[why];
	}
	probe_free(p);
}

static void
run_cut(const struct set *s, uint32_t snap, struct totals *t)
{
	struct obs_sink sink = { check_observation };
	struct probe *p = probe_new(&options, &sink);

	flow_bytes = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct packet *k = &s->packet[i];
		uint32_t n = k->captured < snap ? k->captured : snap;
		uint8_t *block = copy(k->bytes, n);

		probe_packet(p, s->link, k->t_ns, block, n, k->wire_len);
		free(block);
	}
	finish(p, t);
}

/* Flips bytes of one packet in four, and now and then a length or the time. */
static void
give_flipped(struct probe *p, const struct set *s, const struct packet *k, uint64_t *seed)
{
	uint64_t r = next_random(seed);
	uint8_t *block;
	uint32_t wire_len = k->wire_len, flips = (uint32_t)(r >> 8) % FLIPS + 1;
	int64_t t_ns = k->t_ns;

	if (r % 4 != 0 || k->captured == 0) {
		probe_packet(p, s->link, t_ns, k->bytes, k->captured, wire_len);
		return;
	}
	block = copy(k->bytes, k->captured);
	while (flips-- > 0) {
		r = next_random(seed);
		block[(r >> 16) % k->captured] = (uint8_t)r;
	}
	if (r % 64 == 1)
		wire_len = (uint32_t)(r >> 32);
	if (r % 64 == 2)
		t_ns = (int64_t)next_random(seed);
	probe_packet(p, s->link, t_ns, block, k->captured, wire_len);
	free(block);
}

static void
run_flipped(const struct set *s, uint64_t *seed, struct totals *t)
{
	struct obs_sink sink = { check_observation };
	struct probe *p = probe_new(&options, &sink);

	flow_bytes = 0;
	for (size_t i = 0; i < s->n; i++)
		give_flipped(p, s, &s->packet[i], seed);
	finish(p, t);
}

static long
peak_mib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss / 1024;
}

static void
report(const char *what, const struct totals *t)
{
	printf("%-14s %10" PRIu64 " packets %10" PRIu64 " observations", what, t->packets,
	       t->observations);
	printf(" %12" PRIu64 " of %14" PRIu64 " bytes swarm", t->swarm_bytes, t->bytes);
	printf(" %8" PRIu64 " cut %8" PRIu64 " malformed  peak %ld MiB\n", t->cut, t->malformed,
	       peak_mib());
	fflush(stdout);
}

static void
run_whole(const struct set *s)
{
	static const uint32_t snaps[] = { 0, 14, 34, 42, 60, 100, 200 };
	char what[32];

	for (size_t i = 0; i < sizeof snaps / sizeof snaps[0]; i++) {
		struct totals t = { 0 };

		run_cut(s, snaps[i], &t);
		snprintf(what, sizeof what, "snap %" PRIu32, snaps[i]);
		report(what, &t);
	}
}

static void
run_slice(const struct set *s, const struct options *o)
{
	struct totals cut = { 0 }, flipped = { 0 };
	uint64_t seed = o->seed;

	for (uint32_t snap = 0; snap <= 200; snap++)
		run_cut(s, snap, &cut);
	report("snap 0..200", &cut);
	for (unsigned long i = 0; i < o->variants; i++)
		run_flipped(s, &seed, &flipped);
	report("bytes flipped", &flipped);
}

static void
read_options(struct options *o, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--whole") == 0)
			o->whole = true;
		else if (strcmp(argv[i], "--variants") == 0 && i + 1 < argc)
			o->variants = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--total") == 0 && i + 1 < argc)
			o->total = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			o->seed = strtoull(argv[++i], NULL, 10);
		else
			die("unknown option");
	}
	if (argc - i != 2)
		die("usage: hostile [--whole] [--variants N | --total N] [--seed N] FILE PACKETS");
	o->path = argv[i];
	o->packets = strtoul(argv[i + 1], NULL, 10);
}

int
main(int argc, char **argv)
{
	struct options o = { .variants = 10000, .seed = 1 };
	struct set s = { 0 };

	read_options(&o, argc, argv);
	account.dpi = dpi_new(); /* takes longer than a small capture */
	account.no_dpi = account.dpi == NULL;
	load(&s, &o);
	if (o.total > 0)
		o.variants = o.total / s.n > CUTS ? o.total / s.n - CUTS : 1;
	printf("%s: %zu packets, seed %" PRIu64 "\n", o.path, s.n, o.seed);
	if (o.whole)
		run_whole(&s);
	else
		run_slice(&s, &o);
	for (size_t i = 0; i < s.n; i++)
		free(s.packet[i].bytes);
	free(s.packet);
	dpi_free(account.dpi);
	if (peak_mib() > PEAK_MIB)
		die("peak memory over the limit");
	return 0;
}
