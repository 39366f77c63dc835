/*
 * blockfile - a file of compressed, checksummed blocks that survives a crash.
 *
 *   head   magic[4] | u16 version | u16 length | body[length] | u32 CRC-32C
 *   block  u32 raw length | u32 stored length | u64 first | u32 count
 *          | one zstd frame of stored length | u32 CRC-32C
 *   block  ...
 *
 * Little-endian; a checksum covers all of its head or block before it. What the
 * body and the raw bytes are, and what first and count mean, is the user's.
 *
 * One appends at a time (a lock says so), readers whenever they like. A block is
 * whole or it does not count: appending cuts the file behind the last sound block,
 * reading passes over damage and says how much that was. The same blocks give the
 * same bytes. Out of memory is fatal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BLOCKFILE_H
#define BASE_BLOCKFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"

#define BLOCKFILE_MAX_RAW (1u << 20) /* bytes of a block, uncompressed */
#define BLOCKFILE_MAX_STORED (BLOCKFILE_MAX_RAW + (1u << 16)) /* of its frame */
#define BLOCKFILE_MAX_BODY 1024u     /* bytes of a head's body */
#define BLOCKFILE_MAX_MISTAKES 1000u /* damaged places until a file is given up */

/* What a file is; body is borrowed. */
struct blockfile_head {
	uint8_t magic[4];
	uint16_t version; /* ours, from 1 on; read: the file's */
	uint16_t len;
	const uint8_t *body;
};

struct blockfile_block {
	struct reader raw; /* valid until the reader's next call */
	uint64_t first;
	uint32_t count;
};

struct blockfile_writer;
struct blockfile_reader;

/* Writes a file that appears whole at close, in place of an old one, or not at all
 * (see outfile.h: also "-", devices, pipes). 0, or ERR_IO, ERR_PERMISSION, ERR_FULL,
 * ERR_LOCKED (somebody appends to the old file), ERR_LIMIT (the body). */
int blockfile_create(struct blockfile_writer **w, const char *path,
                     const struct blockfile_head *head);

/* Adds to the file in place, behind its last sound block; it keeps its own head. A
 * new file if there is none, it is empty or ends inside the head. Errors also
 * ERR_NOT_CAPTURE (another magic), ERR_VERSION, ERR_DAMAGED (the head, or so much
 * that appending would be wrong); the file is then as it was. */
int blockfile_append(struct blockfile_writer **w, const char *path,
                     const struct blockfile_head *head);

/* The head in the file, for those who appended; valid until close. */
const struct blockfile_head *blockfile_written(const struct blockfile_writer *w);

/* The block being filled, with room for BLOCKFILE_MAX_RAW bytes. */
struct writer *blockfile_space(struct blockfile_writer *w);

/* Writes what is in the space as one block and empties it; nothing is no block.
 * 0, or ERR_FULL, ERR_IO: the file then ends behind the block before, and the space
 * keeps its bytes. */
int blockfile_put(struct blockfile_writer *w, uint64_t first, uint32_t count);

/* Forces all blocks to the disk and frees w; what is in the space is not written.
 * 0, or ERR_FULL, ERR_IO. */
int blockfile_close(struct blockfile_writer *w);

/* Gives up: what create began does not appear, what append wrote stays. Frees w;
 * takes NULL. */
void blockfile_abandon(struct blockfile_writer *w);

/* 0, or ERR_IO, ERR_PERMISSION, ERR_NOT_CAPTURE (another magic; a pipe, of which
 * nothing is taken), ERR_VERSION (newer than version), ERR_TRUNCATED (ends inside
 * the head), ERR_DAMAGED (the head). */
int blockfile_open(struct blockfile_reader **r, const char *path, const uint8_t magic[4],
                   uint16_t version);
const struct blockfile_head *blockfile_head(const struct blockfile_reader *r);

/* The next block. 1: *b is it. 0: the end. ERR_DAMAGED: bytes were passed over;
 * call again for what follows. ERR_TRUNCATED: the file ends inside a block; again
 * until it has grown. ERR_IO: cannot be read. */
int blockfile_next(struct blockfile_reader *r, struct blockfile_block *b);

/* Bytes of the file that were passed over, with a cut block at its end. */
uint64_t blockfile_lost(const struct blockfile_reader *r);

void blockfile_free(struct blockfile_reader *r); /* takes NULL */

#endif
