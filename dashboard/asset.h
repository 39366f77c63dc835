/*
 * asset - the files of dashboard/web, built into the program.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DASHBOARD_ASSET_H
#define DASHBOARD_ASSET_H

#include <stddef.h>

struct asset {
	const char *path, *type; /* "/style.css"; of the content */
	const unsigned char *bytes, *gzip;
	size_t len, gzip_len;
};

extern const struct asset asset_table[]; /* a NULL path ends it */

const struct asset *asset_find(const char *path); /* "/" is the page; NULL: none */

#endif
