/*
 * text - a report for people: channels, sessions, retrieval curves, what it all
 * rests on, warnings. At most 100 columns wide.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "report/report.h"

/* Errors stay in the stream. */
void text_write(FILE *out, const struct report *r, bool color);

#endif
