/*
 * ts - an MPEG transport stream cut into pieces of constant duration, by its clock.
 *
 *   packets of 188 bytes, a PCR now and then   -->   pieces that begin with a PCR's packet
 *
 * The first PID with a PCR is the clock. A clock that jumps by more than a few seconds ends
 * the piece at hand: the stream began anew. What lies before the first sync byte is passed
 * over. Also makes a stream of empty packets with a clock, for trials without a camera. Pure;
 * plain value. Source: ISO/IEC 13818-1, 2.4.2 to 2.4.4.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_TS_H
#define SWARM_TS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_PACKET 188u
#define TS_PIECE 60000u /* bytes at most: one datagram has room for it */

struct ts {
	int64_t piece_ns;   /* how long a piece is */
	uint8_t packet[TS_PACKET];
	size_t have;        /* of packet */
	bool clocked;       /* pid and begun are known */
	uint16_t pid;
	uint64_t begun;     /* clock, 27 MHz, at the piece's beginning */
	uint8_t piece[TS_PIECE];
	size_t len;
	uint64_t dropped;   /* packets that no piece had room for */
};

/* A piece is whole: len bytes, valid during the call. */
typedef void ts_piece_fn(void *ctx, const uint8_t *piece, size_t len);

void ts_init(struct ts *t, int64_t piece_ns);
void ts_feed(struct ts *t, const uint8_t *bytes, size_t n, ts_piece_fn *piece, void *ctx);

/* The clock of a packet; false: it has none. */
bool ts_pcr(const uint8_t packet[TS_PACKET], uint64_t *pcr);

/* Of a packet: its PID; does a section or PES packet begin in it? */
uint16_t ts_pid(const uint8_t packet[TS_PACKET]);
bool ts_begins(const uint8_t packet[TS_PACKET]);

/* The PID of the first program's PMT, from a packet in which a PAT begins; false: none. */
bool ts_pmt_pid(const uint8_t packet[TS_PACKET], uint16_t *pid);

/* len bytes (a multiple of TS_PACKET) of a made stream from time ns on: a packet with the
 * clock, then empty ones. */
void ts_make(uint8_t *to, size_t len, int64_t ns, uint32_t *counter);

#endif
