/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sample.h"

#include <stdlib.h>

#include "report/grow.h"

static int
is_kept(const struct sample *s, uint64_t hash)
{
	return s->level < 64 && (hash & ((UINT64_C(1) << s->level) - 1)) == 0;
}

static void
thin(struct sample *s)
{
	size_t n = 0;

	s->level++;
	for (size_t i = 0; i < s->n; i++)
		if (is_kept(s, s->values[i].hash))
			s->values[n++] = s->values[i];
	s->n = n;
}

void
sample_put(struct sample *s, uint64_t hash, double v)
{
	s->seen++;
	if (!is_kept(s, hash))
		return;
	while (s->n == SAMPLE_MOST)
		thin(s);
	if (!is_kept(s, hash))
		return;
	s->values = grow(s->values, s->n, &s->room, sizeof *s->values);
	s->values[s->n++] = (struct sample_value){ hash, v };
}

void
sample_merge(struct sample *to, struct sample *from)
{
	uint64_t seen = to->seen + from->seen;

	while (to->level < from->level)
		thin(to);
	for (size_t i = 0; i < from->n; i++)
		sample_put(to, from->values[i].hash, from->values[i].v);
	to->seen = seen;
	sample_fini(from);
}

void
sample_fini(struct sample *s)
{
	free(s->values);
	*s = (struct sample){ 0 };
}
