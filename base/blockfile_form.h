/*
 * blockfile_form - what the reading and the writing half of blockfile share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BLOCKFILE_FORM_H
#define BASE_BLOCKFILE_FORM_H

#include <stdint.h>

#include "base/blockfile.h"

#define BLOCKFILE_HEAD 8u    /* bytes of a file before the body */
#define BLOCKFILE_PREFIX 20u /* bytes of a block before the frame */
#define BLOCKFILE_CRC 4u
#define BLOCKFILE_MAX_HEAD (BLOCKFILE_HEAD + BLOCKFILE_MAX_BODY + BLOCKFILE_CRC)
#define BLOCKFILE_MAX_BLOCK (BLOCKFILE_PREFIX + BLOCKFILE_MAX_STORED + BLOCKFILE_CRC)

/* ERR_FULL, ERR_PERMISSION or ERR_IO for an errno. */
int blockfile_error(int error);

/* Reads the file behind fd, which stays the caller's, up to its end: *end is
 * behind the last sound block. As blockfile_open, but ERR_TRUNCATED only where no
 * sound block is behind the cut head, and ERR_DAMAGED also where not all of the
 * file was searched. */
int blockfile_borrow(struct blockfile_reader **r, int fd, const struct blockfile_head *ours,
                     uint64_t *end);

#endif
