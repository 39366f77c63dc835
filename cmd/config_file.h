/*
 * config_file - the configuration of run: a YAML file whose every key is an option.
 *
 *   probe: {interfaces: [eth0, eth1], filter: udp}        --interface eth0,eth1 --filter udp
 *
 * A key's value goes into the environment's variable of its option unless that is set, so an
 * option goes before the environment, that before the file, and the file before the default.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_CONFIG_FILE_H
#define CMD_CONFIG_FILE_H

#include <stdbool.h>

#include "base/options.h"

#define CONFIG_FILE "/etc/swarmscope/swarmscope.yaml"
#define CONFIG_KEYS 40u
#define CONFIG_WHY 512

struct config_key {
	const char *path;   /* "probe.filter"; NULL ends the table */
	const char *option; /* of run */
	bool list;          /* of values, which the option takes with commas */
	bool inverted;      /* true here is false there */
	const char *example; /* for a file to begin with */
};

extern const struct config_key config_keys[];

struct config_file {
	char *value[CONFIG_KEYS]; /* as the option takes it; NULL: not given */
	char why[CONFIG_WHY];
};

/* 0; ERR_IO, ERR_PERMISSION or ERR_CONFIG and a line in why. */
int config_file_read(struct config_file *f, const char *path);
void config_file_free(struct config_file *f);

/* Into the environment. */
void config_file_apply(const struct config_file *f);

/* What argv names with -c or --config; else the environment; else the usual place if there is such
 * a file; else NULL. */
const char *config_file_find(int argc, char **argv);

const struct option_row *config_option(const char *name); /* of run */

#endif
