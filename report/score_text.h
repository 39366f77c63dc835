/*
 * score_text - a score as tables for people, at most 100 columns wide.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_SCORE_TEXT_H
#define REPORT_SCORE_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "report/score_json.h"

/* Errors stay in the stream. */
void score_text_write(FILE *out, const struct score *s, const struct score_source *of, bool color);

#endif
