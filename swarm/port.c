/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "swarm/node.h"

#define REQUEST_MOST 4096u
#define WAITING_MOST (4u << 20) /* bytes that a slow player may be behind */

struct port_reader {
	uv_tcp_t tcp;
	struct port *port;
	char request[REQUEST_MOST];
	size_t len;
	bool streams, closing;
};

/* What is written, until it is. */
struct writing {
	uv_write_t req;
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

	if (status < 0 || !r->streams)
		leave(r);
	free(req->data);
}

static void
put(struct port_reader *r, const void *bytes, size_t len)
{
	struct writing *w = malloc(sizeof *w + len);
	uv_buf_t buf;

	if (w == NULL)
		abort();
	memcpy(w->bytes, bytes, len);
	w->req.data = w;
	buf = uv_buf_init(w->bytes, (unsigned)len);
	if (uv_write(&w->req, (uv_stream_t *)&r->tcp, &buf, 1, on_written) == 0)
		return;
	free(w);
	leave(r);
}

void
port_put(struct port *p, const uint8_t *bytes, size_t len)
{
	for (unsigned i = 0; p->open && i < PORT_READERS; i++) {
		struct port_reader *r = p->reader[i];

		if (r == NULL || !r->streams)
			continue;
		if (uv_stream_get_write_queue_size((uv_stream_t *)&r->tcp) > WAITING_MOST)
			leave(r); /* it does not keep up */
		else
			put(r, bytes, len);
	}
}

/* --- requests ----------------------------------------------------------------------------- */

static void
answer(struct port_reader *r)
{
	static const char stream[] = "HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n"
	    "Cache-Control: no-store\r\nConnection: close\r\n\r\n";
	static const char none[] = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
	    "Connection: close\r\n\r\nthe stream is at /live.ts\n";

	r->streams = strncmp(r->request, "GET /live.ts ", 13) == 0;
	put(r, r->streams ? stream : none, (r->streams ? sizeof stream : sizeof none) - 1);
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
	if (r->streams)
		return; /* whatever it says now */
	r->len += (size_t)n;
	r->request[r->len] = '\0';
	if (strstr(r->request, "\r\n\r\n") != NULL) {
		r->len = 0;
		answer(r);
	} else if (r->len + 1 >= REQUEST_MOST) {
		leave(r);
	}
}

static void
on_connection(uv_stream_t *stream, int status)
{
	struct port *p = stream->data;
	struct port_reader *r;
	unsigned i = 0;

	while (i < PORT_READERS && p->reader[i] != NULL)
		i++;
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
port_open(struct port *p, uv_loop_t *loop, const struct endpoint *self)
{
	struct endpoint at = *self;
	struct sockaddr_storage address;
	int code;

	at.port = PORT_NUMBER;
	node_sockaddr(&at, &address);
	p->loop = loop;
	p->open = true;
	uv_tcp_init(loop, &p->tcp);
	p->tcp.data = p;
	code = uv_tcp_bind(&p->tcp, (struct sockaddr *)&address, 0);
	if (code == 0)
		code = uv_listen((uv_stream_t *)&p->tcp, PORT_READERS, on_connection);
	if (code == 0)
		return 0;
	errno = -code;
	return code == UV_EADDRINUSE ? ERR_STORE : code == UV_EACCES ? ERR_PERMISSION : ERR_IO;
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
