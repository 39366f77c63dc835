/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stddef.h>

static const struct {
	enum err err;
	int exit_status;
	const char *text;
} table[] = {
	{ ERR_NONE, 0, "no error" },
	{ ERR_IO, 1, "input or output failed" },
	{ ERR_FULL, 1, "no space left on the device" },
	{ ERR_NOT_CAPTURE, 1, "not a capture (pcap, pcapng or .sso, also .gz or .zst)" },
	{ ERR_LINK_TYPE, 1, "link type not supported" },
	{ ERR_TRUNCATED, 1, "ends in the middle of a record" },
	{ ERR_DAMAGED, 1, "damaged" },
	{ ERR_VERSION, 3, "written by a newer version" },
	{ ERR_LOCKED, 1, "in use by another process" },
	{ ERR_USAGE, 2, "wrong usage" },
	{ ERR_CONFIG, 2, "wrong configuration" },
	{ ERR_SYNTAX, 1, "malformed document" },
	{ ERR_NO_DATA, 5, "no swarm in the input" },
	{ ERR_PERMISSION, 4, "permission denied" },
	{ ERR_STORE, 3, "store out of reach" },
	{ ERR_LIMIT, 1, "larger than the stated limit" },
};

const char *
err_text(int err)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if ((int)table[i].err == err)
			return table[i].text;
	return "unknown error";
}

int
err_exit_status(int err)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if ((int)table[i].err == err)
			return table[i].exit_status;
	return 1;
}
