/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/node.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

#define MS_NS 1000000
#define PING_MOST (MESH_HEAD + 16u)

/* --- what the engine wants done ----------------------------------------------------------- */

static struct node *
of_out(struct engine_out *self)
{
	return (struct node *)(void *)((char *)self - offsetof(struct node, out));
}

/* Behind a chunk: how long does it take there and back? */
static void
probe(struct node *n, const struct endpoint *to, uint32_t bytes)
{
	struct mesh_frame f = { .type = MESH_PING, .channel = n->channel, .peer = n->peer,
		.u.nonce = rng_next(&n->rng) | 1 };
	uint8_t frame[PING_MOST];
	struct writer w = writer_over(frame, sizeof frame);
	struct wire_parts p = { .frame = frame };

	if (!uplink_sent(&n->uplink, to, bytes, f.u.nonce, clock_steady_ns()))
		return;
	mesh_write(&w, &f);
	p.len = writer_len(&w);
	wire_send(&n->wire, to, &p);
}

static void
send_frame(struct engine_out *self, const struct endpoint *to, const uint8_t *frame, size_t len,
           const struct mesh_chunk *media)
{
	struct node *n = of_out(self);
	struct wire_parts p = { .frame = frame, .len = len };

	if (media != NULL) {
		const struct media_chunk *c = media_get(&n->media, media->chunk);

		if (c == NULL || c->len != media->media_len)
			return;
		p.media = c->bytes;
		p.media_len = c->len;
	}
	if (endpoint_same(to, &n->tracker))
		wire_datagram(&n->wire, to, &p);
	else
		wire_send(&n->wire, to, &p);
	if (media != NULL)
		probe(n, to, (uint32_t)(p.len + p.media_len));
}

static void
keep_chunk(struct engine_out *self, const struct mesh_chunk *c)
{
	struct node *n = of_out(self);

	if (c->media != NULL)
		media_put(&n->media, c->chunk, c->media, c->media_here);
}

static void
tell_truth(struct engine_out *self, const struct truth_event *ev)
{
	struct node *n = of_out(self);

	if (n->truth != NULL)
		n->truth(n->ctx, ev);
}

/* --- time --------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

void
node_set_upload(struct node *n, uint32_t kbps)
{
	uplink_set_most(&n->uplink, kbps);
	engine_set_upload(n->engine, kbps);
}

static void
wake(struct node *n)
{
	int64_t due = engine_due(n->engine), now = clock_steady_ns();
	uint64_t ms = due <= now ? 0 : (uint64_t)((due - now + MS_NS - 1) / MS_NS);

	port_follow(&n->port, engine_player(n->engine)->pos, engine_ready(n->engine));
	if (!n->open)
		return;
	if (due == INT64_MAX)
		uv_timer_stop(&n->timer);
	else
		uv_timer_start(&n->timer, on_timer, ms, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct node *n = timer->data;
	int64_t now = clock_steady_ns();

	if (uplink_look(&n->uplink, now))
		engine_set_upload(n->engine, (uint32_t)n->uplink.kbps);
	engine_timer(n->engine, now);
	wake(n);
}

/* To a probe of ours? */
static bool
is_answer(struct node *n, const struct endpoint *from, const uint8_t *frame, size_t len,
          int64_t now)
{
	struct reader in = reader_over(frame, len);
	struct mesh_frame f;

	if (len > PING_MOST || mesh_read(&in, &f) != PROTO_OBSERVED || f.type != MESH_PING ||
	    f.code != 1)
		return false;
	return uplink_answer(&n->uplink, from, f.u.nonce, now);
}

static void
on_frame(void *ctx, const struct endpoint *from, const uint8_t *frame, size_t len)
{
	struct node *n = ctx;
	int64_t now = clock_steady_ns();

	if (!n->joined || is_answer(n, from, frame, len, now))
		return;
	engine_frame(n->engine, from, frame, len, len, now);
	wake(n);
}

/* --- life --------------------------------------------------------------------------------- */

int
node_open(struct node *n, uv_loop_t *loop, const struct node_options *opt)
{
	int err;

	*n = (struct node){ .open = true, .tracker = opt->engine.channel.tracker,
		.truth = opt->truth, .ctx = opt->ctx, .channel = opt->engine.channel.id,
		.peer = opt->engine.peer_id, .rng = rng_seeded(opt->engine.seed, 7),
		.uplink = uplink_begin(opt->engine.up_kbps, clock_steady_ns()) };
	n->out = (struct engine_out){ send_frame, keep_chunk, tell_truth };
	n->engine = aligned_alloc(64, (engine_size() + 63) / 64 * 64);
	if (n->engine == NULL)
		abort();
	engine_init(n->engine, &opt->engine, &n->out);
	uv_timer_init(loop, &n->timer);
	n->timer.data = n;
	port_tune(&n->port, opt->channel, &n->media, opt->engine.channel.chunk_ns);
	err = wire_open(&n->wire, loop, &opt->engine.self, opt->wire, on_frame, n);
	if (err != 0 || endpoint_is_none(&opt->player))
		return err;
	return port_open(&n->port, loop, &opt->player);
}

void
node_join(struct node *n)
{
	n->joined = true;
	engine_join(n->engine, clock_steady_ns());
	wake(n);
}

void
node_leave(struct node *n)
{
	if (!n->joined)
		return;
	engine_leave(n->engine, clock_steady_ns());
	n->joined = false;
	wake(n);
}

void
node_media(struct node *n, uint64_t chunk, const uint8_t *bytes, size_t len)
{
	int64_t now = clock_steady_ns();
	struct mesh_chunk c = { .chunk = chunk, .source_ns = now, .fragments = 1,
		.total = (uint32_t)len, .media = bytes, .media_len = (uint32_t)len,
		.media_here = (uint32_t)len };

	media_put(&n->media, chunk, bytes, len);
	engine_media(n->engine, &c, now);
	wake(n);
}

void
node_close(struct node *n)
{
	if (!n->open)
		return;
	n->open = false;
	uv_close((uv_handle_t *)&n->timer, NULL);
	wire_close(&n->wire);
	port_close(&n->port);
}

void
node_free(struct node *n)
{
	media_free(&n->media);
	free(n->engine);
	n->engine = NULL;
}
