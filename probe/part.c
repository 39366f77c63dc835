/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/part.h"

struct part
part_over(const void *bytes, size_t captured, uint32_t wire_len)
{
	return (struct part){
		.in = reader_over(bytes, captured < wire_len ? captured : wire_len),
		.wire_len = wire_len,
	};
}

const uint8_t *
part_take(struct part *p, uint32_t n)
{
	if (n > reader_left(&p->in))
		return NULL;
	p->wire_len -= n;
	return reader_take(&p->in, n);
}

enum part_lack
part_lack(const struct part *p, uint32_t n)
{
	return n > p->wire_len ? PART_RUNT : PART_CUT;
}

bool
part_skip(struct part *p, uint32_t n)
{
	size_t left = reader_left(&p->in);

	if (n > p->wire_len)
		return false;
	p->wire_len -= n;
	reader_take(&p->in, n < left ? n : left);
	return true;
}

void
part_trim(struct part *p, uint32_t n)
{
	p->wire_len = n;
	if (reader_left(&p->in) > n)
		p->in = reader_sub(&p->in, n);
}

bool
part_is_cut(const struct part *p)
{
	return reader_left(&p->in) < p->wire_len;
}
