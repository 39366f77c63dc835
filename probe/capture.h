/*
 * capture - one input file, pcap or pcapng, plain, gzip or zstd, packet by
 * packet; "-" is standard input.
 *
 * Read by libpcap, with times in nanoseconds. A capture may be closed and opened
 * again, which starts it anew; it owns its file and buffers.
 *
 * Each function that can fail answers 0 or a code of base/err.h, and
 * capture_text() then is one line for people: FILE: what (what to do next).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_CAPTURE_H
#define PROBE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/capture_packet.h"
#include "probe/link.h"

struct capture;

struct capture *capture_new(const char *path); /* opens nothing yet */
void capture_free(struct capture *c);          /* closes; takes NULL */

/* ERR_IO, ERR_PERMISSION, ERR_NOT_CAPTURE, ERR_LINK_TYPE, ERR_LIMIT (see zio). */
int capture_open(struct capture *c);
void capture_close(struct capture *c);

/* How many packets are next, 1 to max, or 0 at the end. ERR_TRUNCATED, ERR_DAMAGED: the file
 * holds no more that can be read, what came before stands. ERR_IO, ERR_LIMIT. ERR_LINK_TYPE:
 * interfaces that differ in a pcapng, which libpcap does not read. After an error
 * the capture is at its end. */
int capture_next(struct capture *c, struct capture_packet *packets, int max);

const char *capture_path(const struct capture *c);
const char *capture_text(const struct capture *c);
enum link_type capture_link(const struct capture *c); /* once opened */

/* Can it be closed and read again from the start (not a pipe)? Once opened. */
bool capture_can_reopen(const struct capture *c);

/* Bytes of the file read so far, and its size; 0 where they are not known. */
uint64_t capture_position(const struct capture *c);
uint64_t capture_size(const struct capture *c);

/* Name and version of libpcap as it runs. */
const char *capture_library(void);

#endif
