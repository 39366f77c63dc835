/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/channel_json.h"
#include "cmd/commands.h"
#include "cmd/keys.h"

const struct option_row keygen_options[] = {
	{ .name = NULL },
};

int
cmd_keygen(const struct command_row *row, int argc, char **argv)
{
	struct global global = { 0 };
	char none, **args, text[65];
	struct sign_keys keys;
	uint8_t seed[SIGN_SEED];
	int n, rc = command_begin(row, argc, argv, &none, &global, &args, &n);

	if (rc != 0)
		return rc - 1;
	rc = keys_make(args[0], seed);
	if (rc == 0) {
		sign_keys(&keys, seed);
		channel_key_write(keys.public, text);
		printf("%s\n", text);
	}
	free(args);
	return rc;
}
