/*
 * A million flows of one packet each, over UDP and TCP, IPv4 and IPv6, through the whole
 * probe: each UDP packet is the first word of a PeerStreamer newcomer, so each is a flow to be
 * kept. Tables evict, and memory stays under the ceiling. Prints the peak.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "probe/probe.h"

#define FLOWS 1000000u
#define PEAK_MIB 160
#define PAYLOAD 64u /* at most */
#define T0_NS INT64_C(1800000000000000000)

static void
put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void
put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

static size_t
ip_head(uint8_t *at, bool six, unsigned protocol, size_t len, uint32_t i)
{
	memset(at, 0, 40);
	if (six) {
		at[0] = 0x60;
		put16(at + 4, (unsigned)len);
		at[6] = (uint8_t)protocol;
		at[7] = 64;
		at[8] = at[24] = 0x20;
		put32(at + 20, i);
		put32(at + 36, ~i);
		return 40;
	}
	at[0] = 0x45;
	put16(at + 2, (unsigned)len + 20);
	at[8] = 64;
	at[9] = (uint8_t)protocol;
	put32(at + 12, 0x0a000000 + i);
	put32(at + 16, 0x0b000000 + i);
	return 20;
}

/* A query that knows nobody but itself, in the engine's framing. */
static size_t
gossip(uint8_t *at, uint32_t i)
{
	char id[32];
	int id_len = snprintf(id, sizeof id, "10.%u.%u.%u:6000-", i >> 16 & 255, i >> 8 & 255,
	                      i & 255);
	size_t message = 10 + 4 + (size_t)id_len + 3;

	memset(at, 0, 11);
	at[2] = 1;
	put16(at + 3, 1);
	put32(at + 7, (uint32_t)message);
	at += 11;
	at[0] = 0x10;
	at[1] = 1;
	put32(at + 2, 10);
	put32(at + 6, 3);
	put32(at + 10, 4);
	memcpy(at + 14, id, (size_t)id_len);
	at[14 + id_len] = 60;
	at[15 + id_len] = at[16 + id_len] = 0;
	return 11 + message;
}

/* The i-th packet: TCP every other one, with data or its SYN; IPv6 one in four. */
static size_t
make(uint8_t *at, uint32_t i)
{
	bool six = i % 4 == 3, tcp = i % 2;
	size_t len = (tcp ? 20 : 8) + PAYLOAD, n = ip_head(at, six, tcp ? 6 : 17, len, i);

	memset(at + n, 0, len);
	put16(at + n, 6000);
	put16(at + n + 2, 1024 + i % 60000);
	if (tcp) {
		put32(at + n + 4, i * 2654435761u);
		at[n + 12] = 0x50;
		at[n + 13] = i % 8 == 1 ? 0x02 : 0x18;
	} else {
		put16(at + n + 4, (unsigned)len);
	}
	for (size_t k = len - PAYLOAD; tcp && k < len; k++)
		at[n + k] = (uint8_t)(i >> k % 4 * 8 ^ k);
	if (!tcp)
		n -= PAYLOAD - gossip(at + n + 8, i);
	if (!six)
		put16(at + 2, (unsigned)(n + len));
	if (six)
		put16(at + 4, (unsigned)(n + len - 40));
	if (!tcp)
		put16(at + (six ? 44 : 24), (unsigned)(n + len - (six ? 40 : 20)));
	return n + len;
}

static void
ignore(struct obs_sink *self, const struct observation *o)
{
	(void)self;
	(void)o;
}

int
main(void)
{
	struct obs_sink sink = { ignore };
	struct probe *p = probe_new(NULL, &sink);
	const struct counts *c;
	struct rusage usage;
	uint8_t packet[160];

	for (uint32_t i = 0; i < FLOWS; i++) {
		size_t n = make(packet, i);

		probe_packet(p, LINK_RAW, T0_NS + (int64_t)i * 10000, packet, n, (uint32_t)n);
	}
	probe_end(p);
	c = probe_counts(p);
	getrusage(RUSAGE_SELF, &usage);
	printf("%llu packets, %llu of them of swarms; %llu flows evicted, peak %ld MiB of %d\n",
	       (unsigned long long)c->total.packets,
	       (unsigned long long)c->class[COUNTS_SWARM].packets,
	       (unsigned long long)c->flows_evicted, usage.ru_maxrss / 1024, PEAK_MIB);
	if (c->total.packets != FLOWS || c->class[COUNTS_SWARM].packets < FLOWS / 2 ||
	    c->flows_evicted < FLOWS / 4 || usage.ru_maxrss / 1024 > PEAK_MIB)
		return 1;
	probe_free(p);
	return 0;
}
