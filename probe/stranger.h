/*
 * stranger - who opened a flow that no decoder wants.
 *
 * Most flows of a link are none of ours. All we keep of them is which side spoke
 * first, in 4 bytes a flow: a fixed table in which a full row loses the flow not
 * heard for longest. A flood of new flows runs through here and leaves the table
 * of recognised flows (flow.h) alone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_STRANGER_H
#define PROBE_STRANGER_H

#include <stdbool.h>
#include <stdint.h>

#define STRANGER_WAYS 16u   /* flows a row: 64 bytes, one cache line */
#define STRANGER_ROWS 4096u /* 65,536 flows in 256 KiB */

struct strangers;

struct strangers *strangers_new(void);
void strangers_free(struct strangers *s); /* takes NULL */

/* A packet of the flow with this hash, sent by the lower or the higher end.
 * Answers whether the higher end opened the flow, as far as is known. */
bool strangers_heard(struct strangers *s, uint64_t hash, bool from_high);

uint64_t strangers_evicted(const struct strangers *s);

#endif
