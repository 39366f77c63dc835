/*
 * swarm - what the simulator's files share: nodes, frames in flight, the queue.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_SWARM_H
#define PEER_SWARM_H

#include "peer/channels.h"
#include "peer/heap.h"
#include "peer/shown.h"
#include "peer/sim.h"
#include "peer/tracker.h"

#define SIM_FRAME 384u     /* bytes of a frame in flight; media is not carried */
#define SIM_FRAMES 96u     /* in flight, a node */
#define SIM_CALLS 32u      /* NAT: ends called lately */
#define SIM_FIXED 64u      /* numbers below are the tracker and the origins */
#define SIM_NOBODY UINT32_MAX
#define SIM_MS 1000000LL
#define SIM_SECOND 1000000000LL

enum sim_kind {
	SIM_ARRIVE,  /* frame reaches the receiver's line */
	SIM_DELIVER, /* and has passed it */
	SIM_TIMER,   /* node's engine */
	SIM_MEDIA,   /* channel `node` has a chunk */
	SIM_JOIN, SIM_LEAVE, SIM_ZAP,
	SIM_STEP,    /* step `frame` begins */
	SIM_RESTORE, /* node's line is as it was */
};

struct sim_line {
	uint32_t up_kbps, down_kbps;
	int64_t up_free_ns, down_free_ns;
	int64_t latency_ns;
	uint32_t loss_ppm;
	bool out; /* of order */
};

struct sim_call {
	uint32_t number;
	int64_t t_ns;
};

struct sim_node {
	struct engine_out out; /* first: the engine's way back here */
	struct sim *sim;
	struct engine *engine;
	uint32_t number;       /* SIM_NOBODY: free */
	uint32_t channel, peer_class;
	uint32_t next_call;
	struct sim_line line;
	struct sim_call calls[SIM_CALLS];
	int64_t joined_ns, timer_ns, last_map_ns;
	bool nat, in_view, source;
	enum scenario_attack attack;
};

struct sim_frame {
	uint32_t from, to;     /* numbers */
	uint32_t len, wire_len;
	uint32_t next_free;
	uint32_t shown;        /* a frame with what the tap sees instead; SIM_NOBODY */
	uint8_t bytes[SIM_FRAME];
};

struct sim {
	struct scenario scenario;
	uint64_t seed;
	struct rng rng, links;  /* viewers' doings; the network's */
	const struct signer *signer;
	struct signer_digest digest;
	struct tap *tap;
	struct shown shown;
	struct sim_out *out;
	struct sim_net *net; /* NULL: the network is simulated to its end */
	uint32_t base;       /* IPv4 address of number 0 */
	int64_t start_ns, end_ns, now;
	bool ended;
	struct heap heap;
	struct sim_node *nodes; /* origins, then viewers */
	uint32_t n_nodes;
	uint32_t *slot_of;      /* number -> node, by number */
	uint32_t next_number, max_numbers;
	struct sim_frame *frames;
	uint32_t free_frame, n_frames;
	struct tracker tracker;
	struct engine_channel channels[SCENARIO_CHANNELS];
	struct channel_list directory; /* of the channel server: where viewers look */
	struct channel_entry published[SCENARIO_CHANNELS];
	uint64_t head[SCENARIO_CHANNELS];
	struct sim_counts counts;
};

/* sim.c */
void swarm_push(struct sim *sim, int64_t t_ns, enum sim_kind kind, uint32_t node,
                uint32_t frame);
void swarm_wake(struct sim *sim, struct sim_node *n); /* after its engine was called */
struct endpoint swarm_endpoint(const struct sim *sim, uint32_t number);
bool swarm_number(const struct sim *sim, const struct endpoint *at, uint32_t *number);
/* What the channel server says of the scenario's channel i. */
const struct engine_channel *swarm_channel(const struct sim *sim, uint32_t i);
int64_t swarm_made_ns(const struct sim *sim, uint32_t channel, uint64_t chunk); /* UTC */
struct sim_node *swarm_node(struct sim *sim, uint32_t number); /* NULL: gone */

/* lines.c: the network */
/* The frame in flight; NULL: it was lost. */
struct sim_frame *lines_send(struct sim *sim, uint32_t from, const struct endpoint *to,
                             const uint8_t *frame, size_t len, size_t wire_len);
void lines_arrive(struct sim *sim, uint32_t frame);
void lines_deliver(struct sim *sim, uint32_t frame);
void lines_free(struct sim *sim, uint32_t frame);
void lines_tracker(struct sim *sim, const struct endpoint *from, const uint8_t *frame, size_t len);
void lines_out(struct sim_node *n); /* fills the node's engine_out */

/* viewers.c: who comes, goes and switches, and what is done to them */
void viewers_plan(struct sim *sim);
void viewers_join(struct sim *sim);
void viewers_leave(struct sim *sim, uint32_t node, bool crash);
void viewers_zap(struct sim *sim, uint32_t node);
void viewers_step(struct sim *sim, uint32_t step);
void viewers_restore(struct sim *sim, uint32_t node);
void viewers_end(struct sim *sim);
void viewers_truth(struct sim *sim, struct sim_node *n, const struct truth_event *ev);

#endif
