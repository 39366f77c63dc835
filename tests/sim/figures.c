/*
 * The figures of doc/simulator.md as lines of comma-separated values:
 *
 *   figures table           swarms of 100, 300 and 1,000 viewers at 1.2 x demand
 *   figures supply          what viewers get at 0.5 to 1.4 x demand, and the fluid limit
 *   figures ratio           super peers per ordinary peer around the critical ratio
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/tally.h"

static void
table(void)
{
	static const uint32_t sizes[] = { 100, 300, 1000 };
	struct scenario s;
	struct tally *t;

	puts("viewers,continuity,rebuffering,settled_continuity,startup_p50_s,startup_p95_s,"
	     "skew_p50_s,skew_p95_s,"
	     "lag_p50_s,diffusion_s,log2_bound_s,hops,cpu_s");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		double n = sizes[i];

		tally_swarm(&s, sizes[i], 1.2, sizes[i] < 300 ? 120 : sizes[i] * 2 / 5, 600);
		s.duration_ms = 612000;
		t = tally_run(&s, 1, NULL, NULL);
		printf("%u,%.5f,%.5f,%.5f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.1f\n", sizes[i],
		       t->whole.continuity, t->whole.rebuffering, t->settled.continuity,
		       tally_at(t->startups, t->n_startups, 50),
		       tally_at(t->startups, t->n_startups, 95),
		       tally_at(t->skews, t->n_skews, 50), tally_at(t->skews, t->n_skews, 95),
		       tally_at(t->lags, t->n_lags, 50),
		       (double)t->counts.engines.diffusion_ns / 1e9 /
		           (double)t->counts.engines.chunks_in,
		       0.25 / 1.2 * log2(n),
		       (double)t->counts.engines.hops / (double)t->counts.engines.chunks_in,
		       t->seconds);
		fflush(stdout);
		tally_free(t);
	}
}

static void
supply(void)
{
	struct scenario s;
	struct tally *t;

	puts("supply,fluid_limit,received,played,continuity,rebuffering,lag_p50_s,skew_p50_s,"
	     "hops");
	for (int i = 5; i <= 14; i++) {
		double ratio = i / 10.0;

		tally_swarm(&s, 100, ratio, 60, 0);
		s.duration_ms = 400000;
		t = tally_run(&s, 1, NULL, NULL);
		printf("%.2f,%.2f,%.4f,%.4f,%.4f,%.4f,%.1f,%.1f,%.2f\n", ratio,
		       ratio < 1 ? ratio : 1.0, t->settled.received, t->settled.played,
		       t->settled.continuity, t->settled.rebuffering,
		       tally_at(t->lags, t->n_lags, 50), tally_at(t->skews, t->n_skews, 50),
		       (double)t->counts.engines.hops / (double)t->counts.engines.chunks_in);
		fflush(stdout);
		tally_free(t);
	}
}

/* R 1,000, super peers 4,000, ordinary peers 250 kbit/s: c = 750 / 3000, and the origin
 * stands for u' = 10000 / 3000 super peers. */
static void
ratio(void)
{
	const double n = 200, c = 750.0 / 3000, spared = 10000.0 / 3000;
	struct scenario s;
	struct tally *t;

	puts("super_per_ordinary,critical,of_critical,received,played,continuity,rebuffering");
	for (int i = 12; i <= 28; i += 2) {
		/* critical: super = c (n - super) - u' */
		double critical = (c * n - spared) / (1 + c), super = critical * i / 20;
		double at = critical / (n - critical);

		tally_swarm(&s, (uint32_t)n, 1, 120, 0);
		s.duration_ms = 1000000;
		s.channels[0].bitrate_kbps = 1000;
		s.channels[0].origin_up_kbps = 10000;
		s.n_classes = 2;
		s.classes[0] = (struct scenario_class){ .name = "ordinary", .up_kbps = 250,
			.share = (uint32_t)((n - super) * 100), .down_kbps = 20000,
			.latency_ms = 20 };
		s.classes[1] = (struct scenario_class){ .name = "super", .up_kbps = 4000,
			.share = (uint32_t)(super * 100), .down_kbps = 50000, .latency_ms = 8 };
		t = tally_run(&s, 1, NULL, NULL);
		printf("%.4f,%.4f,%.2f,%.4f,%.4f,%.4f,%.4f\n", super / (n - super), at,
		       super / (n - super) / at, t->settled.received, t->settled.played,
		       t->settled.continuity, t->settled.rebuffering);
		fflush(stdout);
		tally_free(t);
	}
}

int
main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "table") == 0)
		table();
	else if (strcmp(what, "supply") == 0)
		supply();
	else if (strcmp(what, "ratio") == 0)
		ratio();
	else
		return fputs("usage: figures table|supply|ratio\n", stderr), 2;
	return 0;
}
