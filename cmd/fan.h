/*
 * fan - observations from any thread to several sinks, one at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_FAN_H
#define CMD_FAN_H

#include <pthread.h>

#include "record/sink.h"

#define FAN_SINKS 2

struct fan {
	struct obs_sink sink; /* first */
	pthread_mutex_t lock;
	struct obs_sink *to[FAN_SINKS]; /* NULL: none */
};

void fan_init(struct fan *f);
void fan_fini(struct fan *f);
void fan_add(struct fan *f, struct obs_sink *to);

#endif
