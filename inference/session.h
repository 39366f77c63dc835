/*
 * session - one viewer's stay in one channel: from its first packet to its last.
 *
 * Feeds the peer's maps to arrival, takes chunks in order into player, and keeps
 * what the result tells. Two kinds of channels: where maps tell where viewers play, follow
 * reads it from them; for the others player assumes one. Plain value, most
 * of it arrival's window.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_SESSION_H
#define INFERENCE_SESSION_H

#include "inference/arrival.h"
#include "inference/player.h"
#include "inference/position.h"
#include "inference/retrieval.h"
#include "inference/timeline.h"
#include "inference/viewer.h"
#include "record/result.h"
#include "record/sink.h"

/* What the peer stage knows of a channel, from stage 1's CHANNEL and MARK. */
struct channel_view {
	uint64_t key;
	uint8_t protocol;
	struct result_channel told;   /* as in the result */
	int64_t clock_ns;             /* source's clock + this = ours */
	int64_t told_ns;
	struct playhead playhead;
	bool tells;                   /* its maps tell where viewers play */
	struct player_limits limits;  /* ... where not */
	struct viewer_rules rules;    /* ... where so */
	struct retrieval retrieval;
	struct timeline timeline; /* last: large, and set up by timeline_init */
};

/* When something that was said got lost: the capture dropped it, or a stream has a hole. */
struct session_gap {
	int64_t from_ns, to_ns; /* to_ns 0: never */
};

struct session {
	bool open, begun;       /* begun: its first chunk is known */
	bool fresh;             /* a newcomer's sign was seen: join, empty map */
	bool left_censored, source;
	bool explicit;          /* its maps carry the play position */
	uint8_t protocol;
	uint8_t end;            /* enum result_end */
	uint32_t run, maps;
	uint32_t blind_maps;    /* seen before anything told where it plays */
	uint32_t first_shown;   /* chunks in its first map that has any */
	uint64_t channel;       /* key; 0 not known yet */
	uint64_t peer_id;
	struct endpoint peer;
	int64_t first_ns, last_ns, last_map_ns, begun_ns;
	int64_t shown_s;        /* second of the last map that was shown on */
	int64_t silent_ns;      /* its last word before a silence of seconds; 0 none */
	int64_t words_ns;       /* last map or gain, or the goodbye; 0 none */
	int64_t map_period_ns;  /* running mean; 0 unknown */
	int64_t lag_sum_ms;     /* over lag_n chunks played */
	uint64_t lag_n;
	int64_t buffer_sum_ms;  /* over buffer_n maps while playing */
	uint64_t buffer_n;
	uint64_t from_channel;  /* switched from; 0 none */
	int64_t from_ns;        /* last map there */
	uint32_t stalls, pauses, skips, skipped_chunks, reboots, events;
	struct estimate stall_time;
	uint64_t passed, missed; /* chunks that play has left behind; of these never there */
	struct result_sink *out;  /* borrowed */
	struct session_gap gap;   /* of its own words or chunks, the last */
	const struct session_gap *gap_of_all; /* borrowed; NULL: none is kept */
	struct player player;     /* the channel does not tell */
	struct viewer viewer;     /* it does */
	struct position position;
	struct retrieval_viewer seen;
	uint64_t skips_due;       /* chunks told as skipped, not yet left behind */
	struct arrival arrival;
};

/* The places of its chunks are taken from the pool; session_close gives them back. */
void session_open(struct session *s, const struct endpoint *peer, int64_t t_ns, uint32_t run,
                  struct places_pool *pool, struct result_sink *out);

/* A copy of a chunk went by towards the peer. */
void session_sent(struct session *s, struct channel_view *c, const struct observation *o);

/* Something of it, or to it, was lost. */
void session_lost(struct session *s, int64_t from_ns, int64_t to_ns);

/* Its map or gain. */
void session_map(struct session *s, struct channel_view *c, const struct observation *o);

/* Its request for chunks. */
void session_asked(struct session *s, const struct observation *o);

/* Its playback lag at t_ns, a sample of it. */
void session_lag(struct session *s, int64_t lag_ns, int64_t t_ns);

/* It began anew, its buffer empty, at t_ns. */
void session_reboot(struct session *s, struct channel_view *c, int64_t t_ns);

/* Ends it at left (an interval) and writes its result; nothing of one that never
 * came into a channel (a crawler, a failed join). c is NULL if the channel is not
 * known or no longer. */
void session_close(struct session *s, struct channel_view *c, enum result_end end,
                   struct estimate left);

/* What is known of it now, of one that came into a channel: not final. */
void session_tell(struct session *s, const struct channel_view *c);

/* Silence that ends this session. */
int64_t session_gone_ns(const struct session *s, int64_t least_ns);

#endif
