/*
 * crc32c - the checksum of Castagnoli (RFC 3720, section 12.1): finds every
 * burst of up to 32 wrong bits. Against damage, not against forgery.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of data, or of what crc is the checksum of with data behind it; begin with 0. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

#endif
