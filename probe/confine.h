/*
 * confine - what this process, and a thread that reads hostile bytes, may do from now on.
 *
 *   open the interfaces -> confine_user -> confine_process -> threads: confine_decoder
 *
 * Nothing here can be taken back. Each answers 0, or a code of base/err.h with one line for
 * people in why.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_CONFINE_H
#define PROBE_CONFINE_H

#include <stddef.h>

#define CONFINE_WHY 256

/* Becomes this user, or stays the one it is where user is NULL; of all capabilities keeps
 * CAP_NET_RAW alone, if it has it, so that an interface can be opened again; nothing that it
 * starts can gain more. Before any thread begins. ERR_USAGE (no such user), ERR_PERMISSION. */
int confine_user(const char *user, char why[CONFINE_WHY]);

/* No other program is started, no process looked into, no system setting changed by this thread
 * and those that it starts: the process is killed. ERR_IO. */
int confine_process(char why[CONFINE_WHY]);

/* This thread computes, takes memory, waits, and reads from what is open; anything else, the
 * opening of files and sockets among it, kills the process. ERR_IO. */
int confine_decoder(char why[CONFINE_WHY]);

#endif
