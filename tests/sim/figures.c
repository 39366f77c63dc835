/*
 * The figures of doc/simulator.md as lines of comma-separated values, one a run:
 *
 *   figures table [SEEDS [FIRST]]  swarms of 100, 300 and 1,000 viewers at 1.2 x demand
 *   figures supply ...             what viewers get at 0.5 to 1.4 x demand, and the fluid
 *                                  limit
 *   figures ratio ...              super peers per ordinary peer around the critical ratio
 *
 * SEEDS runs of each (1), their seeds from FIRST (1) on.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/tally.h"

static void
table_run(uint32_t viewers, uint64_t seed)
{
	struct scenario s;
	struct tally *t;

	tally_swarm(&s, viewers, 1.2, viewers < 300 ? 120 : viewers * 2 / 5, 600);
	s.duration_ms = 612000;
	t = tally_run(&s, seed, NULL, NULL);
	printf("%u,%llu,%.5f,%.5f,%.5f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.1f\n", viewers,
	       (unsigned long long)seed, t->whole.continuity, t->whole.rebuffering,
	       t->settled.continuity, tally_at(t->startups, t->n_startups, 50),
	       tally_at(t->startups, t->n_startups, 95), tally_at(t->skews, t->n_skews, 50),
	       tally_at(t->skews, t->n_skews, 95), tally_at(t->lags, t->n_lags, 50),
	       (double)t->counts.engines.diffusion_ns / 1e9 / (double)t->counts.engines.chunks_in,
	       0.25 / 1.2 * log2(viewers),
	       (double)t->counts.engines.hops / (double)t->counts.engines.chunks_in, t->seconds);
	fflush(stdout);
	tally_free(t);
}

static void
table(uint32_t seeds, uint64_t first)
{
	static const uint32_t sizes[] = { 100, 300, 1000 };

	puts("viewers,seed,continuity,rebuffering,settled_continuity,startup_p50_s,startup_p95_s,"
	     "skew_p50_s,skew_p95_s,lag_p50_s,diffusion_s,log2_bound_s,hops,cpu_s");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (uint32_t k = 0; k < seeds; k++)
			table_run(sizes[i], first + k);
}

static void
supply_run(double ratio, uint64_t seed)
{
	struct scenario s;
	struct tally *t;

	tally_swarm(&s, 100, ratio, 60, 0);
	s.duration_ms = 400000;
	t = tally_run(&s, seed, NULL, NULL);
	printf("%.2f,%llu,%.2f,%.4f,%.4f,%.4f,%.4f,%.1f,%.1f,%.2f\n", ratio,
	       (unsigned long long)seed,
	       ratio < 1 ? ratio : 1.0, t->settled.received, t->settled.played,
	       t->settled.continuity, t->settled.rebuffering,
	       tally_at(t->lags, t->n_lags, 50), tally_at(t->skews, t->n_skews, 50),
	       (double)t->counts.engines.hops / (double)t->counts.engines.chunks_in);
	fflush(stdout);
	tally_free(t);
}

static void
supply(uint32_t seeds, uint64_t first)
{
	puts("supply,seed,fluid_limit,received,played,continuity,rebuffering,lag_p50_s,"
	     "skew_p50_s,hops");
	for (int i = 5; i <= 14; i++)
		for (uint32_t k = 0; k < seeds; k++)
			supply_run(i / 10.0, first + k);
}

/* R 1,000, super peers 4,000, ordinary peers 250 kbit/s: c = 750 / 3000, and the origin
 * stands for u' = 10000 / 3000 super peers. */
static void
ratio_run(double of_critical, uint64_t seed)
{
	const double n = 200, c = 750.0 / 3000, spared = 10000.0 / 3000;
	/* critical: super = c (n - super) - u' */
	double critical = (c * n - spared) / (1 + c), super = critical * of_critical;
	double at = critical / (n - critical);
	struct scenario s;
	struct tally *t;

	tally_swarm(&s, (uint32_t)n, 1, 120, 0);
	s.duration_ms = 1000000;
	s.channels[0].bitrate_kbps = 1000;
	s.channels[0].origin_up_kbps = 10000;
	s.n_classes = 2;
	s.classes[0] = (struct scenario_class){ .name = "ordinary", .up_kbps = 250,
		.share = (uint32_t)((n - super) * 100), .down_kbps = 20000, .latency_ms = 20 };
	s.classes[1] = (struct scenario_class){ .name = "super", .up_kbps = 4000,
		.share = (uint32_t)(super * 100), .down_kbps = 50000, .latency_ms = 8 };
	t = tally_run(&s, seed, NULL, NULL);
	printf("%.4f,%llu,%.4f,%.2f,%.4f,%.4f,%.4f,%.4f\n", super / (n - super),
	       (unsigned long long)seed, at, of_critical, t->settled.received, t->settled.played,
	       t->settled.continuity, t->settled.rebuffering);
	fflush(stdout);
	tally_free(t);
}

static void
ratio(uint32_t seeds, uint64_t first)
{
	puts("super_per_ordinary,seed,critical,of_critical,received,played,continuity,"
	     "rebuffering");
	for (int i = 14; i <= 28; i++)
		for (uint32_t k = 0; k < seeds; k++)
			ratio_run(i / 20.0, first + k);
}

int
main(int argc, char **argv)
{
	const char *what = argc >= 2 && argc <= 4 ? argv[1] : "";
	uint32_t seeds = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
	uint64_t first = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

	if (strcmp(what, "table") == 0)
		table(seeds, first);
	else if (strcmp(what, "supply") == 0)
		supply(seeds, first);
	else if (strcmp(what, "ratio") == 0)
		ratio(seeds, first);
	else
		return fputs("usage: figures table|supply|ratio [SEEDS [FIRST]]\n", stderr), 2;
	return 0;
}
