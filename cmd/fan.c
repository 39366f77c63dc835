/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/fan.h"

#include <assert.h>
#include <stddef.h>

static void
put(struct obs_sink *self, const struct observation *o)
{
	struct fan *f = (struct fan *)(void *)self;

	pthread_mutex_lock(&f->lock);
	for (int i = 0; i < FAN_SINKS; i++)
		if (f->to[i] != NULL)
			f->to[i]->put(f->to[i], o);
	pthread_mutex_unlock(&f->lock);
}

void
fan_init(struct fan *f)
{
	*f = (struct fan){ .sink.put = put };
	pthread_mutex_init(&f->lock, NULL);
}

void
fan_fini(struct fan *f)
{
	pthread_mutex_destroy(&f->lock);
}

void
fan_add(struct fan *f, struct obs_sink *to)
{
	int i = 0;

	while (i < FAN_SINKS && f->to[i] != NULL)
		i++;
	assert(i < FAN_SINKS);
	f->to[i] = to;
}
