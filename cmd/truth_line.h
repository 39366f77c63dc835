/*
 * truth_line - a line of the truth log, as score reads it (schemas/truth.schema.json).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_TRUTH_LINE_H
#define CMD_TRUTH_LINE_H

#include <stdio.h>

#include "peer/truth.h"
#include "record/endpoint.h"

void truth_line(FILE *out, const struct endpoint *at, uint32_t number,
                const struct truth_event *ev);

#endif
