/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/node.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"

#define FRAME_HEAD 256u /* bytes of a frame besides its media */
#define DATAGRAM 65536u
#define BUFFER (1 << 20)
#define MS_NS 1000000

int64_t
node_now(void)
{
	static int64_t offset; /* of the clock of the day to the one that never goes back */

	if (offset == 0)
		offset = clock_wall_ns() - clock_monotonic_ns();
	return clock_monotonic_ns() + offset;
}

void
node_sockaddr(const struct endpoint *e, struct sockaddr_storage *to)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(e->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(e->port) };

	memset(to, 0, sizeof *to);
	if (endpoint_is_ipv4(e)) {
		memcpy(&v4.sin_addr, e->addr + 12, 4);
		memcpy(to, &v4, sizeof v4);
	} else {
		memcpy(&v6.sin6_addr, e->addr, 16);
		memcpy(to, &v6, sizeof v6);
	}
}

struct endpoint
node_endpoint(const struct sockaddr *from)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof v4);
		return endpoint_ipv4(ntohl(v4.sin_addr.s_addr), ntohs(v4.sin_port));
	}
	memcpy(&v6, from, sizeof v6);
	return endpoint_ipv6(v6.sin6_addr.s6_addr, ntohs(v6.sin6_port));
}

/* --- what the engine wants done ----------------------------------------------------------- */

static struct node *
of_out(struct engine_out *self)
{
	return (struct node *)(void *)((char *)self - offsetof(struct node, out));
}

static void
send_frame(struct engine_out *self, const struct endpoint *to, const uint8_t *frame, size_t len,
           const struct mesh_chunk *media)
{
	struct node *n = of_out(self);
	struct sockaddr_storage at;
	uv_buf_t part[2] = { uv_buf_init((char *)(uintptr_t)frame, (unsigned)len) };
	unsigned parts = 1;

	if (media != NULL) {
		const struct media_chunk *c = media_get(&n->media, media->chunk);

		if (c == NULL || c->len != media->media_len)
			return;
		part[parts++] = uv_buf_init((char *)c->bytes, (unsigned)c->len);
	}
	node_sockaddr(to, &at);
	if (uv_udp_try_send(&n->udp, part, parts, (struct sockaddr *)&at) < 0)
		n->unsent++;
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

	if (n->to.truth != NULL)
		n->to.truth(n->to.ctx, n, ev);
}

/* --- time --------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

/* What it plays now goes to who reads it; a chunk that never came is missing there too. */
static void
play(struct node *n)
{
	const struct player *p = engine_player(n->engine);

	if (p->state != PLAYER_PLAY || p->pos <= n->played_to)
		return;
	if (n->played_to == 0 || p->pos - n->played_to > MEDIA_CHUNKS)
		n->played_to = p->pos - 1;
	while (n->played_to < p->pos) {
		const struct media_chunk *c = media_get(&n->media, ++n->played_to);

		if (c != NULL)
			port_put(&n->port, c->bytes, c->len);
	}
}

static void
wake(struct node *n)
{
	int64_t due = engine_due(n->engine), now = node_now();
	uint64_t ms = due <= now ? 0 : (uint64_t)((due - now + MS_NS - 1) / MS_NS);

	play(n);
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

	engine_timer(n->engine, node_now());
	wake(n);
}

/* --- datagrams ---------------------------------------------------------------------------- */

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *to)
{
	static char room[DATAGRAM]; /* one at a time: read before the next is asked for */

	(void)handle;
	(void)wanted;
	*to = uv_buf_init(room, sizeof room);
}

static void
on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *bytes, const struct sockaddr *from,
            unsigned flags)
{
	struct node *n = udp->data;
	struct endpoint at;

	if (len <= 0 || from == NULL || flags & UV_UDP_PARTIAL || !n->joined)
		return;
	at = node_endpoint(from);
	engine_frame(n->engine, &at, (const uint8_t *)bytes->base, (size_t)len, (size_t)len,
	             node_now());
	wake(n);
}

/* --- life --------------------------------------------------------------------------------- */

static int
fail(int code)
{
	errno = -code;
	return code == UV_EADDRINUSE ? ERR_STORE : code == UV_EACCES ? ERR_PERMISSION : ERR_IO;
}

int
node_open(struct node *n, uv_loop_t *loop, const struct engine_options *opt, bool players,
          const struct node_out *to)
{
	struct sockaddr_storage at;
	int code, size = BUFFER;

	*n = (struct node){ .self = opt->self, .to = *to, .open = true };
	n->out = (struct engine_out){ send_frame, keep_chunk, tell_truth };
	n->engine = aligned_alloc(64, (engine_size() + 63) / 64 * 64);
	if (n->engine == NULL)
		abort();
	engine_init(n->engine, opt, &n->out);
	node_sockaddr(&opt->self, &at);
	uv_udp_init(loop, &n->udp);
	uv_timer_init(loop, &n->timer);
	n->udp.data = n->timer.data = n;
	code = uv_udp_bind(&n->udp, (struct sockaddr *)&at, 0);
	if (code == 0)
		code = uv_udp_recv_start(&n->udp, on_room, on_datagram);
	if (code < 0)
		return fail(code);
	uv_recv_buffer_size((uv_handle_t *)&n->udp, &size); /* as much as the system allows */
	return players ? port_open(&n->port, loop, &opt->self) : 0;
}

void
node_join(struct node *n)
{
	n->joined = true;
	engine_join(n->engine, node_now());
	wake(n);
}

void
node_leave(struct node *n)
{
	if (!n->joined)
		return;
	engine_leave(n->engine, node_now());
	n->joined = false;
	wake(n);
}

void
node_media(struct node *n, uint64_t chunk, const uint8_t *bytes, size_t len)
{
	int64_t now = node_now();
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
	uv_close((uv_handle_t *)&n->udp, NULL);
	uv_close((uv_handle_t *)&n->timer, NULL);
	port_close(&n->port);
}

void
node_free(struct node *n)
{
	media_free(&n->media);
	free(n->engine);
	n->engine = NULL;
}
