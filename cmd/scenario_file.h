/*
 * scenario_file - a scenario by the name of a built-in one or of a file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_SCENARIO_FILE_H
#define CMD_SCENARIO_FILE_H

#include "peer/scenario.h"

/* Reads, sets and checks it. 0; or an exit status, said on standard error with
 * file, line and reason. */
int scenario_file(const char *name, struct scenario *s);

/* The text of a built-in scenario; NULL if there is none of that name. */
const char *scenario_text(const char *name);

/* Names and what they are, a line each, on standard output. */
void scenario_list(void);

#endif
