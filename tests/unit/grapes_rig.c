/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/grapes_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAPPED 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff

const struct endpoint rig_opener = { { MAPPED, 10, 77, 0, 1 }, 6000 };
const struct endpoint rig_other = { { MAPPED, 10, 77, 0, 2 }, 6001 };

const enum grapes_dialect rig_dialects[RIG_DIALECTS] = { GRAPES_ENGINE, GRAPES_CLASSIC,
	                                                 GRAPES_NAPA };

static void
put(struct obs_sink *self, const struct observation *o)
{
	struct rig *r = (struct rig *)self;

	assert(r->puts < RIG_MAX_PUT && obs_size(o) <= sizeof r->put[0]);
	memcpy(&r->put[r->puts++], o, obs_size(o));
}

struct rig *
rig_new(enum grapes_dialect dialect)
{
	struct rig *r = calloc(1, sizeof *r);

	assert(r != NULL);
	r->sink.put = put;
	r->dialect = dialect;
	r->m.t_ns = RIG_CLOCK_NS;
	r->m.transport = PROTO_UDP;
	r->m.vantage = 7;
	r->m.origin = OBS_ACTIVE;
	rig_direction(r, false);
	return r;
}

void
rig_free(struct rig *r)
{
	free(r);
}

struct rig *
rig_next(struct rig *r)
{
	size_t next = 1;

	while (r->dialect != rig_dialects[next - 1])
		next++;
	rig_free(r);
	return next < RIG_DIALECTS ? rig_new(rig_dialects[next]) : NULL;
}

enum proto_verdict
rig_alone(enum grapes_dialect dialect, const struct writer *message)
{
	struct rig *r = rig_new(dialect);
	enum proto_verdict verdict = rig_message(r, message);

	rig_free(r);
	return verdict;
}

enum proto_verdict
rig_introduced(enum grapes_dialect dialect, const struct writer *message)
{
	struct rig *r = rig_new(dialect);
	enum proto_verdict verdict;

	rig_introduce(r);
	verdict = rig_message(r, message);
	rig_free(r);
	return verdict;
}

void
rig_clear(struct rig *r)
{
	r->puts = 0;
}

void
rig_direction(struct rig *r, bool reply)
{
	r->m.reply = reply;
	r->m.src = reply ? rig_other : rig_opener;
	r->m.dst = reply ? rig_opener : rig_other;
}

void
rig_introduce(struct rig *r)
{
	uint8_t bytes[64];
	struct writer w = writer_over(bytes, sizeof bytes);
	enum proto_verdict verdict;

	rig_bitmap(&w, r->dialect, 6, 0, 0, NULL);
	verdict = rig_message(r, &w);
	assert(verdict == PROTO_OTHER);
}

enum proto_verdict
rig_datagram(struct rig *r, const void *bytes, size_t captured, size_t wire_len)
{
	uint8_t *own = malloc(captured ? captured : 1); /* over-reads show under ASAN */
	enum proto_verdict verdict;
	struct reader in;

	assert(own != NULL);
	if (captured > 0)
		memcpy(own, bytes, captured);
	in = reader_over(own, captured);
	r->m.wire_len = (uint32_t)wire_len;
	verdict = proto_grapes.decode(r->state, &r->m, &in, &r->sink);
	assert(verdict == PROTO_NOT_MINE ? in.pos == own : reader_left(&in) == 0);
	free(own);
	return verdict;
}

enum proto_verdict
rig_message(struct rig *r, const struct writer *message)
{
	return rig_piece(r, message, r->number++, writer_len(message), 0);
}

/* Monitoring of 5 bytes a message, in its first packet, and of 3 a packet. */
static void
napa_head(struct writer *w, const struct writer *message, uint16_t number, size_t offset)
{
	writer_be32(w, (uint32_t)offset);
	writer_be32(w, (uint32_t)writer_len(message));
	writer_be32(w, 4);
	writer_be32(w, 9);
	writer_be32(w, 70000u + number);
	writer_u8(w, message->start[0]);
	writer_u8(w, 5);
	writer_u8(w, 3);
	writer_bytes(w, "pkt", 3);
	if (offset == 0)
		writer_bytes(w, "whole", 5);
}

enum proto_verdict
rig_piece(struct rig *r, const struct writer *message, uint16_t number, size_t unit,
          size_t index)
{
	static uint8_t bytes[RIG_MAX_BYTES];
	struct writer w = writer_over(bytes, sizeof bytes);
	size_t len = writer_len(message), of = (len + unit - 1) / unit;
	size_t n = index == of - 1 ? len - index * unit : unit;

	if (r->dialect == GRAPES_ENGINE) {
		writer_u8(&w, 0);
		writer_be16(&w, number);
		writer_be16(&w, (uint16_t)of);
		writer_be16(&w, (uint16_t)index);
		writer_be32(&w, (uint32_t)n);
	} else if (r->dialect == GRAPES_NAPA) {
		napa_head(&w, message, number, index * unit);
	} else {
		writer_u8(&w, (uint8_t)number);
		writer_u8(&w, (uint8_t)(index + 1));
		writer_u8(&w, (uint8_t)of);
	}
	writer_bytes(&w, message->start + index * unit, n);
	assert(!w.failed && !message->failed);
	return rig_datagram(r, bytes, writer_len(&w), writer_len(&w));
}

const struct observation *
rig_put(const struct rig *r, size_t i)
{
	assert(i < r->puts);
	return &r->put[i].o;
}

void
rig_node(struct writer *w, enum grapes_dialect dialect, const struct endpoint *node)
{
	const uint8_t *a = node->addr + 12;
	char text[32];
	uint8_t rest[120] = { 0 };

	snprintf(text, sizeof text, "%u.%u.%u.%u:%u-", a[0], a[1], a[2], a[3], node->port);
	if (dialect != GRAPES_CLASSIC)
		writer_bytes(w, text, strlen(text));
	if (dialect == GRAPES_NAPA) {
		text[strlen(text) - 1] = '\0';
		writer_bytes(w, text, strlen(text) + 1);
	}
	if (dialect != GRAPES_CLASSIC)
		return;
	writer_le16(w, 2);
	writer_be16(w, node->port);
	writer_bytes(w, a, 4);
	writer_bytes(w, rest, sizeof rest);
}

static void
metadata(struct writer *w, enum grapes_dialect dialect)
{
	writer_le16(w, 60);
	if (dialect == GRAPES_ENGINE) {
		writer_u8(w, 8);
		return;
	}
	writer_le16(w, 25);
	writer_le32(w, 0x7fc00000);
	writer_le32(w, 0x3f800000);
}

void
rig_gossip(struct writer *w, enum grapes_dialect dialect, uint8_t sub, uint32_t age,
           const struct endpoint *nodes, size_t n)
{
	writer_u8(w, GRAPES_TOPOLOGY);
	writer_u8(w, sub);
	writer_be32(w, (uint32_t)n);
	writer_be32(w, dialect == GRAPES_ENGINE ? 3 : 12);
	for (size_t i = 0; i < n; i++) {
		writer_be32(w, i == 0 ? age : (uint32_t)i);
		rig_node(w, dialect, &nodes[i]);
		metadata(w, dialect);
	}
}

void
rig_signalling(struct writer *w, enum grapes_dialect dialect, uint8_t what, uint8_t deliver,
               const struct endpoint *node, uint32_t n, uint32_t coding, const void *set,
               size_t set_len)
{
	uint8_t bytes[128];
	struct writer name = writer_over(bytes, sizeof bytes);

	if (node != NULL)
		rig_node(&name, dialect, node);
	writer_u8(w, GRAPES_SIGNALLING);
	writer_be32(w, n);
	writer_be32(w, coding);
	writer_be32(w, (uint32_t)(4 + writer_len(&name)));
	if (set_len > 0)
		writer_bytes(w, set, set_len);
	writer_u8(w, what);
	writer_u8(w, deliver);
	writer_le16(w, 9);
	writer_bytes(w, bytes, writer_len(&name));
}

void
rig_bitmap(struct writer *w, enum grapes_dialect dialect, uint8_t what, uint32_t base,
           uint32_t n, const void *bits)
{
	static uint8_t set[4 + 4096];
	struct writer s = writer_over(set, sizeof set);

	writer_be32(&s, base);
	if (n > 0)
		writer_bytes(&s, bits, (n + 7) / 8);
	rig_signalling(w, dialect, what, 0, NULL, n, 1, set, writer_len(&s));
}

void
rig_list(struct writer *w, enum grapes_dialect dialect, uint8_t what, const uint32_t *ids,
         uint32_t n)
{
	uint8_t set[256];
	struct writer s = writer_over(set, sizeof set);

	for (uint32_t i = 0; i < n; i++)
		writer_be32(&s, ids[i]);
	rig_signalling(w, dialect, what, 0, NULL, n, 2, set, writer_len(&s));
}

void
rig_neighbour(struct writer *w, enum grapes_dialect dialect, uint8_t sub)
{
	writer_u8(w, GRAPES_NEIGHBOURHOOD);
	writer_u8(w, sub);
	metadata(w, dialect);
}

void
rig_chunk(struct writer *w, enum grapes_dialect dialect, uint32_t id, uint32_t size,
          uint16_t hops)
{
	writer_u8(w, GRAPES_CHUNK);
	writer_be16(w, 3);
	writer_be32(w, id);
	writer_be64(w, RIG_SOURCE_US);
	writer_be32(w, size);
	writer_be32(w, dialect == GRAPES_ENGINE ? 2 : 12);
	for (uint32_t i = 0; i < size; i++)
		writer_u8(w, (uint8_t)i);
	if (dialect != GRAPES_ENGINE) {
		writer_le64(w, RIG_SOURCE_US + 5000000);
		writer_le16(w, 1);
	}
	writer_le16(w, hops);
}
