/*
 * replay - observation files (.sso) read again, several merged by time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_REPLAY_H
#define CMD_REPLAY_H

#include "probe/counts.h"
#include "record/sink.h"

#define REPLAY_MAX 64 /* files at once */

struct replay;

/* Only observations of this protocol; PROTO_NONE: all. */
struct replay *replay_new(enum proto_id only, struct obs_sink *out);
void replay_free(struct replay *r); /* takes NULL */

/* 0 or an error of record/sso.h, ERR_LIMIT past REPLAY_MAX. */
int replay_add_file(struct replay *r, const char *path);

/* Puts up to max observations. 1: there may be more; 0: all are put; or an error.
 * Damage and a file that ends early are warnings and a GAP. */
int replay_step(struct replay *r, uint64_t max);

/* total stays empty: packets are not known any more. */
const struct counts *replay_counts(const struct replay *r);
size_t replay_warnings(const struct replay *r);
const char *replay_warning(const struct replay *r, size_t i);
const char *replay_error_text(const struct replay *r);

#endif
