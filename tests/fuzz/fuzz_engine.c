/*
 * A peer at the mercy of its network. The input is a list of steps:
 *
 *   u8 from | u8 later | u16 length | bytes
 *
 * from's low four bits name the sender, bit 4 lets it offer a partnership first, bit 5
 * gives the bytes a sound head, bit 6 lets the viewer switch; later is time in units of 8 ms.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "peer/engine.h"
#include "peer/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHANNEL 42u
#define MOST_STEPS 400

static void
on_send(struct engine_out *self, const struct endpoint *to, const uint8_t *frame, size_t len,
        const struct mesh_chunk *media)
{
	struct reader in = reader_over(frame, len);
	struct mesh_frame f;

	(void)self, (void)to, (void)media;
	assert(mesh_read(&in, &f) == PROTO_OBSERVED);
}

static void
on_chunk(struct engine_out *self, const struct mesh_chunk *c)
{
	(void)self, (void)c;
}

static void
on_truth(struct engine_out *self, const struct truth_event *ev)
{
	(void)self, (void)ev;
}

static struct engine *
make(void *mem, struct engine_out *out, const struct signer *signer, bool source)
{
	struct engine_options opt;

	engine_defaults(&opt);
	opt.channel.id = CHANNEL;
	opt.channel.tracker = endpoint_ipv4(0x0a000001, 7000);
	opt.self = endpoint_ipv4(0x0a000002, 7000);
	opt.peer_id = 2;
	opt.signer = signer;
	opt.source = source;
	return engine_init(mem, &opt, out);
}

static void
offer(struct engine *e, const struct endpoint *from, int64_t now)
{
	uint8_t bytes[64];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct mesh_frame f = { .type = MESH_PARTNER_OFFER, .channel = CHANNEL, .peer = 5 };

	mesh_write(&w, &f);
	engine_frame(e, from, bytes, writer_len(&w), writer_len(&w), now);
}

/* The magic, version, length and channel are not what is to be found out here. */
static void
behead(uint8_t *bytes, size_t len)
{
	struct mesh_frame f = { .type = MESH_PING, .channel = CHANNEL, .peer = 5 };
	uint8_t head[64], type = bytes[5];
	struct writer w = writer_over(head, sizeof head);

	mesh_write(&w, &f);
	memcpy(bytes, head, MESH_HEAD);
	bytes[5] = type;
	bytes[6] = (uint8_t)((len - MESH_HEAD) >> 8);
	bytes[7] = (uint8_t)(len - MESH_HEAD);
}

static void
step(struct engine *e, struct reader *in, int64_t *now)
{
	uint8_t how = reader_u8(in), later = reader_u8(in);
	size_t len = reader_be16(in);
	struct reader body = reader_sub(in, len < reader_left(in) ? len : reader_left(in));
	struct endpoint from = endpoint_ipv4(0x0a000001 + (how & 15u), 7000);
	struct engine_channel other = { .id = CHANNEL, .chunk_ns = 100 * MS_NS,
		.bitrate_kbps = 400, .tracker = endpoint_ipv4(0x0a000001, 7000) };
	uint8_t bytes[4096];

	len = reader_left(&body) < sizeof bytes ? reader_left(&body) : sizeof bytes;
	if (len > 0)
		memcpy(bytes, reader_take(&body, len), len);
	*now += later * 8 * MS_NS;
	for (int i = 0; i < 1000 && engine_due(e) <= *now; i++)
		engine_timer(e, *now);
	if (how & 0x10)
		offer(e, &from, *now);
	if ((how & 0x20) && len >= MESH_HEAD)
		behead(bytes, len);
	if (how & 0x40)
		engine_switch(e, &other, *now);
	engine_frame(e, &from, bytes, len, len, *now);
	assert(e->n_requests <= ENGINE_REQUESTS && e->n_queue <= ENGINE_QUEUE);
	assert(e->members.n <= MEMBERS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine_out out = { on_send, on_chunk, on_truth };
	struct signer_digest digest = signer_digest(1);
	void *mem = malloc(engine_size());
	struct reader in = reader_over(data, size);
	struct engine *e;
	int64_t now = 1000 * SECOND_NS;

	if (mem == NULL)
		abort();
	e = make(mem, &out, &digest.signer, size > 0 && (data[0] & 0x80));
	engine_join(e, now);
	for (int i = 0; i < MOST_STEPS && reader_left(&in) > 0; i++)
		step(e, &in, &now);
	free(mem);
	return 0;
}
