/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"

static uint64_t
read_be(struct reader *r, size_t n)
{
	const uint8_t *p = reader_take(r, n);
	uint64_t v = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static uint64_t
read_le(struct reader *r, size_t n)
{
	const uint8_t *p = reader_take(r, n);
	uint64_t v = 0;

	for (size_t i = n; p != NULL && i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

uint64_t
reader_be64(struct reader *r)
{
	return read_be(r, 8);
}

uint16_t
reader_le16(struct reader *r)
{
	return (uint16_t)read_le(r, 2);
}

uint32_t
reader_le32(struct reader *r)
{
	return (uint32_t)read_le(r, 4);
}

uint64_t
reader_le64(struct reader *r)
{
	return read_le(r, 8);
}
