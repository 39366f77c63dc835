/*
 * kept - buffer maps kept in memory for a report, as many as fit: when there are too many,
 * every other second goes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DASHBOARD_KEPT_H
#define DASHBOARD_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/observation.h"
#include "record/sink.h"

#define KEPT_BYTES (64u << 20)

struct kept {
	struct obs_sink sink; /* first: one map a second a peer */
	uint8_t *bytes;       /* observations, one after another */
	size_t used, room;
	int64_t step_s;
};

void kept_init(struct kept *k);
void kept_fini(struct kept *k);

/* As api_view.maps; ctx is a struct kept. */
bool kept_maps(void *kept, uint64_t channel, int64_t t_ns, int64_t back_ns, struct obs_sink *to);

#endif
