/*
 * outfile - an output file that appears whole or not at all.
 *
 * Written beside its target and renamed over it at the end, so that an earlier
 * file stays intact when the disk fills or the program dies. A symbolic link is
 * followed, the earlier file's mode is kept. "-" is standard output; devices and
 * pipes are written directly.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include <stdio.h>

struct outfile;

/* 0 and *o; or ERR_IO, ERR_FULL with errno. path NULL is "-". */
int outfile_open(const char *path, struct outfile **o);

/* Where to write; owned by o. */
FILE *outfile_stream(struct outfile *o);

/* The descriptor under it, for those who write without the stream. */
int outfile_fd(const struct outfile *o);

/* Makes it appear: 0, or ERR_FULL, ERR_IO with errno; then nothing has changed
 * (of a device or pipe: whatever was written). Frees o in any case. */
int outfile_commit(struct outfile *o);

/* Gives up: the target stays as it was. Takes NULL. */
void outfile_abandon(struct outfile *o);

/* For a signal handler that ends the program: removes what is half written. */
void outfile_abandon_all(void);

#endif
