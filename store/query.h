/*
 * query - reading a store back.
 *
 * A vantage's rows become the results that they were written from, so that whoever adds
 * them up (report/collect) gets the figures of the report that was given when they were
 * written. Peers are pseudonyms (record/endpoint.h) unless their addresses were kept.
 *
 * Answers 0 or an err, see store_why.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "store/store.h"

#define STORE_VANTAGE_NAME 80u

struct store_vantage {
	int64_t id;
	char name[STORE_VANTAGE_NAME];
	int64_t first_ns, last_ns; /* INT64_MIN unknown */
	int64_t written; /* differs after each writing; 0 unknown */
};

/* The vantages, newest last: *n of them, for the caller to free. */
int store_vantages(struct store *s, struct store_vantage **all, size_t *n);

/* What store_commit was told of the inputs, in one piece for the caller to free. */
int store_said(struct store *s, int64_t vantage, struct store_said **said);

/* All results of a vantage, those of one kind after those of another. */
int store_replay(struct store *s, int64_t vantage, struct result_sink *to);

/* The latest map of each peer in a channel, of those in (t - back, t]: by peer. */
int store_maps(struct store *s, int64_t vantage, uint64_t channel, int64_t t_ns,
               int64_t back_ns, struct obs_sink *to);

/* All maps of a peer in a channel in [from, to), in order of time. */
int store_maps_of(struct store *s, int64_t vantage, uint64_t channel,
                  const struct endpoint *peer, struct obs_sink *to);

/* Sums of all traffic of a vantage (0: the one written last that has any) in [from, to), the most
 * bytes first, so many at most. */
int store_traffic_sums(struct store *s, int64_t vantage, int64_t from_ns, int64_t to_ns,
                       uint32_t most, void (*put)(void *ctx, const struct store_traffic *t),
                       void *ctx);

/* Changes with every commit of another process. */
int store_state(struct store *s, int64_t *state);

#endif
