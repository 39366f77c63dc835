/*
 * networks - where an address is: its AS, and inside or outside what the user calls his own.
 *
 *   AS table      START,END,AS[,NAME] or PREFIX,AS[,NAME]      a line each
 *   own prefixes  PREFIX,inside|outside[,AS]
 *
 * Where ranges overlap the one that begins later has the address, of those that begin together
 * the smaller. The user's prefixes go before the table. Without them the private ranges are
 * inside (RFC 1918, 6598, 4193, 3927, 4291, 1122). An address that is in neither is unknown, never
 * outside. Pure once read. Also reads a MaxMind DB of AS numbers (FILE.mmdb) as the table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_NETWORKS_H
#define PROBE_NETWORKS_H

#include <stddef.h>
#include <stdint.h>

#define NETWORKS_WHY 256

enum place_side { PLACE_UNKNOWN, PLACE_INSIDE, PLACE_OUTSIDE };

struct place {
	uint32_t as;  /* 0 unknown */
	uint8_t side; /* enum place_side */
};

/* Of a flow, from one end to the other. */
enum locality {
	LOCALITY_UNKNOWN, /* of one end at least it is not known */
	LOCALITY_INSIDE,  /* stays inside */
	LOCALITY_OUT,     /* from inside to outside */
	LOCALITY_IN,
	LOCALITY_TRANSIT, /* from outside to outside */
	LOCALITIES
};

struct networks;

/* Either file may be NULL. 0; or ERR_IO, ERR_PERMISSION, ERR_CONFIG and a line for people. */
int networks_read(const char *table, const char *own, struct networks **out,
                  char why[NETWORKS_WHY]);
void networks_free(struct networks *p); /* takes NULL */

struct place networks_find(const struct networks *p, const uint8_t addr[16]);
size_t networks_ranges(const struct networks *p); /* that it tells apart */

enum locality locality_of(struct place from, struct place to);
const char *locality_name(unsigned locality); /* "inside"; NULL past the last */

#endif
