/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/stage2.h"

#include <assert.h>
#include <stdlib.h>

struct stage2 stage2;
const struct endpoint stage2_nobody;

static void
take(struct result_sink *self, const struct result *r)
{
	(void)self;
	stage2.stray += r->channel == 0 && r->kind != RESULT_WARNING;
	assert(stage2.n_sessions + stage2.n_events + stage2.n_channels < STAGE2_RESULTS);
	if (r->kind == RESULT_SESSION)
		stage2.session[stage2.n_sessions++] = *r;
	if (r->kind == RESULT_EVENT)
		stage2.event[stage2.n_events++] = *r;
	if (r->kind == RESULT_CHANNEL && r->final)
		stage2.channel[stage2.n_channels++] = *r;
	if (r->kind != RESULT_RETRIEVAL)
		return;
	stage2.n_retrieval++;
	if (r->u.retrieval.bucket == RESULT_AGES)
		stage2.due += r->u.retrieval.eligible;
	else
		stage2.eligible += r->u.retrieval.eligible;
}

static struct result_sink sink = { take };

void
stage2_begin(uint32_t max_channels, uint32_t max_peers)
{
	free(stage2.memory);
	inference_defaults(&stage2.opt);
	stage2.opt.max_channels = max_channels;
	stage2.opt.max_peers = max_peers;
	stage2.opt.playhead[1].model = PLAYHEAD_FIRST_RECEIVED;
	stage2.memory = calloc(1, peers_size(&stage2.opt));
	assert(stage2.memory != NULL);
	stage2.peers = peers_init(stage2.memory, &stage2.opt, 0, &sink);
	stage2.n_sessions = stage2.n_events = stage2.n_channels = stage2.n_retrieval = 0;
	stage2.stray = 0;
	stage2.eligible = stage2.due = 0;
}

int
stage2_fresh(void **state)
{
	(void)state;
	stage2_begin(4, 32);
	stage2_channel(STAGE2_CHANNEL, STAGE2_SOURCE, 0, 2000);
	return 0;
}

int
stage2_done(void **state)
{
	(void)state;
	free(stage2.memory);
	stage2.memory = NULL;
	return 0;
}

void
stage2_put(struct observation *o, uint64_t key)
{
	o->channel = key;
	peers_put(stage2.peers, o);
}

void
stage2_channel(uint64_t key, unsigned source, uint64_t from, uint64_t to)
{
	struct observation *o = words_channel(0, key, "id", "");
	int64_t chunk_ns = 100 * WORDS_MS_NS;

	o->peer = words_peer(source);
	o->u.channel.chunk_lo_ns = o->u.channel.chunk_ns = o->u.channel.chunk_hi_ns = chunk_ns;
	o->u.channel.bitrate_kbps = 1000;
	stage2_put(o, key);
	for (uint64_t c = from; c < to; c++)
		stage2_put(words_mark(0, words_peer(source), stage2_nobody, c,
		                      WORDS_T0_NS + (int64_t)c * chunk_ns), key);
}

void
stage2_join(int64_t ms, unsigned host)
{
	stage2_put(words_say(OBS_JOIN, ms, words_peer(host), words_peer(STAGE2_SOURCE)),
	           STAGE2_CHANNEL);
}

void
stage2_leave(int64_t ms, unsigned host)
{
	stage2_put(words_say(OBS_LEAVE, ms, words_peer(host), words_peer(STAGE2_SOURCE)),
	           STAGE2_CHANNEL);
}

void
stage2_map(uint64_t key, int64_t ms, unsigned host, uint64_t from, uint64_t to)
{
	stage2_put(words_range(ms, words_peer(host), words_peer(STAGE2_SOURCE), from,
	                       (uint32_t)(to - from)), key);
}

void
stage2_watch(int64_t from_ms, int64_t to_ms, unsigned host, uint64_t first)
{
	for (int64_t ms = from_ms; ms < to_ms; ms += 100) {
		uint64_t next = (uint64_t)(ms - 50) / 100 + 1;
		uint64_t from = next > first + 50 ? next - 50 : first;

		stage2_map(STAGE2_CHANNEL, ms, host, from, next > from ? next : from);
	}
}

const struct result *
stage2_find(enum result_event_kind what)
{
	for (unsigned i = 0; i < stage2.n_events; i++)
		if (stage2.event[i].u.event.event == what)
			return &stage2.event[i];
	return NULL;
}
