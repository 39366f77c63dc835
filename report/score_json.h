/*
 * score_json - a score as one JSON document, "swarmscope/score/1".
 *
 * Members: schemas/score.schema.json. Errors are seconds, inferred minus true;
 * null is of no sample.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef REPORT_SCORE_JSON_H
#define REPORT_SCORE_JSON_H

#include <stdio.h>

#include "report/score.h"

#define SCORE_SCHEMA "swarmscope/score/1"

/* What a score was computed from. */
struct score_source {
	const char *truth_path, *report_path;
	const struct truth *truth;
	const struct claims *claims;
	int64_t tolerance_ns;
};

/* Errors stay in the stream. */
void score_json_write(FILE *out, const struct score *s, const struct score_source *of);

#endif
