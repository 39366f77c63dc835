/*
 * wire - frames between peers: over UDP one a datagram, over TCP one behind the other.
 *
 *   wire_send --> UDP or TCP --> the other's wire_fn
 *
 * Over TCP a peer calls from the port on which it listens, so that it has one endpoint
 * whoever calls whom; there is one connection between two peers. At most WIRE_LINKS are
 * open; the one silent for longest makes room. A link whose frames are no frames of the
 * mesh protocol is reset. What a slow partner does not take is dropped, whole frames only.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SWARM_WIRE_H
#define SWARM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "proto/mesh.h"
#include "record/endpoint.h"

#define WIRE_LINKS 64u
#define WIRE_FRAME (MESH_HEAD + 65535u)
#define WIRE_WAITING (128u << 10) /* bytes that a partner may be behind */

enum wire_kind { WIRE_UDP, WIRE_TCP };

/* A frame, or over UDP any datagram, valid during the call. */
typedef void wire_fn(void *ctx, const struct endpoint *from, const uint8_t *frame, size_t len);

struct wire {
	uv_udp_t udp;
	uv_tcp_t tcp; /* listens, where kind is TCP */
	uv_loop_t *loop;
	struct endpoint self;
	enum wire_kind kind;
	bool open;
	wire_fn *frame;
	void *ctx;
	struct wire_link *link[WIRE_LINKS]; /* owned, NULL: free */
	uint64_t turn;    /* counts what comes and goes, for links' ages */
	uint64_t unsent;  /* frames that neither system nor partner took */
	uint64_t garbage; /* links reset for what they sent */
};

/* A frame in two parts; media may be NULL. */
struct wire_parts {
	const uint8_t *frame, *media;
	size_t len, media_len;
};

/* Binds to self, always to its UDP port too, which nobody can share. 0, or ERR_STORE (taken),
 * ERR_PERMISSION or ERR_IO, and errno. */
int wire_open(struct wire *w, uv_loop_t *loop, const struct endpoint *self, enum wire_kind kind,
              wire_fn *frame, void *ctx);
void wire_send(struct wire *w, const struct endpoint *to, const struct wire_parts *p);

/* As a datagram, whatever its kind: how trackers are talked to. */
void wire_datagram(struct wire *w, const struct endpoint *to, const struct wire_parts *p);

/* Its handles begin to close; what the system has taken goes out, what still waits does not. The
 * loop must run until they have. */
void wire_close(struct wire *w);

/* To and from the system's form; len of the address. */
struct endpoint wire_endpoint(const struct sockaddr *from);
socklen_t wire_sockaddr(const struct endpoint *e, struct sockaddr_storage *to);

/* The err of base/err.h for a code of libuv's, which becomes errno. */
int wire_fail(int code);

#endif
