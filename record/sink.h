/*
 * sink - where a producer puts what it has: one call a record, record borrowed.
 *
 * The owner embeds the sink first in its own struct and finds itself back by a
 * cast. put copies what it keeps; the record dies when it returns.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_SINK_H
#define RECORD_SINK_H

struct observation;
struct result;

struct obs_sink {
	void (*put)(struct obs_sink *self, const struct observation *o);
};

struct result_sink {
	void (*put)(struct result_sink *self, const struct result *r);
};

#endif
