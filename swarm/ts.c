/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/ts.h"

#include <string.h>

#define SYNC 0x47
#define HZ 27000000u
#define CLOCK_WRAP (UINT64_C(300) << 33)
#define JUMP (5 * (uint64_t)HZ)
#define PAT_HEAD 8u
#define PAT_CHECKSUM 4u
#define MADE_PID 0x100
#define EMPTY_PID 0x1fff

void
ts_init(struct ts *t, int64_t piece_ns)
{
	memset(t, 0, sizeof *t);
	t->piece_ns = piece_ns;
}

uint16_t
ts_pid(const uint8_t p[TS_PACKET])
{
	return (uint16_t)((p[1] & 0x1f) << 8 | p[2]);
}

bool
ts_begins(const uint8_t p[TS_PACKET])
{
	return p[0] == SYNC && (p[1] & 0x40) && (p[3] & 0x10);
}

/* Behind the header and the pointer: 8 bytes of the table's head, then programs of 4 bytes, a
 * checksum of 4 behind them. Program 0 is the network's. */
bool
ts_pmt_pid(const uint8_t p[TS_PACKET], uint16_t *pid)
{
	size_t at = 4 + ((p[3] & 0x20) ? 1u + p[4] : 0u), end;

	if (at >= TS_PACKET || (at += 1u + p[at]) + PAT_HEAD > TS_PACKET || p[at] != 0)
		return false;
	end = at + 3 + (((p[at + 1] & 0x0fu) << 8) | p[at + 2]);
	end = end < TS_PACKET ? end : TS_PACKET;
	for (at += PAT_HEAD; at + 4 + PAT_CHECKSUM <= end; at += 4)
		if (p[at] != 0 || p[at + 1] != 0) {
			*pid = (uint16_t)((p[at + 2] & 0x1f) << 8 | p[at + 3]);
			return true;
		}
	return false;
}

bool
ts_pcr(const uint8_t p[TS_PACKET], uint64_t *pcr)
{
	uint64_t base;

	if (p[0] != SYNC || !(p[3] & 0x20) || p[4] < 7 || !(p[5] & 0x10))
		return false;
	base = (uint64_t)p[6] << 25 | (uint64_t)p[7] << 17 | (uint64_t)p[8] << 9 |
	       (uint64_t)p[9] << 1 | p[10] >> 7;
	*pcr = base * 300 + ((uint64_t)(p[10] & 1) << 8 | p[11]);
	return true;
}

static void
end_piece(struct ts *t, ts_piece_fn *piece, void *ctx)
{
	if (t->len > 0)
		piece(ctx, t->piece, t->len);
	t->len = 0;
}

/* Does a piece end before the packet with this clock? */
static bool
is_full(const struct ts *t, uint64_t pcr)
{
	uint64_t since = (pcr + CLOCK_WRAP - t->begun) % CLOCK_WRAP;

	return since > JUMP || since >= (uint64_t)t->piece_ns * (HZ / 1000000) / 1000;
}

/* The next piece begins a duration after this one, not with whatever clock came: else each
 * would be a little longer. */
static void
begin_piece(struct ts *t, uint64_t pcr)
{
	uint64_t step = (uint64_t)t->piece_ns * (HZ / 1000000) / 1000;
	uint64_t since = (pcr + CLOCK_WRAP - t->begun) % CLOCK_WRAP;

	t->begun = since > JUMP || since > 2 * step ? pcr : (t->begun + step) % CLOCK_WRAP;
}

static void
take(struct ts *t, ts_piece_fn *piece, void *ctx)
{
	uint64_t pcr;

	if (ts_pcr(t->packet, &pcr) && (!t->clocked || ts_pid(t->packet) == t->pid)) {
		if (!t->clocked) {
			t->clocked = true;
			t->pid = ts_pid(t->packet);
			t->begun = pcr;
		} else if (is_full(t, pcr)) {
			end_piece(t, piece, ctx);
			begin_piece(t, pcr);
		}
	}
	if (!t->clocked)
		return;
	if (t->len + TS_PACKET > TS_PIECE) {
		t->dropped++;
		return;
	}
	memcpy(t->piece + t->len, t->packet, TS_PACKET);
	t->len += TS_PACKET;
}

void
ts_feed(struct ts *t, const uint8_t *bytes, size_t n, ts_piece_fn *piece, void *ctx)
{
	while (n > 0) {
		if (t->have == 0 && *bytes != SYNC) { /* a beginning is looked for */
			bytes++;
			n--;
			continue;
		}
		t->packet[t->have++] = *bytes++;
		n--;
		if (t->have < TS_PACKET)
			continue;
		t->have = 0;
		take(t, piece, ctx);
	}
}

static void
put_clock(uint8_t *p, int64_t ns, uint32_t *counter)
{
	uint64_t clock = (uint64_t)(ns / 1000) * (HZ / 1000000) % CLOCK_WRAP;
	uint64_t base = clock / 300, rest = clock % 300;

	memset(p, 0xff, TS_PACKET);
	p[0] = SYNC;
	p[1] = MADE_PID >> 8;
	p[2] = MADE_PID & 0xff;
	p[3] = (uint8_t)(0x20 | ((*counter)++ & 15));
	p[4] = TS_PACKET - 5;
	p[5] = 0x10;
	p[6] = (uint8_t)(base >> 25);
	p[7] = (uint8_t)(base >> 17);
	p[8] = (uint8_t)(base >> 9);
	p[9] = (uint8_t)(base >> 1);
	p[10] = (uint8_t)((base & 1) << 7 | 0x7e | rest >> 8);
	p[11] = (uint8_t)rest;
}

void
ts_make(uint8_t *to, size_t len, int64_t ns, uint32_t *counter)
{
	for (size_t at = 0; at + TS_PACKET <= len; at += TS_PACKET) {
		memset(to + at, 0xff, TS_PACKET);
		to[at] = SYNC;
		to[at + 1] = EMPTY_PID >> 8;
		to[at + 2] = EMPTY_PID & 0xff;
		to[at + 3] = 0x10;
	}
	if (len >= TS_PACKET)
		put_clock(to, ns, counter);
}
