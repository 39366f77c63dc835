/*
 * Eight bytes a step: table[k][n] is the remainder of byte n with k zero bytes
 * behind it. The remainder is linear, so the compiler makes each entry from those
 * of the eight single bits, which stand here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/crc32c.h"

#define ENTRY(n, b0, b1, b2, b3, b4, b5, b6, b7)                                        \
	((n) & 1 ? b0 : 0u) ^ ((n) & 2 ? b1 : 0u) ^ ((n) & 4 ? b2 : 0u) ^               \
	    ((n) & 8 ? b3 : 0u) ^ ((n) & 16 ? b4 : 0u) ^ ((n) & 32 ? b5 : 0u) ^         \
	    ((n) & 64 ? b6 : 0u) ^ ((n) & 128 ? b7 : 0u)
#define ENTRIES4(n, ...)                                                                \
	ENTRY(n, __VA_ARGS__), ENTRY((n) + 1, __VA_ARGS__), ENTRY((n) + 2, __VA_ARGS__), \
	    ENTRY((n) + 3, __VA_ARGS__)
#define ENTRIES16(n, ...)                                                               \
	ENTRIES4(n, __VA_ARGS__), ENTRIES4((n) + 4, __VA_ARGS__),                       \
	    ENTRIES4((n) + 8, __VA_ARGS__), ENTRIES4((n) + 12, __VA_ARGS__)
#define ENTRIES64(n, ...)                                                               \
	ENTRIES16(n, __VA_ARGS__), ENTRIES16((n) + 16, __VA_ARGS__),                    \
	    ENTRIES16((n) + 32, __VA_ARGS__), ENTRIES16((n) + 48, __VA_ARGS__)
#define ENTRIES256(...)                                                                 \
	ENTRIES64(0, __VA_ARGS__), ENTRIES64(64, __VA_ARGS__),                          \
	    ENTRIES64(128, __VA_ARGS__), ENTRIES64(192, __VA_ARGS__)

static const uint32_t table[8][256] = {
	{ ENTRIES256(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf,
	             0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78) },
	{ ENTRIES256(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8,
	             0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9) },
	{ ENTRIES256(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5,
	             0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743) },
	{ ENTRIES256(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6,
	             0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f) },
	{ ENTRIES256(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91,
	             0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c) },
	{ ENTRIES256(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f,
	             0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6) },
	{ ENTRIES256(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53,
	             0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4) },
	{ ENTRIES256(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da,
	             0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664) },
};

static uint32_t
eight(uint32_t crc, const uint8_t *p)
{
	crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	return table[7][crc & 0xff] ^ table[6][crc >> 8 & 0xff] ^ table[5][crc >> 16 & 0xff] ^
	       table[4][crc >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^
	       table[0][p[7]];
}

uint32_t
crc32c(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (; len >= 8; len -= 8, p += 8)
		crc = eight(crc, p);
	for (; len > 0; len--, p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return ~crc;
}
