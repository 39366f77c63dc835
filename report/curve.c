/* SPDX-License-Identifier: Apache-2.0 */
#include "report/curve.h"

#include <string.h>

#define ROUNDS 12

void
curve_add(struct curve *to, const struct curve *from)
{
	for (unsigned i = 0; i < RESULT_CELLS; i++)
		for (unsigned j = i; j < RESULT_CELLS; j++)
			to->came[i][j] += from->came[i][j];
	for (unsigned i = 0; i <= RESULT_AGES; i++)
		for (unsigned g = 0; g < RESULT_GROUPS; g++) {
			to->held[i][g] += from->held[i][g];
			to->eligible[i][g] += from->eligible[i][g];
		}
}

/* One round. Cells are even to begin with, so the first spreads evenly in time. */
static void
spread(const struct curve *c, double mass[RESULT_CELLS])
{
	double below[RESULT_CELLS + 1] = { 0 }, begins[RESULT_CELLS + 1] = { 0 }, times = 0;

	for (unsigned k = 0; k < RESULT_CELLS; k++)
		below[k + 1] = below[k] + mass[k];
	for (unsigned i = 0; i < RESULT_CELLS; i++)
		for (unsigned j = i; j < RESULT_CELLS; j++) {
			double share = below[j + 1] - below[i];

			if (c->came[i][j] == 0 || !(share > 0))
				continue;
			share = (double)c->came[i][j] / share;
			begins[i] += share;
			begins[j + 1] -= share;
		}
	for (unsigned k = 0; k < RESULT_CELLS; k++) {
		times += begins[k];
		mass[k] *= times > 0 ? times : 0;
	}
}

/* Of what came between cells i and j, the part up to cell k. */
static double
part(const double below[RESULT_CELLS + 1], unsigned i, unsigned j, unsigned k)
{
	double all = below[j + 1] - below[i];

	return all > 0 ? (below[k + 1] - below[i]) / all : 0;
}

void
curve_spread(const struct curve *c, const int64_t age_ns[RESULT_AGES],
             double more[RESULT_AGES])
{
	double mass[RESULT_CELLS], below[RESULT_CELLS + 1] = { 0 };

	memset(more, 0, RESULT_AGES * sizeof more[0]);
	for (unsigned i = 0; i < RESULT_AGES; i++) {
		double width = (double)(age_ns[i] - (i > 0 ? age_ns[i - 1] : 0)) / 1e9;

		mass[2 * i] = width / 2;
		mass[2 * i + 1] = width / 2 * 1.1892;
	}
	for (unsigned round = 0; round < ROUNDS; round++)
		spread(c, mass);
	for (unsigned k = 0; k < RESULT_CELLS; k++)
		below[k + 1] = below[k] + mass[k];
	for (unsigned i = 0; i < RESULT_CELLS; i++)
		for (unsigned j = i + 1; j < RESULT_CELLS; j++)
			for (unsigned k = i; c->came[i][j] > 0 && k < j; k++)
				if (k % 2 == 0)
					more[k / 2] += (double)c->came[i][j] * part(below, i, j, k);
}
