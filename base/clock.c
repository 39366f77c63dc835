/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

#define S_NS 1000000000

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * S_NS + t.tv_nsec;
}

int64_t
clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_steady_ns(void)
{
	static int64_t offset; /* of the clock of the day to the one that never goes back */

	if (offset == 0)
		offset = clock_wall_ns() - clock_monotonic_ns();
	return clock_monotonic_ns() + offset;
}
