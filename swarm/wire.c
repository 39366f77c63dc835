/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"

#define DATAGRAM 65536u
#define BUFFER (1 << 20)
#define FIRST_ROOM 4096u
#define KEEPALIVE_S 30u
#define BACKLOG 64

struct wire_link {
	uv_tcp_t tcp;
	uv_connect_t call;
	struct wire *wire;
	struct endpoint at;
	uint64_t turn; /* of its last frame */
	bool closing;
	uint8_t *in;   /* room bytes, len of a frame that has begun; owned */
	size_t room, len;
};

/* What is written, until it is. */
struct writing {
	uv_write_t req;
	uint8_t bytes[];
};

socklen_t
wire_sockaddr(const struct endpoint *e, struct sockaddr_storage *to)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(e->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(e->port) };

	memset(to, 0, sizeof *to);
	if (endpoint_is_ipv4(e)) {
		memcpy(&v4.sin_addr, e->addr + 12, 4);
		memcpy(to, &v4, sizeof v4);
		return sizeof v4;
	}
	memcpy(&v6.sin6_addr, e->addr, 16);
	memcpy(to, &v6, sizeof v6);
	return sizeof v6;
}

struct endpoint
wire_endpoint(const struct sockaddr *from)
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

int
wire_fail(int code)
{
	errno = -code;
	return code == UV_EADDRINUSE ? ERR_STORE : code == UV_EACCES ? ERR_PERMISSION : ERR_IO;
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
	struct wire *w = udp->data;
	struct endpoint at;

	if (len <= 0 || from == NULL || flags & UV_UDP_PARTIAL)
		return;
	at = wire_endpoint(from);
	w->frame(w->ctx, &at, (const uint8_t *)bytes->base, (size_t)len);
}

static unsigned
buffers(const struct wire_parts *p, uv_buf_t part[2])
{
	part[0] = uv_buf_init((char *)(uintptr_t)p->frame, (unsigned)p->len);
	part[1] = uv_buf_init((char *)(uintptr_t)p->media, (unsigned)p->media_len);
	return p->media != NULL ? 2 : 1;
}

void
wire_datagram(struct wire *w, const struct endpoint *to, const struct wire_parts *p)
{
	struct sockaddr_storage at;
	uv_buf_t part[2];
	unsigned parts = buffers(p, part);

	wire_sockaddr(to, &at);
	if (!w->open || uv_udp_try_send(&w->udp, part, parts, (struct sockaddr *)&at) < 0)
		w->unsent++;
}

static int
open_udp(struct wire *w)
{
	struct sockaddr_storage at;
	int code, size = BUFFER;

	wire_sockaddr(&w->self, &at);
	code = uv_udp_bind(&w->udp, (struct sockaddr *)&at, 0);
	if (code == 0)
		code = uv_udp_recv_start(&w->udp, on_room, on_datagram);
	if (code == 0)
		uv_recv_buffer_size((uv_handle_t *)&w->udp, &size); /* as the system allows */
	return code;
}

/* --- links -------------------------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
	struct wire_link *l = handle->data;

	free(l->in);
	free(l);
}

static bool
forget(struct wire_link *l)
{
	if (l->closing)
		return false;
	l->closing = true;
	for (unsigned i = 0; i < WIRE_LINKS; i++)
		if (l->wire->link[i] == l)
			l->wire->link[i] = NULL;
	return true;
}

/* At once, with what waits; nothing of it lingers in the system. */
static void
cut(struct wire_link *l)
{
	if (forget(l) && uv_tcp_close_reset(&l->tcp, on_closed) != 0)
		uv_close((uv_handle_t *)&l->tcp, on_closed);
}

/* The place of the link to at, or one that is free, or of the one that makes room. */
static unsigned
place_of(struct wire *w, const struct endpoint *at)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < WIRE_LINKS; i++)
		if (w->link[i] != NULL && endpoint_same(&w->link[i]->at, at))
			return i;
	for (unsigned i = 0; i < WIRE_LINKS; i++) {
		if (w->link[i] == NULL)
			return i;
		if (w->link[i]->turn < w->link[oldest]->turn)
			oldest = i;
	}
	return oldest;
}

/* Hands on the frames that are whole; false: it does not speak our protocol. */
static bool
take_frames(struct wire_link *l)
{
	size_t at = 0;
	int64_t len;

	while (at < l->len && !l->closing) {
		len = mesh_length(reader_over(l->in + at, l->len - at));
		if (len < 0)
			return false;
		if (len == 0 || l->len - at < (size_t)len)
			break;
		l->turn = ++l->wire->turn;
		l->wire->frame(l->wire->ctx, &l->at, l->in + at, (size_t)len);
		at += (size_t)len;
	}
	memmove(l->in, l->in + at, l->len - at);
	l->len -= at;
	return true;
}

static void
on_link_room(uv_handle_t *handle, size_t wanted, uv_buf_t *to)
{
	struct wire_link *l = handle->data;
	size_t room = l->room == 0 ? FIRST_ROOM : l->len == l->room ? WIRE_FRAME : l->room;

	(void)wanted;
	if (room > l->room) {
		l->in = realloc(l->in, room);
		if (l->in == NULL)
			abort();
		l->room = room;
	}
	*to = uv_buf_init((char *)l->in + l->len, (unsigned)(l->room - l->len));
}

static void
on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct wire_link *l = stream->data;

	(void)bytes;
	if (n < 0) {
		if (forget(l))
			uv_close((uv_handle_t *)&l->tcp, on_closed);
		return;
	}
	l->len += (size_t)n;
	if (take_frames(l))
		return;
	l->wire->garbage++;
	cut(l);
}

static struct wire_link *
link_new(struct wire *w, int family)
{
	struct wire_link *l = calloc(1, sizeof *l);

	if (l == NULL)
		abort();
	l->wire = w;
	l->turn = ++w->turn;
	l->tcp.data = l;
	if (uv_tcp_init_ex(w->loop, &l->tcp, (unsigned)family) == 0)
		return l;
	free(l);
	return NULL;
}

static void
put_in(struct wire *w, struct wire_link *l, const struct endpoint *at)
{
	unsigned i = place_of(w, at);

	l->at = *at;
	if (w->link[i] != NULL)
		cut(w->link[i]);
	w->link[i] = l;
	uv_tcp_nodelay(&l->tcp, 1);
	uv_tcp_keepalive(&l->tcp, 1, KEEPALIVE_S);
}

/* Others may use the port for calls of their own; the UDP port says whose it is. */
static int
bind_shared(uv_tcp_t *tcp, const struct endpoint *self)
{
	struct sockaddr_storage at;
	uv_os_fd_t fd;
	int on = 1;

	wire_sockaddr(self, &at);
	if (uv_fileno((uv_handle_t *)tcp, &fd) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
		return -errno;
	return uv_tcp_bind(tcp, (struct sockaddr *)&at, 0);
}

static void
on_called(uv_connect_t *call, int status)
{
	struct wire_link *l = call->data;

	if (l->closing)
		return;
	if (status < 0)
		cut(l);
	else
		uv_read_start((uv_stream_t *)&l->tcp, on_link_room, on_bytes);
}

static struct wire_link *
call(struct wire *w, const struct endpoint *to)
{
	struct sockaddr_storage at;
	int family = endpoint_is_ipv4(to) ? AF_INET : AF_INET6;
	struct wire_link *l = link_new(w, family);

	if (l == NULL)
		return NULL;
	wire_sockaddr(to, &at);
	l->call.data = l;
	put_in(w, l, to);
	if (bind_shared(&l->tcp, &w->self) == 0 &&
	    uv_tcp_connect(&l->call, &l->tcp, (struct sockaddr *)&at, on_called) == 0)
		return l;
	cut(l);
	return NULL;
}

static void
on_call(uv_stream_t *stream, int status)
{
	struct wire *w = stream->data;
	struct sockaddr_storage from;
	struct wire_link *l;
	struct endpoint at;
	int len = sizeof from;

	if (status < 0 || (l = link_new(w, AF_UNSPEC)) == NULL)
		return;
	if (uv_accept(stream, (uv_stream_t *)&l->tcp) < 0 ||
	    uv_tcp_getpeername(&l->tcp, (struct sockaddr *)&from, &len) < 0) {
		cut(l);
		return;
	}
	at = wire_endpoint((struct sockaddr *)&from);
	put_in(w, l, &at);
	uv_read_start((uv_stream_t *)&l->tcp, on_link_room, on_bytes);
}

static int
open_tcp(struct wire *w)
{
	int code = bind_shared(&w->tcp, &w->self);

	return code < 0 ? code : uv_listen((uv_stream_t *)&w->tcp, BACKLOG, on_call);
}

/* --- sending ------------------------------------------------------------------------------ */

static void
on_written(uv_write_t *req, int status)
{
	struct wire_link *l = req->handle->data;

	if (status < 0)
		cut(l);
	free(req->data);
}

/* What the system did not take at once, from the given byte on. */
static void
put_rest(struct wire_link *l, const struct wire_parts *p, size_t done)
{
	size_t all = p->len + p->media_len, first = done < p->len ? p->len - done : 0;
	struct writing *w = malloc(sizeof *w + all - done);
	uv_buf_t buf;

	if (w == NULL)
		abort();
	memcpy(w->bytes, p->frame + p->len - first, first);
	if (p->media_len > 0)
		memcpy(w->bytes + first, p->media + (done > p->len ? done - p->len : 0),
		       all - done - first);
	w->req.data = w;
	buf = uv_buf_init((char *)w->bytes, (unsigned)(all - done));
	if (uv_write(&w->req, (uv_stream_t *)&l->tcp, &buf, 1, on_written) == 0)
		return;
	free(w);
	cut(l);
}

static void
put(struct wire_link *l, const struct wire_parts *p)
{
	uv_stream_t *to = (uv_stream_t *)&l->tcp;
	uv_buf_t part[2];
	unsigned parts = buffers(p, part);
	int done = uv_try_write(to, part, parts);

	if (done == UV_EAGAIN)
		done = 0;
	if (done < 0)
		cut(l);
	else if ((size_t)done < p->len + p->media_len)
		put_rest(l, p, (size_t)done);
}

void
wire_send(struct wire *w, const struct endpoint *to, const struct wire_parts *p)
{
	struct wire_link *l;

	if (w->kind == WIRE_UDP || !w->open) {
		wire_datagram(w, to, p);
		return;
	}
	l = w->link[place_of(w, to)];
	if (l == NULL || !endpoint_same(&l->at, to))
		l = call(w, to);
	if (l == NULL ||
	    uv_stream_get_write_queue_size((uv_stream_t *)&l->tcp) > WIRE_WAITING)
		w->unsent++;
	else
		put(l, p);
}

/* --- life --------------------------------------------------------------------------------- */

int
wire_open(struct wire *w, uv_loop_t *loop, const struct endpoint *self, enum wire_kind kind,
          wire_fn *frame, void *ctx)
{
	int code;

	*w = (struct wire){ .loop = loop, .self = *self, .kind = kind, .open = true,
		.frame = frame, .ctx = ctx };
	uv_udp_init(loop, &w->udp);
	w->udp.data = w;
	if (kind == WIRE_TCP) {
		uv_tcp_init_ex(loop, &w->tcp, endpoint_is_ipv4(self) ? AF_INET : AF_INET6);
		w->tcp.data = w;
	}
	code = open_udp(w);
	if (code == 0 && kind == WIRE_TCP)
		code = open_tcp(w);
	if (code == 0)
		return 0;
	wire_close(w);
	return wire_fail(code);
}

static void
on_flushed(uv_shutdown_t *req, int status)
{
	(void)status;
	uv_close((uv_handle_t *)req->handle, on_closed);
	free(req);
}

/* What was written goes out before the end does. */
static void
finish(struct wire_link *l)
{
	uv_shutdown_t *req;

	if (!forget(l))
		return;
	req = malloc(sizeof *req);
	if (req == NULL)
		abort();
	uv_read_stop((uv_stream_t *)&l->tcp);
	if (uv_shutdown(req, (uv_stream_t *)&l->tcp, on_flushed) == 0)
		return;
	free(req);
	uv_close((uv_handle_t *)&l->tcp, on_closed);
}

/* Nothing waits to be taken by the system: else its end might never come. */
static bool
is_idle(const struct wire_link *l)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&l->tcp) == 0;
}

void
wire_close(struct wire *w)
{
	if (!w->open)
		return;
	w->open = false;
	for (unsigned i = 0; i < WIRE_LINKS; i++)
		if (w->link[i] != NULL && is_idle(w->link[i]))
			finish(w->link[i]);
		else if (w->link[i] != NULL)
			cut(w->link[i]);
	uv_close((uv_handle_t *)&w->udp, NULL);
	if (w->kind == WIRE_TCP)
		uv_close((uv_handle_t *)&w->tcp, NULL);
}
