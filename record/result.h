/*
 * result - what inference says: sessions, their events, swarm counts.
 *
 * A flat value; the same key written again replaces what was said before
 * (estimates are refined while a session lasts), so writing twice changes
 * nothing. Keys: CHANNEL (channel) · SESSION (channel, peer, run) · EVENT
 * (session, event, ordinal) · RETRIEVAL (channel, age bucket, shard): the shards'
 * counts add up.
 * Times are UTC nanoseconds since 1970, durations nanoseconds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_RESULT_H
#define RECORD_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "record/endpoint.h"
#include "record/estimate.h"
#include "record/observation.h"
#include "record/playhead.h"

enum result_kind {
	RESULT_CHANNEL = 1,
	RESULT_SESSION,
	RESULT_EVENT,
	RESULT_RETRIEVAL,
	RESULT_CAME,     /* chunks that came between two ages */
	RESULT_GROUP,    /* the curve of a group of viewers */
	RESULT_LAG,      /* samples of a session's playback lag */
	RESULT_WARNING,
};

enum result_event_kind {
	EVENT_STARTUP = 1, /* playing began */
	EVENT_STALL,
	EVENT_PAUSE,
	EVENT_SKIP,
	EVENT_REBOOT,
	EVENT_SWITCH,
	EVENT_EXIT_BEFORE_START,
	EVENT_LEAVE,
};

enum result_end {
	END_OPEN,    /* still there when the input ended */
	END_GOODBYE,
	END_SILENCE, /* nothing heard for T_gone */
	END_SWITCH,  /* went to another channel */
	END_RESTART, /* a new bootstrap on the same address */
};

struct result_channel {
	uint8_t id[OBS_MAX_CHANNEL_ID]; /* key: the id on the wire, or made up */
	uint8_t id_len;
	uint8_t name_len;
	char name[OBS_MAX_NAME]; /* not NUL-terminated */
	struct estimate chunk;   /* a chunk's duration */
	struct playhead playhead;
	struct endpoint source;  /* none if unknown */
	uint32_t bitrate_kbps;   /* 0 unknown */
	uint64_t head;
	uint64_t alias_of;       /* channel it was merged into; 0 none */
	uint32_t known;          /* peers that anybody has spoken of */
};

struct result_session {
	struct estimate joined, playing, left;
	struct estimate startup;        /* playing - joined; unknown if censored */
	struct estimate switch_delay;
	uint64_t switched_from;         /* channel; 0 none */
	struct estimate stall_time;     /* sum over its stalls */
	int64_t played_ns;
	int64_t lag_ns;                 /* mean over its play time; INT64_MIN unknown */
	int64_t buffer_ns;              /* mean; INT64_MIN unknown */
	uint64_t chunks_passed, chunks_missed; /* by the play position */
	uint32_t stalls, pauses, skips, skipped_chunks, reboots;
	uint32_t maps;                  /* seen of this session */
	float mos;                      /* both of the next two; NAN unknown, as each */
	float mos_delay, mos_rate;      /* initial delay; stalls by their rate */
	float mos_count;                /* stalls by their number */
	uint8_t end;                    /* enum result_end */
	bool left_censored;             /* already there when first seen */
	bool source;                    /* the source itself, not a viewer */
};

struct result_event {
	struct estimate at, duration;   /* duration unknown where it has none */
	uint64_t chunks;                /* skip: chunks never played */
	uint32_t ordinal;               /* within (session, event) */
	uint8_t event;                  /* enum result_event_kind */
};

#define RESULT_AGES 48 /* age buckets of the retrieval curve */

struct result_retrieval {
	int64_t age_ns;           /* chunks this old ... */
	uint64_t held, eligible;  /* ... held by so many peers of so many */
	uint8_t bucket;           /* 0..RESULT_AGES-1; RESULT_AGES: at the play deadline */
};

/* Cells of ages: 2 i ends with the age of bucket i, 2 i + 1 half-way to the next. */
#define RESULT_CELLS (2 * RESULT_AGES)
#define RESULT_GROUPS 32 /* of viewers, by a hash of their address */

/* Of the channel's chunks, so many came to a viewer in the cells from first to last;
 * a retrieval's held counts them from the end of last on. */
struct result_came {
	uint64_t n;
	uint8_t first, last;
};

/* The same counts of one group of viewers, for how far a sample of them may be off; here
 * a chunk is held from half-way between the two maps that it came between on. */
struct result_group {
	uint64_t held, eligible;
	uint8_t group, bucket;
};

struct result {
	int64_t t_ns;         /* event time at which this was known */
	uint64_t channel;     /* key hash; 0: of the whole input */
	struct endpoint peer; /* of SESSION and EVENT */
	uint64_t peer_id;     /* 0 none */
	uint32_t run;         /* ordinal of the session at this address and channel */
	uint8_t kind;         /* enum result_kind */
	uint8_t protocol;
	uint8_t shard;        /* RETRIEVAL, CAME, GROUP: whose counts these are */
	bool final;           /* will not be refined any more */
	union {
		struct result_channel channel;
		struct result_session session;
		struct result_event event;
		struct result_retrieval retrieval;
		struct result_came came;
		struct result_group group;
		struct {
			int64_t ns;
			uint64_t n; /* so many times */
		} lag;
		char warning[256];
	} u;
};

const char *result_event_name(unsigned event); /* "startup", "stall", ... */
const char *result_end_name(unsigned end);     /* "open", "goodbye", ... */

#endif
