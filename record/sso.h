/*
 * sso - observations in a file: what a capture said, kept and read again.
 *
 *   head    "SSO1" | version | i64 start_ns | u8 clock | u8 length, vantage
 *   block   records of codec.h, one behind the other; first: t_ns of the first
 *   block   ...
 *
 * The frame around it is base/blockfile.h: compressed, checksummed, one appends,
 * many read. A block closes at SSO_BLOCK_BYTES or SSO_BLOCK_NS of event time,
 * whichever comes first, so a crash costs no more than that. The same
 * observations give the same bytes. Format: schemas/observation.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_SSO_H
#define RECORD_SSO_H

#include <stddef.h>
#include <stdint.h>

#include "base/blockfile.h"
#include "record/observation.h"
#include "record/sink.h"

#define SSO_VERSION 1
#define SSO_BLOCK_BYTES (256u * 1024)       /* uncompressed */
#define SSO_BLOCK_NS INT64_C(5000000000)
#define SSO_MAX_VANTAGE 255u                /* bytes */

enum sso_clock {
	SSO_CLOCK_CAPTURE,   /* times of a capture's packets, whatever set them */
	SSO_CLOCK_SYSTEM,    /* the wall clock of the host that wrote the file */
	SSO_CLOCK_SIMULATED, /* nobody's */
	SSO_CLOCKS
};

/* Who observed, from when on. */
struct sso_meta {
	int64_t start_ns; /* UTC since 1970; of the first who wrote */
	uint8_t clock;    /* enum sso_clock */
	char vantage[SSO_MAX_VANTAGE + 1]; /* name of the probe, UTF-8; "" none */
};

/* Takes observations wherever a sink is wanted; its errors stay until close. */
struct sso_writer {
	struct obs_sink sink;
	struct blockfile_writer *file; /* owned */
	int64_t first_ns;              /* of the block being filled */
	uint32_t count;                /* in that block */
	uint64_t refused;              /* observations that break the codec's rules */
	int err;                       /* the first, or 0 */
};

/* A new file that appears at close, in place of an old one; see blockfile_create
 * for the errors. *w is the caller's memory. */
int sso_writer_open(struct sso_writer *w, const char *path, const struct sso_meta *meta);

/* Goes on with a file in place, or begins one; see blockfile_append. Also
 * ERR_USAGE: the file is another vantage's or keeps another clock. */
int sso_writer_append(struct sso_writer *w, const char *path, const struct sso_meta *meta);

/* 0, also for one that it refuses; or the error that stays: ERR_FULL, ERR_IO. */
int sso_writer_put(struct sso_writer *w, const struct observation *o);

/* Closes the block that is being filled. */
int sso_writer_flush(struct sso_writer *w);

/* Writes the rest and closes. 0, or the first error: a new file then does not
 * appear, one that was appended to ends behind its last whole block. */
int sso_writer_close(struct sso_writer *w);

/* Closes without the rest; a new file does not appear. */
void sso_writer_abandon(struct sso_writer *w);

struct sso_reader {
	struct blockfile_reader *file; /* owned */
	struct reader block;           /* what is left of the block */
	uint32_t left;                 /* records that the block should still hold */
	uint64_t skipped;              /* of kinds that only a newer version knows */
	uint64_t malformed;            /* records, in blocks that are sound */
	struct sso_meta meta;
};

/* *r is the caller's memory; see blockfile_open for the errors. */
int sso_reader_open(struct sso_reader *r, const char *path);

/* 1: *buf is the next observation. 0: the end. ERR_DAMAGED: bytes were passed
 * over, call again for what follows. ERR_TRUNCATED: the file ends inside a block,
 * all before it has been given. ERR_IO. */
int sso_reader_next(struct sso_reader *r, union obs_buf *buf);

/* Bytes of the file that were damaged or cut so far. */
uint64_t sso_reader_lost(const struct sso_reader *r);

void sso_reader_close(struct sso_reader *r);

#endif
