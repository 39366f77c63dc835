/*
 * toy - two protocols whose datagrams say which verdict to give, for the tests
 * of what surrounds a decoder.
 *
 *   'T' 'O' 'Y' code(1) rest      or 'T' 'W' 'O' ...; fewer bytes: SHORT
 *
 * Code is an enum toy_code. OBSERVED puts one HAVE: peer is the sender, offset
 * the number of datagrams that the flow's state has seen, width 2 when reply and
 * else 1, flag OBS_CUT when not all was given.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_TOY_H
#define TESTS_UNIT_TOY_H

#include "proto/proto.h"

enum toy_code { TOY_OBSERVED, TOY_OTHER, TOY_SHORT, TOY_MALFORMED, TOY_NOT_MINE };

extern const struct proto toy, two;
extern const struct proto *const toy_table[]; /* toy, two, NULL */

#endif
