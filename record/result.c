/* SPDX-License-Identifier: Apache-2.0 */
#include "record/result.h"

const char *
result_event_name(unsigned event)
{
	static const char *const names[] = {
		NULL, "startup", "stall", "pause", "skip", "reboot", "switch",
		"exit_before_start", "leave",
	};

	return event < sizeof names / sizeof names[0] ? names[event] : NULL;
}

const char *
result_end_name(unsigned end)
{
	static const char *const names[] = {
		"open", "goodbye", "silence", "switch", "restart",
	};

	return end < sizeof names / sizeof names[0] ? names[end] : NULL;
}
