/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/station.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "swarm/source.h"

#define END_MS 300u /* goodbyes are under way so long */
#define MS_NS 1000000

struct station {
	struct station_options opt;
	uv_loop_t loop;
	uv_signal_t interrupt, term;
	uv_timer_t end;
	uv_async_t changed;
	struct node node;
	struct source source;
	bool ending, ended;
	uint64_t head;
	atomic_uint upload_kbps;
	int64_t asked_ns, played_ns;
};

static void
on_truth(void *ctx, const struct truth_event *ev)
{
	struct station *s = ctx;

	if (ev->kind == TRUTH_JOIN)
		s->asked_ns = ev->t_ns;
	if (ev->kind == TRUTH_PLAY && s->played_ns == 0)
		s->played_ns = ev->t_ns;
	if (s->opt.node.truth != NULL)
		s->opt.node.truth(s->opt.node.ctx, ev);
}

static void
on_piece(void *ctx, const uint8_t *piece, size_t len)
{
	struct station *s = ctx;

	node_media(&s->node, ++s->head, piece, len);
}

static void
close_if_open(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void
close_all(struct station *s)
{
	s->ended = true;
	node_close(&s->node);
	source_close(&s->source);
	close_if_open((uv_handle_t *)&s->interrupt, NULL);
	close_if_open((uv_handle_t *)&s->term, NULL);
	close_if_open((uv_handle_t *)&s->changed, NULL);
	close_if_open((uv_handle_t *)&s->end, NULL);
}

static void
on_end(uv_timer_t *timer)
{
	struct station *s = timer->data;

	if (s->ending) {
		close_all(s);
		return;
	}
	s->ending = true;
	if (s->source.open)
		source_stop(&s->source);
	node_leave(&s->node);
	uv_timer_start(&s->end, on_end, END_MS, 0);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	struct station *s = handle->data;

	(void)number;
	if (!s->ending)
		on_end(&s->end);
}

static void
on_changed(uv_async_t *async)
{
	struct station *s = async->data;

	node_set_upload(&s->node, atomic_load(&s->upload_kbps));
}

void
station_upload(struct station *s, uint32_t kbps)
{
	atomic_store(&s->upload_kbps, kbps);
	uv_async_send(&s->changed);
}

static int
explain(int err, const struct station_options *opt, bool source, char why[STATION_WHY])
{
	char at[ENDPOINT_TEXT_MAX];

	endpoint_format(&opt->node.engine.self, at);
	if (err == ERR_USAGE)
		snprintf(why, STATION_WHY, "%s is no address (write udp://127.0.0.1:5000)",
		         opt->source);
	else if (source)
		snprintf(why, STATION_WHY, "cannot read %s: %s (name an MPEG-TS file, udp://, or "
		                           "- for standard input)", opt->source, strerror(errno));
	else
		snprintf(why, STATION_WHY, "cannot listen on %s, or for players: %s (name another "
		                           "with --listen and --player)", at, strerror(errno));
	return err;
}

int
station_open(const struct station_options *opt, struct station **out, char why[STATION_WHY])
{
	struct station *s = calloc(1, sizeof *s);
	struct node_options node = opt->node;
	int err;

	if (s == NULL)
		abort();
	*out = s;
	s->opt = *opt;
	s->head = opt->first_chunk - 1;
	signal(SIGPIPE, SIG_IGN); /* who hangs up is told by an error */
	uv_loop_init(&s->loop);
	uv_signal_init(&s->loop, &s->interrupt);
	uv_signal_init(&s->loop, &s->term);
	uv_timer_init(&s->loop, &s->end);
	uv_async_init(&s->loop, &s->changed, on_changed);
	s->interrupt.data = s->term.data = s->end.data = s->changed.data = s;
	node.truth = on_truth;
	node.ctx = s;
	err = node_open(&s->node, &s->loop, &node);
	if (err != 0)
		return explain(err, opt, false, why);
	if (!opt->node.engine.source)
		return 0;
	err = source_open(&s->source, &s->loop, opt->source, opt->node.engine.channel.chunk_ns,
	                  opt->node.engine.channel.bitrate_kbps, on_piece, s);
	return err == 0 ? 0 : explain(err, opt, true, why);
}

void
station_run(struct station *s)
{
	uv_signal_start(&s->interrupt, on_signal, SIGINT);
	uv_signal_start(&s->term, on_signal, SIGTERM);
	node_join(&s->node);
	if (s->source.open)
		source_start(&s->source, clock_steady_ns());
	if (s->opt.duration_ns > 0)
		uv_timer_start(&s->end, on_end, (uint64_t)(s->opt.duration_ns / MS_NS), 0);
	uv_run(&s->loop, UV_RUN_DEFAULT);
}

struct station_counts
station_counts(const struct station *s)
{
	return (struct station_counts){ .engine = engine_counts(s->node.engine),
		.player = *engine_player(s->node.engine), .pieces = s->source.pieces,
		.unsent = s->node.wire.unsent, .garbage = s->node.wire.garbage,
		.startup_s = s->played_ns != 0 ? (double)(s->played_ns - s->asked_ns) / 1e9 :
		                                 (double)NAN };
}

void
station_close(struct station *s)
{
	if (s == NULL)
		return;
	if (!s->ended)
		close_all(s);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	node_free(&s->node);
	free(s);
}
