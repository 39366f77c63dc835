/*
 * pages - large zeroed memory straight from the system, on huge pages where it has them:
 * tables of hundreds of megabytes are read at random, and small pages would cost more
 * time than the reading.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stddef.h>

void *pages_alloc(size_t size); /* zeroed, page-aligned; NULL and errno if there is none */
void pages_free(void *mem, size_t size); /* mem may be NULL */

#endif
