/*
 * sample - a bounded sample of values, thinned without chance or order.
 *
 * A value is kept while the hash that the caller gives with it has its lowest
 * `level` bits clear; when SAMPLE_MOST are kept, level rises and about half of
 * them go. So what is kept depends on the hashes alone, not on the order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_SAMPLE_H
#define REPORT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLE_MOST 65536u

struct sample_value {
	uint64_t hash;
	double v;
};

struct sample {
	struct sample_value *values; /* owned */
	size_t n, room;
	uint64_t seen;  /* values put so far */
	unsigned level; /* one in 2^level is kept */
};

void sample_put(struct sample *s, uint64_t hash, double v);
/* Adds all of from, which is empty afterwards. */
void sample_merge(struct sample *to, struct sample *from);

void sample_fini(struct sample *s);

#endif
