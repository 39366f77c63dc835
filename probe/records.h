/*
 * records - the packets of a plain pcap file, version 2.4, behind its header.
 *
 *   seconds (4) | fraction (4) | captured (4) | wire (4) | captured bytes, and again
 *
 * In the byte order of the file. Packets are handed out where they lie in the buffer
 * that the file was read into; that is why this exists beside libpcap, which copies
 * each one twice (doc/decisions/0012-records-of-our-own.md). What a record may be
 * is as in libpcap: up to RECORDS_MAX bytes, and no more than snap of them are used.
 *
 * Source: draft-ietf-opsawg-pcap.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_RECORDS_H
#define PROBE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zio.h"
#include "probe/capture_packet.h"

#define RECORDS_MAX 262144u

struct records;

/* zio stands behind the file header and outlives the records. snap: from the header. */
struct records *records_new(struct zio *zio, bool swapped, bool nanoseconds, uint32_t snap);
void records_free(struct records *r); /* takes NULL */

/* How many packets are next: 1 to max; 0 at the end. ERR_TRUNCATED: the file ends in
 * the middle of a record; ERR_DAMAGED: its length cannot be; or zio's error. */
int records_next(struct records *r, struct capture_packet *packets, int max);

/* The length that ERR_DAMAGED was about. */
uint32_t records_bad_length(const struct records *r);

#endif
