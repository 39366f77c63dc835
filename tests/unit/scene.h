/*
 * scene - a made-up capture in a folder of its own, and a probe over it, for the
 * tests of what reads files.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_SCENE_H
#define TESTS_UNIT_SCENE_H

#include <stdint.h>
#include <stdio.h>

#include "probe/probe.h"
#include "record/observation.h"
#include "tests/unit/packets.h"

enum { LINKTYPE_ETHERNET = 1, LINKTYPE_IEEE802_11 = 105, LINKTYPE_RAW = 101 };

/* Of all observations in their order. */
struct digest {
	struct obs_sink sink;
	uint64_t value;
	unsigned n, gaps;
	union obs_buf last;
};

struct scene {
	struct probe *probe; /* of the toy protocols; owned */
	struct digest digest;
};

extern struct scene scene;

/* A test's set-up and tear-down: the folder and a probe. */
int scene_begin(void **state);
int scene_end(void **state);

/* Another probe, and an empty digest, instead of what was there. */
void scene_anew(void);

/* A file in the folder: its path, good for the next four calls; made empty. */
const char *scene_path(const char *name);
FILE *scene_create(const char *name);

/* The n-th packet of the made-up capture and its time: peers talk, some of it in
 * fragments, some of it not theirs. */
void scene_build(unsigned n, struct packet *p);
int64_t scene_time(unsigned n);

/* Writes packets from..to-1, or each step-th of them, kept up to snap bytes. */
void scene_write(const char *name, unsigned from, unsigned to, uint32_t snap);
void scene_write_some(const char *name, unsigned from, unsigned to, unsigned step, uint32_t snap);

/* Writes the file compressed under another name. */
void scene_compress_gzip(const char *name, const char *to);
void scene_compress_zstd(const char *name, const char *to);

/* Bytes on the wire of the first n packets. */
uint64_t scene_bytes(unsigned n);

/* All of packets and bytes are in one class each, and none waits. */
void scene_assert_conserved(uint64_t packets, uint64_t bytes);

#endif
