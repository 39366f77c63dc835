/*
 * input - a command's inputs: captures and observation files, merged by time, put
 * into one sink, with progress and one clear line for each mistake.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_INPUT_H
#define CMD_INPUT_H

#include "probe/probe.h"
#include "record/sink.h"

struct input;

/* Opens all paths. protocol NULL = every one. 0 and *in; or an exit status, said
 * on standard error. */
int input_open(char **paths, int n, const char *protocol,
               const struct account_options *account, struct obs_sink *out,
               struct input **in);

/* Reads everything. 0, or an exit status; what ends early is a warning. */
int input_run(struct input *in);

/* Of observation files only the number of observations and their times are known. */
const struct counts *input_counts(struct input *in);
size_t input_warnings(const struct input *in);
const char *input_warning(const struct input *in, size_t i);
void input_close(struct input *in);

#endif
