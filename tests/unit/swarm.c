/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/swarm.h"

#include <math.h>
#include <string.h>

#define S_NS 1e9

int64_t
swarm_ns(double s)
{
	return SWARM_START_NS + (int64_t)llround(s * S_NS);
}

struct estimate
swarm_at(double lo, double best, double hi)
{
	return estimate_of(swarm_ns(lo), swarm_ns(best), swarm_ns(hi), ESTIMATE_MAP_PERIOD);
}

struct estimate
swarm_span(double lo, double best, double hi)
{
	return estimate_of(llround(lo * S_NS), llround(best * S_NS), llround(hi * S_NS),
	                   ESTIMATE_PLAYHEAD);
}

struct result
swarm_session(unsigned host, unsigned run, double joined, double playing, double left)
{
	struct result r = {
		.t_ns = swarm_ns(left),
		.channel = SWARM_CHANNEL,
		.run = run,
		.peer = endpoint_ipv4(0x0a4d0000 + host, 6000),
		.kind = RESULT_SESSION,
		.protocol = 1,
		.final = true,
	};
	struct result_session *s = &r.u.session;

	s->joined = swarm_at(joined, joined, joined);
	s->left = swarm_at(left, left, left + 0.5);
	s->playing = s->startup = s->switch_delay = ESTIMATE_UNKNOWN;
	s->stall_time = estimate_at(0);
	s->lag_ns = s->buffer_ns = INT64_MIN;
	s->mos = s->mos_delay = s->mos_rate = s->mos_count = NAN;
	s->end = END_SILENCE;
	s->maps = 100;
	if (!isnan(playing)) {
		s->playing = swarm_at(playing - 0.3, playing, playing + 0.4);
		s->startup = estimate_minus(&s->playing, &s->joined);
		s->played_ns = llround((left - playing) * S_NS);
		s->chunks_passed = 1000;
		s->mos = 4.5f;
		s->mos_delay = 4.25f;
		s->mos_rate = s->mos_count = 5;
		s->lag_ns = llround(3 * S_NS) + (int64_t)host * 100000000;
	}
	return r;
}

struct result
swarm_event(const struct result *session, enum result_event_kind event, unsigned ordinal, double at,
            double duration)
{
	struct result r = *session;

	memset(&r.u, 0, sizeof r.u);
	r.kind = RESULT_EVENT;
	r.t_ns = swarm_ns(at);
	r.u.event.event = (uint8_t)event;
	r.u.event.ordinal = ordinal;
	r.u.event.at = swarm_at(at - 0.2, at, at + 0.3);
	r.u.event.duration = ESTIMATE_UNKNOWN;
	if (!isnan(duration))
		r.u.event.duration = swarm_span(duration - 0.5, duration, duration + 0.5);
	return r;
}

static void
put_channel(struct result_sink *to)
{
	static const uint8_t id[] = { 0x0a, 0x4d, 0x00, 0x01, 0x17, 0x70 };
	struct result r = { .t_ns = swarm_ns(100),
		            .channel = SWARM_CHANNEL,
		            .kind = RESULT_CHANNEL,
		            .protocol = 1,
		            .final = true };

	memcpy(r.u.channel.id, id, sizeof id);
	r.u.channel.id_len = sizeof id;
	r.u.channel.chunk = swarm_span(0.1080, 0.1086, 0.1092);
	r.u.channel.source = endpoint_ipv4(0x0a4d0001, 6000);
	r.u.channel.bitrate_kbps = 500;
	r.u.channel.playhead = (struct playhead){
		.model = PLAYHEAD_FIRST_RECEIVED,
		.skip_window_chunks = 80,
	};
	to->put(to, &r);
}

static void
put_retrieval(struct result_sink *to)
{
	static const double ratio[] = { 0.21, 0.55, 0.93, 0.99, 1.0 };
	struct result r = { .t_ns = swarm_ns(100),
		            .channel = SWARM_CHANNEL,
		            .kind = RESULT_RETRIEVAL,
		            .protocol = 1,
		            .final = true };

	for (unsigned i = 0; i < 5; i++) {
		r.u.retrieval = (struct result_retrieval){
			.age_ns = INT64_C(500000000) << i,
			.bucket = (uint8_t)i,
			.held = (uint64_t)llround(ratio[i] * 1000),
			.eligible = 1000,
		};
		to->put(to, &r);
	}
	r.u.retrieval = (struct result_retrieval){
		.held = 991,
		.eligible = 1000,
		.bucket = RESULT_AGES,
	};
	to->put(to, &r);
}

static void
put_lags(struct result_sink *to)
{
	for (int i = 0; i <= 100; i++) {
		struct result r = swarm_session(3, 0, 2, 4, 100);

		r.kind = RESULT_LAG;
		r.t_ns = swarm_ns(5 + i * 0.1);
		r.u.lag.ns = INT64_C(3000000000) + i * 20000000;
		r.u.lag.n = 1;
		to->put(to, &r);
	}
}

static void
put_troubled(struct result_sink *to)
{
	struct result r = swarm_session(5, 0, 4, 8.2, 100), e;

	e = swarm_event(&r, EVENT_STARTUP, 0, 8.2, 4.2);
	to->put(to, &e);
	e = swarm_event(&r, EVENT_STALL, 1, 43.5, 20.3);
	to->put(to, &e);
	e = swarm_event(&r, EVENT_STALL, 2, 80, 1.7);
	to->put(to, &e);
	e = swarm_event(&r, EVENT_SKIP, 3, 81.7, NAN);
	e.u.event.chunks = 135;
	to->put(to, &e);
	e = swarm_event(&r, EVENT_REBOOT, 4, 90, NAN);
	to->put(to, &e);
	e = swarm_event(&r, EVENT_LEAVE, 5, 100, NAN);
	to->put(to, &e);
	r.u.session.stalls = 2;
	r.u.session.stall_time = swarm_span(21, 22, 23);
	r.u.session.played_ns = llround(69.8 * S_NS);
	r.u.session.skips = 1;
	r.u.session.skipped_chunks = 135;
	r.u.session.reboots = 1;
	r.u.session.chunks_missed = 135;
	r.u.session.mos = 2.4f;
	to->put(to, &r);
}

void
swarm_put(struct result_sink *to)
{
	struct result r, e;

	put_channel(to);
	r = swarm_session(1, 0, 0, NAN, 100);
	r.u.session.source = true;
	r.u.session.end = END_OPEN;
	to->put(to, &r);
	put_troubled(to);
	r = swarm_session(3, 0, 2, 4, 100);
	to->put(to, &r);
	r = swarm_session(4, 0, 0.5, NAN, 60);
	r.u.session.left_censored = true;
	r.u.session.joined.lo_ns = ESTIMATE_OPEN_LO;
	r.u.session.played_ns = llround(59 * S_NS);
	r.u.session.chunks_passed = 500;
	to->put(to, &r);
	r = swarm_session(7, 0, 10, NAN, 12);
	e = swarm_event(&r, EVENT_EXIT_BEFORE_START, 0, 12, NAN);
	to->put(to, &e);
	to->put(to, &r);
	r = swarm_session(6, 0, 5, 8, 70);
	r.u.session.end = END_GOODBYE;
	to->put(to, &r);
	r = swarm_session(6, 1, 76, 79.5, 100);
	to->put(to, &r);
	put_lags(to);
	put_retrieval(to);
	r = (struct result){ .t_ns = swarm_ns(1), .kind = RESULT_WARNING, .final = true };
	strcpy(r.u.warning, "a.pcap ends inside a packet; what it holds is reported");
	to->put(to, &r);
}

const char *
swarm_protocol(unsigned protocol)
{
	return protocol == 1 ? "grapes" : NULL;
}

struct report
swarm_report(const struct collect *results)
{
	static const char *const files[] = { "a.pcap", "b.pcap" };
	static const struct report_count malformed[] = { { "grapes", 3 } };
	static const struct report_traffic protocols[] = { { "grapes", 98000, 8000000 } };
	static const struct player_model player = {
		.prebuffer_ns = 2000000000,
		.prebuffer_err_ns = 350000000,
		.key_wait_ns = 500000000,
		.probe_bytes = 6000,
		.latency_ns = 100000000,
		.latency_err_ns = 120000000,
		.margin_ns = 900000000,
		.margin_err_ns = 500000000,
		.rebuffer_ns = 2000000000,
		.rebuffer_err_ns = 250000000,
	};
	static struct report_input input = {
		.files = files,
		.n_files = 2,
		.packets = 98765,
		.bytes = 8123456,
		.observations = 50123,
		.cut = 7,
		.gaps = 1,
		.not_swarm_bytes = 1234,
		.malformed = malformed,
		.n_malformed = 1,
		.by_protocol = protocols,
		.n_by_protocol = 1,
	};

	input.first_ns = SWARM_START_NS;
	input.last_ns = swarm_ns(110.9);
	return (struct report){ results, &input, swarm_protocol, &player, "assumed" };
}
