/*
 * huge - large zeroed memory straight from the system, on huge pages where it has them:
 * tables of hundreds of megabytes are read at random, and small pages would cost more
 * time than the reading.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_HUGE_H
#define BASE_HUGE_H

#include <stddef.h>

void *huge_alloc(size_t size); /* zeroed, page-aligned; NULL and errno if there is none */
void huge_free(void *mem, size_t size); /* mem may be NULL */

#endif
