/*
 * state - what an engine remembers; shared by the files that make up the engine
 * and by nobody else.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_STATE_H
#define PEER_STATE_H

#include "peer/engine.h"
#include "peer/members.h"
#include "peer/rng.h"

#define SECOND_NS 1000000000LL
#define MS_NS 1000000LL

enum partner_state { PARTNER_FREE, PARTNER_ASKED, PARTNER_OPEN };

struct partner {
	struct endpoint at;
	uint64_t peer;
	int64_t since_ns, heard_ns;
	int64_t credit_ns;     /* requests it may still make, in time of media */
	int64_t rest_ns;       /* no request before this, unless urgent */
	int64_t gap_ns;        /* between requests: grows when it is busy */
	struct window has;
	struct window asked;   /* of it, and not yet here; remembered past expiry */
	uint64_t play;         /* MESH_NO_PLAY: unknown */
	uint64_t up_bytes, down_bytes; /* since the last scoring */
	uint64_t score;
	uint32_t up_kbps;
	uint16_t busy_ms;
	uint8_t state;         /* enum partner_state */
	uint8_t waiting;       /* chunks asked of it and not yet here */
	uint8_t failures;      /* since it last delivered */
	uint8_t faults;        /* malformed frames */
	bool source, mapped;
};

struct request {
	uint64_t chunk;
	int64_t asked_ns, until_ns;
	uint8_t partner; /* index */
};

struct upload {
	uint64_t chunk;
	int64_t asked_ns, deadline_ns;
	uint8_t partner;
};

/* What must be told with a held chunk when it is passed on. */
struct kept {
	int64_t source_ns;
	uint32_t total;
	uint16_t hops;
	uint16_t sent; /* copies */
	uint8_t signature[MESH_SIGNATURE];
};

enum due { DUE_TRACKER, DUE_MAP, DUE_GOSSIP, DUE_PARTNERS, DUE_SCORE, DUE_SCHEDULE,
	DUE_UPLOAD, DUE_PLAYER, DUES };

struct engine {
	struct engine_options opt;
	struct engine_out *out;
	struct rng rng;
	int64_t due_ns[DUES];
	bool on;
	struct window have, flight;
	struct player player;
	struct members members;
	struct partner partners[ENGINE_PARTNERS];
	struct request requests[ENGINE_REQUESTS];
	uint32_t n_requests;
	struct upload queue[ENGINE_QUEUE];
	uint32_t n_queue;
	int64_t up_free_ns;    /* when the line has sent what was given to it */
	int64_t asked_all_ns;  /* last round of offers */
	int64_t first_map_ns;  /* of this join; 0 none yet */
	struct endpoint banned[ENGINE_BANNED];
	uint32_t next_ban;
	uint32_t round;        /* of offers, since joining */
	struct engine_counts counts;
	struct kept kept[WINDOW_CHUNKS];
};

/* engine.c */
void state_send(struct engine *e, const struct endpoint *to, struct mesh_frame *f);
void state_truth(struct engine *e, enum truth_kind kind, int64_t now, uint64_t chunk,
                 uint64_t chunks);
void state_play(struct engine *e, int64_t now); /* lets the player go on */
void state_catch_up(struct engine *e, uint64_t to, int64_t now);
int64_t state_send_ns(const struct engine *e, uint32_t bytes); /* on its line */
uint32_t state_chunk_bytes(const struct engine *e);
int64_t state_renew_ns(const struct engine *e); /* from one registration to the next */
uint64_t state_offset(const struct engine *e);

/* partners.c */
struct partner *partners_find(struct engine *e, const struct endpoint *at);
unsigned partners_count(const struct engine *e, enum partner_state least);
void partners_hello(struct engine *e, const struct endpoint *to, uint32_t flags);
void partners_map(struct engine *e, const struct partner *p);
void partners_map_all(struct engine *e);
void partners_ask(struct engine *e, int64_t now);
void partners_offered(struct engine *e, const struct endpoint *from, const struct mesh_frame *f,
                      int64_t now);
void partners_opened(struct engine *e, struct partner *p, int64_t now);
void partners_drop(struct engine *e, struct partner *p);   /* silently */
void partners_part(struct engine *e, struct partner *p, const struct mesh_contact *next);
void partners_ban(struct engine *e, struct partner *p);
bool partners_banned(const struct engine *e, const struct endpoint *at);
void partners_score(struct engine *e, int64_t now);
void partners_silent(struct engine *e, int64_t now);
void partners_goodbye(struct engine *e, enum mesh_goodbye reason);
void partners_gossip(struct engine *e, int64_t now);

/* schedule.c */
void schedule_run(struct engine *e, int64_t now);
bool schedule_arrived(struct engine *e, struct partner *p, uint64_t chunk);
void schedule_refused(struct engine *e, struct partner *p, const struct mesh_set *set,
                      bool busy, int64_t now);
void schedule_forget(struct engine *e, const struct partner *p);

/* upload.c */
void upload_asked(struct engine *e, struct partner *p, const struct mesh_request *r,
                  int64_t now);
void upload_withdrawn(struct engine *e, const struct partner *p, const struct mesh_set *set);
void upload_forget(struct engine *e, const struct partner *p);
void upload_run(struct engine *e, int64_t now);
uint16_t upload_busy_ms(const struct engine *e, int64_t now);

#endif
