/*
 * claims_order - the last step of reading claims: sessions and events in their order,
 * events that were told twice once, ends of what has none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_CLAIMS_ORDER_H
#define REPORT_CLAIMS_ORDER_H

#include "report/claims.h"

/* Each event's session is the place at which that session was added. */
void claims_order(struct claims *c);

#endif
