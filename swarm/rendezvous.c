/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/rendezvous.h"

#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"

#define ANSWER 12u /* contacts */
#define REPLY 2048u
#define MS_NS 1000000

struct rendezvous {
	struct rendezvous_options opt;
	uv_loop_t loop;
	uv_signal_t interrupt, term;
	uv_timer_t report, end;
	struct wire wire;
	struct tracker tracker;
	bool ended;
};

static void
on_frame(void *ctx, const struct endpoint *from, const uint8_t *frame, size_t len)
{
	struct rendezvous *r = ctx;
	uint8_t reply[REPLY];
	struct wire_parts p = { .frame = reply };

	p.len = tracker_frame(&r->tracker, from, frame, len, clock_steady_ns(), reply,
	                      sizeof reply);
	if (p.len > 0)
		wire_datagram(&r->wire, from, &p);
}

static void
on_report(uv_timer_t *timer)
{
	struct rendezvous *r = timer->data;

	r->opt.report(r->opt.ctx, &r->tracker, clock_steady_ns());
}

static void
close_all(struct rendezvous *r)
{
	if (r->ended)
		return;
	r->ended = true;
	wire_close(&r->wire);
	uv_close((uv_handle_t *)&r->interrupt, NULL);
	uv_close((uv_handle_t *)&r->term, NULL);
	uv_close((uv_handle_t *)&r->report, NULL);
	uv_close((uv_handle_t *)&r->end, NULL);
}

static void
on_end(uv_timer_t *timer)
{
	close_all(timer->data);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	close_all(handle->data);
}

int
rendezvous_open(const struct rendezvous_options *opt, struct rendezvous **out)
{
	struct rendezvous *r = calloc(1, sizeof *r);

	if (r == NULL)
		abort();
	*out = r;
	r->opt = *opt;
	r->tracker = (struct tracker){ .max = opt->peers, .lease_s = opt->lease_s,
		.answer = ANSWER, .near = opt->near, .rng = rng_seeded(opt->seed, 3) };
	r->tracker.peer_id = rng_next(&r->tracker.rng) | 1;
	r->tracker.list = calloc(opt->peers, sizeof *r->tracker.list);
	if (r->tracker.list == NULL)
		abort();
	uv_loop_init(&r->loop);
	uv_signal_init(&r->loop, &r->interrupt);
	uv_signal_init(&r->loop, &r->term);
	uv_timer_init(&r->loop, &r->report);
	uv_timer_init(&r->loop, &r->end);
	r->interrupt.data = r->term.data = r->report.data = r->end.data = r;
	return wire_open(&r->wire, &r->loop, &opt->self, WIRE_UDP, on_frame, r);
}

void
rendezvous_run(struct rendezvous *r)
{
	uint64_t ms = (uint64_t)(r->opt.report_ns / MS_NS);

	uv_signal_start(&r->interrupt, on_signal, SIGINT);
	uv_signal_start(&r->term, on_signal, SIGTERM);
	uv_timer_start(&r->report, on_report, ms, ms);
	if (r->opt.duration_ns > 0)
		uv_timer_start(&r->end, on_end, (uint64_t)(r->opt.duration_ns / MS_NS), 0);
	uv_run(&r->loop, UV_RUN_DEFAULT);
}

void
rendezvous_close(struct rendezvous *r)
{
	if (r == NULL)
		return;
	close_all(r);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	uv_loop_close(&r->loop);
	free(r->tracker.list);
	free(r);
}
