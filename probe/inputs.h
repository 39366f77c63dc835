/*
 * inputs - several captures as one stream of packets in the order of their times.
 *
 *   a.pcap   1   3 4     9
 *   b.pcap     2     5 6        ->  1 2 3 4 5 6 7 8 9
 *   c.pcap               7 8
 *
 * Each capture's own order is kept; among captures the earliest next packet goes
 * first, and at equal times the capture that began earlier, then the lesser
 * name. So the parts of a split capture give what the whole gives, in whatever
 * order they are named. Captures that wait for their time are kept closed beyond
 * the first INPUTS_OPEN, so a thousand rotated files need no thousand buffers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_INPUTS_H
#define PROBE_INPUTS_H

#include "probe/capture.h"

#define INPUTS_OPEN 16u
#define INPUTS_MAX  4096u

struct inputs;

struct inputs *inputs_new(void);
void inputs_free(struct inputs *in); /* takes NULL */

/* Opens the file and looks at its first packet; all are added before the first
 * inputs_next. Errors: capture_open's and capture_next's, or ERR_LIMIT; inputs_text()
 * says more, and the input is not used. A file that ends early is taken, and
 * reported by inputs_next. */
int inputs_add(struct inputs *in, const char *path);

/* How many packets are next, 1 to max, and the link type of all; 0 when all inputs
 * are at their end. An error code of capture_next: that input is at its end,
 * inputs_text() says why, and the next call goes on with the others. */
int inputs_next(struct inputs *in, struct capture_packet *packets, int max,
                enum link_type *link);

/* One line on the last error; valid until inputs_free, except ERR_LIMIT's. */
const char *inputs_text(const struct inputs *in);

/* Bytes of the files read, and all of them; for a progress display. */
void inputs_progress(const struct inputs *in, uint64_t *done, uint64_t *total);

#endif
