/*
 * keep - what analyze infers, kept in a store beside the report.
 *
 *   results --> keep --> the report's own sink
 *                \----> store
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_KEEP_H
#define CMD_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "record/sink.h"
#include "store/store.h"

struct keep;

/* Opens the store and takes the writer's place for these inputs. 0 and *k; or an exit
 * status, said on standard error. */
int keep_open(const char *url, bool clear_addresses, char **paths, int n, struct keep **k);

/* The sinks for results, which hands them on to next, and for maps. From any thread. */
struct result_sink *keep_results(struct keep *k, struct result_sink *next);
struct obs_sink *keep_maps(struct keep *k);

/* Everything was put: commits, with what the report says of the inputs. 0, or an exit
 * status that is told. */
/* For auditing_step; keep is a struct keep. */
void keep_traffic(void *keep, const struct store_traffic *t);

int keep_commit(struct keep *k, const struct store_said *said);

void keep_close(struct keep *k); /* k may be NULL */

#endif
