/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "probe/dpi.h"

struct dpi *
dpi_new(void)
{
	return NULL;
}

void
dpi_free(struct dpi *d)
{
	(void)d;
}

bool
dpi_packet(struct dpi *d, struct dpi_flow **flow, const uint8_t *ip, size_t len, int64_t t_ns,
           struct dpi_verdict *v)
{
	(void)ip;
	(void)len;
	(void)t_ns;
	dpi_give_up(d, flow, v);
	return true;
}

void
dpi_give_up(struct dpi *d, struct dpi_flow **flow, struct dpi_verdict *v)
{
	(void)d;
	*flow = NULL;
	*v = (struct dpi_verdict){ 0, 0, DPI_NOTHING };
}

void
dpi_name(const struct dpi *d, uint16_t app, uint16_t master, char name[DPI_NAME])
{
	(void)d;
	(void)master;
	snprintf(name, DPI_NAME, app == 0 ? "Unknown" : "%u", app);
}

const char *
dpi_library(void)
{
	return "none";
}
