/*
 * A path and a query, as a client sends them: read and answered from a small report. What
 * is answered must be JSON, as must what is said of a refusal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "dashboard/api.h"

#define TARGET_MOST 2048
#define S_NS INT64_C(1000000000)
#define T0_NS (1800000000 * S_NS)
#define CHANNEL 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
protocol_name(unsigned id)
{
	return id == 1 ? "mesh" : NULL;
}

static void
put_session(struct collect *c, uint32_t i)
{
	struct result r = { .kind = RESULT_SESSION, .channel = CHANNEL, .protocol = 1,
		.run = 1, .final = true, .peer = endpoint_pseudonym(i, 7000) };
	int64_t joined_ns = T0_NS + (int64_t)i * S_NS;
	struct result e = r;

	r.u.session.joined = estimate_at(joined_ns);
	r.u.session.playing = i == 1 ? ESTIMATE_UNKNOWN : estimate_at(joined_ns + S_NS);
	r.u.session.left = estimate_at(joined_ns + 60 * S_NS);
	r.u.session.startup = i == 1 ? ESTIMATE_UNKNOWN : estimate_at(S_NS);
	r.u.session.switch_delay = ESTIMATE_UNKNOWN;
	r.u.session.stall_time = estimate_at(2 * S_NS);
	r.u.session.lag_ns = i == 2 ? INT64_MIN : 5 * S_NS;
	r.u.session.stalls = 1;
	r.u.session.end = (uint8_t)(i % 2 ? END_OPEN : END_GOODBYE);
	c->sink.put(&c->sink, &r);
	e.kind = RESULT_EVENT;
	e.u.event = (struct result_event){ .at = estimate_at(joined_ns + 9 * S_NS),
		.duration = estimate_at(2 * S_NS), .event = EVENT_STALL };
	c->sink.put(&c->sink, &e);
}

static bool
maps(void *ctx, uint64_t channel, int64_t t_ns, int64_t back_ns, struct obs_sink *to)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_BUFFER_MAP, t_ns - back_ns / 2);

	(void)ctx;
	o->channel = channel;
	o->peer = endpoint_pseudonym(1, 7000);
	obs_set_range(o, 1000, 64);
	obs_set(o, 3);
	to->put(to, o);
	return true;
}

static bool
maps_of(void *ctx, uint64_t channel, const struct endpoint *peer, struct obs_sink *to)
{
	(void)peer;
	return maps(ctx, channel, T0_NS, S_NS, to);
}

static struct collect *
small_report(void)
{
	static struct collect c;
	struct result r = { .kind = RESULT_CHANNEL, .channel = CHANNEL, .protocol = 1,
		.final = true };

	if (c.finished)
		return &c;
	collect_init(&c);
	r.u.channel = (struct result_channel){ .id = { 1, 2 }, .id_len = 2,
		.chunk = estimate_at(S_NS / 4) };
	c.sink.put(&c.sink, &r);
	for (uint32_t i = 0; i < 4; i++)
		put_session(&c, i);
	collect_finish(&c);
	return &c;
}

static void
check_json(const char *text, size_t len)
{
	struct json_reader r = json_reader_over(text, len);
	enum json_token t;

	do
		t = json_next(&r);
	while (t != JSON_END && t != JSON_ERROR);
	if (t == JSON_ERROR)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct api_view view = {
		.vantage = "input:1", .first_ns = T0_NS, .last_ns = T0_NS + 90 * S_NS,
		.report = { .results = small_report(), .protocol_name = protocol_name },
		.maps = maps, .maps_of = maps_of,
	};
	const struct api api = { .view = &view, .n = 1, .version = "1", .store = "a.db" };
	char target[TARGET_MOST + 1], *query, *text = NULL;
	struct api_problem problem;
	struct params p;
	size_t len;
	FILE *out;

	if (size > TARGET_MOST || memchr(data, 0, size) != NULL)
		return 0;
	memcpy(target, data, size);
	target[size] = '\0';
	query = strchr(target, '?');
	if (query != NULL)
		*query++ = '\0';
	out = open_memstream(&text, &len);
	if (out == NULL)
		abort();
	if (!params_read(&p, target, query)) {
		if (p.why[0] == '\0')
			abort();
		api_fail(&problem, 400, "bad-query", "Bad request", "%s", p.why);
		api_problem_write(out, &problem, target);
	} else if (api_answer(&api, &p, out, &problem) != 200) {
		fflush(out);
		rewind(out);
		api_problem_write(out, &problem, target);
	}
	fclose(out);
	check_json(text, len);
	free(text);
	return 0;
}
