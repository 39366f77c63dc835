/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swarm/hls.h"
#include "swarm/wire.h"

#define REQUEST_MOST 4096u
#define WAITING_MOST (4u << 20) /* bytes that a slow player may be behind */

struct port_reader {
	uv_tcp_t tcp;
	struct port *port;
	char request[REQUEST_MOST];
	size_t len;
	bool streams, answered, closing;
	bool more; /* follows what is being written */
};

/* What is written, until it is. */
struct writing {
	uv_write_t req;
	bool last;
	char bytes[];
};

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
leave(struct port_reader *r)
{
	if (r->closing)
		return;
	r->closing = true;
	for (unsigned i = 0; i < PORT_READERS; i++)
		if (r->port->reader[i] == r)
			r->port->reader[i] = NULL;
	uv_close((uv_handle_t *)&r->tcp, on_closed);
}

static void
on_written(uv_write_t *req, int status)
{
	struct port_reader *r = req->handle->data;
	struct writing *w = req->data;

	if (status < 0 || w->last)
		leave(r);
	free(w);
}

static void
put(struct port_reader *r, const void *bytes, size_t len)
{
	struct writing *w = malloc(sizeof *w + len);
	uv_buf_t buf;

	if (w == NULL)
		abort();
	memcpy(w->bytes, bytes, len);
	w->last = !r->streams && !r->more;
	w->req.data = w;
	buf = uv_buf_init(w->bytes, (unsigned)len);
	if (uv_write(&w->req, (uv_stream_t *)&r->tcp, &buf, 1, on_written) == 0)
		return;
	free(w);
	leave(r);
}

static void
play(struct port *p, uint64_t chunk)
{
	const struct media_chunk *c = media_get(p->media, chunk);

	for (unsigned i = 0; p->open && c != NULL && i < PORT_READERS; i++) {
		struct port_reader *r = p->reader[i];

		if (r == NULL || !r->streams)
			continue;
		if (uv_stream_get_write_queue_size((uv_stream_t *)&r->tcp) > WAITING_MOST)
			leave(r); /* it does not keep up */
		else
			put(r, c->bytes, c->len);
	}
}

void
port_follow(struct port *p, uint64_t at, uint64_t to)
{
	if (to == 0)
		return;
	p->at = at;
	if (p->newest == 0 || (at > p->newest && at - p->newest > MEDIA_CHUNKS)) {
		p->first = at;
		p->newest = at - 1;
	}
	while (p->newest < to)
		play(p, ++p->newest);
}

void
port_tune(struct port *p, const char *name, const struct media *media, int64_t chunk_ns)
{
	snprintf(p->name, sizeof p->name, "%s", name);
	p->media = media;
	p->chunk_ns = chunk_ns;
	p->first = p->at = p->newest = 0;
}

/* --- requests ----------------------------------------------------------------------------- */

static void
put_head(struct port_reader *r, const char *status, const char *type, const char *more)
{
	char head[320];
	int n = snprintf(head, sizeof head,
	                 "HTTP/1.1 %s\r\nContent-Type: %s\r\nCache-Control: no-store\r\n"
	                 "Access-Control-Allow-Origin: *\r\n%sConnection: close\r\n\r\n",
	                 status, type, more);

	put(r, head, (size_t)n);
}

static void
put_whole(struct port_reader *r, const char *status, const char *type, const void *body,
          size_t len)
{
	char length[48];

	snprintf(length, sizeof length, "Content-Length: %zu\r\n", len);
	r->more = true;
	put_head(r, status, type, length);
	r->more = false;
	put(r, body, len);
}

/* What is there already from the chunk that plays on. */
static void
put_rest(struct port_reader *r)
{
	const struct port *p = r->port;

	for (uint64_t i = p->at; i > 0 && i <= p->newest; i++) {
		const struct media_chunk *c = media_get(p->media, i);

		if (c != NULL)
			put(r, c->bytes, c->len);
	}
}

static void
put_none(struct port_reader *r)
{
	static const char text[] = "the stream is at /live.ts, for HLS at /live.m3u8\n";

	put_whole(r, "404 Not Found", "text/plain", text, sizeof text - 1);
}

static void
put_playlist(struct port_reader *r)
{
	char list[HLS_PLAYLIST];
	size_t len = hls_playlist(r->port->first, r->port->newest, r->port->chunk_ns, list);

	put_whole(r, "200 OK", "application/vnd.apple.mpegurl", list, len);
}

static void
put_segment(struct port_reader *r, uint64_t segment)
{
	const struct port *p = r->port;
	uint64_t last = (segment + 1) * hls_chunks(p->chunk_ns) - 1;
	size_t len = last <= p->newest ? hls_segment(p->media, segment, p->chunk_ns, NULL) : 0;
	uint8_t *bytes = len > 0 ? malloc(len) : NULL;

	if (bytes == NULL) {
		put_none(r);
		return;
	}
	hls_segment(p->media, segment, p->chunk_ns, bytes);
	put_whole(r, "200 OK", "video/mp2t", bytes, len);
	free(bytes);
}

/* Is the path that of the stream, or of its channel, with this ending? */
static bool
asks_for(const struct port_reader *r, const char *path, size_t len, const char *ending)
{
	size_t end = strlen(ending), name = len - end;

	if (len <= end || memcmp(path + name, ending, end) != 0)
		return false;
	return (name == 4 && memcmp(path, "live", 4) == 0) ||
	       (name == strlen(r->port->name) && memcmp(path, r->port->name, name) == 0);
}

static void
answer(struct port_reader *r)
{
	const char *path = r->request + 5, *end = strchr(path, ' ');
	unsigned long long segment;
	int whole = 0;
	size_t len;

	if (strncmp(r->request, "GET /", 5) != 0 || end == NULL || r->port->media == NULL) {
		put_none(r);
		return;
	}
	len = (size_t)(end - path);
	if (asks_for(r, path, len, ".ts")) {
		r->streams = true;
		put_head(r, "200 OK", "video/mp2t", "");
		put_rest(r);
	} else if (asks_for(r, path, len, ".m3u8")) {
		put_playlist(r);
	} else if (sscanf(path, "segment-%19llu.ts%n", &segment, &whole) == 1 &&
	           path + whole == end) {
		put_segment(r, segment);
	} else {
		put_none(r);
	}
}

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *to)
{
	struct port_reader *r = handle->data;

	(void)wanted;
	*to = uv_buf_init(r->request + r->len, (unsigned)(REQUEST_MOST - 1 - r->len));
}

static void
on_request(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct port_reader *r = stream->data;

	(void)bytes;
	if (n < 0) {
		leave(r);
		return;
	}
	if (r->answered)
		return; /* whatever it says now */
	r->len += (size_t)n;
	r->request[r->len] = '\0';
	if (strstr(r->request, "\r\n\r\n") != NULL) {
		r->len = 0;
		r->answered = true;
		answer(r);
	} else if (r->len + 1 >= REQUEST_MOST) {
		leave(r);
	}
}

/* A place; where all are taken, of one that has asked for nothing yet. */
static unsigned
free_place(struct port *p)
{
	unsigned i = 0;

	while (i < PORT_READERS && p->reader[i] != NULL)
		i++;
	for (unsigned k = 0; i == PORT_READERS && k < PORT_READERS; k++)
		if (!p->reader[k]->answered) {
			leave(p->reader[k]);
			i = k;
		}
	return i;
}

static void
on_connection(uv_stream_t *stream, int status)
{
	struct port *p = stream->data;
	struct port_reader *r;
	unsigned i = free_place(p);

	if (status < 0 || (r = calloc(1, sizeof *r)) == NULL)
		return;
	r->port = p;
	r->tcp.data = r;
	uv_tcp_init(p->loop, &r->tcp);
	if (uv_accept(stream, (uv_stream_t *)&r->tcp) < 0 || i == PORT_READERS) {
		leave(r);
		return;
	}
	p->reader[i] = r;
	uv_read_start((uv_stream_t *)&r->tcp, on_room, on_request);
}

int
port_open(struct port *p, uv_loop_t *loop, const struct endpoint *at)
{
	struct sockaddr_storage address;
	int code;

	wire_sockaddr(at, &address);
	p->loop = loop;
	p->open = true;
	uv_tcp_init(loop, &p->tcp);
	p->tcp.data = p;
	code = uv_tcp_bind(&p->tcp, (struct sockaddr *)&address, 0);
	if (code == 0)
		code = uv_listen((uv_stream_t *)&p->tcp, PORT_READERS, on_connection);
	return code == 0 ? 0 : wire_fail(code);
}

void
port_close(struct port *p)
{
	if (!p->open)
		return;
	p->open = false;
	for (unsigned i = 0; i < PORT_READERS; i++)
		if (p->reader[i] != NULL)
			leave(p->reader[i]);
	uv_close((uv_handle_t *)&p->tcp, NULL);
}
