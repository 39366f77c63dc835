/*
 * The simulated network: every node has a line with a rate each way, a latency to
 * the middle of the network, a loss and perhaps a NAT; the middle itself is not a
 * bottleneck. A frame waits its turn on the sender's line, may be lost, passes the
 * tap, waits on the receiver's line and is delivered.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "peer/swarm.h"

#define DATAGRAM 28u      /* bytes of IPv4 and UDP */
#define PACKET 1400u      /* bytes; a long datagram is as fragile as its packets */
#define QUEUE_NS (2 * SIM_SECOND)  /* a line's buffer, in time */
#define AT_ONCE_NS (1 * SIM_MS)    /* a wait not worth an event */
#define CALL_NS (60 * SIM_SECOND)  /* a NAT remembers */
#define TYPE_AT 5u
#define SIGNATURE_AT (MESH_HEAD + 26u)

static int64_t
time_on(uint32_t kbps, uint32_t bytes)
{
	return (int64_t)bytes * 8 * SIM_MS / kbps;
}

static bool
lost(struct sim *sim, uint32_t ppm, uint32_t wire_len)
{
	uint32_t packets = 1 + wire_len / PACKET;

	for (uint32_t i = 0; ppm > 0 && i < packets; i++)
		if (rng_chance(&sim->links, ppm))
			return true;
	return false;
}

void
lines_free(struct sim *sim, uint32_t frame)
{
	uint32_t shown = sim->frames[frame].shown;

	sim->frames[frame].next_free = sim->free_frame;
	sim->free_frame = frame;
	if (shown != SIM_NOBODY)
		lines_free(sim, shown);
}

static struct sim_frame *
take_frame(struct sim *sim)
{
	struct sim_frame *f;

	if (sim->free_frame >= sim->n_frames)
		return NULL;
	f = &sim->frames[sim->free_frame];
	sim->free_frame = f->next_free;
	f->shown = SIM_NOBODY;
	return f;
}

/* Small frames slip between the packets of a chunk; all use up the line's time. */
static int64_t
leave_line(struct sim_line *line, int64_t now, uint32_t bytes)
{
	int64_t took = time_on(line->up_kbps, bytes);
	int64_t start = line->up_free_ns > now ? line->up_free_ns : now;

	line->up_free_ns = start + took;
	return bytes > PACKET ? line->up_free_ns : now + took;
}

static void
note_call(struct sim_node *n, uint32_t to, int64_t now)
{
	for (uint32_t i = 0; i < SIM_CALLS; i++) {
		if (n->calls[i].number == to) {
			n->calls[i].t_ns = now;
			return;
		}
	}
	n->calls[n->next_call++ % SIM_CALLS] = (struct sim_call){ to, now };
}

static bool
called(const struct sim_node *n, uint32_t from, int64_t now)
{
	for (uint32_t i = 0; i < SIM_CALLS; i++)
		if (n->calls[i].number == from && now - n->calls[i].t_ns <= CALL_NS)
			return n->calls[i].t_ns > 0;
	return false;
}

struct sim_frame *
lines_send(struct sim *sim, uint32_t from, const struct endpoint *to, const uint8_t *frame,
           size_t len, size_t wire_len)
{
	struct sim_node *n = swarm_node(sim, from);
	uint32_t bytes = (uint32_t)wire_len + DATAGRAM, number;
	int64_t at = sim->now;
	struct sim_frame *f;

	if (!swarm_number(sim, to, &number) || len > SIM_FRAME)
		return NULL;
	if (n != NULL) {
		if (n->line.out || n->line.up_free_ns - sim->now > QUEUE_NS) {
			sim->counts.overflowed++;
			return NULL;
		}
		if (n->nat)
			note_call(n, number, sim->now);
		at = leave_line(&n->line, sim->now, bytes) + n->line.latency_ns;
		if (lost(sim, n->line.loss_ppm, (uint32_t)wire_len)) {
			sim->counts.lost++;
			return NULL;
		}
	}
	f = take_frame(sim);
	if (f == NULL) {
		sim->counts.overflowed++;
		return NULL;
	}
	f->from = from;
	f->to = number;
	f->len = (uint32_t)len;
	f->wire_len = (uint32_t)wire_len;
	memcpy(f->bytes, frame, len);
	sim->counts.frames++;
	sim->counts.bytes += bytes;
	swarm_push(sim, at, SIM_ARRIVE, 0, (uint32_t)(f - sim->frames));
	return f;
}

static void
show_tap(struct sim *sim, const struct sim_frame *f)
{
	struct sim_node *from = swarm_node(sim, f->from);
	const struct sim_frame *seen = f->shown != SIM_NOBODY ? &sim->frames[f->shown] : f;
	struct tap_packet p = { .t_ns = sim->now, .from = swarm_endpoint(sim, f->from),
		.to = swarm_endpoint(sim, f->to), .frame = seen->bytes, .len = seen->len,
		.wire_len = seen->wire_len };
	int64_t never = INT64_MIN;

	if (sim->tap != NULL && (from == NULL || from->in_view))
		tap_see(sim->tap, &p, from != NULL ? &from->last_map_ns : &never);
}

void
lines_arrive(struct sim *sim, uint32_t frame)
{
	struct sim_frame *f = &sim->frames[frame];
	struct sim_node *to = swarm_node(sim, f->to);
	int64_t start, done;

	show_tap(sim, f);
	if (f->to == 0) {
		lines_deliver(sim, frame);
		return;
	}
	if (to == NULL || to->line.out || (to->nat && !called(to, f->from, sim->now))) {
		sim->counts.unreachable++;
		lines_free(sim, frame);
		return;
	}
	start = to->line.down_free_ns > sim->now ? to->line.down_free_ns : sim->now;
	if (lost(sim, to->line.loss_ppm, f->wire_len) || start - sim->now > QUEUE_NS) {
		sim->counts.lost++;
		lines_free(sim, frame);
		return;
	}
	done = start + time_on(to->line.down_kbps, f->wire_len + DATAGRAM);
	to->line.down_free_ns = done;
	done += to->line.latency_ns;
	if (done - sim->now < AT_ONCE_NS)
		lines_deliver(sim, frame);
	else
		swarm_push(sim, done, SIM_DELIVER, 0, frame);
}

void
lines_tracker(struct sim *sim, const struct endpoint *from, const uint8_t *frame, size_t len)
{
	uint8_t reply[SIM_FRAME];
	size_t n = tracker_frame(&sim->tracker, from, frame, len, sim->now, reply, sizeof reply);

	if (n > 0)
		lines_send(sim, 0, from, reply, n, n);
}

static void
carry(struct sim *sim, const struct sim_frame *f)
{
	const struct sim_hop hop = { f->from, f->to, f->bytes, f->len, f->wire_len - f->len };

	sim->net->carry(sim->net, &hop);
}

void
lines_deliver(struct sim *sim, uint32_t frame)
{
	struct sim_frame *f = &sim->frames[frame];
	struct sim_node *to = swarm_node(sim, f->to);
	struct endpoint from = swarm_endpoint(sim, f->from);

	if (sim->net != NULL) {
		carry(sim, f);
	} else if (f->to == 0) {
		lines_tracker(sim, &from, f->bytes, f->len);
	} else if (to != NULL) {
		engine_frame(to->engine, &from, f->bytes, f->len, f->wire_len, sim->now);
		swarm_wake(sim, to);
	}
	lines_free(sim, frame);
}

/* --- what leaves an engine ------------------------------------------------- */

/* Claims everything from the offset to the newest chunk there is. */
static size_t
lie(const struct sim *sim, const struct sim_node *n, const uint8_t *frame, size_t len,
    uint8_t *out)
{
	struct reader in = reader_over(frame, len);
	struct writer w = writer_over(out, SIM_FRAME);
	uint8_t bits[WINDOW_SPAN / 8];
	struct mesh_frame f;
	uint64_t head = sim->head[n->channel];
	struct mesh_set *set = &f.u.map.set;

	if (mesh_read(&in, &f) != PROTO_OBSERVED || set->offset == 0 || head < set->offset)
		return 0;
	set->width = head - set->offset < WINDOW_SPAN ? (uint32_t)(head - set->offset + 1)
	                                              : WINDOW_SPAN;
	memset(bits, 0xff, sizeof bits);
	if (set->width % 8 != 0)
		bits[set->width / 8] = (uint8_t)((1u << set->width % 8) - 1);
	set->bits = bits;
	mesh_write(&w, &f);
	return w.failed ? 0 : writer_len(&w);
}

/* What the tap sees of a map whose offset means something else. */
static void
attach_shown(struct sim_node *n, struct sim_frame *f, const uint8_t *frame, size_t len)
{
	struct sim *sim = n->sim;
	uint8_t lied[SIM_FRAME];
	struct sim_frame *shown;
	size_t told;

	if (sim->shown.offset == MAP_OFFSET_PLAY || sim->tap == NULL || n->source ||
	    frame[TYPE_AT] != MESH_BUFFER_MAP || (shown = take_frame(sim)) == NULL)
		return;
	told = shown_map(&sim->shown, engine_held(n->engine), frame, len, shown->bytes,
	                 SIM_FRAME);
	if (told > 0 && n->attack == ATTACK_LIAR) {
		told = lie(sim, n, shown->bytes, told, lied);
		memcpy(shown->bytes, lied, told);
	}
	shown->len = shown->wire_len = (uint32_t)told;
	if (told > 0)
		f->shown = (uint32_t)(shown - sim->frames);
	else
		lines_free(sim, (uint32_t)(shown - sim->frames));
}

static void
send_out(struct engine_out *self, const struct endpoint *to, const uint8_t *frame, size_t len,
         const struct mesh_chunk *media)
{
	struct sim_node *n = (struct sim_node *)self;
	size_t wire_len = len + (media != NULL ? media->media_len : 0), told;
	uint8_t changed[SIM_FRAME];
	struct sim_frame *f;

	if (n->attack == ATTACK_POLLUTER && media != NULL) {
		memcpy(changed, frame, len);
		changed[SIGNATURE_AT] ^= 1;
		frame = changed;
	} else if (n->attack == ATTACK_LIAR && frame[TYPE_AT] == MESH_BUFFER_MAP) {
		told = lie(n->sim, n, frame, len, changed);
		if (told > 0) {
			frame = changed;
			len = wire_len = told;
		}
	}
	f = lines_send(n->sim, n->number, to, frame, len, wire_len);
	if (f != NULL)
		attach_shown(n, f, frame, len);
}

static void
chunk_out(struct engine_out *self, const struct mesh_chunk *c)
{
	(void)self, (void)c; /* media is not kept */
}

static void
truth_out(struct engine_out *self, const struct truth_event *ev)
{
	struct sim_node *n = (struct sim_node *)self;

	viewers_truth(n->sim, n, ev);
}

void
lines_out(struct sim_node *n)
{
	n->out = (struct engine_out){ send_out, chunk_out, truth_out };
}
