/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/hls.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "swarm/ts.h"

#define SEGMENT_NS INT64_C(2000000000)

uint32_t
hls_chunks(int64_t chunk_ns)
{
	return (uint32_t)((SEGMENT_NS + chunk_ns - 1) / chunk_ns);
}

/* Writes behind what is there; what has no room is left out. */
static size_t put(char *out, size_t at, const char *form, ...)
    __attribute__((format(printf, 3, 4)));

static size_t
put(char *out, size_t at, const char *form, ...)
{
	va_list args;
	int n;

	va_start(args, form);
	n = vsnprintf(out + at, HLS_PLAYLIST - at, form, args);
	va_end(args);
	return n > 0 && (size_t)n < HLS_PLAYLIST - at ? at + (size_t)n : at;
}

size_t
hls_playlist(uint64_t first, uint64_t newest, int64_t chunk_ns, char out[HLS_PLAYLIST])
{
	uint32_t n = hls_chunks(chunk_ns);
	double seconds = (double)(n * chunk_ns) / 1e9;
	uint64_t end = (newest + 1) / n, begin = (first + n - 1) / n; /* end is not whole */
	size_t at;

	if (newest == 0 || begin >= end)
		begin = end;
	else if (end - begin > HLS_SEGMENTS)
		begin = end - HLS_SEGMENTS;
	at = put(out, 0, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%d\n"
	         "#EXT-X-MEDIA-SEQUENCE:%" PRIu64 "\n", (int)(seconds + 0.999), begin);
	for (uint64_t i = begin; i < end; i++)
		at = put(out, at, "#EXTINF:%.3f,\nsegment-%" PRIu64 ".ts\n", seconds, i);
	return at;
}

/* The first packet of the chunks with this PID that begins a section; NULL: none. */
static const uint8_t *
find_section(const struct media *m, uint64_t from, uint64_t to, uint16_t pid)
{
	for (uint64_t i = from; i < to; i++) {
		const struct media_chunk *c = media_get(m, i);

		for (size_t at = 0; c != NULL && at + TS_PACKET <= c->len; at += TS_PACKET)
			if (ts_pid(c->bytes + at) == pid && ts_begins(c->bytes + at))
				return c->bytes + at;
	}
	return NULL;
}

/* PAT and PMT, as the stream has them somewhere in these chunks. */
static size_t
put_tables(const struct media *m, uint64_t from, uint64_t to, uint8_t *out)
{
	const uint8_t *pat = find_section(m, from, to, 0), *pmt;
	uint16_t pid;

	if (pat == NULL || !ts_pmt_pid(pat, &pid) ||
	    (pmt = find_section(m, from, to, pid)) == NULL)
		return 0;
	if (out != NULL) {
		memcpy(out, pat, TS_PACKET);
		memcpy(out + TS_PACKET, pmt, TS_PACKET);
	}
	return (size_t)2 * TS_PACKET;
}

size_t
hls_segment(const struct media *m, uint64_t segment, int64_t chunk_ns, uint8_t *out)
{
	uint64_t n = hls_chunks(chunk_ns), from, to;
	size_t len, tables;

	if (segment >= UINT64_MAX / n - 1)
		return 0;
	from = segment * n;
	to = from + n;
	len = tables = put_tables(m, from, to, out);
	for (uint64_t i = from; i < to; i++) {
		const struct media_chunk *c = media_get(m, i);

		if (c == NULL)
			continue;
		if (out != NULL)
			memcpy(out + len, c->bytes, c->len);
		len += c->len;
	}
	return len > tables ? len : 0;
}
