/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/engine.h"

#include <assert.h>
#include <string.h>

#include "peer/state.h"

#define USUAL_NS (250 * MS_NS) /* a chunk */
#define SCHEDULE_NS (100 * MS_NS)
#define HURRIED_NS (40 * MS_NS) /* while filling */
#define PARTNERS_NS (500 * MS_NS)
#define SCORE_NS (10 * SECOND_NS)
#define TRACKER_RETRY_NS (1 * SECOND_NS)
#define DATAGRAM 28u /* bytes of IPv4 and UDP before a frame */

void
engine_defaults(struct engine_options *opt)
{
	memset(opt, 0, sizeof *opt);
	opt->channel.chunk_ns = USUAL_NS;
	opt->channel.bitrate_kbps = 400;
	opt->up_kbps = 1000;
	opt->down_kbps = 10000;
	opt->partners = 10;
	opt->max_partners = 14;
	opt->past_chunks = 120;
	opt->lag_chunks = 28;
	opt->behind_chunks = 4;
	opt->map_ns = SECOND_NS;
	opt->gossip_ns = 5 * SECOND_NS;
	opt->lease_s = 60;
	opt->player.prebuffer_chunks = 4;
	opt->player.resume_chunks = 4;
	opt->player.max_skip_chunks = 4;
	opt->player.give_up_ns = 2 * SECOND_NS;
	opt->player.reboot_ns = 10 * SECOND_NS;
}

static uint32_t
chunks_of(uint32_t usual, int64_t chunk_ns)
{
	int64_t n = (usual * USUAL_NS + chunk_ns - 1) / chunk_ns;

	return n > 0 ? (uint32_t)n : 1;
}

void
engine_scale(struct engine_options *opt)
{
	int64_t chunk_ns = opt->channel.chunk_ns;

	opt->lag_chunks = chunks_of(opt->lag_chunks, chunk_ns);
	opt->behind_chunks = chunks_of(opt->behind_chunks, chunk_ns);
	opt->player.prebuffer_chunks = chunks_of(opt->player.prebuffer_chunks, chunk_ns);
	opt->player.resume_chunks = chunks_of(opt->player.resume_chunks, chunk_ns);
	opt->player.max_skip_chunks = chunks_of(opt->player.max_skip_chunks, chunk_ns);
}

size_t
engine_size(void)
{
	return sizeof(struct engine);
}

static void
reset(struct engine *e)
{
	for (int i = 0; i < DUES; i++)
		e->due_ns[i] = INT64_MAX;
	window_reset(&e->have, 0);
	window_reset(&e->flight, 0);
	e->player.state = PLAYER_IDLE;
	e->members.n = 0;
	memset(e->partners, 0, sizeof e->partners);
	e->n_requests = e->n_queue = 0;
	e->first_map_ns = e->asked_all_ns = 0;
	e->round = 0;
	e->opt.player.chunk_ns = e->opt.channel.chunk_ns;
}

struct engine *
engine_init(void *mem, const struct engine_options *opt, struct engine_out *out)
{
	struct engine *e = mem;

	assert(opt->max_partners <= ENGINE_PARTNERS && opt->partners <= opt->max_partners);
	assert(opt->channel.chunk_ns > 0 && opt->up_kbps > 0 && opt->map_ns > 0);
	assert(opt->past_chunks < WINDOW_SPAN / 2 && opt->player.prebuffer_chunks > 0);
	memset(e, 0, sizeof *e);
	e->opt = *opt;
	e->out = out;
	e->rng = rng_seeded(opt->seed, opt->peer_id);
	reset(e);
	return e;
}

void
state_truth(struct engine *e, enum truth_kind kind, int64_t now, uint64_t chunk,
            uint64_t chunks)
{
	struct truth_event ev = { .t_ns = now, .chunk = chunk, .chunks = chunks,
		.channel = e->opt.channel.id, .kind = (uint8_t)kind };

	if (!e->opt.source)
		e->out->truth(e->out, &ev);
}

void
state_send(struct engine *e, const struct endpoint *to, struct mesh_frame *f)
{
	uint8_t bytes[MESH_HEAD + 2048];
	struct writer w = writer_over(bytes, sizeof bytes);

	f->channel = e->opt.channel.id;
	f->peer = e->opt.peer_id;
	mesh_write(&w, f);
	assert(!w.failed);
	if (f->type != MESH_CHUNK) /* whose time upload.c reckons */
		e->up_free_ns += state_send_ns(e, (uint32_t)writer_len(&w));
	e->out->send(e->out, to, bytes, writer_len(&w),
	             f->type == MESH_CHUNK ? &f->u.chunk : NULL);
}

uint32_t
state_chunk_bytes(const struct engine *e)
{
	const struct engine_channel *c = &e->opt.channel;

	return (uint32_t)(c->bitrate_kbps * (c->chunk_ns / 1000) / 8000);
}

int64_t
state_send_ns(const struct engine *e, uint32_t bytes)
{
	return (int64_t)(bytes + DATAGRAM) * 8 * MS_NS / e->opt.up_kbps;
}

/* The rule of the protocol, or another that the options ask for. */
uint64_t
state_offset(const struct engine *e)
{
	uint64_t newest, oldest;

	if (!window_newest(&e->have, &newest))
		return e->player.state == PLAYER_PLAY ? e->player.pos : 0;
	if (e->opt.source || e->opt.offset == ENGINE_OFFSET_OLDEST)
		return window_next(&e->have, 0, &oldest) ? oldest : 0;
	if (e->opt.offset == ENGINE_OFFSET_HEAD)
		return newest > e->opt.lag_chunks ? newest - e->opt.lag_chunks : 0;
	return e->player.pos;
}

static void
start_joining(struct engine *e, int64_t now)
{
	e->on = true;
	e->due_ns[DUE_TRACKER] = now;
	e->due_ns[DUE_PARTNERS] = now + PARTNERS_NS;
	e->due_ns[DUE_GOSSIP] = now + rng_between(&e->rng, 1, e->opt.gossip_ns);
	e->due_ns[DUE_SCORE] = now + SCORE_NS;
	e->due_ns[DUE_MAP] = now + rng_between(&e->rng, 1, e->opt.map_ns);
	if (!e->opt.source)
		e->due_ns[DUE_SCHEDULE] = now + HURRIED_NS;
}

void
engine_join(struct engine *e, int64_t now)
{
	reset(e);
	state_truth(e, TRUTH_JOIN, now, 0, 0);
	state_truth(e, TRUTH_FIRST_PACKET, now, 0, 0);
	start_joining(e, now);
	engine_timer(e, now);
}

void
engine_switch(struct engine *e, const struct engine_channel *to, int64_t now)
{
	partners_goodbye(e, MESH_SWITCHING);
	e->opt.channel = *to;
	reset(e);
	state_truth(e, TRUTH_SWITCH, now, 0, 0);
	start_joining(e, now);
	engine_timer(e, now);
}

void
engine_leave(struct engine *e, int64_t now)
{
	if (!e->on)
		return;
	partners_goodbye(e, MESH_LEAVING);
	state_truth(e, TRUTH_LEAVE, now, 0, 0);
	reset(e);
	e->on = false;
}

void
engine_set_upload(struct engine *e, uint32_t kbps)
{
	assert(kbps > 0);
	e->opt.up_kbps = kbps;
}

static void
reboot(struct engine *e, int64_t now)
{
	partners_goodbye(e, MESH_REBOOTING);
	reset(e);
	start_joining(e, now);
}

static void
tell_skip(struct engine *e, const struct player_event *ev)
{
	state_truth(e, TRUTH_SKIP, ev->t_ns, ev->chunk, ev->chunks);
	for (uint64_t i = 0; i < ev->chunks; i++)
		state_truth(e, TRUTH_MISSED, ev->t_ns, ev->chunk + i, 1);
}

static void
tell_player(struct engine *e, const struct player_event *ev, int64_t now)
{
	switch (ev->kind) {
	case PLAYER_STARTED:
		state_truth(e, TRUTH_PLAY, ev->t_ns, ev->chunk, 0);
		return;
	case PLAYER_STALLED:
		state_truth(e, TRUTH_STALL, ev->t_ns, ev->chunk, 0);
		return;
	case PLAYER_RESUMED:
		state_truth(e, TRUTH_RESUME, ev->t_ns, ev->chunk, 0);
		return;
	case PLAYER_SKIPPED:
		tell_skip(e, ev);
		return;
	case PLAYER_REBOOTS:
		state_truth(e, TRUTH_REBOOT, ev->t_ns, ev->chunk, 0);
		reboot(e, now);
		return;
	}
}

void
state_catch_up(struct engine *e, uint64_t to, int64_t now)
{
	struct player_event ev;

	if (player_catch_up(&e->player, &e->have, to, now, &ev))
		tell_player(e, &ev, now);
}

void
state_play(struct engine *e, int64_t now)
{
	struct player_event ev;
	uint64_t keep;

	while (player_step(&e->player, &e->opt.player, &e->have, now, &ev))
		tell_player(e, &ev, now);
	e->due_ns[DUE_PLAYER] = player_due(&e->player, &e->opt.player);
	keep = e->player.pos > e->opt.past_chunks ? e->player.pos - e->opt.past_chunks : 0;
	if (e->player.state == PLAYER_PLAY || e->player.state == PLAYER_STALL) {
		window_advance(&e->have, keep);
		window_advance(&e->flight, keep);
	}
}

void
engine_media(struct engine *e, const struct mesh_chunk *c, int64_t now)
{
	struct kept *k = &e->kept[c->chunk % WINDOW_CHUNKS];
	uint64_t past = e->opt.past_chunks;

	window_advance(&e->have, c->chunk > past ? c->chunk - past : 0);
	if (!e->on || !window_set(&e->have, c->chunk))
		return;
	*k = (struct kept){ .source_ns = c->source_ns, .total = c->total };
	e->opt.signer->sign(e->opt.signer, e->opt.channel.id, c, k->signature);
	partners_map_all(e);
	e->due_ns[DUE_MAP] = now + e->opt.map_ns;
}

int64_t
state_renew_ns(const struct engine *e)
{
	return e->opt.lease_s * SECOND_NS / 2;
}

static void
run_tracker(struct engine *e, int64_t now)
{
	uint32_t flags = MESH_REGISTER | (e->opt.source ? MESH_IS_SOURCE : 0u);

	partners_hello(e, &e->opt.channel.tracker, flags);
	e->due_ns[DUE_TRACKER] = now + (e->members.n == 0 ? TRACKER_RETRY_NS : state_renew_ns(e));
}

static void
run_due(struct engine *e, enum due due, int64_t now)
{
	switch (due) {
	case DUE_TRACKER:
		run_tracker(e, now);
		break;
	case DUE_MAP:
		partners_map_all(e);
		e->due_ns[due] = now + e->opt.map_ns;
		break;
	case DUE_GOSSIP:
		partners_gossip(e, now);
		e->due_ns[due] = now + e->opt.gossip_ns;
		break;
	case DUE_PARTNERS:
		partners_silent(e, now);
		partners_ask(e, now);
		e->due_ns[due] = now + PARTNERS_NS;
		break;
	case DUE_SCORE:
		partners_score(e, now);
		e->due_ns[due] = now + SCORE_NS;
		break;
	case DUE_SCHEDULE:
		schedule_run(e, now);
		e->due_ns[due] =
		    now + (e->player.state == PLAYER_FILL ? HURRIED_NS : SCHEDULE_NS);
		break;
	case DUE_UPLOAD:
		upload_run(e, now);
		break;
	case DUE_PLAYER:
		state_play(e, now);
		break;
	case DUES:
		break;
	}
}

void
engine_timer(struct engine *e, int64_t now)
{
	for (int i = 0; i < DUES && e->on; i++)
		if (e->due_ns[i] <= now)
			run_due(e, (enum due)i, now);
}

int64_t
engine_due(const struct engine *e)
{
	int64_t due = INT64_MAX;

	for (int i = 0; i < DUES && e->on; i++)
		if (e->due_ns[i] < due)
			due = e->due_ns[i];
	return due;
}

const struct player *
engine_player(const struct engine *e)
{
	return &e->player;
}

struct engine_counts
engine_counts(const struct engine *e)
{
	return e->counts;
}

unsigned
engine_partners(const struct engine *e)
{
	return partners_count(e, PARTNER_OPEN);
}

uint64_t
engine_ready(const struct engine *e)
{
	uint32_t run = window_run(&e->have, e->player.pos, WINDOW_SPAN);

	if (e->player.state != PLAYER_PLAY)
		return 0;
	return run > 0 ? e->player.pos + run - 1 : e->player.pos;
}

const struct window *
engine_held(const struct engine *e)
{
	return &e->have;
}

bool
engine_has(const struct engine *e, uint64_t chunk)
{
	return window_has(&e->have, chunk);
}
