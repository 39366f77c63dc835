/* SPDX-License-Identifier: Apache-2.0 */
#include "base/huge.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void *
huge_alloc(size_t size)
{
	uint8_t *mem = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before;

	if (mem == MAP_FAILED)
		return NULL;
	before = (HUGE_PAGE - (uintptr_t)mem % HUGE_PAGE) % HUGE_PAGE;
	if (before > 0)
		munmap(mem, before);
	if (before < HUGE_PAGE)
		munmap(mem + before + (size + 4095) / 4096 * 4096,
		       (HUGE_PAGE - before) / 4096 * 4096);
	madvise(mem + before, size, MADV_HUGEPAGE); /* a wish */
	return mem + before;
}

void
huge_free(void *mem, size_t size)
{
	if (mem != NULL)
		munmap(mem, size);
}
