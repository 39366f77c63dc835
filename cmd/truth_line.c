/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/truth_line.h"

#include <inttypes.h>

#include "base/json.h"

static bool
tells_chunk(unsigned kind)
{
	return kind == TRUTH_CHUNK || kind == TRUTH_MISSED || kind == TRUTH_PLAY ||
	       kind == TRUTH_STALL || kind == TRUTH_RESUME || kind == TRUTH_SKIP;
}

void
truth_line(FILE *out, const struct endpoint *at, uint32_t number, const struct truth_event *ev)
{
	struct json_writer w = json_writer_to(out, false);
	char peer[ENDPOINT_TEXT_MAX], text[64];

	endpoint_format(at, peer);
	json_object(&w);
	json_put_seconds(&w, "t", ev->t_ns);
	json_put_string(&w, "event", truth_name(ev->kind));
	json_put_string(&w, "peer", peer);
	snprintf(text, sizeof text, "v%" PRIu32, number);
	json_put_string(&w, "run", text);
	snprintf(text, sizeof text, "mesh:%016" PRIx64, ev->channel);
	json_put_string(&w, "channel", text);
	if (tells_chunk(ev->kind))
		json_put_uint(&w, "chunk", ev->chunk);
	if (ev->kind == TRUTH_SKIP)
		json_put_uint(&w, "chunks", ev->chunks);
	if (ev->behind_ns != INT64_MIN)
		json_put_seconds(&w, ev->kind == TRUTH_CHUNK ? "age_s" : "lag_s", ev->behind_ns);
	if (ev->note != NULL)
		json_put_string(&w, "note", ev->note);
	json_object_end(&w);
	fputc('\n', out);
}
