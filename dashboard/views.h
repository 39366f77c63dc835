/*
 * views - a store's vantages as reports in memory, kept until the store changes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DASHBOARD_VIEWS_H
#define DASHBOARD_VIEWS_H

#include "dashboard/api.h"
#include "store/query.h"

struct views;

struct views *views_new(struct store *s); /* borrowed; it must be open for reading */
void views_free(struct views *v);

/* Reads what is new. 0, or the store's err: what was read before stays. */
int views_refresh(struct views *v);

/* Of the last refresh; valid until the next. */
const struct api_view *views_all(const struct views *v, size_t *n);
int64_t views_id(const struct views *v, size_t i); /* of the i-th, in the store */

#endif
