/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/truth.h"

#include <stddef.h>

const char *
truth_name(unsigned kind)
{
	static const char *const names[TRUTH_KINDS] = {
		NULL, "join", "first_packet", "play", "stall", "resume", "skip",
		"reboot", "switch", "leave", "chunk", "missed", "impair",
	};

	return kind < TRUTH_KINDS ? names[kind] : NULL;
}
