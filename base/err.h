/*
 * err - the one table of errors: code, exit status, text.
 *
 * Functions answer 0 or a negative code from here. The text says what went
 * wrong in general; the caller adds where and what to do next when it prints.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
	ERR_NONE = 0,
	ERR_IO = -1,          /* read or write failed; errno says more */
	ERR_FULL = -2,        /* no space left on the device */
	ERR_NOT_CAPTURE = -3, /* neither pcap, pcapng nor .sso */
	ERR_LINK_TYPE = -4,   /* a link layer we do not decode */
	ERR_TRUNCATED = -5,   /* ends inside a record */
	ERR_DAMAGED = -6,     /* checksum or structure wrong */
	ERR_VERSION = -7,     /* written by a newer version */
	ERR_LOCKED = -8,      /* another process writes this file */
	ERR_USAGE = -9,       /* options or arguments */
	ERR_CONFIG = -10,     /* configuration or scenario file */
	ERR_SYNTAX = -11,     /* malformed JSON, YAML, ... */
	ERR_NO_DATA = -12,    /* sound input, nothing of ours in it */
	ERR_PERMISSION = -13, /* the system says no */
	ERR_STORE = -14,      /* store, bus or API out of reach */
	ERR_LIMIT = -15,      /* larger than a stated ceiling */
};

/* What went wrong, in a few words without a capital or a stop. Never NULL. */
const char *err_text(int err);

/* The exit status of doc: 0 ok, 1 run time, 2 usage, 3 store, 4 permission,
 * 5 no data. */
int err_exit_status(int err);

#endif
