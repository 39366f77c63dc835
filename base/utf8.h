/*
 * utf8 - where characters end in bytes that may or may not be UTF-8.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at s, of which left >= 1 may be read; 0 if there is none
 * (RFC 3629: no overlong form, no surrogate, none past U+10FFFF). */
size_t utf8_length(const void *s, size_t left);

/* Writes a character's bytes; answers how many. c is at most 0x10ffff. */
size_t utf8_encode(uint32_t c, char out[4]);

#endif
