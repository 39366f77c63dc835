/*
 * dpi - a library's opinion on what a flow carries (libndpi 4.2; or none, see configure).
 *
 *   new flow -> dpi_packet, its first DPI_PACKETS packets -> settled, or dpi_give_up
 *
 * The library's dissectors read past short packets and trust headers. So what comes in is checked
 * here first, whoever calls: IP, TCP and UDP headers that contradict their lengths are not shown
 * to it, and it sees a copy of the packet's beginning with zeros behind it. Its state of a flow is
 * large; it is freed as soon as the flow is settled. One struct dpi a thread, made one at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_DPI_H
#define PROBE_DPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DPI_PACKETS 12u /* of a flow with something in them: then hardly any verdict changes */
#define DPI_PACKETS_ALL 32u /* of a flow, whatever is in them; the library takes no more */
#define DPI_NAME 64u

/* What a verdict rests on, the weakest first. RULE and OWN do not come from the library. */
enum dpi_confidence {
	DPI_NOTHING,
	DPI_PORT,
	DPI_ADDRESS,
	DPI_CACHE,   /* of earlier flows of the same hosts */
	DPI_PAYLOAD,
	DPI_RULE,    /* the user's */
	DPI_OWN,     /* a decoder of ours */
	DPI_CONFIDENCES
};

struct dpi_verdict {
	uint16_t app, master; /* the library's numbers, Google and TLS in TLS.Google; 0 unknown */
	uint8_t confidence;   /* enum dpi_confidence */
};

struct dpi;
struct dpi_flow;

struct dpi *dpi_new(void); /* NULL: built without, or the library is of another version */
void dpi_free(struct dpi *d); /* takes NULL; all flows must have been given up */

/* A packet of the flow from its IP header on; *flow is NULL before the first. True: settled, and
 * *v is the verdict, *flow NULL. */
bool dpi_packet(struct dpi *d, struct dpi_flow **flow, const uint8_t *ip, size_t len,
                int64_t t_ns, struct dpi_verdict *v);

/* No more packets: the verdict as far as it goes, *flow NULL. */
void dpi_give_up(struct dpi *d, struct dpi_flow **flow, struct dpi_verdict *v);

/* "BitTorrent", "TLS.Google", "Unknown"; d may be NULL. */
void dpi_name(const struct dpi *d, uint16_t app, uint16_t master, char name[DPI_NAME]);

const char *dpi_confidence_name(unsigned confidence); /* "payload"; NULL past the last */
const char *dpi_library(void); /* "nDPI 4.2.0", or "none" */

#endif
