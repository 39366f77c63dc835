/*
 * page - a report as one HTML file that needs no server: the dashboard's page with the
 * API's answers inside.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef DASHBOARD_PAGE_H
#define DASHBOARD_PAGE_H

#include "dashboard/api.h"

/* Errors stay in the stream. */
void page_write(FILE *out, const struct api *api);

#endif
