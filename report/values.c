/* SPDX-License-Identifier: Apache-2.0 */
#include "report/values.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "record/endpoint.h"
#include "report/figures.h"

void
values_channel(char text[VALUES_CHANNEL_MAX], const char *protocol, const uint8_t *id,
               size_t id_len, uint64_t key)
{
	int at = snprintf(text, VALUES_CHANNEL_MAX, "%.32s:", protocol ? protocol : "unknown");

	if (id_len == 0) {
		snprintf(text + at, (size_t)(VALUES_CHANNEL_MAX - at), "%016" PRIx64, key);
		return;
	}
	for (size_t i = 0; i < id_len && i < OBS_MAX_CHANNEL_ID; i++)
		at += snprintf(text + at, (size_t)(VALUES_CHANNEL_MAX - at), "%02x", id[i]);
}

void
values_time(char text[VALUES_TIME_MAX], int64_t ns)
{
	int64_t us = ns / 1000 - (ns % 1000 < 0);
	int64_t s = us / 1000000 - (us % 1000000 < 0);
	time_t t = (time_t)s;
	struct tm tm;
	size_t at;

	if (gmtime_r(&t, &tm) == NULL) {
		text[0] = '\0';
		return;
	}
	at = strftime(text, VALUES_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + at, VALUES_TIME_MAX - at, ".%06" PRId64 "Z", us - s * 1000000);
}

static void
put_bounds(struct json_writer *w, const struct estimate *e)
{
	json_put_seconds(w, "lo", e->lo_ns);
	json_put_seconds(w, "best", e->best_ns);
	json_put_seconds(w, "hi", e->hi_ns);
}

void
values_estimate(struct json_writer *w, const char *key, const struct estimate *e)
{
	if (!estimate_known(e)) {
		json_put_null(w, key);
		return;
	}
	json_key(w, key);
	json_object(w);
	put_bounds(w, e);
	json_object_end(w);
}

void
values_reasoned(struct json_writer *w, const char *key, const struct estimate *e)
{
	static const char *const reasons[] = {
		"map_period", "gap", "sampling", "playhead", "censored",
	};

	if (!estimate_known(e)) {
		json_put_null(w, key);
		return;
	}
	json_key(w, key);
	json_object(w);
	put_bounds(w, e);
	json_key(w, "reasons");
	json_array(w);
	for (unsigned i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (e->reasons & 1u << i)
			json_string(w, reasons[i]);
	json_array_end(w);
	json_object_end(w);
}

void
values_peer(struct json_writer *w, const char *key, const struct endpoint *peer)
{
	char text[ENDPOINT_TEXT_MAX];

	if (endpoint_is_none(peer)) {
		json_put_null(w, key);
		return;
	}
	endpoint_format(peer, text);
	json_put_string(w, key, text);
}

void
values_peer_id(struct json_writer *w, const char *key, uint64_t peer_id)
{
	char text[17];

	if (peer_id == 0) {
		json_put_null(w, key);
		return;
	}
	snprintf(text, sizeof text, "%016" PRIx64, peer_id);
	json_put_string(w, key, text);
}

static void
put_counts(struct json_writer *w, const struct result_session *s)
{
	json_put_uint(w, "stall_count", s->stalls);
	json_put_uint(w, "pause_count", s->pauses);
	json_put_uint(w, "skip_count", s->skips);
	json_put_uint(w, "skipped_chunks", s->skipped_chunks);
	json_put_uint(w, "reboot_count", s->reboots);
	json_put_uint(w, "chunks_passed", s->chunks_passed);
	json_put_uint(w, "chunks_missed", s->chunks_missed);
	json_put_uint(w, "maps", s->maps);
}

void
values_session(struct json_writer *w, const struct result_session *s)
{
	const char *end = result_end_name(s->end);

	values_estimate(w, "joined", &s->joined);
	values_estimate(w, "playing", &s->playing);
	values_estimate(w, "left", &s->left);
	json_put_string(w, "end", end ? end : "unknown");
	json_put_bool(w, "left_censored", s->left_censored);
	json_put_bool(w, "source", s->source);
	values_reasoned(w, "startup_delay_s", &s->startup);
	values_reasoned(w, "switch_delay_s", &s->switch_delay);
	values_reasoned(w, "stall_s", &s->stall_time);
	json_put_seconds(w, "played_s", s->played_ns);
	json_put_seconds(w, "lag_s", s->lag_ns);
	json_put_seconds(w, "buffer_s", s->buffer_ns);
	put_counts(w, s);
	json_put_number(w, "continuity_index", figures_continuity(s), 6);
	json_put_number(w, "mos", (double)s->mos, 3);
}

void
values_channel_facts(struct json_writer *w, const struct result_channel *c)
{
	json_key(w, "name");
	if (c->name_len > 0)
		json_string_n(w, c->name, c->name_len);
	else
		json_null(w);
	values_estimate(w, "chunk_s", &c->chunk);
	json_key(w, "bitrate_kbps");
	if (c->bitrate_kbps > 0)
		json_uint(w, c->bitrate_kbps);
	else
		json_null(w);
}
