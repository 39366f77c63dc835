/*
 * p1203 - what ITU-T P.1203 takes of each viewer, for those licensed to run it: one JSON
 * object a line, of each session that played. Form: schemas/p1203.schema.json.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_P1203_H
#define REPORT_P1203_H

#include <stdio.h>

#include "report/report.h"

void p1203_write(FILE *out, const struct report *r);

#endif
