/*
 * scenarios - the built-in scenarios as text, made from peer/scenarios/ when this is
 * built. In alphabetical order; name NULL ends the table.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PEER_SCENARIOS_H
#define PEER_SCENARIOS_H

struct scenario_text {
	const char *name, *text;
};

extern const struct scenario_text scenarios_builtin[];

#endif
