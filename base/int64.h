/*
 * int64 - the greater and the lesser of two.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_INT64_H
#define BASE_INT64_H

#include <stdint.h>

static inline int64_t
max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* To the nearest multiple of unit, half away from zero; the extremes, which stand for open
 * ends, stay. */
static inline int64_t
round64(int64_t x, int64_t unit)
{
	int64_t rest = x % unit;

	if (x == INT64_MIN || x == INT64_MAX)
		return x;
	return x - rest + unit * (2 * rest >= unit) - unit * (-2 * rest >= unit);
}

#endif
