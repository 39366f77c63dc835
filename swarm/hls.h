/*
 * hls - a live stream of chunks as HTTP Live Streaming: a playlist of the newest segments,
 * each some whole chunks long.
 *
 *   chunks  ... 16 17 18 19 | 20 21 22 23 | 24 25
 *   segments        4       |      5      | (6 is not whole yet)
 *
 * A segment's number is its first chunk's divided by its chunks, so it is the same for all
 * viewers. Each begins with the stream's PAT and PMT, without which no player finds its way.
 * Pure. Source: RFC 8216.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_HLS_H
#define SWARM_HLS_H

#include <stddef.h>
#include <stdint.h>

#include "swarm/media.h"

#define HLS_SEGMENTS 6u  /* in a playlist at most */
#define HLS_PLAYLIST 1024u

/* Chunks of a segment: two seconds or a little more. */
uint32_t hls_chunks(int64_t chunk_ns);

/* The playlist of what was played, chunks first to newest (0: nothing was): its length. */
size_t hls_playlist(uint64_t first, uint64_t newest, int64_t chunk_ns, char out[HLS_PLAYLIST]);

/* Bytes of the segment; written to out if it is not NULL. 0: nothing of it is there. */
size_t hls_segment(const struct media *m, uint64_t segment, int64_t chunk_ns, uint8_t *out);

#endif
