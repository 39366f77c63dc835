/*
 * clock - the clocks of the system, read by those who do I/O only.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ns(void);      /* UTC since 1970 */
int64_t clock_monotonic_ns(void); /* goes forward; for durations */

/* UTC since 1970 as it was when first asked, from then on without steps: it goes forward too. */
int64_t clock_steady_ns(void);

#endif
