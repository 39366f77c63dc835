/*
 * words - observations of a small swarm for the tests of inference, one call each.
 *
 * Each builds in the same buffer and answers it: put it before building another.
 * Times are milliseconds after WORDS_T0_NS; protocol is 1 and names no channel.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_WORDS_H
#define TESTS_UNIT_WORDS_H

#include "record/observation.h"

#define WORDS_T0_NS INT64_C(1700000000000000000)
#define WORDS_MS_NS INT64_C(1000000)

struct endpoint words_peer(unsigned host); /* 10.77.0.host:6000 */

/* from sends chunk, made at source_ns, to somebody. */
struct observation *words_mark(int64_t ms, struct endpoint from, struct endpoint to,
                               uint64_t chunk, int64_t source_ns);
struct observation *words_transfer(int64_t ms, struct endpoint from, struct endpoint to,
                                   uint64_t chunk, uint32_t bytes);

/* who holds width chunks from offset on, all of them; or those that bits has as 1. */
struct observation *words_range(int64_t ms, struct endpoint who, struct endpoint to,
                                uint64_t offset, uint32_t width);
struct observation *words_map(int64_t ms, struct endpoint who, struct endpoint to,
                              uint64_t offset, const char *bits);

/* Any other kind without a tail. */
struct observation *words_say(enum obs_kind kind, int64_t ms, struct endpoint who,
                              struct endpoint to);

/* What is known of a channel on the wire. */
struct observation *words_channel(int64_t ms, uint64_t key, const char *id, const char *name);

#endif
