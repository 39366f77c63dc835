/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/tap.h"

#include <string.h>

#include "proto/mesh.h"

#define IP_HEAD 20u
#define UDP_HEAD 8u
#define TYPE_AT 5u
#define ROOM 2048u
#define SLACK_NS 900000 /* a millisecond, less a tenth: periods jitter by the network */

static bool
of_chunks(uint8_t type)
{
	return type == MESH_CHUNK_REQUEST || type == MESH_CHUNK || type == MESH_CANCEL;
}

/* Maps sent to all partners at one instant count as one message. */
static bool
thinned(const struct tap *t, const struct tap_packet *p, int64_t *last_map_ns)
{
	if (t->view.map_period_ms == 0 || p->frame[TYPE_AT] != MESH_BUFFER_MAP)
		return false;
	if (*last_map_ns != INT64_MIN &&
	    p->t_ns - *last_map_ns < t->view.map_period_ms * (int64_t)SLACK_NS)
		return true;
	*last_map_ns = p->t_ns;
	return false;
}

static void
observe(struct tap *t, const struct tap_packet *p)
{
	struct packet_meta m = { .t_ns = p->t_ns, .src = p->from, .dst = p->to,
		.wire_len = (uint32_t)p->wire_len, .origin = OBS_SIMULATED,
		.transport = PROTO_UDP };
	struct reader in = reader_over(p->frame, p->len);

	proto_mesh.decode(NULL, &m, &in, t->obs);
}

static uint16_t
checksum(const uint8_t *bytes, size_t len)
{
	struct reader in = reader_over(bytes, len);
	uint32_t sum = 0;

	while (reader_left(&in) > 0)
		sum += reader_be16(&in);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
write_ip(struct writer *w, const struct tap_packet *p)
{
	uint8_t *start = w->pos;
	uint16_t sum;

	writer_be16(w, 0x4500);
	writer_be16(w, (uint16_t)(IP_HEAD + UDP_HEAD + p->wire_len));
	writer_be32(w, 0x00004000); /* not to be fragmented */
	writer_be16(w, 64 << 8 | 17);
	writer_be16(w, 0);
	writer_bytes(w, p->from.addr + 12, 4);
	writer_bytes(w, p->to.addr + 12, 4);
	sum = checksum(start, IP_HEAD);
	start[10] = (uint8_t)(sum >> 8);
	start[11] = (uint8_t)sum;
}

/* A UDP checksum of zero says that there is none. */
static void
write_packet(struct tap *t, const struct tap_packet *p)
{
	uint8_t bytes[IP_HEAD + UDP_HEAD + ROOM];
	struct writer w = writer_over(bytes, sizeof bytes);

	write_ip(&w, p);
	writer_be16(&w, p->from.port);
	writer_be16(&w, p->to.port);
	writer_be16(&w, (uint16_t)(UDP_HEAD + p->wire_len));
	writer_be16(&w, 0);
	writer_bytes(&w, p->frame, p->len);
	if (!w.failed)
		t->packet(t, p->t_ns, bytes, writer_len(&w), IP_HEAD + UDP_HEAD + p->wire_len);
}

void
tap_see(struct tap *t, const struct tap_packet *p, int64_t *last_map_ns)
{
	if (p->len < MESH_HEAD || (!t->view.chunks && of_chunks(p->frame[TYPE_AT])) ||
	    thinned(t, p, last_map_ns)) {
		t->hidden++;
		return;
	}
	if (t->view.loss_ppm > 0 && rng_chance(&t->rng, t->view.loss_ppm)) {
		t->lost++;
		return;
	}
	t->seen++;
	if (t->obs != NULL)
		observe(t, p);
	if (t->packet != NULL)
		write_packet(t, p);
}
