/*
 * observed - an observation as a line of text or JSON: the tcpdump of buffer maps.
 *
 * JSON: {"t":…,"kind":…,"protocol":…,"channel":…,"peer":…,"to":…,"offset":…,
 * "width":…,"ranges":[[first,last],…],…}; ranges are the chunks of the set,
 * inclusive and sorted. Times are unix seconds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_OBSERVED_H
#define REPORT_OBSERVED_H

#include <stdio.h>

#include "record/observation.h"

/* protocol is the protocol's name, NULL if unknown. */
void observed_json(FILE *out, const struct observation *o, const char *protocol);
void observed_text(FILE *out, const struct observation *o, const char *protocol);

#endif
