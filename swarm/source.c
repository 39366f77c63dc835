/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "swarm/wire.h"

#define MS_NS INT64_C(1000000)
#define UDP "udp://"

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *to)
{
	struct source *s = handle->data;

	(void)wanted;
	*to = uv_buf_init(s->room, sizeof s->room);
}

static void
on_piece(void *ctx, const uint8_t *piece, size_t len)
{
	struct source *s = ctx;

	s->pieces++;
	s->piece(s->ctx, piece, len);
}

static void
make(struct source *s)
{
	size_t len = (size_t)s->bitrate_kbps * (size_t)(s->ts.piece_ns / MS_NS) / 8 / TS_PACKET *
	             TS_PACKET;

	ts_make((uint8_t *)s->room, len, s->begun_ns + (int64_t)s->pieces * s->ts.piece_ns,
	        &s->counter);
	on_piece(s, (const uint8_t *)s->room, len);
}

/* The time of a piece has passed: the next is made, or read. */
static void
on_timer(uv_timer_t *timer)
{
	struct source *s = timer->data;
	uint64_t before = s->pieces;
	ssize_t n = 1;

	if (s->made) {
		make(s);
		return;
	}
	while (s->pieces == before && n > 0) {
		n = read(s->file, s->room, 4 * TS_PACKET);
		if (n > 0)
			ts_feed(&s->ts, (const uint8_t *)s->room, (size_t)n, on_piece, s);
	}
	if (n <= 0) /* the stream ends; viewers play what they have */
		uv_timer_stop(timer);
}

static void
on_piped(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct source *s = stream->data;

	if (n > 0)
		ts_feed(&s->ts, (const uint8_t *)bytes->base, (size_t)n, on_piece, s);
	else if (n < 0)
		uv_read_stop(stream);
}

static void
on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *bytes, const struct sockaddr *from,
            unsigned flags)
{
	struct source *s = udp->data;

	(void)flags;
	if (n > 0 && from != NULL)
		ts_feed(&s->ts, (const uint8_t *)bytes->base, (size_t)n, on_piece, s);
}

static int
open_udp(struct source *s, const char *at)
{
	struct sockaddr_storage address;
	struct endpoint self;
	int code;

	if (!endpoint_parse(at, &self))
		return ERR_USAGE;
	wire_sockaddr(&self, &address);
	s->datagrams = true;
	uv_udp_init(s->loop, &s->udp);
	s->udp.data = s;
	code = uv_udp_bind(&s->udp, (struct sockaddr *)&address, 0);
	return code == 0 ? 0 : wire_fail(code);
}

static int
open_pipe(struct source *s)
{
	s->piped = true;
	uv_pipe_init(s->loop, &s->pipe, 0);
	s->pipe.data = s;
	return uv_pipe_open(&s->pipe, 0) < 0 ? ERR_IO : 0;
}

int
source_open(struct source *s, uv_loop_t *loop, const char *from, int64_t piece_ns,
            uint32_t bitrate_kbps, ts_piece_fn *piece, void *ctx)
{
	memset(s, 0, sizeof *s);
	s->loop = loop;
	s->file = -1;
	s->made = from == NULL;
	s->bitrate_kbps = bitrate_kbps;
	s->piece = piece;
	s->ctx = ctx;
	s->open = true;
	ts_init(&s->ts, piece_ns);
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	if (from == NULL)
		return 0;
	if (strncmp(from, UDP, strlen(UDP)) == 0)
		return open_udp(s, from + strlen(UDP));
	if (strcmp(from, "-") == 0 && uv_guess_handle(0) != UV_FILE)
		return open_pipe(s);
	s->file = strcmp(from, "-") == 0 ? dup(0) : open(from, O_RDONLY | O_CLOEXEC);
	return s->file < 0 ? ERR_IO : 0;
}

void
source_start(struct source *s, int64_t now)
{
	uint64_t ms = (uint64_t)(s->ts.piece_ns / MS_NS);

	s->begun_ns = now;
	if (s->piped)
		uv_read_start((uv_stream_t *)&s->pipe, on_room, on_piped);
	else if (s->datagrams)
		uv_udp_recv_start(&s->udp, on_room, on_datagram);
	else
		uv_timer_start(&s->timer, on_timer, ms, ms);
}

void
source_stop(struct source *s)
{
	uv_timer_stop(&s->timer);
	if (s->piped)
		uv_read_stop((uv_stream_t *)&s->pipe);
	if (s->datagrams)
		uv_udp_recv_stop(&s->udp);
}

void
source_close(struct source *s)
{
	if (!s->open)
		return;
	s->open = false;
	uv_close((uv_handle_t *)&s->timer, NULL);
	if (s->piped)
		uv_close((uv_handle_t *)&s->pipe, NULL);
	if (s->datagrams)
		uv_close((uv_handle_t *)&s->udp, NULL);
	if (s->file >= 0)
		close(s->file);
	s->file = -1;
}
