/*
 * probe - capture files in, observations out, every byte accounted for.
 *
 *   files -> inputs -> link, IP, fragments, UDP -> flow -> decoder -> observations
 *
 *   p = probe_new(&options, sink);
 *   probe_add_file(p, path) ...
 *   while ((more = probe_step(p, 10000)) > 0) show progress;
 *   probe_counts(p), probe_warning(p, i) ...
 *   probe_free(p);
 *
 * What comes out depends neither on the steps' sizes nor on the files' order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "probe/counts.h"
#include "probe/decode.h"
#include "probe/link.h"
#include "record/sink.h"

struct probe;

/* options NULL = all defaults (decode.h). The sink must outlive the probe. */
struct probe *probe_new(const struct decode_options *options, struct obs_sink *out);
void probe_free(struct probe *p); /* takes NULL */

/* Adds a capture: pcap or pcapng, plain, .gz or .zst. 0, or ERR_IO,
 * ERR_PERMISSION, ERR_NOT_CAPTURE, ERR_LINK_TYPE, ERR_LIMIT (more than
 * INPUTS_MAX files); see probe_error_text. */
int probe_add_file(struct probe *p, const char *path);

/* Takes up to max_packets packets from the files. 1: there may be more; 0: all
 * is read, and the counts are final. ERR_IO, ERR_LINK_TYPE: a file could not be
 * read on; what came before is in the counts. A file that ends early or is
 * damaged is no error but a warning, and a GAP among the observations. */
int probe_step(struct probe *p, uint64_t max_packets);

/* All steps at once: 0 or an error. */
int probe_run(struct probe *p);

/* A packet that is in memory, for those who have no file; then probe_end. */
void probe_packet(struct probe *p, enum link_type link, int64_t t_ns, const void *bytes,
                  size_t captured, uint32_t wire_len);

/* Between this time and the last packet's some were lost before they came here; 0: it is not
 * known how many. */
void probe_gap(struct probe *p, int64_t from_ns, uint64_t packets);

/* No more packets: fragments that wait for others are given up. probe_step does
 * this itself before it answers 0. */
void probe_end(struct probe *p);

/* Up to date at each call; valid until probe_free. */
const struct counts *probe_counts(struct probe *p);

/* Bytes of the files read so far, and all of them (0 for pipes). */
void probe_progress(const struct probe *p, uint64_t *done, uint64_t *total);

/* One line on the last error, "FILE: what (what to do next)"; never NULL. */
const char *probe_error_text(const struct probe *p);

/* The same for inputs that ended early: the i-th of probe_warnings(). */
size_t probe_warnings(const struct probe *p);
const char *probe_warning(const struct probe *p, size_t i);

/* Name and version of the capture library. */
const char *probe_library(void);

#endif
