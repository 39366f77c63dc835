/* SPDX-License-Identifier: Apache-2.0 */
#include "dashboard/asset.h"

#include <string.h>

const struct asset *
asset_find(const char *path)
{
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (const struct asset *a = asset_table; a->path != NULL; a++)
		if (strcmp(a->path, path) == 0)
			return a;
	return NULL;
}
