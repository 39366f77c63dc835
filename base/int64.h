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

#endif
