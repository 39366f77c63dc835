/* SPDX-License-Identifier: Apache-2.0 */
#include "report/grow.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *
checked(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
grow(void *items, size_t n, size_t *room, size_t size)
{
	size_t bytes, next = *room ? *room * 2 : 16;

	if (n < *room)
		return items;
	if (__builtin_mul_overflow(next, size, &bytes))
		bytes = SIZE_MAX;
	items = checked(realloc(items, bytes));
	*room = next;
	return items;
}

void *
grow_new(size_t n)
{
	return checked(calloc(n ? n : 1, 1));
}
