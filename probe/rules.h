/*
 * rules - what users know of their traffic better than any library: by port or by prefix.
 *
 *   # transport  ports or prefix   name
 *   udp          7000-7010         Our swarm
 *   tcp          8080              Office proxy
 *   any          2001:db8::/32     Lab
 *
 * The first rule that fits has the flow; a port fits either end, a prefix either address. Pure
 * once read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_RULES_H
#define PROBE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "record/endpoint.h"

#define RULES_MAX 256u
#define RULES_NAME 48u
#define RULES_FIRST 0x8000u /* numbers of their names, apart from the library's */
#define RULES_WHY 256

struct rules;

/* 0; or ERR_IO, ERR_PERMISSION, ERR_CONFIG and "FILE:LINE: what" in why. */
int rules_read(const char *path, struct rules **out, char why[RULES_WHY]);
void rules_free(struct rules *r); /* takes NULL */

bool rules_find(const struct rules *r, uint8_t transport, const struct endpoint *a,
                const struct endpoint *b, uint16_t *app);
const char *rules_name(const struct rules *r, uint16_t app); /* NULL: none of ours */

#endif
