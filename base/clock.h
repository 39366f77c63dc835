/*
 * clock - the two clocks of the system, read by those who do I/O only.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ns(void);      /* UTC since 1970 */
int64_t clock_monotonic_ns(void); /* goes forward; for durations */

#endif
