/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/host.h"

#include <stdlib.h>

#define LINGER_MS 2000u /* as long as a line holds what is sent on it */

int
host_open(struct host **place, uv_loop_t *loop, const struct host_options *opt)
{
	struct host *n = calloc(1, sizeof *n);
	int err;

	if (n == NULL)
		abort();
	*place = n;
	n->opt = *opt;
	n->place = place;
	n->channel = UINT32_MAX;
	uv_timer_init(loop, &n->linger);
	n->linger.data = n;
	err = wire_open(&n->wire, loop, &opt->self, opt->wire, opt->frame, n);
	if (err != 0 || endpoint_is_none(&opt->player))
		return err;
	return port_open(&n->port, loop, &opt->player);
}

static void
on_gone(uv_handle_t *handle)
{
	struct host *n = handle->data;

	*n->opt.unsent += n->wire.unsent;
	*n->place = NULL;
	free(n);
}

static void
on_closed(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, on_gone);
}

/* Its sockets close first; the memory they lie in goes a moment later. */
void
host_close(struct host *n)
{
	if (uv_is_closing((uv_handle_t *)&n->linger))
		return;
	wire_close(&n->wire);
	port_close(&n->port);
	uv_timer_start(&n->linger, on_closed, 1, 0);
}

static void
on_lingered(uv_timer_t *timer)
{
	host_close(timer->data);
}

void
host_leave(struct host *n)
{
	n->gone = true;
	port_close(&n->port);
	uv_timer_start(&n->linger, on_lingered, LINGER_MS, 0);
}
