/*
 * pages - large zeroed tables that cost memory only where they are touched.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_PAGES_H
#define PROBE_PAGES_H

#include <stddef.h>

/* n times size bytes, all zero, page-aligned. Never NULL: the process ends when
 * the system has no room. */
void *pages_new(size_t n, size_t size);

/* Gives back what pages_new(n, size) gave; takes NULL. */
void pages_free(void *p, size_t n, size_t size);

#endif
