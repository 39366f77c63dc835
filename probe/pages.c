/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/pages.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

void *
pages_new(size_t n, size_t size)
{
	void *p = MAP_FAILED;

	if (size > 0 && n > 0 && n <= SIZE_MAX / size)
		p = mmap(NULL, n * size, PROT_READ | PROT_WRITE,
		         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		perror("swarmscope: no memory for a table");
		exit(1);
	}
	return p;
}

void
pages_free(void *p, size_t n, size_t size)
{
	if (p != NULL)
		munmap(p, n * size);
}
