/*
 * audit - FLOW observations to the base tables of an audit: bytes, packets and flows by what they
 * carry, how sure that is, transport, AS pair and locality.
 *
 *   FLOW observations -> rows, one a class and direction
 *
 * A sink; other kinds are passed over. Bounded: past AUDIT_ROWS classes bytes go to one row
 * without AS numbers for each protocol, so that sums stay right.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_AUDIT_H
#define PROBE_AUDIT_H

#include <stddef.h>

#include "probe/dpi.h"
#include "probe/networks.h"
#include "probe/rules.h"
#include "record/observation.h"
#include "record/sink.h"

#define AUDIT_ROWS 65536u

/* What is known of a direction's bytes. */
struct audit_class {
	uint32_t from_as, to_as; /* 0 unknown */
	uint16_t app, master;    /* as in struct dpi_verdict, or of a rule */
	uint8_t own;             /* enum proto_id; 0 none */
	uint8_t confidence, transport, locality;
};

struct audit_row {
	struct audit_class class;
	uint64_t bytes, packets;
	uint64_t flows; /* that the sender began */
};

struct audit;

struct audit_options {
	const struct networks *networks; /* borrowed, as is rules; NULL: none */
	const struct rules *rules;
	const char *(*own_name)(unsigned id);
};

struct audit *audit_new(const struct audit_options *opt);
void audit_free(struct audit *a); /* takes NULL */
void audit_networks(struct audit *a, const struct networks *networks); /* from now on */
struct obs_sink *audit_sink(struct audit *a);

/* Those of equal name of each field are one, the most bytes first; *n of them until the next call
 * but one of the audit's functions. */
const struct audit_row *audit_rows(struct audit *a, size_t *n);
void audit_clear(struct audit *a);

/* What its class carries: "mesh", "BitTorrent", a rule's name. */
void audit_name(struct audit *a, const struct audit_class *class, char name[DPI_NAME]);
const char *audit_transport(uint8_t transport, char text[8]); /* "tcp", "udp", "47" */

#endif
